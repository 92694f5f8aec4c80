//! `security`: code that opens the program to attack.
//!
//! Python: ruff's `S` rules, the rules of Bandit. Severity, confidence and weakness ids are
//! the table below: severities follow Bandit, raised to an error where the finding is both
//! dangerous and rarely wrong, lowered to info where it is rarely right on its own (calling a
//! program at all).

use types::Severity::{Error, Info, Warning};
use types::{Confidence, Language, Severity};

use super::{Check, Outcome, Places, RUFF, known, linted};
use crate::analysis::Lint;
use crate::found::Found;
use crate::source::Source;

pub(crate) static CHECK: Check =
    Check { name: "security", tool, run, places: Places::Stable, rules: &[] };

/// Whether one of the linter's rules is about security.
pub(crate) fn owns(code: &str) -> bool {
    code.strip_prefix('S').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn tool(language: Option<Language>) -> Result<String, String> {
    match known(language)? {
        Language::Python => Ok(RUFF.to_owned()),
        other => Err(format!("there are no security rules for {other} in this build")),
    }
}

fn run(source: &Source<'_>) -> Outcome {
    match tool(source.language) {
        Ok(_) => linted(source, owns, found),
        Err(reason) => Outcome::Not(reason),
    }
}

pub(super) fn found(lint: &Lint) -> Found {
    let row = RULES.iter().find(|(code, ..)| *code == lint.code);
    let (_, severity, confidence, cwe) = row.unwrap_or(&UNKNOWN);
    // A command that is spelled out cannot be changed by an attacker.
    let spelled_out = lint.message.contains("seems safe");
    let severity = if spelled_out { Info } else { *severity };
    let mut found = Found::new(lint.code.clone(), severity, lint.range.clone());
    found.confidence = *confidence;
    found.cwe = cwe;
    found.fix.clone_from(&lint.fix);
    found.message(lint.message.clone())
}

type Row = (&'static str, Severity, Confidence, &'static [&'static str]);

/// A rule that is newer than the table.
const UNKNOWN: Row = ("", Warning, Confidence::Medium, &[]);

const HIGH: Confidence = Confidence::High;
const MEDIUM: Confidence = Confidence::Medium;
const LOW: Confidence = Confidence::Low;

const COMMAND: &[&str] = &["CWE-78"];
const EVAL: &[&str] = &["CWE-95", "CWE-78"];
const PASSWORD: &[&str] = &["CWE-259", "CWE-798"];
const SQL: &[&str] = &["CWE-89"];
const XML: &[&str] = &["CWE-611", "CWE-776"];
const CRYPTO: &[&str] = &["CWE-327"];
const PICKLE: &[&str] = &["CWE-502"];
const CLEARTEXT: &[&str] = &["CWE-319"];
const TLS: &[&str] = &["CWE-327", "CWE-326"];
const CERTIFICATE: &[&str] = &["CWE-295"];
const SWALLOWED: &[&str] = &["CWE-703"];
const TEMPORARY: &[&str] = &["CWE-377"];
const SCRIPT: &[&str] = &["CWE-79"];

#[rustfmt::skip]
const RULES: &[Row] = &[
    ("S102", Error,   HIGH,   EVAL),        // exec
    ("S103", Warning, HIGH,   &["CWE-732"]), // permissive file mode
    ("S104", Warning, MEDIUM, &["CWE-605"]), // bind to every interface
    ("S105", Warning, MEDIUM, PASSWORD),
    ("S106", Warning, MEDIUM, PASSWORD),
    ("S107", Warning, MEDIUM, PASSWORD),
    ("S108", Warning, MEDIUM, TEMPORARY),
    ("S110", Info,    HIGH,   SWALLOWED),
    ("S112", Info,    HIGH,   SWALLOWED),
    ("S113", Warning, HIGH,   &["CWE-400"]), // request without timeout
    ("S201", Error,   MEDIUM, &["CWE-94", "CWE-489"]), // Flask debug
    ("S202", Error,   HIGH,   &["CWE-22"]),  // tarfile.extractall
    ("S301", Warning, HIGH,   PICKLE),
    ("S302", Warning, HIGH,   PICKLE),
    ("S303", Warning, HIGH,   CRYPTO),
    ("S304", Error,   HIGH,   CRYPTO),
    ("S305", Warning, HIGH,   CRYPTO),
    ("S306", Warning, HIGH,   TEMPORARY),
    ("S307", Error,   HIGH,   EVAL),
    ("S308", Warning, HIGH,   SCRIPT),
    ("S310", Warning, HIGH,   &["CWE-22", "CWE-918"]), // urlopen with any scheme
    ("S311", Info,    HIGH,   &["CWE-330", "CWE-338"]), // random
    ("S312", Error,   HIGH,   CLEARTEXT),
    ("S313", Warning, HIGH,   XML),
    ("S314", Warning, HIGH,   XML),
    ("S315", Warning, HIGH,   XML),
    ("S316", Warning, HIGH,   XML),
    ("S317", Warning, HIGH,   XML),
    ("S318", Warning, HIGH,   XML),
    ("S319", Warning, HIGH,   XML),
    ("S321", Error,   HIGH,   CLEARTEXT),
    ("S323", Warning, HIGH,   CERTIFICATE),
    ("S324", Error,   HIGH,   &["CWE-327", "CWE-328"]), // MD5, SHA-1
    ("S501", Error,   HIGH,   CERTIFICATE),
    ("S502", Error,   HIGH,   TLS),
    ("S503", Warning, MEDIUM, TLS),
    ("S504", Info,    MEDIUM, TLS),
    ("S505", Error,   HIGH,   &["CWE-326"]),
    ("S506", Error,   HIGH,   &["CWE-502", "CWE-20"]), // yaml.load
    ("S507", Error,   MEDIUM, CERTIFICATE),
    ("S508", Warning, HIGH,   CLEARTEXT),
    ("S509", Warning, HIGH,   CLEARTEXT),
    ("S601", Warning, MEDIUM, COMMAND),
    ("S602", Error,   HIGH,   COMMAND),      // shell=True
    ("S603", Info,    LOW,    COMMAND),
    ("S604", Warning, LOW,    COMMAND),
    ("S605", Error,   HIGH,   COMMAND),      // os.system
    ("S606", Info,    MEDIUM, COMMAND),
    ("S607", Info,    HIGH,   &["CWE-426", "CWE-78"]), // partial path
    ("S608", Error,   MEDIUM, SQL),          // SQL from strings
    ("S609", Error,   MEDIUM, COMMAND),
    ("S610", Warning, MEDIUM, SQL),
    ("S611", Warning, MEDIUM, SQL),
    ("S612", Warning, HIGH,   &["CWE-94"]),  // logging.config.listen
    ("S701", Error,   HIGH,   SCRIPT),
    ("S702", Warning, HIGH,   SCRIPT),
    ("S704", Warning, HIGH,   SCRIPT),
];
