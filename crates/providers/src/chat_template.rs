//! A model's own chat template, rendered so that no message can forge a control token.
//!
//! The template sees stand-ins in place of the messages; only the text around them is tokenized
//! with the model's special tokens, the messages themselves as plain text.

use engine::{EngineError, Model};
use minijinja::{Environment, Error, ErrorKind, Value, context};
use types::Message;

/// Most instructions a template may run: it comes from a file.
const FUEL: u64 = 100_000;

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
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_function("raise_exception", |message: String| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, message))
    });
    environment.add_template("chat", template)?;
    environment.get_template("chat")?.render(context! {
        messages => messages.to_vec(),
        add_generation_prompt => true,
        // Added as a token of its own, where the model wants one.
        bos_token => "",
    })
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
    }
}
