//! Any text in no language: secrets and hidden characters.

#![no_main]

mod checked;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| checked::check("notes", data));
