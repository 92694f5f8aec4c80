//! Any text in any language that a grammar reads; the first byte chooses.

#![no_main]

mod checked;

use libfuzzer_sys::fuzz_target;
use types::Language;

fuzz_target!(|data: &[u8]| {
    let Some((first, text)) = data.split_first() else { return };
    let own = [Language::Python, Language::JavaScript, Language::TypeScript, Language::Tsx];
    let languages: Vec<Language> =
        Language::ALL.into_iter().filter(|language| !own.contains(language)).collect();
    let language = languages[usize::from(*first) % languages.len()];
    checked::check(&format!("a.{}", language.extensions()[0]), text);
});
