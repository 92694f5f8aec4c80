//! What a secret holds that can be computed: check sums and texts inside texts.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::placeholder;
use super::randomness::looks_drawn;

/// How a match is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Proof {
    /// The last six characters are the CRC-32 of those after the prefix, in base 62.
    CrcBase62,
    /// Base64 of `user:password`.
    BasicAuth,
    /// Base64 of a PEM file with a private key.
    Base64Key,
    /// The first part is a JSON object with `alg`.
    Jwt,
    /// The first part is base64 of a number.
    Discord,
    /// Base58 that ends in the first four bytes of its double SHA-256.
    Base58Check,
    /// Letters and digits that look drawn by lot.
    Mixed,
    /// No word of a language, and none of the passwords that documentation is full of.
    Chosen,
}

/// What the trial showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// It is what it seems.
    Holds,
    /// It has the form, but was made up or mistyped.
    Doubtful,
    /// It is something else.
    Fails,
}

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

pub(super) fn tried(proof: Proof, secret: &str) -> Tried {
    let holds = match proof {
        Proof::CrcBase62 => {
            return match crc_base62(secret) {
                Some(true) | None => Tried::Holds,
                Some(false) => Tried::Doubtful,
            };
        }
        Proof::BasicAuth => is_basic_auth(secret),
        Proof::Base64Key => decoded(secret).is_some_and(|text| text.contains("PRIVATE KEY")),
        Proof::Jwt => is_jwt(secret),
        Proof::Discord => {
            let number = BASE64_URL.decode(secret.split('.').next().unwrap_or_default());
            number.is_ok_and(|number| number.len() > 15 && number.iter().all(u8::is_ascii_digit))
        }
        Proof::Base58Check => base58_check(secret).unwrap_or(false),
        Proof::Mixed => {
            secret.contains(|c: char| c.is_ascii_digit())
                && secret.contains(|c: char| c.is_ascii_alphabetic())
                && looks_drawn(secret)
        }
        Proof::Chosen => placeholder::is_chosen(secret),
    };
    if holds { Tried::Holds } else { Tried::Fails }
}

/// Whether the check sum holds; `None` for a token that has none.
fn crc_base62(token: &str) -> Option<bool> {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let (_, body) = token.split_once('_')?;
    if body.len() != 36 {
        return None;
    }
    let (drawn, sum) = body.split_at_checked(30)?;
    let mut value = u64::from(crc32fast::hash(drawn.as_bytes()));
    let mut expected = [0; 6];
    for digit in expected.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(value % 62).unwrap_or_default()];
        value /= 62;
    }
    Some(sum.as_bytes() == expected)
}

/// The text in base64, as far as it is one.
fn decoded(secret: &str) -> Option<String> {
    String::from_utf8(decoded_bytes(secret)?).ok()
}

/// The bytes in base64, as far as it is that.
pub(super) fn decoded_bytes(secret: &str) -> Option<Vec<u8>> {
    let whole = secret.trim_end_matches('=');
    // A text that was cut off still begins with its beginning.
    let whole = whole.get(..whole.len() - usize::from(whole.len() % 4 == 1))?;
    BASE64.decode(whole).ok()
}

fn is_basic_auth(secret: &str) -> bool {
    let Some(text) = decoded(secret) else { return false };
    let Some((user, password)) = text.split_once(':') else { return false };
    let printable = text.chars().all(|char| !char.is_control());
    let stands = placeholder::stands_for_one(password) || !placeholder::is_chosen(password);
    printable && !user.is_empty() && !text.contains(' ') && !stands
}

fn is_jwt(secret: &str) -> bool {
    let header = BASE64_URL.decode(secret.split('.').next().unwrap_or_default());
    header.is_ok_and(|header| {
        let header = String::from_utf8_lossy(&header);
        header.starts_with('{') && header.contains("\"alg\"") && header.trim_end().ends_with('}')
    })
}

/// Whether the check sum holds; `None` where the text is not base58.
fn base58_check(secret: &str) -> Option<bool> {
    const DIGITS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    // Big-endian digits of the number in base 256; at most 111 digits of base 58 come here.
    let mut bytes: Vec<u8> = Vec::new();
    for byte in secret.bytes() {
        let mut carry = DIGITS.iter().position(|digit| *digit == byte)?;
        for place in bytes.iter_mut().rev() {
            carry += usize::from(*place) * 58;
            *place = u8::try_from(carry % 256).unwrap_or_default();
            carry /= 256;
        }
        while carry > 0 {
            bytes.insert(0, u8::try_from(carry % 256).unwrap_or_default());
            carry /= 256;
        }
    }
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
    Some(Sha256::digest(Sha256::digest(body))[..4] == *sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_sums() {
        // Put together here, or it would be a finding for whoever reads this file.
        let token = format!("{}_{}{}", "ghp", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ", "0mLq17");
        assert_eq!(tried(Proof::CrcBase62, &token), Tried::Holds);
        assert_eq!(tried(Proof::CrcBase62, &token.replace("z", "y")), Tried::Doubtful);
        // The key of the number 1 (BIP 178).
        let wif = format!("{}{}", "5HpHagT65TZzG1PH3CSu63k8DbpvD8s5i", "p4nEB3kEsreAnchuDf");
        assert_eq!(tried(Proof::Base58Check, &wif), Tried::Holds);
        assert_eq!(tried(Proof::Base58Check, &wif.replace('T', "t")), Tried::Fails);
    }

    #[test]
    fn texts_inside_texts() {
        let basic = |text: &str| tried(Proof::BasicAuth, &BASE64.encode(text));
        assert_eq!(basic("app:x7Kq9ZpW2m"), Tried::Holds);
        assert_eq!(basic("user:password"), Tried::Fails);
        assert_eq!(basic("no colon here"), Tried::Fails);
        assert_eq!(tried(Proof::BasicAuth, "realm"), Tried::Fails);
        assert_eq!(tried(Proof::Jwt, "eyJub25lIjoxfQ.eyJhIjoxfQ.x"), Tried::Fails);
    }
}
