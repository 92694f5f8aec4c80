//! Which of ruff's rules run.
//!
//! The choice is what a good reviewer would say about a suggestion: wrong code, dangerous code,
//! slow code, code that can be said more simply, names against PEP 8. Layout is left to the
//! formatter. `noqa` comments are not honoured: they are part of what is being judged.

/// The Python version that code is read and judged for, as ruff's `--target-version`.
pub const PYTHON_TARGET: &str = "py312";

/// Selected rules, as ruff's `--select`.
pub const PYTHON_RULES: &[&str] = &[
    "E4",   // imports in the wrong place
    "E7",   // statements: bare except, comparison with None, lambda assignment
    "E9",   // what cannot be read
    "F",    // pyflakes: undefined and unused names, broken format strings
    "W6",   // invalid escape sequences
    "B",    // bugbear: likely bugs
    "C4",   // comprehensions
    "PERF", // slow loops
    "PLE",  // pylint's errors
    "SIM",  // what can be said more simply
    "ASYNC", "RUF006", // blocking calls in async functions, lost tasks
    "S",      // security
    "C901",   // complexity
    "N",      // names
];

/// Rules that are selected above and not wanted, as ruff's `--ignore`.
pub const PYTHON_RULES_OFF: &[&str] = &[
    "B905", // `zip` without `strict`: true of nearly every call, rarely a bug
    "E902", // files that cannot be read: the guard reads none
    "N999", // names of files: not the suggestion's doing
    "PLE2502", "PLE2514",
    "PLE2515", // characters that the `hidden` check reports in every language
    "S101",    // `assert`
    "SIM108",  // ternary instead of `if`: taste
    "SIM105",  // `contextlib.suppress`: taste
];
