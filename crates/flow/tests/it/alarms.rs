//! What an alarm says: how bad it is, where the data came from and what to write instead.

use flow::{Alarm, Confidence, Language, Rules, Severity};

use crate::marks;

const RULES: &[(&str, &str)] = &[
    (
        "rules/weakness/test.toml",
        "title = 'Data comes to the sink'\ncwe = ['CWE-20', 'CWE-78']\nseverity = 'error'\n\
         confidence = 'high'\nexplanation = 'For tests.'\n",
    ),
    (
        "rules/python/test.toml",
        "[[sink]]\ncall = ['api.sink']\nargument = 0\nmessage = 'made from {source}'\n\
         [[sink]]\ncall = ['*.run']\nargument = 0\n\
         [[sink]]\ncall = ['api.Thing.start']\nargument = 0\n\
         [[call]]\ncall = ['api.weak']\nwhen = [{ not = { argument = 'safe', is = true } }]\n\
         message = 'weak'\nseverity = 'warning'\nfix = { argument = 'safe', text = 'True' }\n\
         [[call]]\ncall = ['api.old']\nfix = { callee = true, text = 'api.new' }\n",
    ),
    (
        "models/python/test.toml",
        "[[source]]\nkind = 'request'\nuse = ['api.data']\nname = 'a query parameter'\n\
         [[type]]\nname = 'api.Thing'\nnames = ['thing']\n",
    ),
];

fn check(text: &str) -> Vec<Alarm> {
    let rules = Rules::new(Language::Python, RULES).unwrap_or_else(|error| panic!("{error}"));
    let outcome = marks::check(&rules, text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(outcome.complete, Ok(()));
    outcome.alarms
}

fn one(text: &str) -> Alarm {
    let mut alarms = check(text);
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    alarms.remove(0)
}

#[test]
fn the_way_of_the_data_is_told() {
    let text = "import api\n\ndef run(value):\n    other = value\n    api.sink(other)\n\n\
                first = api.data\nrun(first)\n";
    let alarm = one(text);
    assert_eq!((alarm.rule.as_str(), alarm.weakness.as_str()), ("PY-TEST", "test"));
    assert_eq!(alarm.cwe, ["CWE-20", "CWE-78"]);
    assert_eq!((alarm.severity, alarm.confidence), (Severity::Error, Confidence::High));
    assert_eq!(alarm.message, "made from a query parameter");
    let steps: Vec<(usize, &str)> = alarm
        .trail
        .iter()
        .map(|step| (marks::line(text, step.span.start), step.text.as_str()))
        .collect();
    let wanted = [
        (7, "a query parameter comes from here"),
        (8, "passed to `run` here"),
        (4, "assigned here"),
    ];
    assert_eq!(steps, wanted);
}

#[test]
fn parameters_that_others_choose_are_a_hint() {
    let text = "import api\n\ndef run(value):\n    api.sink(value)\n";
    let alarm = one(text);
    assert_eq!(alarm.severity, Severity::Info);
    assert_eq!(alarm.message, "made from the parameter `value`");
    // Only the worst is told of one place.
    assert_eq!(one(&format!("{text}\nrun(api.data)\n")).severity, Severity::Error);
    assert_eq!(one(&format!("{text}\nrun('x')\n")).severity, Severity::Info);
    let private = text.replace("run", "_run");
    assert_eq!(check(&format!("{private}\n_run('x')\n")), []);
    assert_eq!(check(&private), []);
    assert_eq!(check("import api\n\ndef run(value: int):\n    api.sink(value)\n"), []);
}

#[test]
fn guesses_are_less_sure() {
    assert_eq!(one("import api\nx = y()\nx.run(api.data)\n").confidence, Confidence::Medium);
    assert_eq!(one("import api\nthing.start(api.data)\n").confidence, Confidence::Low);
    assert_eq!(one("import api\napi.Thing().start(api.data)\n").confidence, Confidence::High);
}

#[test]
fn fixes_replace_or_add() {
    let fixed = |text: &str| {
        let fix = one(text).fix.expect("the rule has one");
        let mut fixed = text.to_owned();
        fixed.replace_range(std::ops::Range::<usize>::from(fix.span), &fix.text);
        fixed
    };
    assert_eq!(fixed("import api\napi.weak()\n"), "import api\napi.weak(safe=True)\n");
    assert_eq!(fixed("import api\napi.weak(1)\n"), "import api\napi.weak(1, safe=True)\n");
    let wrong = "import api\napi.weak(1, safe=False)\n";
    assert_eq!(fixed(wrong), "import api\napi.weak(1, safe=True)\n");
    assert_eq!(fixed("import api\napi.old(1)\n"), "import api\napi.new(1)\n");
}

#[test]
fn files_that_are_wrong_are_named() {
    let wrong = [
        ("[[sink]]\ncal = ['a.b']\n", "unknown field `cal`"),
        ("[[sink]]\ncall = ['*.a.b']\n", "`*.a.b` is not a path"),
        ("[[call]]\ncall = ['a.b']\nwhen = [{ test = 'none' }]\n", "test = \"none\": not known"),
        ("[[sink]]\ncall = ['a.b']\nargument = 'x..'\n", "a number must stand before `..`"),
    ];
    for (rule, message) in wrong {
        let files = [RULES[0], ("rules/python/test.toml", rule)];
        let error = Rules::new(Language::Python, &files).expect_err("the file is wrong");
        assert!(error.starts_with("rules/python/test.toml: "), "{error}");
        assert!(error.contains(message), "{error}");
    }
    let model = ("models/python/test.toml", "[[call]]\ncall = ['a.b']\nfold = 'none'\n");
    let error = Rules::new(Language::Python, &[model]).expect_err("the file is wrong");
    assert!(error.contains("fold = \"none\" is not one of append"), "{error}");
    let alone = ("rules/python/other.toml", "");
    let error = Rules::new(Language::Python, &[alone]).expect_err("the weakness is missing");
    assert!(error.contains("rules/weakness/other.toml is missing"), "{error}");
}

#[test]
fn what_is_known_to_be_harmless_is_told() {
    let rules = Rules::new(Language::Python, RULES).unwrap_or_else(|error| panic!("{error}"));
    let cleared = |text: &str| {
        let outcome = marks::check(&rules, text).unwrap_or_else(|error| panic!("{error}"));
        let lines = outcome.cleared.iter().map(|(_, span)| marks::line(text, span.start));
        lines.collect::<Vec<_>>()
    };
    assert_eq!(cleared("import api\napi.sink('a' + 'b')\n"), [2]);
    assert_eq!(cleared("import api\napi.sink(['a', 1])\n"), [2]);
    assert!(cleared("import api\napi.sink(api.other())\n").is_empty());
    assert!(cleared("import api\napi.sink('a' + api.other())\n").is_empty());
    assert!(cleared("import api\napi.sink(api.data)\n").is_empty());
    // It is told of what holds in every walk only.
    let run = "import api\ndef _run(value):\n    api.sink(value)\n_run('x')\n";
    assert_eq!(cleared(run), [3]);
    assert!(cleared(&format!("{run}_run(api.other())\n")).is_empty());
    assert!(cleared(&run.replace("_run", "run")).is_empty());
}
