//! JUnit's XML: a suite for each file, a test case for each check.
//!
//! A case fails where a finding blocks; what does not block is told in its output. A check that
//! was not done is skipped, with the reason. The case `verdict` fails for reasons that are no
//! findings: a score, a check that is required.

use std::io::{self, Write};

use pipeline::Review;
use policy::Policy;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use types::{CheckOutcome, CheckState, Finding};

use super::{Checked, Output, Summary, other_reasons};
use crate::output::{one_line, printable};

pub(super) struct Junit<'a> {
    policy: &'a Policy,
}

impl<'a> Junit<'a> {
    pub(super) fn new(policy: &'a Policy) -> Junit<'a> {
        Junit { policy }
    }
}

/// One test case.
struct Case {
    name: &'static str,
    end: End,
    /// Findings that do not block.
    output: Vec<String>,
}

enum End {
    Passed,
    /// Texts, the first line of each its message.
    Failed(Vec<String>),
    Skipped(String),
    Broken(String),
}

impl Output for Junit<'_> {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut xml = Writer::new(out);
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let suites = BytesStart::new("testsuites").with_attributes([("name", "countersign")]);
        xml.write_event(Event::Start(suites))
    }

    fn file(&mut self, out: &mut dyn Write, file: &Checked) -> io::Result<()> {
        let cases = match &file.outcome {
            Err(error) => {
                let end = End::Broken(error.clone());
                vec![Case { name: "verdict", end, output: Vec::new() }]
            }
            Ok(review) => cases(self.policy, review),
        };
        suite(&mut Writer::new(out), &file.path, &cases)
    }

    fn end(&mut self, out: &mut dyn Write, _: &Summary) -> io::Result<()> {
        writeln!(out, "\n</testsuites>")
    }
}

fn cases(policy: &Policy, review: &Review) -> Vec<Case> {
    let report = &review.report;
    let case = |outcome: &CheckOutcome| {
        let own = || report.findings.iter().filter(|one| one.check == outcome.name);
        let (blocking, other): (Vec<&Finding>, Vec<&Finding>) =
            own().partition(|finding| policy.blocks(finding));
        let end = if !blocking.is_empty() {
            End::Failed(blocking.into_iter().map(line).collect())
        } else if outcome.state == CheckState::Unchecked {
            End::Skipped(outcome.reason.clone().unwrap_or_default())
        } else {
            End::Passed
        };
        Case { name: outcome.name, end, output: other.into_iter().map(line).collect() }
    };
    let reasons: Vec<String> = other_reasons(review).into_iter().cloned().collect();
    let end = if reasons.is_empty() { End::Passed } else { End::Failed(reasons) };
    let verdict = Case { name: "verdict", end, output: Vec::new() };
    report.checks.iter().map(case).chain([verdict]).collect()
}

/// `3:5 S307 [CWE-95]: message`
fn line(finding: &Finding) -> String {
    let cwe = match finding.cwe.is_empty() {
        true => String::new(),
        false => format!(" [{}]", finding.cwe.join(", ")),
    };
    let (start, rule) = (finding.start, &finding.rule);
    format!("{}:{} {rule}{cwe}: {}", start.line, start.column, finding.message)
}

fn suite<W: Write>(xml: &mut Writer<W>, path: &str, cases: &[Case]) -> io::Result<()> {
    let count = |test: fn(&End) -> bool| cases.iter().filter(|case| test(&case.end)).count();
    let counts = [
        ("tests", cases.len()),
        ("failures", count(|end| matches!(end, End::Failed(_)))),
        ("errors", count(|end| matches!(end, End::Broken(_)))),
        ("skipped", count(|end| matches!(end, End::Skipped(_)))),
    ];
    let path = one_line(path);
    let mut start = BytesStart::new("testsuite").with_attributes([("name", path.as_str())]);
    for (name, count) in counts {
        start.push_attribute((name, count.to_string().as_str()));
    }
    xml.write_event(Event::Text(BytesText::new("\n")))?;
    xml.write_event(Event::Start(start))?;
    for case in cases {
        write_case(xml, &path, case)?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuite")))
}

fn write_case<W: Write>(xml: &mut Writer<W>, path: &str, case: &Case) -> io::Result<()> {
    let attributes = [("classname", path), ("name", case.name)];
    let start = BytesStart::new("testcase").with_attributes(attributes);
    if matches!(case.end, End::Passed) && case.output.is_empty() {
        return xml.write_event(Event::Empty(start));
    }
    xml.write_event(Event::Start(start))?;
    match &case.end {
        End::Passed => {}
        End::Failed(texts) => {
            for text in texts {
                element(xml, "failure", Some(text), text)?;
            }
        }
        End::Skipped(reason) => element(xml, "skipped", Some(reason), "")?,
        End::Broken(error) => element(xml, "error", Some(error), error)?,
    }
    if !case.output.is_empty() {
        element(xml, "system-out", None, &case.output.join("\n"))?;
    }
    xml.write_event(Event::End(BytesEnd::new("testcase")))
}

fn element<W: Write>(
    xml: &mut Writer<W>,
    name: &str,
    message: Option<&str>,
    text: &str,
) -> io::Result<()> {
    let mut start = BytesStart::new(name);
    if let Some(message) = message {
        start.push_attribute(("message", one_line(message).as_str()));
    }
    if text.is_empty() {
        return xml.write_event(Event::Empty(start));
    }
    xml.write_event(Event::Start(start))?;
    // What cannot stand in XML is shown as what cannot be sent to a terminal.
    xml.write_event(Event::Text(BytesText::new(&printable(text))))?;
    xml.write_event(Event::End(BytesEnd::new(name)))
}
