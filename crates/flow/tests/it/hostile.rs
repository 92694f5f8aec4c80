//! Programs that are made to cost much: they end within the budget, and say so where they were cut.

use std::fmt::Write as _;

use flow::{Language, Rules};

use crate::{cases, marks};

/// The stack that the guard gives an analysis, in bytes.
const STACK_BYTES: usize = 256 << 20;

/// Checks a program on a stack as the guard has; says whether all of it was seen.
fn check(text: String) -> Result<(), String> {
    let job = move || {
        let rules = Rules::new(Language::Python, cases::RULES).expect("the tests of cases use it");
        marks::check(&rules, &text).and_then(|outcome| outcome.complete)
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(job);
    thread.expect("a thread can be had").join().expect("no program makes it panic")
}

#[test]
fn deep_nesting_ends() {
    for (open, close) in [("(", ")"), ("[", "]"), ("f(", ")"), ("-", ""), ("not ", ""), ("x[", "]")]
    {
        let text = format!("{}x{}\n", open.repeat(5_000), close.repeat(5_000));
        _ = check(text);
    }
    let mut text = String::new();
    for depth in 0..90 {
        _ = writeln!(text, "{}if a{depth} in b:", " ".repeat(depth));
    }
    _ = writeln!(text, "{}c = 1", " ".repeat(90));
    assert_eq!(check(text), Ok(()));
}

#[test]
fn long_chains_end() {
    let sum = format!("x = {}\n", vec!["'a'"; 20_000].join(" + "));
    assert_eq!(check(sum), Ok(()));
    let truth = format!("x = {}\n", vec!["a"; 20_000].join(" and "));
    _ = check(truth);
    let mixed = format!("if {}:\n    pass\n", vec!["(a in b or c)"; 500].join(" and not "));
    _ = check(mixed);
    let branches: String = (0..3_000).map(|n| format!("elif x == {n}:\n    y = {n}\n")).collect();
    _ = check(format!("if x:\n    y = 0\n{branches}"));
}

#[test]
fn many_functions_end() {
    let mut text = String::from("from api import sink, data\n");
    for number in 0..10_000 {
        _ = writeln!(text, "def f{number}(a, b=1):\n    return f{}(a) + b", (number + 1) % 10_000);
    }
    _ = check(text);
}

#[test]
fn functions_that_call_each_other_twice_end() {
    let mut text = String::from("from api import sink, data\n");
    for number in 0..60 {
        let next = number + 1;
        _ = writeln!(text, "def f{number}(a):\n    f{next}(a + '1')\n    f{next}(a + '2')");
    }
    text.push_str("def f60(a):\n    sink(a)\nf0(data)\n");
    assert_eq!(check(text), Ok(()));
}

#[test]
fn large_literals_end() {
    let entries: String = (0..20_000).map(|n| format!("'k{n}': [{n}, 'v'], ")).collect();
    assert_eq!(check(format!("d = {{{entries}}}\nfor k in d:\n    x = d[k]\n")), Ok(()));
    let appends = "l.append([x, l])\n".repeat(5_000);
    _ = check(format!("l = []\nx = 1\n{appends}"));
    let writes: String = (0..5_000).map(|n| format!("    d['k{n}'] = d\n")).collect();
    _ = check(format!("d = {{}}\nif x:\n{writes}"));
}

#[test]
fn joins_that_multiply_end() {
    let mut text = String::from("from api import sink, data\nx = ''\n");
    for number in 0..2_000 {
        _ = writeln!(text, "if a{number}:\n    x = x + 'a'\nelse:\n    x = x + 'b'");
    }
    text.push_str("sink(x)\n");
    _ = check(text);
    let mut loops = String::from("x = ['']\n");
    for depth in 0..80 {
        _ = writeln!(loops, "{}for v{depth} in x:", " ".repeat(depth));
        _ = writeln!(loops, "{}x = x + [v{depth}]", " ".repeat(depth + 1));
    }
    _ = check(loops);
    let doubled = "s = s + s\n".repeat(200);
    assert_eq!(check(format!("s = 'ab'\n{doubled}")), Ok(()));
    let power = "n = n * n\n".repeat(200);
    assert_eq!(check(format!("n = 3\n{power}")), Ok(()));
}

#[test]
fn classes_that_inherit_in_circles_end() {
    let mut text = String::new();
    for number in 0..300 {
        let base = (number + 1) % 300;
        _ = writeln!(text, "class C{number}(C{base}):\n    def run(self):\n        super().run()");
    }
    text.push_str("C0().run()\n");
    _ = check(text);
    assert_eq!(check("class A(A):\n    x = A\na = A()\na.a = a\na.a.a.b = a\n".into()), Ok(()));
}

#[test]
fn a_budget_that_is_used_up_is_said() {
    let rules = Rules::new(Language::Python, cases::RULES).expect("the tests of cases use it");
    let text = "import api\napi.sink(api.data)\nx = 1\napi.sink(api.data)\n";
    let program = marks::program(&rules, text).expect("it is right");
    let checked = (0..100).map(|budget| flow::check_with(&rules, &program, text, budget));
    let checked: Vec<_> = checked.collect();
    let cut = checked.iter().take_while(|outcome| outcome.complete.is_err()).count();
    assert!((10..50).contains(&cut), "enough with {cut} steps");
    assert!(checked[cut..].iter().all(|outcome| outcome.complete.is_ok()));
    assert!(checked[cut..].iter().all(|outcome| outcome.alarms.len() == 2));
    let found = checked.iter().map(|outcome| outcome.alarms.len());
    assert!(found.is_sorted(), "more steps find no less");
}
