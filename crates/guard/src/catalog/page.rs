//! A rule as a page: plain for terminals, Markdown for `docs/rules` and other programs.

use types::Severity;

use super::{Fixable, Origin, Rule};

impl Rule {
    /// Where MITRE says more about each of its weaknesses: id and address.
    pub fn weaknesses(&self) -> impl Iterator<Item = (&str, String)> {
        self.cwe.iter().filter_map(|id| {
            let number: u32 = id.strip_prefix("CWE-")?.parse().ok()?;
            Some((id.as_ref(), format!("https://cwe.mitre.org/data/definitions/{number}.html")))
        })
    }

    /// Severity, check, language, fix, as a sentence.
    #[must_use]
    pub fn facts(&self) -> String {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        let language = self.language.unwrap_or("any language");
        let fix = match self.fix {
            Fixable::Always => "a mechanical fix",
            Fixable::Sometimes => "sometimes a mechanical fix",
            Fixable::Never => "no mechanical fix",
        };
        format!("{severity}, check {}, {language}, {fix}", self.check)
    }

    /// For terminals: everything but the id and the title.
    #[must_use]
    pub fn plain(&self) -> String {
        let mut text = format!("{}\n", self.facts());
        for (id, address) in self.weaknesses() {
            text.push_str(&format!("{id}  {address}\n"));
        }
        text.push_str(&format!("\n{}\n", self.explanation.trim()));
        for example in &self.examples {
            let title = match example.title.is_empty() {
                true => String::new(),
                false => format!(" ({})", example.title),
            };
            for (name, code) in [("Bad", &example.bad), ("Good", &example.good)] {
                if !code.trim().is_empty() {
                    text.push_str(&format!("\n{name}{title}:\n\n{}", indented(code)));
                }
            }
        }
        if self.origin == Origin::Ruff {
            text.push_str("\nThis rule and the text about it are ruff's (MIT licence).\n");
        }
        text
    }

    /// A page of Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!("# {}\n\n{}\n\n{}.\n", self.id, self.title, sentence(&self.facts()));
        let links: Vec<String> =
            self.weaknesses().map(|(id, address)| format!("[{id}]({address})")).collect();
        if !links.is_empty() {
            text.push_str(&format!("\n{}\n", links.join(" · ")));
        }
        text.push_str(&format!("\n{}\n", self.explanation.trim()));
        let language = self.language.unwrap_or_default();
        for example in &self.examples {
            if !example.title.is_empty() {
                text.push_str(&format!("\n## {}\n", sentence(&example.title)));
            }
            for (name, code) in [("Bad", &example.bad), ("Good", &example.good)] {
                if !code.trim().is_empty() {
                    let code = code.trim_matches('\n');
                    text.push_str(&format!("\n{name}:\n\n```{language}\n{code}\n```\n"));
                }
            }
        }
        text
    }
}

fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

fn indented(code: &str) -> String {
    let line = |line: &str| match line.is_empty() {
        true => "\n".to_owned(),
        false => format!("    {line}\n"),
    };
    code.trim_matches('\n').lines().map(line).collect()
}
