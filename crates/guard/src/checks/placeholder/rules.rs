//! What is told of each rule of `placeholder`.

use types::{Confidence, Severity};

use crate::rule_doc::RuleDoc;

pub(super) const ELIDED: usize = 0;
pub(super) const PLACEHOLDER: usize = 1;
pub(super) const NOT_IMPLEMENTED: usize = 2;
pub(super) const EMPTY: usize = 3;
pub(super) const CONSTANT: usize = 4;
pub(super) const VALUE: usize = 5;
pub(super) const EXAMPLE: usize = 6;
pub(super) const RESIDUE: usize = 7;
pub(super) const CHAT: usize = 8;

/// How sure a rule is in its plain case.
pub(super) fn confidence(rule: usize) -> Confidence {
    match rule {
        ELIDED | NOT_IMPLEMENTED | RESIDUE | CHAT => Confidence::High,
        CONSTANT | EXAMPLE => Confidence::Low,
        _ => Confidence::Medium,
    }
}

/// In the order of the numbers above.
pub(crate) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "MW-ELIDED-CODE",
        title: "Code was left out",
        severity: Severity::Error,
        cwe: &[],
        explanation: "A comment stands where the file's own code stood or should stand. Applied \
            as it is, the edit deletes that code. Ask for the whole text, or for an edit of the \
            lines that change.",
        bad: "def save(self):\n    # ... existing code ...\n    self.log()",
        good: "def save(self):\n    self.store.write(self.row)\n    self.log()",
    },
    RuleDoc {
        id: "MW-PLACEHOLDER-COMMENT",
        title: "A comment in place of code",
        severity: Severity::Warning,
        cwe: &[],
        explanation: "A comment says that the code is still to be written, or that it only stands \
            for the real one. Write it, or say plainly to the caller that it is missing.",
        bad: "def price(item):\n    # TODO: implement\n    return 0",
        good: "def price(item):\n    return item.amount * item.unit_price",
    },
    RuleDoc {
        id: "MW-NOT-IMPLEMENTED",
        title: "Code that only says it was not written",
        severity: Severity::Warning,
        cwe: &[],
        explanation: "The function raises or panics with nothing but the news that it is not \
            there. Abstract methods do so rightly and are not reported; a function that is asked \
            for does not.",
        bad: "fn parse(text: &str) -> Line {\n    todo!()\n}",
        good: "fn parse(text: &str) -> Line {\n    Line { text: text.trim().to_owned() }\n}",
    },
    RuleDoc {
        id: "MW-EMPTY-FUNCTION",
        title: "A function without a body",
        severity: Severity::Warning,
        cwe: &["CWE-1071"],
        explanation: "The function takes something and does nothing with it. Callers go on as if \
            it had worked. Write it, or leave it out.",
        bad: "def notify(user, text):\n    pass",
        good: "def notify(user, text):\n    user.mailbox.append(text)",
    },
    RuleDoc {
        id: "MW-CONSTANT-FUNCTION",
        title: "A function that always returns the same",
        severity: Severity::Info,
        cwe: &[],
        explanation: "The name says that something is worked out, and what is returned does not \
            depend on what is given.",
        bad: "def validate(token):\n    return True",
        good: "def validate(token):\n    return token in known_tokens()",
    },
    RuleDoc {
        id: "MW-PLACEHOLDER-VALUE",
        title: "A value to be filled in",
        severity: Severity::Warning,
        cwe: &[],
        explanation: "A text such as `your-api-key` stands where a value belongs. Read the value \
            from the settings of the program, and fail with a clear message where it is missing.",
        bad: "client = Client(\"your-api-key\")",
        good: "client = Client(os.environ[\"SERVICE_KEY\"])",
    },
    RuleDoc {
        id: "MW-EXAMPLE-ADDRESS",
        title: "An example address is called",
        severity: Severity::Info,
        cwe: &[],
        explanation: "The names below `example.com` are reserved for documentation (RFC 2606), so \
            nothing useful answers there. Take the address from the settings.",
        bad: "requests.get(\"https://api.example.com/users\", timeout=5)",
        good: "requests.get(settings.users_url, timeout=5)",
    },
    RuleDoc {
        id: "MW-PROMPT-RESIDUE",
        title: "Part of a conversation",
        severity: Severity::Warning,
        cwe: &[],
        explanation: "A comment holds what a model says to a person, not what the code does. It \
            was copied along; remove it.",
        bad: "# Sure! Here is the updated function:\ndef half(n):\n    return n / 2",
        good: "def half(n):\n    return n / 2",
    },
    RuleDoc {
        id: "MW-CHAT-MARKUP",
        title: "Marks of a chat or of Markdown in the code",
        severity: Severity::Error,
        cwe: &[],
        explanation: "Fences and the marks with which chat templates separate turns are no part \
            of a program. They came along from the answer of a model; what follows them may not \
            be code either.",
        bad: "```python\nprint(1)\n```",
        good: "print(1)",
    },
];
