//! Bad input: each a clear error and exit code 2, nothing written, no panic.

use std::fs;

use crate::home::{Home, PROMPT};

#[test]
fn files_that_cannot_be_checked() {
    let home = Home::new();
    home.write("binary.py", b"\x7fELF\0\0");
    home.write("latin.py", b"# caf\xe9\n");
    fs::File::create(home.path("big.py")).unwrap().set_len(100 << 20).unwrap();
    home.run(&["check", "none.py"]).error(&["`none.py`: no such file"]);
    let check = |name: &str, parts: &[&str]| {
        let run = home.run(&["check", name]).code(2);
        for part in parts {
            assert!(run.out.contains(part), "`{part}` is not in: {}", run.out);
        }
    };
    check("binary.py", &["`binary.py` is not text: a NUL byte at byte 4"]);
    check("latin.py", &["`latin.py` is not text: invalid UTF-8 at byte 5"]);
    check("big.py", &["`big.py` has 104857600 bytes; the limit is 16777216 bytes"]);
    home.run(&["check", "."]).code(2);
}

#[test]
fn requests_that_make_no_sense() {
    let home = Home::new();
    let generate =
        |more: &[&str]| home.run(&[&["generate", "--prompt", PROMPT][..], more].concat());
    let run = generate(&["--lang", "cobol"]).code(2);
    assert!(
        run.err.contains("unknown language `cobol`; known are python, javascript"),
        "{}",
        run.err
    );
    generate(&[]).error(&["which language?"]);
    generate(&["--out", "no/such/folder/a.py"]).error(&["`no/such/folder` does not exist"]);
    generate(&["--out", ".git/hooks/a.py"]).error(&["`.git/hooks` does not exist"]);
    generate(&["--lang", "python", "--out", "countersign.toml"]).error(&["out of bounds"]);
    generate(&["--lang", "python", "--candidates", "99"]).error(&["must be from 1 to 16"]);
    generate(&["--lang", "python", "--out", "."]).error(&["is a folder"]);
    home.run(&["generate", "--lang", "python", "--prompt", " "]).error(&["the request is empty"]);
    let long = "many words ".repeat(2000);
    let run = home.run(&["generate", "--lang", "python", "--prompt", &long]);
    run.error(&["the instruction has", "tokens", "room for"]);

    home.write("a.py", "x = 1\n");
    home.run(&["complete", "a.py"]).code(2);
    home.run(&["complete", "a.py:9:1"]).error(&["has 2 lines, there is no line 9"]);
    home.run(&["complete", "a.py:1:9"]).error(&["line 1 of `a.py` ends at column 6"]);
    home.run(&["complete", "none.py:1:1"]).error(&["no such file"]);
    home.run(&["log", "show", "XYZ"]).code(2);
    assert_eq!(home.names(), ["a.py"]);
}

#[test]
fn settings_with_a_mistake_name_line_and_column() {
    let home = Home::new();
    let check = ["check", "."];
    home.generate("a.py").code(0);
    home.write("countersign.toml", "[policy]\nmin_score = 50\nfail_onn = 'error'\n");
    home.run(&check).error(&["countersign.toml:3:1: unknown field `fail_onn`"]);
    // What is not about the policy still works, and the doctor says what is wrong.
    home.run(&["log", "verify"]).code(0);
    assert!(home.run(&["doctor"]).code(0).out.contains("broken  countersign.toml:3:1: "));
    home.run(&["undo"]).code(0);
    home.write("countersign.toml", "[policy\n");
    home.run(&check).error(&["countersign.toml:1:8: "]);
    home.write("countersign.toml", "[generate]\nmodel = '/x.gguf'\n");
    home.run(&check).error(&["`generate.model` may not be set by a workspace"]);
    home.write("countersign.toml", "[policy]\n\"\\u001b]0;x\\u0007\" = 1\n");
    assert!(!home.run(&check).code(2).err.contains('\u{1b}'));
    fs::remove_file(home.path("countersign.toml")).unwrap();
    fs::create_dir_all(home.config().parent().unwrap()).unwrap();
    fs::write(home.config(), "[generate]\ncandidates = 0\n").unwrap();
    home.run(&check).error(&["config.toml: `generate.candidates` is 0"]);
    home.run(&["check", ".", "--config", "none.toml"]).error(&["`none.toml`: no such file"]);
}

