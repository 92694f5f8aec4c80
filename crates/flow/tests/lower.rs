//! Every file in `tests/lower` beside its intermediate form, and programs that want to be trouble.

#[path = "lower/show.rs"]
mod show;

use std::fs;
use std::path::Path;

use flow::ir::Program;
use flow::lower;
use tree_sitter::{Language, Parser};

fn program(extension: &str, text: &str) -> Program {
    type Lower = fn(&tree_sitter::Tree, &str) -> Program;
    let (language, lower): (Language, Lower) = match extension {
        "c" => (tree_sitter_c::LANGUAGE.into(), lower::c::lower),
        "cpp" => (tree_sitter_cpp::LANGUAGE.into(), lower::c::lower),
        "go" => (tree_sitter_go::LANGUAGE.into(), lower::go::lower),
        "java" => (tree_sitter_java::LANGUAGE.into(), lower::java::lower),
        _ => (tree_sitter_rust::LANGUAGE.into(), lower::rust::lower),
    };
    let mut parser = Parser::new();
    parser.set_language(&language).expect("the grammar fits the library");
    lower(&parser.parse(text, None).expect("there is no limit"), text)
}

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
        if extension == "ir" || path.ends_with("show.rs") {
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
