//! The command line: one file per subcommand.

mod arguments;
mod commands;
mod context;
mod output;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::Arguments;
use crate::output::err;

/// Stack of the thread that does the work: arguments, pipeline and parsers all fit easily.
const STACK_BYTES: usize = 16 << 20;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return commands::usage(&error),
    };
    arguments.global.color.apply();
    let run = move || commands::run(arguments);
    let worker = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run);
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        // The panic has printed what it has to say.
        Ok(Err(_)) => ExitCode::from(2),
        Err(error) => {
            err!("error: cannot start a thread: {error}");
            ExitCode::from(2)
        }
    }
}
