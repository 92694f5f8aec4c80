//! Writes model files of published shapes with random weights, so that loading and speed can be
//! measured without any download. What they generate is noise.
//!
//! ```text
//! cargo run --release -p engine --example synthesize -- <shape> <type> <path> [options]
//!     <type>      F32, F16, Q8_0 or Q4_0, of matrices; norms and biases are F32
//!     --blocks N  another number of blocks than the published
//!     --holes     matrices of blocks stay holes in the file: zeros that take no space on disk,
//!                 but for routers, so that tokens choose experts
//! ```

mod shapes;
mod writer;

use std::process::ExitCode;

use shapes::{SHAPES, Shape};
use writer::{Content, Kind, Writer};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(report) => {
            say(&report);
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stderr, reason = "a program for developers, run by hand")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn run(arguments: &[String]) -> Result<String, String> {
    let [shape, kind, path, options @ ..] = arguments else {
        let names: Vec<&str> = SHAPES.iter().map(|shape| shape.name).collect();
        return Err(format!("usage: <shape> <type> <path>; shapes: {}", names.join(", ")));
    };
    let found = SHAPES.iter().find(|known| known.name == shape);
    let mut shape: Shape = *found.ok_or_else(|| format!("no shape is called {shape}"))?;
    let kind = Kind::named(kind).ok_or_else(|| format!("no type is called {kind}"))?;
    let mut content = Content::Random;
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match option.as_str() {
            "--holes" => content = Content::Hole,
            "--blocks" => {
                let count = options.next().and_then(|count| count.parse().ok());
                shape.blocks = count.ok_or("--blocks needs a number")?;
            }
            other => return Err(format!("no option is called {other}")),
        }
    }
    let mut writer = Writer::default();
    shape.add_metadata(&mut writer);
    shape.add_tensors(&mut writer, kind, content);
    let bytes = writer.write(path.as_ref()).map_err(|error| format!("{path}: {error}"))?;
    Ok(format!("{path}: {bytes} bytes, {} parameters", writer.parameters()))
}
