//! The templates: files compiled in, one per task and style.

use std::sync::LazyLock;

use minijinja::{Environment, context};
use types::{Language, PromptStyle, Task};

/// What a template can name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slots<'a> {
    pub language: &'a str,
    pub path: &'a str,
    pub instruction: &'a str,
    pub selection: &'a str,
    pub code: &'a str,
    pub attempt: &'a str,
    pub reasons: &'a [String],
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../templates/", $name, ".jinja")))),*]
    };
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    let files = files![
        "bare/generate",
        "bare/test",
        "bare/refactor",
        "bare/fix",
        "chat/system",
        "chat/generate",
        "chat/test",
        "chat/refactor",
        "chat/fix",
    ];
    for (name, text) in files {
        environment.add_template(name, text).expect("the compiled-in templates parse");
    }
    environment
});

/// Renders the template of a task.
pub(crate) fn render(style: PromptStyle, task: Task, slots: &Slots<'_>) -> String {
    let folder = match style {
        PromptStyle::Bare => "bare",
        PromptStyle::Chat => "chat",
    };
    named(&format!("{folder}/{}", task.name()), slots)
}

/// The standing instructions of the chat style.
pub(crate) fn system(language: Language) -> String {
    let language = language.name();
    let none = Slots {
        language,
        path: "",
        instruction: "",
        selection: "",
        code: "",
        attempt: "",
        reasons: &[],
    };
    named("chat/system", &none)
}

fn named(name: &str, slots: &Slots<'_>) -> String {
    let template = TEMPLATES.get_template(name).expect("every task but `complete` has templates");
    let context = context! {
        language => slots.language,
        path => slots.path,
        instruction => slots.instruction,
        selection => slots.selection,
        code => slots.code,
        attempt => slots.attempt,
        reasons => slots.reasons.to_vec(),
    };
    let text = template.render(context).expect("the templates use only the slots they are given");
    text.trim_end().to_owned()
}

/// A worked request and its answer, as the in-context example of a language; `None` where there
/// is none.
pub(crate) fn example(language: Language) -> Option<(&'static str, &'static str)> {
    let text = match language {
        Language::Python => include_str!("../templates/examples/python.md"),
        Language::JavaScript => include_str!("../templates/examples/javascript.md"),
        Language::TypeScript | Language::Tsx => {
            include_str!("../templates/examples/typescript.md")
        }
        Language::Rust => include_str!("../templates/examples/rust.md"),
        Language::Go => include_str!("../templates/examples/go.md"),
        _ => return None,
    };
    let (question, answer) = text.split_once("\n---\n").expect("an example has two parts");
    Some((question, answer.trim_end()))
}
