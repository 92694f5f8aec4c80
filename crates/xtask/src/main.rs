//! Repository rules as a program: `cargo xtask tidy`, also run by `cargo test`, and
//! `cargo xtask rules`, which makes the pages of `docs/rules`.
#![expect(clippy::print_stderr, reason = "speaks to the terminal")]

mod rules;
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
        (Some("rules"), None) => match rules::write(&root) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("docs/rules: {error}");
                ExitCode::from(2)
            }
        },
        _ => {
            eprintln!("usage: cargo xtask tidy | rules");
            ExitCode::from(2)
        }
    }
}
