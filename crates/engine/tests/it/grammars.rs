//! Text that follows a grammar, by models that would rather say something else.

use std::ops::ControlFlow;
use std::sync::Arc;

use engine::{
    Both, CancelToken, Constraint, EngineError, Finish, GenerateOptions, Generated, Grammar,
    GrammarConstraint, LoadLimits, Model, Sampling, Session, Speculation, Syntax, SyntaxConstraint,
    TokenIndex,
};
use regex::Regex;
use serde_json::Value;

use crate::parity;
use crate::seedling;
use crate::tiny::{F32, File};

const SCHEMA: &str = r##"{
  "type": "object",
  "properties": {
    "name": {"type": "string", "maxLength": 6},
    "kind": {"enum": ["bug", "chore", 7]},
    "lines": {"type": "array", "items": {"type": "integer", "minimum": -5, "maximum": 900},
              "minItems": 1, "maxItems": 3},
    "next": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/more"}]}
  },
  "required": ["name", "kind", "lines", "next"],
  "additionalProperties": false,
  "$defs": {"more": {"type": "object", "properties": {"sure": {"type": "boolean"}},
                     "required": ["sure"], "additionalProperties": false}},
  "x-guidance": {"whitespace_flexible": false}
}"##;

/// What [`SCHEMA`] says, written anew.
fn is_valid(text: &str) -> bool {
    let Ok(Value::Object(object)) = serde_json::from_str(text) else { return false };
    let name = object["name"].as_str().is_some_and(|name| name.chars().count() <= 6);
    let kind = ["bug", "chore"].map(Value::from).contains(&object["kind"]) || object["kind"] == 7;
    let lines = object["lines"].as_array().unwrap();
    let numbers = lines
        .iter()
        .all(|n| n.as_f64().is_some_and(|n| (-5.0..=900.0).contains(&n) && n.fract() == 0.0));
    let next = match &object["next"] {
        Value::Object(more) => more.len() == 1 && more["sure"].is_boolean(),
        next => next.is_null(),
    };
    object.len() == 4 && name && kind && (1..=3).contains(&lines.len()) && numbers && next
}

fn open(name: &str) -> Arc<Model> {
    Arc::new(Model::open(&parity::path(name), &LoadLimits::default()).unwrap())
}

/// Byte-level and SentencePiece vocabularies; most are random models.
fn models() -> Vec<Arc<Model>> {
    let long = |file: &mut File| {
        file.set("llama.context_length", crate::tiny::Meta::U32(400));
    };
    let mut tiny = File::tiny(F32, 5);
    long(&mut tiny);
    vec![
        Arc::clone(&seedling::Q8_0),
        Arc::new(tiny.load().unwrap()),
        open("gemma3.gguf"),
        open("phi3.gguf"),
    ]
}

fn run(
    model: &Arc<Model>,
    options: &GenerateOptions,
    constraint: &mut dyn Constraint,
) -> Result<Generated, EngineError> {
    let mut on_text = |_: &str| ControlFlow::Continue(());
    let prompt = model.tokenizer().encode("say", false).unwrap();
    let mut session = Session::new(Arc::clone(model));
    session.generate_constrained(&prompt, options, constraint, &CancelToken::new(), &mut on_text)
}

fn samplings(seed: u64) -> [Sampling; 3] {
    let hot = Sampling { temperature: 2.0, top_k: 0, top_p: 1.0, seed, ..Sampling::default() };
    [Sampling::greedy(), Sampling { seed, ..Sampling::default() }, hot]
}

/// Runs a grammar with many models, seeds and samplings, with and without guesses and healing.
/// What ended by itself must pass `is_good`; text that was cut off must not claim to be whole
/// where it is not. Returns how many ended by themselves, and how many guesses were right.
fn check(grammar: Grammar<'_>, start: &str, is_good: &dyn Fn(&str) -> bool) -> (usize, usize) {
    let (mut ended, mut accepted) = (0, 0);
    for model in models() {
        let known = model.tokenizer().encode("{\"name\":\"the", false).unwrap();
        let speculation = Speculation {
            references: vec![Arc::new(TokenIndex::new(&known).unwrap())],
            row_cost: Some(0.0),
            ..Speculation::default()
        };
        for (seed, sampling) in (0..12).flat_map(|seed| samplings(seed).map(|s| (seed, s))) {
            let said = [None, Some(speculation.clone())].map(|speculation| {
                let start_bytes = if seed % 2 == 0 { Vec::new() } else { start.into() };
                let options = GenerateOptions {
                    sampling: sampling.clone(),
                    tokens_max: 120,
                    speculation,
                    start_bytes,
                    ..GenerateOptions::default()
                };
                let mut constraint = GrammarConstraint::new(&model, grammar).unwrap();
                let generated = run(&model, &options, &mut constraint).unwrap();
                accepted += generated.speculation.accepted;
                (generated.text, generated.finish, generated.whole_bytes)
            });
            assert_eq!(said[0], said[1], "guesses change nothing");
            let [(text, finish, whole_bytes), _] = said;
            match finish {
                Finish::Complete | Finish::Stop => {
                    assert!(is_good(&text), "{text:?}");
                    assert_eq!(whole_bytes, text.len());
                    ended += 1;
                }
                Finish::Length => assert!(whole_bytes == 0 || is_good(&text[..whole_bytes])),
                // A small vocabulary may have no token for what must come.
                Finish::ContextFull | Finish::NothingAllowed => {}
                _ => panic!("{finish:?} after {text:?}"),
            }
        }
    }
    (ended, accepted)
}

