//! Samples of every kind, from the `example` in its row. They are put together at run time: a
//! secret written out in a source file would be one more finding for every scanner that reads it.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use types::Facts;

use super::*;

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const DIGITS: &str = "0123456789";

/// Characters that look drawn and are the same in every run.
struct Drawn(u32);

impl Drawn {
    fn from(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        let next = |_| {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            letters[(self.0 >> 16) as usize % letters.len()]
        };
        (0..length).map(next).collect()
    }

    /// A part of an example: `{hex:32}` and the like.
    fn part(&mut self, part: &str) -> String {
        let (alphabet, length) = part.split_once(':').unwrap_or((part, "0"));
        let length: usize = length.parse().unwrap();
        let alphanumeric = format!("{}{LOWER}{DIGITS}", LOWER.to_uppercase());
        let base64 = base64::engine::general_purpose::STANDARD;
        match alphabet {
            "an" => self.from(&alphanumeric, length),
            "hex" => self.from("0123456789abcdef", length),
            "HEX" => self.from("0123456789ABCDEF", length),
            "up" => self.from(&format!("{}{DIGITS}", LOWER.to_uppercase()), length),
            "lo" => self.from(&format!("{LOWER}{DIGITS}"), length),
            "num" => self.from("123456789", length),
            "b32" => self.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", length),
            "b32l" => self.from("abcdefghijklmnopqrstuvwxyz234567", length),
            "b64" => self.from(&format!("{alphanumeric}+/"), length),
            "url" => self.from(&format!("{alphanumeric}-_"), length - 1) + &self.from("x4K", 1),
            "bech" => self.from("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", length),
            "bechl" => self.from("qpzry9x8gf2tvdw0s3jn54khce6mua7l", length),
            "uuid" => {
                let mut hex = |length| self.part(&format!("hex:{length}"));
                format!("{}-{}-4{}-a{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12))
            }
            "PRIVATE" => "PRIVATE".to_owned(),
            "basic" => base64.encode(format!("app:{}", self.part("an:14"))),
            "b64key" => {
                let body = self.part("b64:200");
                base64.encode(format!("-----BEGIN RSA {} KEY-----\n{body}\n", "PRIVATE"))
            }
            "jwt" => {
                let header = base64.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
                let body = base64.encode(format!("{{\"sub\":\"{}\"}}", self.part("an:20")));
                let header = header.trim_end_matches('=');
                format!("{header}.{}.{}", body.trim_end_matches('='), self.part("url:43"))
            }
            "discord" => base64.encode(self.part("num:18")).trim_end_matches('=').to_owned(),
            "wif" => self.wif(),
            _ => panic!("{part}"),
        }
    }

    /// A number in base58 with its check sum: a Bitcoin key.
    fn wif(&mut self) -> String {
        const DIGITS: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        let mut bytes = vec![0x80];
        bytes.extend(self.part("an:32").bytes());
        let sum = Sha256::digest(Sha256::digest(&bytes));
        bytes.extend(&sum[..4]);
        let mut text = String::new();
        while bytes.iter().any(|byte| *byte > 0) {
            let mut rest = 0;
            for byte in &mut bytes {
                let value = rest * 256 + usize::from(*byte);
                *byte = u8::try_from(value / 58).unwrap();
                rest = value % 58;
            }
            text.insert(0, char::from(DIGITS[rest]));
        }
        text
    }

    /// An example with all its parts drawn.
    fn fill(&mut self, example: &str) -> String {
        let mut text = String::new();
        let mut rest = example;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            match after.split_once('}') {
                Some((part, after)) if part.chars().all(|c| c.is_alphanumeric() || c == ':') => {
                    text.push_str(&self.part(part));
                    rest = after;
                }
                _ => {
                    text.push('{');
                    rest = after;
                }
            }
        }
        text + rest
    }
}

/// A text for each row of the tables.
fn samples(seed: u32) -> Vec<(&'static Kind, String)> {
    let mut drawn = Drawn(seed);
    KINDS.iter().map(|kind| (kind, drawn.fill(&kind.example))).collect()
}

