//! Samples for every row of the table. They are put together at run time: a secret written out in
//! a source file would be one more finding for every scanner that reads it.

use types::Facts;

use super::rules::RULES;
use super::*;

/// Characters that look random and are not.
fn noise(alphabet: &str, length: usize) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    let mut state = 0x2545_F491_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        letters[(state >> 16) as usize % letters.len()]
    };
    (0..length).map(next).collect()
}

const ALNUM: &str = "ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz0123456789";
const HEX: &str = "0123456789abcdef";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

type Sample = (&'static str, &'static str, String);

fn positives() -> Vec<Sample> {
    some_positives().into_iter().chain(more_positives()).collect()
}

/// For each rule, texts around a secret (`*`) and the secret.
fn some_positives() -> Vec<Sample> {
    let alnum = |length| noise(ALNUM, length);
    vec![
        (
            "secret-private-key",
            "key = \"\"\"*\n",
            format!("-----BEGIN RSA {} KEY-----\n{}", "PRIVATE", alnum(64)),
        ),
        (
            "secret-private-key",
            "key = '*",
            format!("-----BEGIN {} KEY-----\\n{}", "PRIVATE", alnum(64)),
        ),
        ("secret-aws-access-key", "id: *\n", format!("{}{}", "AKIA", noise(UPPER, 16))),
        ("secret-aws-secret-key", "aws_secret_access_key = *\n", alnum(40)),
        ("secret-aws-secret-key", "{\"awsSecretKey\": \"*\"}", alnum(40)),
        ("secret-github-token", "token='*'", format!("{}_{}", "ghp", alnum(36))),
        ("secret-github-token", "https://*@github.com/a/b", format!("{}_{}", "ghs", alnum(36))),
        (
            "secret-github-fine-grained",
            "# *",
            format!("{}_pat_{}_{}", "github", alnum(22), alnum(59)),
        ),
        ("secret-gitlab-token", "x=*", format!("{}-{}", "glpat", alnum(20))),
        ("secret-slack-token", "x=*", format!("{}-{}-{}", "xoxb", "4719305826", alnum(24))),
        (
            "secret-slack-webhook",
            "https://hooks.slack.com/services/*",
            format!("T{}/B{}/{}", noise(UPPER, 8), noise(UPPER, 8), alnum(24)),
        ),
        ("secret-stripe-key", "x=*", format!("{}_live_{}", "sk", alnum(24))),
        ("secret-stripe-webhook", "x=*", format!("{}_{}", "whsec", alnum(32))),
        ("secret-google-api-key", "x=*", format!("{}{}", "AIza", alnum(35))),
    ]
}

