//! Telling a secret from what only stands for one.

use sha2::{Digest as _, Sha256};

use super::randomness::looks_drawn;

/// Parts of texts that stand for a secret, in lower case.
const STANDING: &[&str] = &[
    "example",
    "xxxx",
    "your",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "change-this",
    "replace",
    "insert",
    "redacted",
    "dummy",
    "sample",
    "goes-here",
    "goes_here",
    "put-",
    "put_",
    "todo",
    "fixme",
    "notreal",
    "not-real",
    "not_real",
    "invalid",
    "....",
    "****",
    "____",
    "<",
    ">",
    "${",
    "{{",
    "%(",
    "#{",
    "$(",
    "{%",
    "[[",
    "}}",
];

/// More of them, for values that nothing but the name beside them marks as a secret.
const STANDING_GENERIC: &[&str] = &[
    "test",
    "demo",
    "mock",
    "fake",
    "none",
    "null",
    "true",
    "false",
    "undefined",
    "123456",
    "abcdef",
    "qwerty",
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "environ",
    "getenv",
    "env.",
    "process.",
    "config.",
    "default",
    "://",
    "\\",
    "hello",
    "foobar",
    "my-",
    "my_",
    "some-",
    "some_",
    "correct",
    "letmein",
    "enter",
    "encrypted",
    "localhost",
    "lorem",
    "unused",
    "anything",
    "temporary",
    "django-insecure",
    "key-here",
    "value",
];

/// Words that are put for a secret where they stand alone between other characters.
const STANDING_WORDS: &[&str] = &["foo", "bar", "baz", "abc", "xyz", "asdf", "tbd", "na", "my"];

/// Values that stand in documentation and in tests where a password belongs.
const WEAK: &[&str] = &[
    "pass",
    "passwd",
    "password",
    "passw0rd",
    "p@ssw0rd",
    "pwd",
    "secret",
    "user",
    "root",
    "admin",
    "guest",
    "postgres",
    "postgresql",
    "mysql",
    "redis",
    "mongo",
    "mongodb",
    "rabbitmq",
    "test",
    "testing",
    "hunter2",
    "token",
    "key",
    "pw",
    "foo",
    "bar",
    "baz",
    "qux",
    "abc",
    "abc123",
    "123",
    "1234",
    "12345",
    "123456",
    "12345678",
    "s3cr3t",
    "secret123",
    "password1",
    "password123",
    "pass123",
    "changeme",
    "letmein",
    "username",
    "username:password",
    "default",
    "demo",
    "dev",
    "development",
    "example",
    "me",
    "minio",
    "minio123",
    "minioadmin",
    "elastic",
    "sa",
    "tiger",
    "scott",
    "docker",
    "toor",
    "qwerty",
    "pass@word",
    "mypassword",
    "mypass",
    "dbpass",
    "dbpassword",
    "passwort",
    "wordpress",
    "django",
    "flask",
    "somepassword",
    "some-password",
    "userpass",
    "asdf",
    "asdfasdf",
    "sekret",
    "sekrit",
    "s3kr3t",
    "swordfish",
    "none",
    "null",
    "nopass",
];

/// First sixteen hex digits of the SHA-256 of keys that documentation gives to everybody: of the
/// emulators of Azure Storage and Azure Cosmos DB, and of what jwt.io shows.
const PUBLISHED: &[&str] =
    &["0011cc25eb432071", "aa6547439583c3a2", "7f75367e78812551", "da816f9f2c16e6c5"];

/// Whether a value of any kind is none after all.
pub(super) fn stands_for_one(secret: &str) -> bool {
    let lower = secret.to_ascii_lowercase();
    STANDING.iter().any(|word| lower.contains(word))
        || repeats(secret)
        || counts(lower.as_bytes())
        || is_published(secret)
}

/// The same for a value that nothing but its name marks as a secret.
pub(super) fn stands_for_generic(secret: &str) -> bool {
    let lower = secret.to_ascii_lowercase();
    let alone = |word: &str| STANDING_WORDS.contains(&word);
    STANDING_GENERIC.iter().any(|word| lower.contains(word))
        || lower.split(|c: char| !c.is_ascii_alphabetic()).any(alone)
        || secret.starts_with(['$', '%', '{', '@', '.', '&', '*', '#', ':'])
        || secret.strip_prefix('/').is_some_and(|rest| rest.contains('/'))
        || is_uuid(&lower)
        || is_sealed(secret, &lower)
        || is_file_or_host(&lower)
}

