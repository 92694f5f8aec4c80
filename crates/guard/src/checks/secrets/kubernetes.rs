//! Manifests of Kubernetes secrets: each value below `data`, in base64, and below `stringData`.

use std::ops::Range;

use super::names::{self, Sort};
use super::proof::decoded_bytes;
use super::{placeholder, randomness};

/// What a manifest says that holds them.
const MARK: &str = "kind: Secret";

/// Values that are passwords or keys, in bytes of the text.
pub(super) fn values(text: &str) -> Vec<Range<usize>> {
    let mut values = Vec::new();
    if !text.contains(MARK) {
        return values;
    }
    let mut at = 0;
    // The block that the line stands in: its indent, and whether its values are in base64.
    let mut block: Option<(usize, bool)> = None;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let indent = line.len() - line.trim_start_matches(' ').len();
        let Some((key, value)) = line.trim().split_once(':') else { continue };
        if block.is_some_and(|(outer, _)| indent <= outer) {
            block = None;
        }
        match (block, key) {
            (None, "data") => block = Some((indent, true)),
            (None, "stringData") => block = Some((indent, false)),
            (Some((_, encoded)), _) => {
                let value = value.trim().trim_matches(['"', '\'']);
                if is_secret(key, value, encoded)
                    && let Some(place) = line.find(value)
                {
                    values.push(start + place..start + place + value.len());
                }
            }
            _ => {}
        }
    }
    values
}

fn is_secret(key: &str, value: &str, encoded: bool) -> bool {
    let bytes = match encoded {
        true => decoded_bytes(value),
        false => Some(value.as_bytes().to_vec()),
    };
    let Some(bytes) = bytes else { return false };
    let named = matches!(names::sort_of(key), Some(Sort::Password | Sort::Key));
    let Ok(text) = String::from_utf8(bytes) else { return named };
    let text = text.trim();
    let key = text.contains("PRIVATE KEY");
    let stands = placeholder::stands_for_one(text) || !placeholder::is_chosen(text);
    let open = text.contains("BEGIN CERTIFICATE") || text.contains("BEGIN PUBLIC KEY");
    let printable = !text.contains(char::is_control);
    let drawn = text.len() >= 12 && !text.contains(' ') && randomness::looks_drawn(text);
    !stands && !open && (key || (printable && (named || drawn)))
}
