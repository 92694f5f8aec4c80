//! Texts with parts that are drawn anew: `ghp_{an:30}` and the like, the same for the same seed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::random::Random;

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";

/// Words for what people write.
const WORDS: [&str; 40] = [
    "account", "amber", "backup", "branch", "button", "cache", "candle", "client", "cluster",
    "coffee", "config", "copper", "delta", "editor", "falcon", "filter", "garden", "header",
    "import", "invoice", "ladder", "layout", "market", "message", "module", "orange", "parser",
    "planet", "profile", "queue", "render", "report", "river", "server", "shadow", "silver",
    "summer", "table", "ticket", "window",
];

/// Fills the parts in braces; braces around anything else stay.
pub fn fill(random: &mut Random, template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        let drawn = rest[open + 1..].find('}').and_then(|close| {
            Some((part(random, &rest[open + 1..open + 1 + close])?, open + close + 2))
        });
        match drawn {
            Some((drawn, end)) => {
                text.push_str(&drawn);
                rest = &rest[end..];
            }
            None => {
                text.push('{');
                rest = &rest[open + 1..];
            }
        }
    }
    text + rest
}

/// One of some things.
pub fn one_of<'a, T: ?Sized>(random: &mut Random, all: &[&'a T]) -> &'a T {
    all[random.below(all.len())]
}

fn part(random: &mut Random, part: &str) -> Option<String> {
    let (what, length) = part.split_once(':').unwrap_or((part, "1"));
    let (least, most) = length.split_once('-').unwrap_or((length, length));
    let (least, most): (usize, usize) = (least.parse().ok()?, most.parse().ok()?);
    let length = least + random.below(most + 1 - least);
    let alphanumeric = [UPPER, LOWER, DIGITS].concat();
    let alphabet = match what {
        "an" => alphanumeric,
        "lo" => [LOWER, DIGITS].concat(),
        "up" => [UPPER, DIGITS].concat(),
        "az" => LOWER.to_owned(),
        "AZ" => UPPER.to_owned(),
        "num" => DIGITS.to_owned(),
        "dec" => "123456789".to_owned(),
        "hex" => "0123456789abcdef".to_owned(),
        "HEX" => "0123456789ABCDEF".to_owned(),
        "b32" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".to_owned(),
        "b64" => alphanumeric + "+/",
        "url" => alphanumeric + "-_",
        "bech" => "qpzry9x8gf2tvdw0s3jn54khce6mua7l".to_owned(),
        _ => return special(random, what, length),
    };
    let letters: Vec<char> = alphabet.chars().collect();
    let mut drawn: Vec<char> = (0..length).map(|_| letters[random.below(letters.len())]).collect();
    // A token does not begin or end in a mark where the text around it would hide that.
    for at in [0, length.saturating_sub(1)] {
        if what == "url" && matches!(drawn.get(at), Some('-' | '_')) {
            drawn[at] = 'k';
        }
    }
    Some(drawn.into_iter().collect())
}

fn special(random: &mut Random, what: &str, length: usize) -> Option<String> {
    let mut filled = |template: &str| fill(random, template);
    Some(match what {
        "uuid" => filled("{hex:8}-{hex:4}-4{hex:3}-a{hex:3}-{hex:12}"),
        "bytes" => STANDARD.encode(drawn_bytes(random, length)),
        "urlbytes" => URL_SAFE_NO_PAD.encode(drawn_bytes(random, length)),
        "github" => {
            let body = filled("{an:30}");
            format!("{body}{}", crc_base62(&body))
        }
        "basic" => STANDARD.encode(filled("{word}:{an:10-20}")),
        "jwt" => {
            let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT","kid":"a1"}"#);
            let body = filled(r#""sub":"{uuid}","exp":17{num:8}"#);
            let body = URL_SAFE_NO_PAD.encode(format!("{{{body}}}"));
            format!("{header}.{body}.{}", filled("{urlbytes:64}"))
        }
        "discord" => STANDARD_NO_PAD.encode(filled("{dec:18}")),
        "pem" => {
            let lines: Vec<String> = (0..length).map(|_| filled("{b64:64}")).collect();
            lines.join("\n")
        }
        "word" => one_of(random, &WORDS).to_owned(),
        "words" => (0..length).map(|_| one_of(random, &WORDS)).collect::<Vec<_>>().join(" "),
        "Word" => {
            let word = one_of(random, &WORDS);
            word[..1].to_uppercase() + &word[1..]
        }
        _ => return None,
    })
}

fn drawn_bytes(random: &mut Random, length: usize) -> Vec<u8> {
    (0..length).map(|_| u8::try_from(random.below(256)).unwrap_or_default()).collect()
}

/// The six characters that GitHub puts after the thirty drawn ones.
fn crc_base62(text: &str) -> String {
    let digits: Vec<char> = [DIGITS, UPPER, LOWER].concat().chars().collect();
    let mut sum = usize::try_from(crc32fast::hash(text.as_bytes())).unwrap_or_default();
    let mut text = String::new();
    for _ in 0..6 {
        text.insert(0, digits[sum % 62]);
        sum /= 62;
    }
    text
}
