//! The marks with which tools are told to look away, from the tools' own documentation.

/// What a mark silences; the order is that of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silences {
    Lint,
    Types,
    Security,
    Secret,
    Coverage,
    Format,
}

/// A mark in a comment.
pub(super) struct Marker {
    /// How it reads, in any case.
    pub word: &'static str,
    pub place: Where,
    pub silences: Silences,
    pub tool: &'static str,
    /// Whether the rules that are silenced can be named behind it; without names it silences all.
    pub names: bool,
}

/// Where in a comment the mark counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where {
    Start,
    Anywhere,
}

/// An attribute or a directive, as tokens.
pub(super) struct Attribute {
    pub words: &'static [&'static str],
    pub silences: Silences,
    pub tool: &'static str,
    /// Whether one that gives its reason is a person's usual way and no finding.
    pub reason_excuses: bool,
}

const fn named(word: &'static str, silences: Silences, tool: &'static str) -> Marker {
    Marker { word, place: Where::Start, silences, tool, names: true }
}

const fn plain(word: &'static str, silences: Silences, tool: &'static str) -> Marker {
    Marker { word, place: Where::Start, silences, tool, names: false }
}

const fn within(word: &'static str, silences: Silences, tool: &'static str) -> Marker {
    Marker { word, place: Where::Anywhere, silences, tool, names: false }
}

use Silences::{Coverage, Format, Lint, Secret, Security, Types};

/// Longer marks stand before those they begin with.
pub(super) const MARKERS: &[Marker] = &[
    // Python
    named("ruff: noqa", Lint, "ruff"),
    named("ruff:noqa", Lint, "ruff"),
    named("flake8: noqa", Lint, "flake8"),
    named("noqa", Lint, "the linter"),
    named("nosec", Security, "the security scanner"),
    named("type: ignore", Types, "the type checker"),
    named("type:ignore", Types, "the type checker"),
    named("pyright: ignore", Types, "pyright"),
    plain("pyright: basic", Types, "pyright"),
    plain("mypy: ignore-errors", Types, "mypy"),
    plain("mypy: disable-error-code", Types, "mypy"),
    plain("mypy: allow-untyped-defs", Types, "mypy"),
    named("ty: ignore", Types, "ty"),
    named("pytype: disable", Types, "pytype"),
    named("pyre-ignore", Types, "pyre"),
    named("pyre-fixme", Types, "pyre"),
    plain("pyre-unsafe", Types, "pyre"),
    named("pylint: disable", Lint, "pylint"),
    named("pylint:disable", Lint, "pylint"),
    plain("pylint: skip-file", Lint, "pylint"),
    plain("pragma: no cover", Coverage, "coverage.py"),
    plain("pragma: no branch", Coverage, "coverage.py"),
    plain("pragma: no mutate", Coverage, "mutmut"),
    plain("fmt: off", Format, "the formatter"),
    plain("fmt: skip", Format, "the formatter"),
    plain("yapf: disable", Format, "yapf"),
    plain("isort: skip", Format, "isort"),
    plain("isort: off", Format, "isort"),
    // JavaScript and TypeScript
    named("eslint-disable-next-line", Lint, "ESLint"),
    named("eslint-disable-line", Lint, "ESLint"),
    named("eslint-disable", Lint, "ESLint"),
    named("oxlint-disable-next-line", Lint, "oxlint"),
    named("oxlint-disable", Lint, "oxlint"),
    named("tslint:disable", Lint, "TSLint"),
    named("deno-lint-ignore", Lint, "deno lint"),
    named("deno-lint-ignore-file", Lint, "deno lint"),
    plain("jshint ignore", Lint, "JSHint"),
    plain("jscs:disable", Lint, "JSCS"),
    named("stylelint-disable", Lint, "stylelint"),
    named("stylelint-disable-next-line", Lint, "stylelint"),
    named("stylelint-disable-line", Lint, "stylelint"),
    plain("biome-ignore", Lint, "Biome"),
    plain("biome-ignore-all", Lint, "Biome"),
    plain("biome-ignore-start", Lint, "Biome"),
    plain("rome-ignore", Lint, "Rome"),
    plain("@ts-ignore", Types, "TypeScript"),
    plain("@ts-expect-error", Types, "TypeScript"),
    plain("@ts-nocheck", Types, "TypeScript"),
    named("$FlowFixMe", Types, "Flow"),
    named("$FlowIgnore", Types, "Flow"),
    plain("prettier-ignore", Format, "Prettier"),
    plain("prettier-ignore-start", Format, "Prettier"),
    plain("dprint-ignore", Format, "dprint"),
    plain("istanbul ignore", Coverage, "Istanbul"),
    plain("c8 ignore", Coverage, "c8"),
    plain("v8 ignore", Coverage, "V8 coverage"),
    plain("node:coverage ignore", Coverage, "the test runner"),
    plain("node:coverage disable", Coverage, "the test runner"),
    plain("Stryker disable", Coverage, "Stryker"),
    // Go
    named("nolint", Lint, "golangci-lint"),
    named("lint:ignore", Lint, "staticcheck"),
    named("lint:file-ignore", Lint, "staticcheck"),
    // C and C++
    within("NOLINTNEXTLINE", Lint, "clang-tidy"),
    within("NOLINTBEGIN", Lint, "clang-tidy"),
    within("NOLINT", Lint, "clang-tidy"),
    plain("clang-format off", Format, "clang-format"),
    plain("cppcheck-suppress", Lint, "cppcheck"),
    plain("coverity[", Security, "Coverity"),
    plain("LCOV_EXCL_START", Coverage, "lcov"),
    plain("LCOV_EXCL_LINE", Coverage, "lcov"),
    plain("GCOVR_EXCL_START", Coverage, "gcovr"),
    plain("GCOVR_EXCL_LINE", Coverage, "gcovr"),
    // Java, Kotlin, C#, Swift, Dart, PHP
    within("NOSONAR", Security, "SonarQube"),
    within("NOPMD", Lint, "PMD"),
    plain("CHECKSTYLE:OFF", Lint, "Checkstyle"),
    plain("CHECKSTYLE.OFF", Lint, "Checkstyle"),
    plain("@formatter:off", Format, "the formatter"),
    plain("ktlint-disable", Lint, "ktlint"),
    plain("noinspection", Lint, "the IDE's inspections"),
    plain("ReSharper disable", Lint, "ReSharper"),
    named("swiftlint:disable", Lint, "SwiftLint"),
    named("swift-format-ignore", Format, "swift-format"),
    plain("swiftformat:disable", Format, "SwiftFormat"),
    plain("ignore_for_file:", Lint, "the Dart analyzer"),
    plain("coverage:ignore", Coverage, "Dart's coverage"),
    plain("@phpstan-ignore", Types, "PHPStan"),
    plain("@psalm-suppress", Types, "Psalm"),
    named("phpcs:ignore", Lint, "PHP_CodeSniffer"),
    named("phpcs:disable", Lint, "PHP_CodeSniffer"),
    plain("@codeCoverageIgnore", Coverage, "PHPUnit"),
    plain("scalastyle:off", Lint, "Scalastyle"),
    // Ruby, shell, configuration
    named("rubocop:disable", Lint, "RuboCop"),
    named("rubocop:todo", Lint, "RuboCop"),
    plain(":nocov:", Coverage, "SimpleCov"),
    plain("typed: false", Types, "Sorbet"),
    plain("typed: ignore", Types, "Sorbet"),
    plain("shellcheck disable", Lint, "ShellCheck"),
    plain("hadolint ignore", Lint, "hadolint"),
    named("yamllint disable", Lint, "yamllint"),
    named("markdownlint-disable", Lint, "markdownlint"),
    plain("sqlfluff:off", Lint, "SQLFluff"),
    // Security and secrets, any language
    named("nosemgrep", Security, "Semgrep"),
    within("nosemgrep", Security, "Semgrep"),
    within("lgtm[", Security, "CodeQL"),
    within("codeql[", Security, "CodeQL"),
    within("checkov:skip", Security, "Checkov"),
    within("tfsec:ignore", Security, "tfsec"),
    within("trivy:ignore", Security, "Trivy"),
    within("kics-scan ignore", Security, "KICS"),
    within("deepcode ignore", Security, "Snyk"),
    within("bearer:disable", Security, "Bearer"),
    within("zizmor: ignore", Security, "zizmor"),
    within("brakeman:ignore", Security, "Brakeman"),
    within("gitleaks:allow", Secret, "gitleaks"),
    within("betterleaks:allow", Secret, "betterleaks"),
    within("trufflehog:ignore", Secret, "TruffleHog"),
    within("ggignore", Secret, "GitGuardian"),
    within("kingfisher:ignore", Secret, "Kingfisher"),
    within("pragma: allowlist secret", Secret, "detect-secrets"),
    within("pragma: allowlist nextline secret", Secret, "detect-secrets"),
    within("pragma: whitelist secret", Secret, "detect-secrets"),
];

