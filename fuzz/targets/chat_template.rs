//! Any text as a model's chat template, and any messages: within limits, and no message becomes a
//! control token that the template did not write.

#![no_main]

#[path = "../../crates/providers/src/chat_template.rs"]
mod chat_template;

#[path = "../../crates/engine/tests/it/tiny.rs"]
#[allow(dead_code, reason = "shared with the engine; a target uses a part")]
mod tiny;

use std::sync::LazyLock;

use engine::Model;
use libfuzzer_sys::fuzz_target;
use types::{Message, Role};

use tiny::{F32, File};

static MODEL: LazyLock<Model> = LazyLock::new(|| File::tiny(F32, 1).load().expect("a valid file"));

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split('\0');
    let template = parts.next().unwrap_or_default();
    let roles = [Role::System, Role::User, Role::Assistant];
    let messages: Vec<Message> = parts
        .take(8)
        .zip(roles.into_iter().cycle())
        .map(|(content, role)| Message { role, content: content.to_owned() })
        .collect();
    let Ok(tokens) =
        chat_template::tokens(&MODEL, template, &messages).expect("all bytes are known")
    else {
        return;
    };
    let decoded = MODEL.tokenizer().decode(&tokens).expect("these are tokens");
    // Every message is there as it was written, one after another.
    let mut rest = &decoded[..];
    for message in &messages {
        let content = message.content.as_bytes();
        let at = (0..=rest.len() - content.len().min(rest.len()))
            .find(|at| rest[*at..].starts_with(content));
        rest = &rest[at.expect("no message is lost") + content.len()..];
    }
});
