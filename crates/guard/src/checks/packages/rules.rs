//! What is told of each rule of `packages`.

use types::{Confidence, Severity};

use crate::rule_doc::RuleDoc;

pub(super) const UNKNOWN: usize = 0;
pub(super) const LOOKALIKE: usize = 1;
pub(super) const UNDECLARED: usize = 2;
pub(super) const UNPINNED: usize = 3;
pub(super) const ADDRESS: usize = 4;

/// How sure a rule is in its plain case.
pub(super) fn confidence(rule: usize) -> Confidence {
    match rule {
        UNPINNED | ADDRESS => Confidence::High,
        _ => Confidence::Medium,
    }
}

/// In the order of the numbers above.
pub(crate) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "MW-UNKNOWN-PACKAGE",
        title: "A package that nobody here knows",
        severity: Severity::Warning,
        cwe: &["CWE-829", "CWE-1357"],
        explanation: "The import is neither of the standard library nor of this workspace, no \
            manifest or lock file names it, it is not installed, and it is no well-known package. \
            Models invent names of packages, and attackers register what they invent. Look the \
            package up before you install it: who publishes it, since when, who uses it.",
        bad: "import fastjson_schema_tools",
        good: "import json",
    },
    RuleDoc {
        id: "MW-LOOKALIKE-PACKAGE",
        title: "A name that is nearly that of a well-known package",
        severity: Severity::Error,
        cwe: &["CWE-829", "CWE-1357"],
        explanation: "The name differs from that of a well-known package by a letter or two, by \
            the order of its words, or by an affix, and nothing here declares it. Such names are \
            registered to be mistaken for the other. Write the name that was meant; where the \
            package is really wanted, declare it in the manifest first.",
        bad: "import reqeusts",
        good: "import requests",
    },
    RuleDoc {
        id: "MW-UNDECLARED-PACKAGE",
        title: "A well-known package that is not declared",
        severity: Severity::Info,
        cwe: &[],
        explanation: "The package exists, but no manifest of this workspace names it and it is \
            not installed, so the program fails where it is not there by chance. Add it to the \
            manifest, with a version.",
        bad: "import pandas",
        good: "import csv",
    },
    RuleDoc {
        id: "MW-UNPINNED-PACKAGE",
        title: "A package without a version",
        severity: Severity::Info,
        cwe: &["CWE-1357"],
        explanation: "The newest version is taken, whoever published it and whatever it does. \
            Name the version, and keep a lock file with digests.",
        bad: "requests",
        good: "requests==2.32.3",
    },
    RuleDoc {
        id: "MW-PACKAGE-FROM-ADDRESS",
        title: "A package from an address",
        severity: Severity::Info,
        cwe: &["CWE-829"],
        explanation: "The package is taken from an address or a repository and not from the \
            registry: what stands there can change without a new version, and no registry checks \
            it. Take a released version, or name the exact commit.",
        bad: "requests @ git+https://git.example.org/requests.git",
        good: "requests==2.32.3",
    },
];