#[test]
fn every_kind_finds_its_example() {
    let mut wrong = Vec::new();
    for (kind, text) in samples(0x2545_F491) {
        assert!(kind.pattern().is_some(), "{} has no pattern", kind.rule);
        let rules: Vec<&str> = scan_secrets(&text).iter().map(|found| found.rule).collect();
        if rules != [kind.rule.as_str()] {
            wrong.push(format!("{}: {rules:?} in {text}", kind.rule));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(KINDS.len() >= 150);
}

#[test]
fn a_form_inside_a_word_is_none() {
    for (kind, text) in samples(7) {
        let form = kind.prefixes.iter().any(|prefix| text.starts_with(prefix.as_str()));
        let inside = format!("x{text}");
        let found = scan_secrets(&inside);
        assert!(!form || found.iter().all(|found| found.range.start > 1), "{inside}: {found:?}");
    }
    let mut drawn = Drawn(8);
    for example in ["AKIA{b32:16}", "ghp_{an:36}", "npm_{an:36}", "AIza{url:35}", "hf_{an:34}"] {
        let text = drawn.fill(example);
        for other in [format!("{text}x9"), text[..text.len() - 1].to_owned()] {
            assert_eq!(scan_secrets(&other), [], "{other}");
        }
    }
}

#[test]
fn names_and_manifests() {
    let mut drawn = Drawn(11);
    for (text, rule) in [
        ("db_password = \"{an:20}\"", GENERIC),
        ("const apiKey: string = '{an:20}';", GENERIC),
        ("{\"client_secret\": \"{an:20}\"}", GENERIC),
        ("let token: &str = \"{hex:32}\";", GENERIC),
        ("SESSION_SECRET={an:32}", GENERIC),
        ("admin_password: '{an:4}!{num:3}Xy'", GENERIC),
        ("app.secret.key: {an:40}", GENERIC),
        ("kind: Secret\ndata:\n  password: {an:24}\n", KUBERNETES),
        ("kind: Secret\nstringData:\n  password: {an:24}\n", KUBERNETES),
    ] {
        let mut text = drawn.fill(text);
        if text.contains("\ndata:") {
            let (before, value) = text.trim_end().rsplit_once(' ').unwrap();
            let value = base64::engine::general_purpose::STANDARD.encode(value);
            text = format!("{before} {value}\n");
        }
        let found = scan_secrets(&text);
        assert_eq!(found.iter().map(|found| found.rule).collect::<Vec<_>>(), [rule], "{text}");
    }
}

#[test]
fn what_stands_for_a_secret_is_none() {
    let texts = [
        "api_key = \"your-api-key-here-1234\"",
        "api_key = \"xxxxxxxxxxxxxxxxxxxx\"",
        "password = \"<password-goes-here-1>\"",
        "token = \"${GITHUB_TOKEN_1}\"",
        "password = os.environ[\"DB_PASSWORD_1\"]",
        "token = os.getenv(\"TOKEN_4711_abc\")",
        "secret = process.env.SECRET_4711",
        "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "postgres://user:password@localhost/db",
        "postgres://app:${DB_PASSWORD}@db/main",
        "https://example.org:8080/a@b",
        "token_url = \"https://login.a9f3.org/oauth2/v1\"",
        "password_field = \"input-4711-user-field\"",
        "secret_name = \"k8s-ab12cd34ef56\"",
        "if header == \"-----BEGIN PRIVATE KEY-----\":",
        "token = \"aaaaaaaaaaaaaaaaaaaaaaa1\"",
        "max_tokens: 4096, \"tokenizer\": \"gpt2-medium-v1\"",
        "sk-learn-contrib-and-other-words-that-are-long-enough",
        "ghp_short",
        "\"integrity\": \"sha512-9Fh2h0pIuLkyYjzVw6rjXg2fOG0xk2mCzRrNo0b1kTQ==\"",
        "commit_token = \"a8098c1a-f86e-11da-bd1a-00112444be1e\"",
        "public_key = \"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7Zk3\"",
        "\"nextPageToken\": \"CAUQAA9Zk3xV7bQ1mR4\"",
        "",
    ];
    for text in texts {
        assert_eq!(scan_secrets(text), [], "{text}");
    }
}

#[test]
fn in_tests_only_what_has_a_form_counts() {
    let mut drawn = Drawn(5);
    let password = drawn.fill("db_password = \"{an:20}\"\n");
    let key = drawn.fill("x = \"AKIA{b32:16}\"\n");
    assert_eq!(scan(&password, "src/a.py", None).len(), 1);
    assert_eq!(scan(&password, "tests/a.py", None).len(), 0);
    assert_eq!(scan(&key, "tests/a.py", None).len(), 1);
    // In code, what stands without quotes is an expression.
    let plain = drawn.fill("API_TOKEN={an:20}\n");
    assert_eq!(scan(&plain, "a.sh", None).len(), 1);
    assert_eq!(scan(&plain, "a.py", Some(Language::Python)).len(), 0);
}

#[test]
fn nothing_of_a_secret_is_shown() {
    for (kind, text) in samples(99) {
        let facts = Facts::default();
        let source = Source::new("a.txt", None, &text, &facts, &|| 0);
        let (Outcome::Done(found) | Outcome::Partly(found, _)) = run(&source) else { panic!() };
        for found in found {
            let shown = format!("{} {}", found.message, found.key);
            let secret = &text[found.range.clone()];
            let prefix = kind.prefixes.iter().filter(|prefix| secret.starts_with(prefix.as_str()));
            let prefix = prefix.map(String::len).max().unwrap_or(0);
            for part in secret.as_bytes()[prefix..].windows(8) {
                let part = String::from_utf8_lossy(part);
                let tells = shown.contains(part.as_ref());
                assert!(!tells || secret.starts_with("-----"), "{shown} tells {part}");
            }
        }
    }
}

#[test]
fn a_text_that_is_one_long_line_is_scanned_to_the_end() {
    let secret = Drawn(3).fill("{an:36}");
    let text = format!("{} ghp_{secret}", "password token key=\"a\" :// ".repeat(40_000));
    assert_eq!(scan_secrets(&text).len(), 1);
}

#[test]
fn what_repeats_is_read_once() {
    // Each of these would take minutes if every word began a search of its own.
    for piece in [
        "-eyJ",
        "token=x",
        "token=",
        "secret:",
        "-sk-ant-api03-",
        "://a:",
        "\"kty\":",
        "password=;",
    ] {
        assert_eq!(scan_secrets(&piece.repeat(10_000)), [], "{piece}");
    }
}
