//! Names that say that what is assigned to them is secret.

/// Parts of names that make a name worth reading, in lower case.
pub(super) const SENSITIVE: &[&str] = &[
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "auth",
    "credential",
    "pat",
    "salt",
    "psk",
    "license",
];

/// What a name says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// Something that a person may have chosen.
    Password,
    /// Something that a machine made.
    Key,
}

/// Words that are a secret by themselves, as the end of a word too: `dbpassword`.
const PASSWORDS: &[&str] = &["password", "passwd", "passphrase", "pwd", "passcode"];
const KEYS: &[&str] = &[
    "token",
    "secret",
    "apikey",
    "secretkey",
    "accesskey",
    "authkey",
    "privatekey",
    "credential",
    "apitoken",
    "authtoken",
    "secrets",
    "credentials",
    "psk",
    "bearer",
];

/// Words before `key` that make it a secret one.
const KEY_OF: &[&str] = &[
    "api",
    "access",
    "secret",
    "auth",
    "private",
    "encryption",
    "encrypt",
    "signing",
    "sign",
    "signature",
    "master",
    "client",
    "account",
    "shared",
    "storage",
    "session",
    "service",
    "admin",
    "app",
    "hmac",
    "jwt",
    "aes",
    "crypto",
    "cookie",
    "deploy",
    "subscription",
    "security",
    "consumer",
    "integration",
    "webhook",
    "token",
    "server",
    "write",
    "application",
    "license",
    "licence",
    "decryption",
    "root",
    "host",
    "push",
    "function",
];

/// Last words of names of things that are about a secret and not one.
const ABOUT: &[&str] = &[
    "name",
    "names",
    "id",
    "ids",
    "url",
    "uri",
    "urls",
    "path",
    "paths",
    "file",
    "files",
    "field",
    "fields",
    "type",
    "types",
    "label",
    "length",
    "len",
    "pattern",
    "regex",
    "re",
    "header",
    "headers",
    "prefix",
    "suffix",
    "env",
    "var",
    "format",
    "endpoint",
    "scope",
    "scopes",
    "count",
    "limit",
    "version",
    "hash",
    "hashed",
    "digest",
    "checksum",
    "hint",
    "help",
    "text",
    "title",
    "description",
    "message",
    "msg",
    "error",
    "placeholder",
    "policy",
    "rule",
    "size",
    "index",
    "class",
    "kind",
    "algorithm",
    "alg",
    "method",
    "provider",
    "store",
    "location",
    "dir",
    "directory",
    "arn",
    "ref",
    "reference",
    "selector",
    "template",
    "expires",
    "expiry",
    "ttl",
    "time",
    "date",
    "at",
    "status",
    "state",
    "mode",
    "enabled",
    "strength",
    "score",
    "list",
    "set",
    "map",
    "table",
    "column",
    "input",
    "element",
    "button",
    "form",
    "page",
    "link",
    "icon",
    "css",
    "xpath",
    "query",
    "param",
    "parameter",
    "property",
    "attribute",
    "attr",
    "option",
    "flag",
    "sha",
    "sha1",
    "sha256",
    "md5",
    "fingerprint",
    "pub",
    "public",
    "usage",
    "audience",
    "issuer",
    "account",
    "user",
    "username",
    "email",
    "domain",
    "host",
    "port",
    "region",
    "bucket",
    "group",
    "role",
    "keys",
    "handle",
    "hex",
    "pos",
    "position",
    "range",
    "start",
    "end",
    "offset",
    "stream",
];

/// Words anywhere in a name of something that is public, or a mere mark.
const OPEN: &[&str] = &[
    "public",
    "publishable",
    "fingerprint",
    "hash",
    "checksum",
    "csrf",
    "xsrf",
    "nonce",
    "etag",
    "cursor",
    "page",
    "next",
    "prev",
    "continuation",
    "pagination",
    "cancel",
    "cancellation",
    "integrity",
    "cache",
    "sort",
    "primary",
    "foreign",
    "partition",
    "object",
    "tokenizer",
    "sync",
    "idempotency",
    "i18n",
    "translation",
    "lang",
    "locale",
    "test",
    "tests",
    "fake",
    "mock",
    "dummy",
    "example",
    "sample",
    "invalid",
    "expected",
    "wrong",
    "bad",
    "site",
    "sitekey",
];