/// Longer ones stand beside those they begin with: tokens are compared whole.
pub(super) const ATTRIBUTES: &[Attribute] = &[
    rust(&["#", "[", "allow"]),
    rust(&["#", "!", "[", "allow"]),
    rust(&["#", "[", "expect"]),
    rust(&["#", "!", "[", "expect"]),
    other(&["#", "[", "rustfmt", "::", "skip"], Format, "rustfmt"),
    other(&["#", "[", "coverage", "(", "off"], Coverage, "the coverage"),
    other(&["@", "SuppressWarnings"], Lint, "the compiler and its linters"),
    other(&["@", "SuppressFBWarnings"], Security, "SpotBugs"),
    other(&["@", "SuppressLint"], Lint, "Android Lint"),
    other(&["@", "Suppress"], Lint, "the compiler and its linters"),
    other(&["@", "file", ":", "Suppress"], Lint, "the compiler and its linters"),
    other(&["@", "nowarn"], Lint, "the compiler"),
    other(&["@", "no_type_check"], Types, "the type checker"),
    other(&["@", "typing", ".", "no_type_check"], Types, "the type checker"),
    other(&["#", "pragma", "warning", "disable"], Lint, "the compiler"),
    other(&["#", "pragma", "warning", "(", "disable"], Lint, "the compiler"),
    other(&["#", "pragma", "GCC", "diagnostic", "ignored"], Lint, "the compiler"),
    other(&["#", "pragma", "clang", "diagnostic", "ignored"], Lint, "the compiler"),
    other(&["[", "SuppressMessage"], Lint, "the analyzers"),
    other(&["[", "ExcludeFromCodeCoverage"], Coverage, "the coverage"),
];

const fn rust(words: &'static [&'static str]) -> Attribute {
    Attribute { words, silences: Lint, tool: "the compiler and Clippy", reason_excuses: true }
}

const fn other(
    words: &'static [&'static str],
    silences: Silences,
    tool: &'static str,
) -> Attribute {
    Attribute { words, silences, tool, reason_excuses: false }
}
