//! What is told of each rule of `weakened`.

use types::{Confidence, Severity};

use crate::rule_doc::RuleDoc;

pub(super) const TEST_REMOVED: usize = 0;
pub(super) const TEST_EMPTIED: usize = 1;
pub(super) const TEST_SKIPPED: usize = 2;
pub(super) const ASSERTION_REMOVED: usize = 3;
pub(super) const ASSERTION_LOOSENED: usize = 4;
pub(super) const EXPECTATION_CHANGED: usize = 5;
pub(super) const ERROR_SWALLOWED: usize = 6;
pub(super) const TLS_OFF: usize = 7;
pub(super) const GUARD_REMOVED: usize = 8;
pub(super) const LIMIT_REMOVED: usize = 9;
pub(super) const CHECK_BYPASSED: usize = 10;
pub(super) const CHECK_DISABLED: usize = 11;
pub(super) const POLICY_LOOSENED: usize = 12;
pub(super) const UNSAFE_ADDED: usize = 13;

/// How sure a rule is in its plain case.
pub(super) fn confidence(rule: usize) -> Confidence {
    match rule {
        TEST_EMPTIED | TEST_SKIPPED | UNSAFE_ADDED => Confidence::High,
        _ => Confidence::Medium,
    }
}

/// In the order of the numbers above.
pub(crate) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "MW-TEST-REMOVED",
        title: "A test was deleted",
        severity: Severity::Warning,
        cwe: &[],
        explanation: "The edit deletes a test and adds none in its place. A test that fails is \
            easily made to pass by deleting it. Keep it, or say what makes it needless.",
        bad: "def test_a():\n    assert f(1) == 2",
        good: "def test_a():\n    assert f(1) == 2\n\n\ndef test_b():\n    assert f(2) == 4",
    },
    RuleDoc {
        id: "MW-TEST-EMPTIED",
        title: "A test no longer checks anything",
        severity: Severity::Error,
        cwe: &[],
        explanation: "The test is still there and all its assertions are gone, so it passes \
            whatever the code does. Put them back, or delete the test openly.",
        bad: "def test_a():\n    f(1)",
        good: "def test_a():\n    assert f(1) == 2",
    },
    RuleDoc {
        id: "MW-TEST-SKIPPED",
        title: "A test is skipped, or only some are run",
        severity: Severity::Warning,
        cwe: &[],
        explanation: "The edit marks a test to be skipped or to be expected to fail, or has only \
            the marked tests run. What it would have found goes unseen.",
        bad: "it.skip('adds', () => { expect(add(1, 2)).toBe(3); });",
        good: "it('adds', () => { expect(add(1, 2)).toBe(3); });",
    },
    RuleDoc {
        id: "MW-ASSERTION-REMOVED",
        title: "A test checks less than before",
        severity: Severity::Warning,
        cwe: &[],
        explanation: "The test has fewer assertions than before the edit. Keep them, or show that \
            others say the same.",
        bad: "def test_a():\n    assert f(1) == 2",
        good: "def test_a():\n    assert f(1) == 2\n    assert f(2) == 4",
    },
    RuleDoc {
        id: "MW-ASSERTION-LOOSENED",
        title: "An assertion lets more pass than before",
        severity: Severity::Warning,
        cwe: &[],
        explanation: "A comparison with the exact value became one that nearly any value \
            satisfies, or a tolerance was widened. The test passes, and no longer says what it \
            said.",
        bad: "def test_a():\n    assert f(1) is not None",
        good: "def test_a():\n    assert f(1) == 2",
    },
    RuleDoc {
        id: "MW-EXPECTATION-CHANGED",
        title: "A test expects something else than before",
        severity: Severity::Info,
        cwe: &[],
        explanation: "The expected value of an assertion was changed. That is right where the \
            behaviour is meant to change, and hides a fault where it is not.",
        bad: "def test_a():\n    assert f(1) == 3",
        good: "def test_a():\n    assert f(1) == 2",
    },
    RuleDoc {
        id: "MW-ERROR-SWALLOWED",
        title: "An error that nobody will see",
        severity: Severity::Warning,
        cwe: &["CWE-390", "CWE-1069"],
        explanation: "The edit brings a handler that does nothing with what it catches, so the \
            program goes on with half of its work done. Handle what can be handled, and let the \
            rest pass.",
        bad: "try { save(row); } catch (error) {}",
        good: "save(row);",
    },
    RuleDoc {
        id: "MW-TLS-VERIFICATION-OFF",
        title: "Certificates are no longer verified",
        severity: Severity::Warning,
        cwe: &["CWE-295"],
        explanation: "Without verification anybody between the two sides can read and change what \
            they say. Make the certificate trusted instead: add the authority that signed it.",
        bad: "const agent = new Agent({ rejectUnauthorized: false });",
        good: "const agent = new Agent({ ca: authority });",
    },
    RuleDoc {
        id: "MW-GUARD-REMOVED",
        title: "A guard was taken away",
        severity: Severity::Warning,
        cwe: &["CWE-862", "CWE-693"],
        explanation: "A check of who is asking, of what is given or of where a request comes from \
            is gone, and what it guarded is still there. Put it back, or show what takes its \
            place.",
        bad: "def delete(request, id):\n    Row.objects.get(id=id).delete()",
        good: "@login_required\ndef delete(request, id):\n    Row.objects.get(id=id).delete()",
    },
    RuleDoc {
        id: "MW-LIMIT-REMOVED",
        title: "A limit was taken away",
        severity: Severity::Warning,
        cwe: &["CWE-770", "CWE-400"],
        explanation: "A time limit or a limit of the rate is gone. Without one a single slow or \
            busy caller can stop the program for all others.",
        bad: "answer = client.get(url)",
        good: "answer = client.get(url, timeout=5)",
    },
    RuleDoc {
        id: "MW-CHECK-BYPASSED",
        title: "A step is made to pass whatever happens",
        severity: Severity::Warning,
        cwe: &[],
        explanation: "A script or a job of the continuous integration goes on although a step \
            failed, or leaves the step out: `|| true`, `set +e`, `--no-verify`, \
            `continue-on-error`. Correct what fails.",
        bad: "cargo test || true",
        good: "cargo test",
    },
    RuleDoc {
        id: "MW-CHECK-DISABLED",
        title: "A check was switched off or lowered",
        severity: Severity::Warning,
        cwe: &[],
        explanation: "A setting of a linter, a type checker or a coverage limit now lets more \
            through than before. Correct what it reports.",
        bad: "{\n  \"strict\": false\n}",
        good: "{\n  \"strict\": true\n}",
    },
    RuleDoc {
        id: "MW-POLICY-LOOSENED",
        title: "Other origins may do more than before",
        severity: Severity::Warning,
        cwe: &["CWE-942", "CWE-693"],
        explanation: "The edit allows every origin (CORS) or scripts from inside the page (CSP). \
            Name the origins that need it; give scripts a nonce or a hash.",
        bad: "app.add_middleware(CORSMiddleware, allow_origins=[\"*\"])",
        good: "app.add_middleware(CORSMiddleware, allow_origins=[site])",
    },
    RuleDoc {
        id: "MW-UNSAFE-ADDED",
        title: "Code outside the compiler's guarantees",
        severity: Severity::Info,
        cwe: &[],
        explanation: "The edit brings `unsafe` code. The compiler no longer proves that memory is \
            used rightly; a person has to.",
        bad: "fn first(v: &[u8]) -> u8 { unsafe { *v.get_unchecked(0) } }",
        good: "fn first(v: &[u8]) -> u8 { v[0] }",
    },
];
