//! The mutation matrix: every byte and every value of every table of a small ledger, changed one at
//! a time with plain SQL. Each change must be found, and blamed on its table.

use std::path::Path;
use std::thread;

use ledger::Ledger;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::fixture::*;

const TABLES: [(&str, &[&str], &[&str]); 5] = [
    // Table, key, all columns.
    ("entry", &["idx"], &["idx", "ts", "gen", "seq", "kind", "leaf"]),
    ("body", &["idx", "name"], &["idx", "name", "commitment", "nonce", "ciphertext"]),
    ("tile", &["level", "n"], &["level", "n", "hashes"]),
    ("checkpoint", &["size"], &["size", "note"]),
    ("meta", &["name"], &["name", "value"]),
];

/// One change: `column` of the row `key` of `table` becomes `value`.
struct Change {
    table: &'static str,
    key_columns: &'static [&'static str],
    columns: &'static [&'static str],
    row: Vec<Value>,
    column: usize,
    value: Value,
}

#[test]
fn every_changed_value_is_found_and_blamed_on_its_table() {
    let (dir, ledger) = small();
    drop(ledger);
    let changes = all_changes(&connect(dir.path()));
    assert!(changes.len() > 3500, "{} changes", changes.len());
    let halves = changes.split_at(changes.len() / 2);
    let copy = tempfile::tempdir().unwrap();
    copy_folder(dir.path(), copy.path());
    let (a, b) = thread::scope(|scope| {
        let a = scope.spawn(|| check_changes(dir.path(), halves.0));
        let b = scope.spawn(|| check_changes(copy.path(), halves.1));
        (a.join().unwrap(), b.join().unwrap())
    });
    // SQLite itself refuses NULL, and keys that are taken: little else.
    assert!(a + b < 100, "{} changes were refused", a + b);
}

/// Makes each change, verifies, and puts the row back. Gives the number that SQLite refused.
fn check_changes(dir: &Path, changes: &[Change]) -> usize {
    let ledger = Ledger::open(dir).unwrap();
    let db = connect(dir);
    let mut refused = 0;
    for change in changes {
        let name = format!(
            "{}.{} of {:?} becomes {:?}",
            change.table, change.columns[change.column], change.row, change.value
        );
        let Ok(()) = change.make(&db) else {
            refused += 1;
            continue;
        };
        match verify(&ledger).failure {
            Some(failure) => assert_eq!(failure.table, change.table, "{name}: {failure}"),
            None => panic!("not found: {name}"),
        }
        change.unmake(&db);
    }
    assert_holds(&ledger);
    refused
}

impl Change {
    fn make(&self, db: &Connection) -> rusqlite::Result<()> {
        let keys = self.row[..self.key_columns.len()].iter().cloned();
        let values = std::iter::once(self.value.clone()).chain(keys);
        let sql = format!(
            "UPDATE {} SET {} = {} WHERE {}",
            self.table,
            self.columns[self.column],
            // Text that is no UTF-8 can only be written so.
            if matches!(self.row[self.column], Value::Text(_)) { "CAST(? AS TEXT)" } else { "?" },
            self.key_columns
                .iter()
                .map(|key| format!("{key} = ?"))
                .collect::<Vec<_>>()
                .join(" AND ")
        );
        let changed = db.execute(&sql, params_from_iter(values))?;
        assert_eq!(changed, 1, "{sql}");
        Ok(())
    }

    /// Deletes what the row has become and puts the old one back.
    fn unmake(&self, db: &Connection) {
        let mut conditions = Vec::new();
        let mut values = Vec::new();
        for (at, key) in self.key_columns.iter().enumerate() {
            let changed = at == self.column;
            let text = matches!(self.row[at], Value::Text(_));
            conditions
                .push(format!("{key} = {}", if changed && text { "CAST(? AS TEXT)" } else { "?" }));
            values.push(if changed { self.value.clone() } else { self.row[at].clone() });
        }
        let sql = format!("DELETE FROM {} WHERE {}", self.table, conditions.join(" AND "));
        assert_eq!(db.execute(&sql, params_from_iter(values)).unwrap(), 1);
        insert(db, self.table, self.columns, &self.row);
    }
}

fn insert(db: &Connection, table: &str, columns: &[&str], row: &[Value]) {
    let marks = vec!["?"; columns.len()].join(", ");
    let sql = format!("INSERT INTO {table} ({}) VALUES ({marks})", columns.join(", "));
    db.execute(&sql, params_from_iter(row.iter().cloned())).unwrap();
}

/// For every cell: each byte with another bit changed, a byte less, a byte more; numbers a bit and a
/// lot away; NULL.
fn all_changes(db: &Connection) -> Vec<Change> {
    let mut changes = Vec::new();
    for (table, key_columns, columns) in TABLES {
        for row in rows(db, table, columns) {
            for column in 0..columns.len() {
                let mut add = |value: Value| {
                    changes.push(Change {
                        table,
                        key_columns,
                        columns,
                        row: row.clone(),
                        column,
                        value,
                    });
                };
                add(Value::Null);
                match &row[column] {
                    Value::Integer(number) => {
                        for away in [1, -1, 1000, i64::MAX - number, i64::MIN] {
                            add(Value::Integer(number.wrapping_add(away)));
                        }
                    }
                    Value::Text(text) => byte_changes(text.as_bytes(), &mut add),
                    Value::Blob(bytes) => byte_changes(bytes, &mut add),
                    other => panic!("{table} holds {other:?}"),
                }
            }
        }
    }
    changes
}

fn byte_changes(bytes: &[u8], add: &mut impl FnMut(Value)) {
    for at in 0..bytes.len() {
        let mut changed = bytes.to_vec();
        changed[at] ^= [0x01, 0x80, 0x20][at % 3];
        add(Value::Blob(changed));
    }
    add(Value::Blob(bytes[..bytes.len().saturating_sub(1)].to_vec()));
    add(Value::Blob([bytes, b"0"].concat()));
}

fn rows(db: &Connection, table: &str, columns: &[&str]) -> Vec<Vec<Value>> {
    let mut statement = db.prepare(&format!("SELECT {} FROM {table}", columns.join(", "))).unwrap();
    let rows =
        statement.query_map([], |row| (0..columns.len()).map(|at| row.get(at)).collect()).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn every_deleted_row_is_found_and_blamed_on_its_table() {
    let (dir, ledger) = small();
    let db = connect(dir.path());
    for (table, keys, columns) in TABLES {
        for row in rows(&db, table, columns) {
            let conditions: Vec<String> = keys.iter().map(|key| format!("{key} = ?")).collect();
            let sql = format!("DELETE FROM {table} WHERE {}", conditions.join(" AND "));
            let values = row[..keys.len()].iter().cloned();
            assert_eq!(db.execute(&sql, params_from_iter(values)).unwrap(), 1);
            let failure = verify(&ledger).failure.expect("a deleted row is found");
            assert_eq!(failure.table, table, "{row:?}: {failure}");
            insert(&db, table, columns, &row);
        }
    }
    assert_holds(&ledger);
}

pub fn connect(dir: &Path) -> Connection {
    let db = Connection::open(dir.join("ledger.db")).unwrap();
    db.execute_batch("PRAGMA synchronous = OFF").unwrap();
    db
}