#[test]
fn json_satisfies_its_schema() {
    assert!(is_valid(r#"{"name":"the","kind":"bug","lines":[7],"next":{"sure":true}}"#));
    assert!(!is_valid(r#"{"name":"the","kind":"cat","lines":[7],"next":null}"#));
    let (ended, accepted) = check(Grammar::JsonSchema(SCHEMA), "say", &is_valid);
    assert!(ended > 60 && accepted > 60, "{ended} {accepted}");
}

#[test]
fn text_matches_its_expression() {
    for (pattern, at_least) in [
        (r"(the|th|t) [0-9]{2,4}(, é[a-c]{1,3}){0,2}\.", 60),
        (r"[^a-z\n]{3}", 100),
        (r"x?", 100),
        (r"[🦀é]{2}\\/", 30),
    ] {
        let whole = Regex::new(&format!("^(?:{pattern})$")).unwrap();
        let (ended, _) = check(Grammar::Regex(pattern), "t", &|text| whole.is_match(text));
        assert!(ended >= at_least, "{pattern}: {ended}");
    }
}

#[test]
fn text_follows_a_context_free_grammar() {
    // Brackets nest, which no regular expression can say.
    let grammar = "start: pair\npair: \"(\" pair? \")\" | \"[\" WORD \"]\"\nWORD: /[a-z]{1,4}/\n";
    fn is_pair(text: &str) -> bool {
        if let Some(word) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return (1..=4).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase());
        }
        let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        inner.is_some_and(|inner| inner.is_empty() || is_pair(inner))
    }
    let (ended, _) = check(Grammar::Lark(grammar), "sa", &is_pair);
    assert!(ended > 60, "{ended}");
}

#[test]
fn two_constraints_hold_together() {
    let model = &*seedling::Q8_0;
    let syntax =
        Syntax { pairs: vec![engine::Pair { open: b'(', close: b')' }], ..Syntax::default() };
    for seed in 0..40 {
        let options = GenerateOptions {
            sampling: samplings(seed)[seed as usize % 3].clone(),
            tokens_max: 60,
            ..GenerateOptions::default()
        };
        let grammar = GrammarConstraint::new(model, Grammar::Regex(r"[()a-c]{4,12};")).unwrap();
        let mut both = Both(grammar, SyntaxConstraint::new(&syntax, "", "").unwrap());
        let generated = run(model, &options, &mut both).unwrap();
        assert_eq!(generated.finish, Finish::Complete);
        let text = generated.text.trim_end_matches(';');
        assert!((4..=12).contains(&text.len()), "{text}");
        let mut depth = 0_i32;
        for char in text.chars() {
            depth += i32::from(char == '(') - i32::from(char == ')');
            assert!(depth >= 0, "{text}");
        }
    }
}

#[test]
fn what_the_vocabulary_cannot_say_is_not_said() {
    // Bytes of characters come one by one; these vocabularies have no token for them at all.
    let model = open("qwen2.gguf");
    let mut constraint = GrammarConstraint::new(&model, Grammar::Regex("é{3}")).unwrap();
    let generated = run(&model, &GenerateOptions::default(), &mut constraint).unwrap();
    assert_eq!((generated.finish, &*generated.text), (Finish::NothingAllowed, ""));

    let options = GenerateOptions { end_tokens: Some(vec![]), ..GenerateOptions::default() };
    let mut constraint = GrammarConstraint::new(&model, Grammar::Regex("")).unwrap();
    let generated = run(&model, &options, &mut constraint).unwrap();
    assert_eq!((generated.finish, &*generated.text), (Finish::NothingAllowed, ""));
    // The end, where it may come.
    let mut constraint = GrammarConstraint::new(&model, Grammar::Regex("")).unwrap();
    let generated = run(&model, &GenerateOptions::default(), &mut constraint).unwrap();
    assert_eq!((generated.finish, &*generated.text), (Finish::Stop, ""));
}

#[test]
fn no_grammar_reaches_control_tokens() {
    let model = Arc::new(File::tiny(F32, 1).load().unwrap());
    // 260 is `<|user|>`, by name and by number.
    let error = GrammarConstraint::new(&model, Grammar::Lark("start: <|user|>")).unwrap_err();
    assert!(matches!(error, EngineError::Grammar { .. }), "{error}");
    let mut constraint = GrammarConstraint::new(&model, Grammar::Lark("start: <[260]>")).unwrap();
    let generated = run(&model, &GenerateOptions::default(), &mut constraint).unwrap();
    assert_eq!((generated.finish, &*generated.tokens), (Finish::NothingAllowed, &[][..]));
}

/// Grammars that are wrong, impossible or too much are refused.
#[test]
fn hostile_grammars() {
    let json = |text: &str, expected| refused(Grammar::JsonSchema(text), expected);
    json("{", "EOF while parsing");
    json("7", "schema must be");
    json(r#"{"type": "cat"}"#, "Invalid type: cat");
    json(r#"{"$ref": "https://example.com/other"}"#, "Only absolute $ref");
    json(r##"{"$ref": "#/$defs/none"}"##, "not found");
    json(r#"{"type": "integer", "minimum": 3, "maximum": 2}"#, "Unsatisfiable schema");
    json(
        &format!(r#"{{"enum": ["{}"]}}"#, "a".repeat(1 << 16)),
        "the size of the grammar, in bytes, is 655",
    );
    json(&format!("{}1{}", r#"{"not":"#.repeat(99), "}".repeat(99)), "Unimplemented keys");
    json(&format!("{}1{}", r#"{"items":"#.repeat(101), "}".repeat(101)), "the depth of brackets");
    let regex = |text: &str, expected| refused(Grammar::Regex(text), expected);
    regex("(", "invalid regex");
    regex("a{3,2}", "invalid regex");
    regex("(?=a)b", "invalid regex");
    regex(r"(a)\1", "invalid regex");
    regex(&format!("{}a{}", "(".repeat(30_000), ")".repeat(30_000)), "the depth of brackets");
    let lark = |text: &str, expected| refused(Grammar::Lark(text), expected);
    lark("", "no start rule");
    lark("begin: \"a\"", "no start rule");
    lark("start: other", "unknown name");
    lark("start: ((", "Expected token");
    lark("start: \"a\"{4000000000}", "number too large");
    lark(&format!("start: {}\"a\"", "\"a\" | ".repeat(90_000)), "the size of the grammar");
}

fn refused(grammar: Grammar<'_>, expected: &str) {
    let error = GrammarConstraint::new(&seedling::Q8_0, grammar).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}\nexpected: {expected}");
}

/// What looks endless is followed or refused, in bounded work.
#[test]
fn enormous_grammars() {
    let regex = |text: &str| followed(Grammar::Regex(text));
    regex("a{4000000000}");
    regex("((((a{99}){99}){99}){99}){99}");
    regex("(.*a.{30}){30}");
    regex("(((a*)*)*)*b");
    regex(&"(a|b)*c".repeat(3000));
    regex(&"(.|a.|ab.)*".repeat(5000));
    let json = |text: &str| followed(Grammar::JsonSchema(text));
    json(r#"{"type": "array", "items": {"type": "null"}, "minItems": 4000000000}"#);
    json(r#"{"type": "string", "pattern": "((((a{99}){99}){99}){99}){99}"}"#);
    json(r#"{"type": "string", "minLength": 4000000000}"#);
    json(r#"{"type": "number", "multipleOf": 1e-9, "minimum": -1e300, "maximum": 1e300}"#);
    json(r##"{"$ref": "#"}"##);
    json(r##"{"anyOf": [{"$ref": "#"}, {"$ref": "#"}], "allOf": [{"$ref": "#"}]}"##);
    let doubled = |n: usize| {
        let half = format!(r##"{{"$ref": "#/$defs/{n}"}}"##);
        format!(r#""{}": {{"allOf": [{half}, {half}], "anyOf": [{half}, {half}]}}"#, n + 1)
    };
    let definitions: Vec<String> = (0..40).map(doubled).collect();
    json(&format!(
        r##"{{"$ref": "#/$defs/40", "$defs": {{"0": {{"type": "null"}}, {}}}}}"##,
        definitions.join(", ")
    ));
    let lark = |text: &str| followed(Grammar::Lark(text));
    lark("start: start start | \"a\" | start \"a\" start");
    lark("start: start");
    lark(&format!("start: {}\"a\"", "\"a\" | ".repeat(3000)));
    lark(&format!("start: {}", "/(a|b)*/ ".repeat(300)));
}

fn followed(grammar: Grammar<'_>) {
    let model = &*seedling::Q8_0;
    let options = GenerateOptions {
        sampling: samplings(1)[2].clone(),
        tokens_max: 50,
        ..GenerateOptions::default()
    };
    let outcome = GrammarConstraint::new(model, grammar)
        .and_then(|mut constraint| run(model, &options, &mut constraint));
    match outcome {
        Ok(generated) => assert!(generated.tokens.len() <= 50),
        Err(error) => assert!(matches!(error, EngineError::Grammar { .. }), "{error}"),
    }
}

#[test]
fn constraints_can_go_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<GrammarConstraint>();
    is_send::<Both<GrammarConstraint, SyntaxConstraint<'_>>>();
}
