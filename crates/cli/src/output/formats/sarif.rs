//! SARIF 2.1.0 (OASIS): one run, with the rules that were reported, the weaknesses they are of,
//! the way of the data, fixes, suppressions, and a notification for what was not checked.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use guard::{Fixable, Rule};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pipeline::Review;
use policy::Policy;
use serde_json::{Map, Value, json};
use types::{AllowedBy, Confidence, Finding, LineIndex, Position, Severity, Suppression};

use super::{Checked, Output, Summary};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What stands for the folder that paths are relative to.
const ROOT: &str = "SRCROOT";

/// Characters of a path that a URI holds as they are (RFC 3986, unreserved, and the separator).
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

pub(super) struct Sarif<'a> {
    policy: &'a Policy,
    results: usize,
    /// The rules in order of their first result.
    rules: Vec<String>,
    indexes: BTreeMap<String, usize>,
    /// Files that could not be judged.
    errors: Vec<Value>,
}

/// Files that could not be judged and are named; the others are counted.
const ERRORS_MAX: usize = 1_000;

impl<'a> Sarif<'a> {
    pub(super) fn new(policy: &'a Policy) -> Sarif<'a> {
        let (rules, indexes, errors) = (Vec::new(), BTreeMap::new(), Vec::new());
        Sarif { policy, results: 0, rules, indexes, errors }
    }

    fn index(&mut self, rule: &str) -> usize {
        if let Some(index) = self.indexes.get(rule) {
            return *index;
        }
        let index = self.rules.len();
        self.rules.push(rule.to_owned());
        self.indexes.insert(rule.to_owned(), index);
        index
    }

    fn result(
        &mut self,
        file: &Checked,
        review: &Review,
        finding: &Finding,
        suppression: Option<&Suppression>,
    ) -> Value {
        let index = self.index(&finding.rule);
        let mut result = json!({
            "ruleId": finding.rule,
            "ruleIndex": index,
            "level": level(finding.severity),
            "message": {"text": finding.message},
            "locations": [location(&file.path, finding.start, finding.end)],
            "partialFingerprints": {"countersign/v1": finding.fingerprint},
            "properties": {
                "check": finding.check,
                "confidence": finding.confidence,
                "verdictKey": review.key.id,
            },
        });
        if let Some(suppression) = suppression {
            result["suppressions"] = json!([suppressed(suppression)]);
        }
        if !finding.trail.is_empty() {
            let steps = finding.trail.iter().map(|step| {
                let mut place = location(&file.path, step.start, step.end);
                place["message"] = json!({"text": step.message});
                json!({"location": place})
            });
            let steps: Vec<Value> = steps.collect();
            result["codeFlows"] = json!([{"threadFlows": [{"locations": steps}]}]);
        }
        if let Some(fix) = &finding.fix
            && !file.text.is_empty()
        {
            let lines = LineIndex::new(&file.text);
            let place = |byte| lines.position(&file.text, byte);
            result["fixes"] = json!([{
                "description": {"text": fix.title},
                "artifactChanges": [{
                    "artifactLocation": artifact(&file.path),
                    "replacements": [{
                        "deletedRegion": region(place(fix.start), place(fix.end)),
                        "insertedContent": {"text": fix.text},
                    }],
                }],
            }]);
        }
        result
    }

    fn notifications(&self, summary: &Summary) -> Vec<Value> {
        let mut all = self.errors.clone();
        if let more @ 1.. = summary.errors.saturating_sub(self.errors.len()) {
            let text = format!("{more} more files could not be checked");
            all.push(json!({"level": "error", "message": {"text": text}}));
        }
        for ((check, reason), unchecked) in &summary.unchecked {
            let named = unchecked
                .paths
                .iter()
                .map(|path| json!({"physicalLocation": {"artifactLocation": artifact(path)}}));
            let text = format!("{check} was not checked in {} files: {reason}", unchecked.files);
            all.push(json!({
                "descriptor": {"id": format!("unchecked/{check}")},
                "level": if unchecked.supported { "warning" } else { "note" },
                "message": {"text": text},
                "locations": named.collect::<Vec<_>>(),
            }));
        }
        all
    }
}

impl Output for Sarif<'_> {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{\"results\":[")
    }

    fn file(&mut self, out: &mut dyn Write, file: &Checked) -> io::Result<()> {
        let review = match &file.outcome {
            Ok(review) => review,
            Err(error) => {
                if self.errors.len() < ERRORS_MAX {
                    let place =
                        json!({"physicalLocation": {"artifactLocation": artifact(&file.path)}});
                    self.errors.push(json!({
                        "descriptor": {"id": "unchecked/file"},
                        "level": "error",
                        "message": {"text": error},
                        "locations": [place],
                    }));
                }
                return Ok(());
            }
        };
        let report = &review.report;
        let open = report.findings.iter().map(|finding| (finding, None));
        let suppressed = report.suppressed.iter().map(|one| (&one.finding, Some(&one.suppression)));
        let mut all: Vec<(&Finding, Option<&Suppression>)> = open.chain(suppressed).collect();
        all.sort_by_key(|(finding, _)| (finding.start.byte, finding.end.byte));
        for (finding, suppression) in all {
            let result = self.result(file, review, finding, suppression);
            write!(out, "{}\n{result}", if self.results == 0 { "" } else { "," })?;
            self.results += 1;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        let mut weaknesses = BTreeMap::new();
        let rules: Vec<Value> =
            self.rules.iter().map(|id| rule(id, guard::rule(id), &mut weaknesses)).collect();
        let taxa: Vec<Value> = weaknesses
            .iter()
            .map(|(id, address)| json!({"id": id.to_string(), "helpUri": address}))
            .collect();
        let version = env!("CARGO_PKG_VERSION");
        let rest = json!({
            "tool": {"driver": {
                "name": "Countersign",
                "version": version,
                "semanticVersion": version,
                "rules": rules,
                "notifications": kinds_of_notification(summary),
                "supportedTaxonomies": [{"name": "CWE", "index": 0}],
            }},
            "taxonomies": [{
                "name": "CWE",
                "organization": "MITRE",
                "informationUri": "https://cwe.mitre.org/",
                "shortDescription": {"text": "Common Weakness Enumeration"},
                "taxa": taxa,
            }],
            "invocations": [{
                "executionSuccessful": summary.errors == 0,
                "exitCode": summary.exit_code(),
                "toolExecutionNotifications": self.notifications(summary),
            }],
            "originalUriBaseIds": {ROOT: {"description": {"text": "the folder it was run in"}}},
            "columnKind": "unicodeCodePoints",
            "properties": {
                "verdict": summary.verdict,
                "verdictKey": summary.key,
                "policy": self.policy.digest(),
                "rules": guard::rules_digest(),
            },
        });
        let rest = rest.to_string();
        writeln!(out, "\n],{}]}}", &rest[1..])
    }
}

