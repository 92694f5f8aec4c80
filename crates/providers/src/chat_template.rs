//! A model's own chat template, rendered so that no message can forge a control token.
//!
//! The template sees stand-ins in place of the messages; only the text around them is tokenized
//! with the model's special tokens, the messages themselves as plain text.

use std::io::{self, Write};

use engine::{EngineError, Model};
use minijinja::value::{Kwargs, Rest, StringInput, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, Value, context};
use types::Message;

/// Most instructions a template may run: it comes from a file.
const FUEL: u64 = 100_000;

/// Most bytes of a rendered chat, in which messages are only stand-ins.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// Most spaces before a line, and widest field of a format.
const WIDTH_MAX: usize = 256;

/// A character that no template holds and that a stand-in begins and ends with.
const MARK: char = '\u{F8FF}';

/// Renders the messages and asks for the assistant's turn, as tokens.
pub(crate) fn tokens(
    model: &Model,
    template: &str,
    messages: &[Message],
) -> Result<Result<Vec<u32>, String>, EngineError> {
    let stand_in = |index: usize| format!("{MARK}{index}{MARK}");
    let chat: Vec<Value> = messages
        .iter()
        .enumerate()
        .map(
            |(index, message)| context! { role => message.role.name(), content => stand_in(index) },
        )
        .collect();
    let text = match render(template, &chat) {
        Ok(text) => text,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let tokenizer = model.tokenizer();
    let mut tokens: Vec<u32> = tokenizer.begin_token().into_iter().collect();
    let mut rest = text.as_str();
    for (index, message) in messages.iter().enumerate() {
        // A template may leave a role out (older ones know no `system`): better refused than lost.
        let Some((before, after)) = rest.split_once(&stand_in(index)) else {
            return Ok(Err(format!("it leaves out the {} message", message.role.name())));
        };
        tokens.extend(tokenizer.encode(before, true)?);
        tokens.extend(tokenizer.encode(&message.content, false)?);
        rest = after;
    }
    tokens.extend(tokenizer.encode(rest, true)?);
    Ok(Ok(tokens))
}

fn render(template: &str, messages: &[Value]) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_unknown_method_callback(call_method);
    environment.add_function("raise_exception", |message: String| -> Result<Value, Error> {
        Err(refuse(message))
    });
    // These take a width from the template, and would fill memory with it at once.
    environment.add_filter("indent", indent);
    environment.add_filter("format", format_printf);
    environment.add_template("chat", template)?;
    let values = context! {
        messages => messages.to_vec(),
        add_generation_prompt => true,
        // Added as a token of its own, where the model wants one.
        bos_token => "",
    };
    let mut output = Output(Vec::new());
    environment.get_template("chat")?.render_captured_to(values, &mut output).map_err(|error| {
        match error.kind() {
            ErrorKind::WriteFailure => {
                refuse(format!("it gives more than {OUTPUT_BYTES_MAX} bytes"))
            }
            _ => error,
        }
    })?;
    String::from_utf8(output.0).map_err(|_| refuse("it gives no UTF-8".to_owned()))
}

/// As the filter of that name, with a limit.
fn indent(
    text: StringInput<'_>,
    width: Option<usize>,
    first: Option<bool>,
    blank: Option<bool>,
    named: Kwargs,
) -> Result<Value, Error> {
    let asked = width.or(named.peek::<Option<usize>>("width")?).unwrap_or_default();
    if asked > WIDTH_MAX {
        return Err(refuse(format!("indent by {asked}, the limit is {WIDTH_MAX}")));
    }
    minijinja::filters::indent(text, width, first, blank, named)
}

/// As the filter of that name, with a limit.
fn format_printf(
    state: &mut State<'_, '_>,
    text: &Value,
    arguments: Rest<ValueOrKwargs>,
) -> Result<Value, Error> {
    check_widths(text)?;
    minijinja::filters::format(state, text, arguments)
}

/// Methods of Python's texts, lists and maps.
fn call_method(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    arguments: &[Value],
) -> Result<Value, Error> {
    if method == "format" {
        check_widths(value)?;
    }
    minijinja_contrib::pycompat::unknown_method_callback(state, value, method, arguments)
}

/// Refuses formats with a width or precision over [`WIDTH_MAX`], or one that is an argument, and
/// names of arguments outside ASCII, which the template crate reads byte by byte.
fn check_widths(format: &Value) -> Result<(), Error> {
    let text = format.as_str().unwrap_or_default();
    let numbers = text.split(|char: char| !char.is_ascii_digit());
    let is_wide = |digits: &str| {
        !digits.is_empty() && !digits.parse::<usize>().is_ok_and(|width| width <= WIDTH_MAX)
    };
    let is_nested = text.split('{').skip(1).any(|field| {
        field.split_once(':').is_some_and(|(name, spec)| !name.contains('}') && spec.is_empty())
    });
    if is_nested || text.contains('*') || { numbers }.any(is_wide) {
        return Err(refuse(format!("formats wider than {WIDTH_MAX} are not supported")));
    }
    if !text.is_ascii() && (text.contains("%(") || text.contains('{')) {
        return Err(refuse("formats with names outside ASCII are not supported".to_owned()));
    }
    Ok(())
}

fn refuse(why: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, why)
}

/// What was rendered, within its limit.
struct Output(Vec<u8>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > OUTPUT_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, expected: Result<&str, &str>) {
        let messages = [context! { role => "user", content => "hi" }];
        let rendered = render(template, &messages).map_err(|error| error.to_string());
        match (rendered, expected) {
            (Ok(text), Ok(expected)) => assert_eq!(text, expected),
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
            (found, expected) => panic!("{found:?} in place of {expected:?}"),
        }
    }

    #[test]
    fn renders_what_templates_use() {
        check(
            "{{ bos_token }}{% for m in messages %}<{{ m['role'] }}>{{ m.content.strip() }}{% endfor %}",
            Ok("<user>hi"),
        );
        check("{{ raise_exception('no system') }}", Err("no system"));
        check("{% for %}", Err("syntax error"));
        check(
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
            Err("fuel"),
        );
        check(
            "{{ 'a\nb' | indent(2) }}{{ '%3d' | format(7) }}{{ '{:>3}'.format(1) }}",
            Ok("a\n  b  7  1"),
        );
    }

    /// What would fill memory at once.
    #[test]
    fn widths_and_output_have_limits() {
        check("{{ 'a' | indent(9999999999999) }}", Err("the limit is 256"));
        check("{{ 'a' | indent(width=9999999999999) }}", Err("the limit is 256"));
        check("{{ '%9999999999999d' | format(7) }}", Err("wider than 256"));
        check("{{ '%*d' | format(9999999999999, 7) }}", Err("wider than 256"));
        check("{{ '{:99999999999}'.format(7) }}", Err("wider than 256"));
        check("{{ '{:{}}'.format(7, 99999999999) }}", Err("wider than 256"));
        check(
            "{% for a in range(9999) %}{{ 'x' * 1000000 }}{% endfor %}",
            Err("more than 1048576 bytes"),
        );
    }
}
