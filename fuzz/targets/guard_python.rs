//! Any text as Python.

#![no_main]

mod checked;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| checked::check("a.py", data));