/// Whether a password is one of those that documentation is full of.
pub(super) fn is_weak(password: &str) -> bool {
    let lower = password.to_ascii_lowercase();
    let words = lower.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
    WEAK.contains(&lower.as_str()) || WEAK.contains(&words) || words.contains("passw")
}

/// Whether somebody chose or drew this to keep it: no plain word, and long enough.
pub(super) fn is_chosen(password: &str) -> bool {
    const SHORTEST: usize = 5;
    let letters = password.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    password.len() >= SHORTEST
        && !is_weak(password)
        && !is_weak(&password.replace("%40", "a"))
        && (!letters || looks_drawn(password))
}

/// Whether a host is one that nobody has, or whose addresses hold a key for everybody.
pub(super) fn is_open_host(host: &[u8]) -> bool {
    let host = String::from_utf8_lossy(host).to_ascii_lowercase();
    host.starts_with("example.") || host.ends_with(".example") || host.contains("sentry")
}

/// Whether one character fills a run of six or more, or a short piece fills the whole.
fn repeats(secret: &str) -> bool {
    let bytes = secret.as_bytes();
    let mut run = 1;
    for pair in bytes.windows(2) {
        run = if pair[0] == pair[1] { run + 1 } else { 1 };
        if run == 6 {
            return true;
        }
    }
    // Tokens have a prefix of their own; what follows it counts.
    let body = bytes.rsplit(|byte| b"-_.".contains(byte)).next().unwrap_or(bytes);
    let filled =
        |piece: usize| body.len() >= 3 * piece && body[piece..] == body[..body.len() - piece];
    (1..=8).any(filled) && body.len() >= 8
}

/// Whether eight characters in a row count up or down: `12345678`, `abcdefgh`.
fn counts(lower: &[u8]) -> bool {
    let (mut up, mut down) = (1, 1);
    for pair in lower.windows(2) {
        let next = |a: u8, b: u8| a.checked_add(1) == Some(b) || (a, b) == (b'9', b'0');
        up = if next(pair[0], pair[1]) || pair == b"9a" { up + 1 } else { 1 };
        down = if next(pair[1], pair[0]) { down + 1 } else { 1 };
        if up == 8 || down == 8 {
            return true;
        }
    }
    false
}

/// Whether it is one that documentation gives to everybody.
pub(super) fn is_published(secret: &str) -> bool {
    let digest = Sha256::digest(secret.as_bytes());
    let hex: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    PUBLISHED.contains(&hex.as_str())
}

fn is_uuid(lower: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let mut parts = lower.trim_matches(['{', '}']).split('-');
    let hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    lengths.iter().all(|length| parts.next().is_some_and(|part| part.len() == *length && hex(part)))
        && parts.next().is_none()
}

/// Whether it is a digest of a password, or was encrypted.
fn is_sealed(secret: &str, lower: &str) -> bool {
    const DIGESTS: &[&str] =
        &["pbkdf2", "argon2", "bcrypt", "scrypt", "sha1$", "sha256$", "sha512$", "{ssha", "{sha"];
    // A sealed secret of Kubernetes begins with the length of its key.
    let kubernetes = secret.len() > 200 && secret.starts_with("Ag");
    let vault = secret.starts_with("vault:v") || secret.starts_with("ENC[");
    kubernetes || vault || DIGESTS.iter().any(|digest| lower.contains(digest))
}

/// Whether it ends as the names of files and of hosts do.
fn is_file_or_host(lower: &str) -> bool {
    const ENDS: &[&str] = &[
        ".pem",
        ".key",
        ".crt",
        ".txt",
        ".json",
        ".yml",
        ".yaml",
        ".toml",
        ".env",
        ".html",
        ".js",
        ".py",
        ".ts",
        ".go",
        ".rs",
        ".com",
        ".net",
        ".org",
        ".io",
        ".local",
        ".internal",
        ".xml",
    ];
    ENDS.iter().any(|end| lower.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_secret() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "your-api-key",
            "${TOKEN}",
            "abbbbbbc",
            "ghp_deadbeefdeadbeefdeadbeef",
            "sk_1234567890",
            "zz_hgfedcba",
            "0123456789abcdef",
        ] {
            assert!(stands_for_one(text), "{text}");
        }
        for text in ["x7Kq9ZpW2mVb4RtG", "abbbbbc", "2b45678c"] {
            assert!(!stands_for_one(text) && !stands_for_generic(text), "{text}");
        }
        for text in ["a8098c1a-f86e-11da-bd1a-00112444be1e", "my-4711-k", "keys/a1.pem", "x-foo-9"]
        {
            assert!(stands_for_generic(text), "{text}");
        }
    }
}