/// The rest of them.
fn more_positives() -> Vec<Sample> {
    let alnum = |length| noise(ALNUM, length);
    let hex = |length| noise(HEX, length);
    vec![
        ("secret-google-oauth", "x=*", format!("{}-{}", "GOCSPX", alnum(28))),
        ("secret-anthropic-key", "x=*", format!("sk-{}-api03-{}", "ant", alnum(95))),
        ("secret-openai-key", "x=*", format!("sk-{}T3Blbk{}{}", alnum(20), "FJ", alnum(20))),
        (
            "secret-openai-key",
            "x=*",
            format!("sk-{}-{}T3Blbk{}{}", "proj", alnum(74), "FJ", alnum(74)),
        ),
        ("secret-npm-token", "//npm.example.org/:_authToken=*", format!("{}_{}", "npm", alnum(36))),
        ("secret-pypi-token", "x=*", format!("{}-AgEIcHlwaS5vcmc{}", "pypi", alnum(80))),
        ("secret-sendgrid-key", "x=*", format!("{}.{}.{}", "SG", alnum(22), alnum(43))),
        ("secret-twilio-token", "TWILIO_AUTH_TOKEN=*", hex(32)),
        ("secret-huggingface-token", "x=*", format!("{}_{}", "hf", alnum(34))),
        ("secret-azure-storage-key", "AccountName=a;AccountKey=*;", format!("{}==", alnum(86))),
        ("secret-azure-client-secret", "x=*", format!("{}8{}~{}", alnum(3), "Q", alnum(34))),
        ("secret-digitalocean-token", "x=*", format!("{}_v1_{}", "dop", hex(64))),
        ("secret-docker-token", "x=*", format!("{}_pat_{}", "dckr", alnum(27))),
        ("secret-databricks-token", "x=*", format!("{}{}", "dapi", hex(32))),
        ("secret-shopify-token", "x=*", format!("{}_{}", "shpat", hex(32))),
        ("secret-telegram-token", "x=*", format!("{}:{}{}", "4719305826", "AA", alnum(33))),
        ("secret-mailgun-key", "x=*", format!("{}-{}", "key", hex(32))),
        ("secret-vault-token", "x=*", format!("{}.{}", "hvs", alnum(95))),
        ("secret-grafana-token", "x=*", format!("{}_{}_{}", "glsa", alnum(32), hex(8))),
        ("secret-linear-key", "x=*", format!("{}_api_{}", "lin", alnum(40))),
        (
            "secret-age-key",
            "x=*",
            format!("{}-SECRET-KEY-1{}", "AGE", noise("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)),
        ),
        (
            "secret-jwt",
            "x=*",
            format!("{}J{}.{}J{}.{}", "ey", alnum(30), "ey", alnum(60), alnum(43)),
        ),
        ("secret-url-password", "postgres://app:*@db.internal/main", alnum(12)),
        ("secret-url-password", "redis://:*@cache:6379", alnum(12)),
        ("secret-generic", "db_password = \"*\"", alnum(20)),
        ("secret-generic", "const apiKey: string = '*';", alnum(20)),
        ("secret-generic", "{\"client_secret\": \"*\"}", alnum(20)),
        ("secret-generic", "let token: &str = \"*\";", alnum(20)),
    ]
}

#[test]
fn every_rule_finds_its_samples() {
    for (rule, around, secret) in positives() {
        let text = around.replace('*', &secret);
        let found = scan_secrets(&text);
        assert_eq!(found.len(), 1, "{rule} in {around}: {found:?}");
        assert_eq!(found[0].rule, rule);
        let claimed = &text[found[0].range.clone()];
        assert!(claimed.contains(&secret[..32.min(secret.len())]), "{rule} in {around}: {claimed}");
    }
    let sampled: BTreeSet<&str> = positives().iter().map(|(rule, ..)| *rule).collect();
    let missing: Vec<_> =
        RULES.iter().filter(|rule| !sampled.contains(rule.id)).map(|rule| rule.id).collect();
    assert!(missing.is_empty(), "rules without a sample: {missing:?}");
}

#[test]
fn samples_of_the_wrong_length_are_not_secrets() {
    for (rule, around, secret) in positives() {
        // Half of a token is none; these rules ask for a length or have no form of their own.
        if matches!(
            rule,
            "secret-url-password" | "secret-gitlab-token" | "secret-vault-token" | "secret-generic"
        ) {
            continue;
        }
        let half = secret.len() / 2;
        let half: String = secret.chars().take(half).collect();
        let found = scan_secrets(&around.replace('*', &half));
        assert!(found.iter().all(|found| found.rule != rule), "{rule}: {half}");
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
        "",
    ];
    for text in texts {
        assert_eq!(scan_secrets(text), [], "{text}");
    }
}

#[test]
fn nothing_of_a_secret_is_shown() {
    for (_, around, secret) in positives() {
        let text = around.replace('*', &secret);
        let facts = Facts::default();
        let source = Source::new("a.txt", None, &text, &facts, &|| 0);
        let (Outcome::Done(found) | Outcome::Partly(found, _)) = run(&source) else { panic!() };
        for found in found {
            let shown = format!("{} {}", found.message, found.key);
            for part in secret.as_bytes().windows(6) {
                let part = std::str::from_utf8(part).unwrap();
                assert!(!shown.contains(part) || part.starts_with("-----"), "{shown} tells {part}");
            }
        }
    }
}

#[test]
fn a_text_that_is_one_long_line_is_scanned_to_the_end() {
    let secret = format!("{}_{}", "ghp", noise(ALNUM, 36));
    let text = format!("{} {secret}", "password token key=\"a\" :// ".repeat(40_000));
    assert_eq!(scan_secrets(&text).len(), 1);
}