/// The ids that notifications of this run refer to.
fn kinds_of_notification(summary: &Summary) -> Vec<Value> {
    let kind = |id: String, text: &str| json!({"id": id, "shortDescription": {"text": text}});
    let checks: BTreeSet<&str> = summary.unchecked.keys().map(|(check, _)| *check).collect();
    let not_done = checks.into_iter().map(|check| {
        kind(format!("unchecked/{check}"), "A check was not done; never to be taken for passed")
    });
    let file = kind("unchecked/file".to_owned(), "A file could not be checked at all");
    let file = (summary.errors > 0).then_some(file);
    not_done.chain(file).collect()
}

/// A rule, by what is written about it; one that nothing is written about has only its id.
fn rule(id: &str, doc: Option<&Rule>, weaknesses: &mut BTreeMap<u32, String>) -> Value {
    let Some(doc) = doc else { return json!({"id": id}) };
    let mut tags = vec![doc.check.to_owned()];
    let mut relationships = Vec::new();
    for (id, address) in doc.weaknesses() {
        let number: u32 = id.trim_start_matches("CWE-").parse().unwrap_or_default();
        weaknesses.insert(number, address);
        tags.push(format!("external/cwe/cwe-{number:03}"));
        relationships.push(json!({
            "target": {"id": number.to_string(), "toolComponent": {"name": "CWE"}},
            "kinds": ["relevant"],
        }));
    }
    if !relationships.is_empty() && doc.check != "complexity" && doc.check != "naming" {
        tags.push("security".to_owned());
    }
    let precision = doc.confidence.map(|confidence| match confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    });
    let mut properties = Map::from_iter([("tags".to_owned(), json!(tags))]);
    if let Some(precision) = precision {
        properties.insert("precision".to_owned(), json!(precision));
    }
    let fix = match doc.fix {
        Fixable::Always => "always",
        Fixable::Sometimes => "sometimes",
        Fixable::Never => "never",
    };
    properties.insert("fix".to_owned(), json!(fix));
    json!({
        "id": doc.id,
        "name": doc.title,
        "shortDescription": {"text": doc.title},
        "fullDescription": {"text": doc.explanation},
        "help": {"text": doc.plain(), "markdown": doc.markdown()},
        "defaultConfiguration": {"level": level(doc.severity)},
        "relationships": relationships,
        "properties": properties,
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn suppressed(suppression: &Suppression) -> Value {
    let line = suppression.line;
    json!({
        "kind": match suppression.by {
            AllowedBy::Comment => "inSource",
            AllowedBy::File => "external",
        },
        "status": "accepted",
        "justification": suppression.reason,
        "location": {"physicalLocation": {
            "artifactLocation": artifact(&suppression.path),
            "region": {"startLine": line},
        }},
    })
}

fn location(path: &str, start: Position, end: Position) -> Value {
    json!({"physicalLocation": {"artifactLocation": artifact(path), "region": region(start, end)}})
}

fn region(start: Position, end: Position) -> Value {
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
        "byteOffset": start.byte,
        "byteLength": end.byte.saturating_sub(start.byte),
    })
}

fn artifact(path: &str) -> Value {
    let encoded = utf8_percent_encode(path, PATH);
    match path.starts_with('/') {
        true => json!({"uri": format!("file://{encoded}")}),
        false => json!({"uri": encoded.to_string(), "uriBaseId": ROOT}),
    }
}
