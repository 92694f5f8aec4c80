//! How names are written, by the conventions that the languages' own guides give.

/// A way to write names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Convention {
    /// `parse_line`: Rust functions, variables, modules (RFC 430).
    Snake,
    /// `parse_line`, or a constant, which begins with a capital: Ruby.
    SnakeOrConstant,
    /// `LineParser`: types nearly everywhere.
    UpperCamel,
    /// `LINE_MAX`: Rust constants and statics (RFC 430).
    UpperSnake,
    /// `parseLine`, `LineParser` or `LINE_MAX`: JavaScript values.
    Camel,
    /// `parseLine` or `LINE_MAX`: values where types alone begin with a capital.
    LowerCamel,
    /// `parseLine` or `ParseLine`, never with underscores: Go ("Effective Go", MixedCaps).
    MixedCaps,
}

impl Convention {
    /// The rule's id.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Convention::Snake | Convention::SnakeOrConstant => "naming-snake-case",
            Convention::UpperCamel => "naming-upper-camel-case",
            Convention::UpperSnake => "naming-upper-snake-case",
            Convention::Camel => "naming-camel-case",
            Convention::LowerCamel => "naming-lower-camel-case",
            Convention::MixedCaps => "naming-mixed-caps",
        }
    }

    /// The convention's name, written in itself where that is possible.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Convention::Snake | Convention::SnakeOrConstant => "snake_case",
            Convention::UpperCamel => "UpperCamelCase",
            Convention::UpperSnake => "UPPER_SNAKE_CASE",
            Convention::Camel | Convention::LowerCamel => "camelCase",
            Convention::MixedCaps => "MixedCaps",
        }
    }

    /// Whether a name is written this way. Underscores and dollar signs at the ends do not count.
    pub(crate) fn fits(self, name: &str) -> bool {
        let name = name.strip_prefix("r#").unwrap_or(name);
        let name = name.trim_matches(['_', '$', '#']);
        let has_lower = name.chars().any(char::is_lowercase);
        let has_upper = name.chars().any(char::is_uppercase);
        match self {
            Convention::Snake => !has_upper,
            Convention::SnakeOrConstant => !has_upper || name.starts_with(char::is_uppercase),
            Convention::UpperSnake => !has_lower,
            Convention::UpperCamel => !name.starts_with(char::is_lowercase) && !splits_words(name),
            Convention::Camel => !splits_words(name) || !has_lower,
            Convention::LowerCamel => {
                !has_lower || !(splits_words(name) || name.starts_with(char::is_uppercase))
            }
            Convention::MixedCaps => {
                let test = ["Test", "Benchmark", "Example", "Fuzz"];
                !splits_words(name) || test.iter().any(|prefix| name.starts_with(prefix))
            }
        }
    }
}

/// Whether an underscore stands between two characters that are not both digits.
fn splits_words(name: &str) -> bool {
    let mut parts = name.split('_');
    let Some(mut before) = parts.next() else { return false };
    for part in parts {
        let numbers = before.ends_with(|c: char| c.is_ascii_digit())
            && part.starts_with(|c: char| c.is_ascii_digit());
        if !numbers {
            return true;
        }
        before = part;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conventions() {
        use Convention::{
            Camel, LowerCamel, MixedCaps, Snake, SnakeOrConstant, UpperCamel, UpperSnake,
        };
        let fitting = [
            (Snake, "parse_line r#type _unused naïve_größe x1 _"),
            (SnakeOrConstant, "parse_line LINE_MAX Point"),
            (UpperCamel, "LineParser HTTPServer V1_2 T _Hidden"),
            (UpperSnake, "LINE_MAX A1 _X"),
            (Camel, "parseLine LineParser LINE_MAX _private $element a1 URL"),
            (LowerCamel, "parseLine LINE_MAX _private x T"),
            (MixedCaps, "parseLine ParseLine HTTPServer TestParser_Line _"),
        ];
        let broken = [
            (Snake, "parseLine ParseLine"),
            (SnakeOrConstant, "parseLine"),
            (UpperCamel, "line_parser lineParser Line_Parser LINE_MAX"),
            (UpperSnake, "line_max LineMax"),
            (Camel, "parse_line Parse_Line"),
            (LowerCamel, "parse_line Parse_Line LineParser"),
            (MixedCaps, "parse_line Parse_Line LINE_MAX"),
        ];
        for (cases, expected) in [(fitting, true), (broken, false)] {
            for (convention, names) in cases {
                for name in names.split(' ') {
                    assert_eq!(convention.fits(name), expected, "{convention:?} {name}");
                }
            }
        }
    }
}
