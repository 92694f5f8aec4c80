//! Every example of every rule.

use flow::{Language, Rules, rules};

use crate::marks;

#[test]
fn every_example_behaves() {
    let mut wrong = Vec::new();
    for language in Language::ALL {
        let rules = rules(language).unwrap_or_else(|error| panic!("{error}"));
        for weakness in &rules.weaknesses {
            for (number, example) in weakness.examples.iter().enumerate() {
                let title = example.title.clone().unwrap_or_else(|| (number + 1).to_string());
                let mut judge = |text: &Option<String>, is_bad: bool| {
                    let Some(text) = text else { return };
                    if let Err(error) = judge(rules, &weakness.id, text, is_bad) {
                        wrong.push(format!("{} ({title}): {error}", weakness.id));
                    }
                };
                judge(&example.bad, true);
                judge(&example.good, false);
            }
        }
    }
    let only = wrong.join("\n");
    assert!(wrong.is_empty(), "{} examples are wrong:\n{only}", wrong.len());
}

fn judge(rules: &Rules, id: &str, text: &str, is_bad: bool) -> Result<(), String> {
    let outcome = marks::check(rules, text)?;
    outcome.complete?;
    let here = marks::lines(text, outcome.alarms.iter().filter(|alarm| alarm.rule == id));
    let marked = marks::marked(text, "HERE");
    match is_bad {
        true if marked.is_empty() => Err("the bad one marks no line".to_owned()),
        true if here != marked => Err(format!("bad: found on lines {here:?}, not on {marked:?}")),
        false if !here.is_empty() => Err(format!("good: found on lines {here:?}")),
        _ => Ok(()),
    }
}
