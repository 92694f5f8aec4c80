//! Public functions with a text that says what they do, where the file's others have one.

use std::ops::Range;

use types::{Language, Loss};

use super::{Measured, Measures, number};

/// Other functions that the file has at least, and the share of them that is documented.
const OTHERS_MIN: usize = 3;
const OTHERS_SHARE: f64 = 0.6;

/// A public function: its name, where the name stands, whether it is documented, whether the edit
/// wrote it.
struct Public {
    name: String,
    at: usize,
    documented: bool,
    written: bool,
}

pub(super) fn measure(measures: &Measures<'_>) -> Measured {
    let analysis = measures.after.analysis().map_err(Clone::clone)?;
    if let Some(gap) = &analysis.gap {
        return Err(gap.clone());
    }
    let edited = measures.edited;
    let written =
        |name: &Range<usize>| edited.inserted.iter().any(|part| part.contains(&name.start));
    let public: Vec<Public> = match &analysis.outline {
        Some(outline) => {
            let functions = outline.functions.iter().filter(|function| {
                let hidden = function.class.as_ref().is_some_and(|one| one.name.starts_with('_'));
                !function.name.starts_with('_') && !function.inner && !hidden
            });
            let public = functions.map(|function| Public {
                name: function.name.clone(),
                at: function.name_range.start,
                documented: function.documented,
                written: written(&function.name_range),
            });
            public.collect()
        }
        None => {
            let functions = analysis.functions.iter();
            let public = functions.filter_map(|function| {
                let documented = documented(measures, function.range.start, &function.name)?;
                Some(Public {
                    name: function.name.clone(),
                    at: function.name_range.start,
                    documented,
                    written: written(&function.name_range),
                })
            });
            public.collect()
        }
    };
    let (new, others): (Vec<_>, Vec<_>) = public.into_iter().partition(|one| one.written);
    let documented = |all: &[Public]| number(all.iter().filter(|one| one.documented).count());
    if new.is_empty() {
        return Err("the edit writes no public function".to_owned());
    }
    if others.len() < OTHERS_MIN || documented(&others) < OTHERS_SHARE * number(others.len()) {
        return Err("most other functions of the file are not documented".to_owned());
    }
    let missing = new.iter().filter(|one| !one.documented).map(|one| Loss {
        what: format!("`{}` is not documented", one.name),
        line: measures.after.lines().position(measures.after.text, one.at).line,
    });
    Ok((documented(&new) / number(new.len()), missing.collect()))
}

/// Whether a comment ends on the line before a function, attributes between; `None` for one that
/// is not public.
fn documented(measures: &Measures<'_>, start: usize, name: &str) -> Option<bool> {
    let text = measures.after.text;
    let line_start = text[..start].rfind('\n').map_or(0, |end| end + 1);
    let head = text[line_start..].lines().next().unwrap_or_default().trim_start();
    let public = match measures.after.language? {
        Language::Rust => head.starts_with("pub "),
        Language::Go => name.starts_with(|c: char| c.is_uppercase()),
        _ => head.starts_with("export ") || head.starts_with("public "),
    };
    if !public {
        return None;
    }
    let mut above = text[..line_start].lines().rev();
    let said = above.find(|line| {
        let line = line.trim();
        !(line.starts_with('@') || line.starts_with("#["))
    });
    let said = said.unwrap_or_default().trim();
    Some(said.starts_with("//") || said.starts_with('*') || said.ends_with("*/"))
}
