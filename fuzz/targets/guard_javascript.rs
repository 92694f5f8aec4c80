//! Any text as JavaScript or TypeScript; the first byte chooses.

#![no_main]

mod checked;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((first, text)) = data.split_first() else { return };
    let paths = ["a.js", "a.jsx", "a.mjs", "a.ts", "a.tsx", "a.d.ts"];
    checked::check(paths[usize::from(*first) % paths.len()], text);
});
