//! Repository rules as a program: `cargo xtask tidy`, also run by `cargo test`.
#![expect(clippy::print_stderr, reason = "speaks to the terminal")]

mod tidy;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("tidy"), None) => {
            let problems = tidy::problems(&root);
            for problem in &problems {
                eprintln!("{problem}");
            }
            ExitCode::from(u8::from(!problems.is_empty()))
        }
        _ => {
            eprintln!("usage: cargo xtask tidy");
            ExitCode::from(2)
        }
    }
}
