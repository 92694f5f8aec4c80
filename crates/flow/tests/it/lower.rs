//! Every file in `tests/lower` beside its intermediate form, and programs that want to be trouble.

mod show;

use std::fs;
use std::path::Path;

use crate::marks::lowered_file as program;

/// With `BLESS` set the files are written, to be read before they are kept.
#[test]
fn programs_become_what_stands_beside_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lower");
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let Some(extension) = path.extension().and_then(|extension| extension.to_str()) else {
            continue;
        };
        if extension == "ir" {
            continue;
        }
        count += 1;
        let text = fs::read_to_string(&path).expect("the file can be read");
        let shown = show::show(&program(extension, &text));
        let beside = path.with_extension(format!("{extension}.ir"));
        if option_env!("BLESS").is_some() {
            fs::write(&beside, &shown).expect("the folder can be written");
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        assert_eq!(shown, expected, "{}", path.display());
    }
    assert_eq!(count, 5);
}

#[test]
fn hostile_programs_end() {
    let deep = 20_000;
    let programs = [
        ("c", format!("int f() {{ return {}x{}; }}", "(".repeat(deep), ")".repeat(deep))),
        ("c", format!("int f() {}{}", "{".repeat(deep), "}".repeat(deep))),
        ("c", format!("int f() {{ return {}1; }}", "1 + ".repeat(deep))),
        ("c", format!("int f() {{ return {}1; }}", "1, ".repeat(deep))),
        ("c", format!("int {}x;", "*".repeat(deep))),
        ("c", format!("{}int x;", "struct {".repeat(deep))),
        ("cpp", format!("{}int x;{}", "namespace a {".repeat(deep), "}".repeat(deep))),
        ("go", format!("package p\nvar x = {}1{}", "f(".repeat(deep), ")".repeat(deep))),
        ("go", format!("package p\nvar x = {}{}", "[]T{".repeat(deep), "}".repeat(deep))),
        ("go", format!("package p\nvar x {}T", "[]".repeat(deep))),
        ("java", format!("class A {{ int x = {}1; }}", "-".repeat(deep))),
        ("java", format!("{}{}", "class A {".repeat(deep), "}".repeat(deep))),
        ("java", format!("class A {{ {} x; }}", "A<".repeat(deep))),
        ("rust", format!("fn f() {{ {}1{} }}", "vec![".repeat(deep), "]".repeat(deep))),
        ("rust", format!("fn f() {{ {}{} }}", "if a {".repeat(deep), "}".repeat(deep))),
        ("rust", format!("use {}x{};", "a::{".repeat(deep), "}".repeat(deep))),
        ("rust", format!("fn f(x: {}) {{}}", "&".repeat(deep))),
        ("rust", format!("fn f() {{ {} }}", "format!(\"{}\", x); ".repeat(2_000))),
    ];
    for (extension, text) in programs {
        let program = program(extension, &text);
        assert!(!program.functions.is_empty(), "{extension}");
        let size = program.expressions.len() + program.statements.len();
        assert!(size <= 20 * text.len(), "{extension}: {size} for {} bytes", text.len());
    }
}
