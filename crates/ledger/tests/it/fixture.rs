//! Small ledgers and events that the tests begin with.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ledger::{EventKind, Failure, Ledger, LedgerError, NewEvent, Verification};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

pub const SECRET: &str = "AKIA-not-to-be-seen-in-the-clear";

/// A ULID that ends in this number.
pub fn ulid(number: u64) -> String {
    format!("01JCXR6Z8M{number:016}")
}

pub fn event(generation: u64, kind: EventKind) -> NewEvent {
    NewEvent {
        generation: ulid(generation),
        kind,
        actor: "human:ada".to_owned(),
        time_ms: 1_764_000_000_000 + generation as i64,
        fields: Map::new(),
        bodies: Vec::new(),
    }
}

pub fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("fields must be an object, not {other}"),
    }
}

/// A copy of the same small ledger for every test: six records of three generations in three
/// transactions, with bodies and a pre-image. Building it anew costs many unoptimised signatures.
pub fn small() -> (TempDir, Ledger) {
    static FILES: OnceLock<Vec<(PathBuf, Vec<u8>)>> = OnceLock::new();
    let files = FILES.get_or_init(|| {
        let (dir, ledger) = small_with_new_keys();
        drop(ledger);
        let mut files = Vec::new();
        read_folder(dir.path(), Path::new(""), &mut files);
        files
    });
    let dir = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let ledger = Ledger::open(dir.path()).unwrap();
    (dir, ledger)
}

fn read_folder(root: &Path, relative: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(root.join(relative)).unwrap() {
        let entry = entry.unwrap();
        let relative = relative.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            read_folder(root, &relative, files);
        } else {
            files.push((relative, fs::read(entry.path()).unwrap()));
        }
    }
}

/// The same records, signed and encrypted with keys of their own.
pub fn small_with_new_keys() -> (TempDir, Ledger) {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    let request = NewEvent {
        fields: fields(json!({"language": "python", "temperature": 0.2, "model": "seedling"})),
        bodies: vec![("prompt".to_owned(), format!("def f(): # {SECRET}").into_bytes())],
        ..event(1, EventKind::Request)
    };
    let response = NewEvent {
        bodies: vec![
            ("completion".to_owned(), b"return 1".to_vec()),
            ("empty".to_owned(), Vec::new()),
        ],
        ..event(1, EventKind::Response)
    };
    ledger.append_all(&[request, response]).unwrap();
    let check = NewEvent { fields: fields(json!({"score": 87})), ..event(1, EventKind::Check) };
    ledger
        .append_all(&[check, event(1, EventKind::Decision), event(2, EventKind::Policy)])
        .unwrap();
    let pre = ledger.preimages().put(format!("before {SECRET}").as_bytes()).unwrap();
    let write = NewEvent {
        fields: fields(
            json!({"files": [{"path": "a.py", "pre_sha256": pre, "post_sha256": null}]}),
        ),
        bodies: vec![("diff".to_owned(), b"-before\n".to_vec())],
        ..event(3, EventKind::FileWrite)
    };
    ledger.append(&write).unwrap();
    (dir, ledger)
}

pub fn verify(ledger: &Ledger) -> Verification {
    ledger.verify(&mut |_, _| {}).unwrap()
}

pub fn assert_holds(ledger: &Ledger) -> Verification {
    let found = verify(ledger);
    assert_eq!(found.failure, None);
    found
}

/// The failure that opening and verifying ends in.
pub fn open_and_verify(dir: &Path) -> Result<Option<Failure>, LedgerError> {
    Ok(Ledger::open(dir)?.verify(&mut |_, _| {})?.failure)
}

pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Numbers that look random, from a seed that a failing test can print.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