#[test]
fn programs_get_one_object_for_every_mistake() {
    let home = Home::new();
    for arguments in
        [&["check", "none.py"][..], &["check", "--bogus"], &["generate"], &["log", "show", "X"]]
    {
        let run = home.run(&[arguments, &["--output-format", "json"]].concat()).code(2);
        assert!(run.json()["error"].is_string(), "{}", run.out);
        assert_eq!(run.err, "");
    }
    let script = "exec \"$0\" log list --output-format json >/dev/full";
    let mut command = home.command("sh");
    let run = crate::home::finish(command.args(["-c", script]).arg(home.program()));
    run.error(&["cannot write to standard output"]);
}

#[test]
fn where_a_model_may_not_write() {
    let home = Home::new();
    fs::create_dir_all(home.path("project/db/inner")).unwrap();
    home.write("project/countersign.toml", "[boundaries]\ndeny = ['./db/']\n");
    home.write("project/db/countersign.toml", "");
    for out in ["project/db/a.py", "project/db/inner/a.py"] {
        home.generate(out).error(&["is out of bounds for AI: it matches `db/**`"]);
    }
    home.generate("project/a.py").code(0);
    home.run(&[
        "generate",
        "--lang",
        "python",
        "--prompt",
        PROMPT,
        "--out",
        "project/countersign.toml",
    ])
    .error(&["out of bounds"]);
}

#[test]
fn models_that_are_none() {
    let home = Home::new();
    let model = include_bytes!("../../../../models/seedling-Q8_0.gguf");
    home.write("short.gguf", &model[..1_000_000]);
    let mut absurd = model[..4096].to_vec();
    // The number of tensors, at byte 8 of the header.
    absurd[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
    home.write("absurd.gguf", &absurd);
    home.write("text.gguf", "not a model");
    let generate = |model: &str| {
        home.run(&["generate", "--lang", "python", "--prompt", PROMPT, "--model", model])
    };
    generate("none.gguf").error(&["none.gguf"]);
    generate("short.gguf").error(&["short.gguf: "]);
    generate("absurd.gguf").error(&["absurd.gguf: "]);
    generate("text.gguf").error(&["text.gguf: "]);
    generate(".").error(&[]);
}

#[test]
fn folders_that_cannot_be_written() {
    let home = Home::new();
    let generate = format!("exec \"$0\" generate --lang python --prompt '{PROMPT}' --out out/a.py");
    fs::create_dir(home.path("out")).unwrap();
    let script = format!("mount -t tmpfs -o ro none out; {generate}");
    if let Some(run) = home.run_in_namespace(&script) {
        run.error(&["cannot write beside `", "out/a.py`", "ead-only"]);
        assert!(!home.state().exists(), "refused before anything was asked");
    }
    let script = format!(
        "mount -t tmpfs -o size=4k none out; head -c 8192 /dev/zero >out/fill 2>/dev/null || true; {generate}"
    );
    if let Some(run) = home.run_in_namespace(&script) {
        run.error(&["No space left"]);
    }
    fs::create_dir_all(home.state()).unwrap();
    let full = home.state().display().to_string();
    let script = format!("mount -t tmpfs -o size=64k none {full}; {generate}");
    if let Some(run) = home.run_in_namespace(&script) {
        let run = run.code(2);
        assert!(run.err.contains("full") || run.err.contains("space"), "{}", run.err);
        assert_eq!(run.out, "", "nothing is shown without a record");
        assert!(!home.path("out/a.py").exists());
    }
}

#[test]
fn a_log_written_by_a_newer_version() {
    let home = Home::new();
    home.generate("a.py").code(0);
    let database = fs::read_dir(home.state().join("ledger")).unwrap();
    let database = database
        .map(|entry| entry.unwrap().path())
        .find(|path| fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0")));
    let database = database.unwrap();
    // The database's user version, a big-endian number at byte 60 of the header.
    let mut bytes = fs::read(&database).unwrap();
    bytes[60..64].copy_from_slice(&99u32.to_be_bytes());
    fs::write(&database, bytes).unwrap();
    home.generate("b.py").error(&["format 99", "use the program version that wrote it"]);
    home.run(&["log", "list"]).error(&["format 99", "nothing was changed"]);
    assert!(!home.path("b.py").exists());
}