/// Words of one name that are read.
const WORDS_MAX: usize = 24;

/// What a name says of its value; `None` where it is nothing secret.
pub(super) fn sort_of(name: &str) -> Option<Sort> {
    let words = words(name);
    let last = words.last()?;
    if ABOUT.contains(&last.as_str()) || words.iter().any(|word| OPEN.contains(&word.as_str())) {
        return None;
    }
    let ends = |word: &String, parts: &[&str]| parts.iter().any(|part| word.ends_with(part));
    if words.iter().any(|word| ends(word, PASSWORDS)) || ["pass", "pw"].contains(&last.as_str()) {
        return Some(Sort::Password);
    }
    let pair = |pair: &[String]| {
        pair[1] == "key" && (KEY_OF.contains(&pair[0].as_str()) || pair[0].ends_with("secret"))
    };
    let key = words.iter().any(|word| ends(word, KEYS)) || words.windows(2).any(pair);
    key.then_some(Sort::Key)
}

/// Whether a name speaks of a key or the like at all, so that its vendor's kinds apply.
pub(super) fn may_be_secret(name: &str) -> bool {
    let words = words(name);
    let Some(last) = words.last() else { return false };
    let about = ABOUT.contains(&last.as_str()) && last != "account";
    let open = words.iter().any(|word| ["public", "hash", "publishable"].contains(&word.as_str()));
    !about && !open && words.iter().any(|word| SENSITIVE.iter().any(|part| word.contains(part)))
}

/// The words of a name as one, in lower case, and where each begins.
pub(super) fn joined(name: &str) -> (String, Vec<usize>) {
    let mut joined = String::new();
    let mut starts = Vec::new();
    for word in words(name) {
        starts.push(joined.len());
        joined.push_str(&word);
    }
    (joined, starts)
}

/// The words of a name in lower case: `getHTTPToken_v2` is `get`, `http`, `token`, `v2`.
fn words(name: &str) -> Vec<String> {
    let bytes = name.as_bytes();
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for (at, &byte) in bytes.iter().enumerate() {
        if !byte.is_ascii_alphanumeric() {
            open = false;
            continue;
        }
        let after_lower = at > 0 && bytes[at - 1].is_ascii_lowercase();
        let before_lower = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let after_upper = at > 0 && bytes[at - 1].is_ascii_uppercase();
        let begins = byte.is_ascii_uppercase() && (after_lower || (after_upper && before_lower));
        if !open || begins {
            if words.len() == WORDS_MAX {
                break;
            }
            words.push(String::new());
            open = true;
        }
        if let Some(word) = words.last_mut() {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
    }
    // `v2`, `PROD_1`: what counts several secrets says nothing of them.
    let number = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit());
    while words.len() > 1 && words.last().is_some_and(number) {
        words.pop();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_say() {
        for (name, sort) in [
            ("DB_PASSWORD", Some(Sort::Password)),
            ("dbpassword", Some(Sort::Password)),
            ("spring.datasource.password", Some(Sort::Password)),
            ("smtp_pass", Some(Sort::Password)),
            ("apiKey", Some(Sort::Key)),
            ("STRIPE_API_KEY_2", Some(Sort::Key)),
            ("clientSecret", Some(Sort::Key)),
            ("x-auth-token", Some(Sort::Key)),
            ("HTTPToken", Some(Sort::Key)),
            ("secret_key_base", Some(Sort::Key)),
            ("compass", None),
            ("tokenizer", None),
            ("secretary", None),
            ("token_url", None),
            ("public_key", None),
            ("primary_key", None),
            ("key", None),
            ("nextPageToken", None),
            ("password_field", None),
            ("", None),
        ] {
            assert_eq!(sort_of(name), sort, "{name}");
        }
    }
}
