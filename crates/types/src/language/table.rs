//! The table of languages: what a file of each is called, and what its comments and texts look
//! like. A new one is a variant and a row here, and a file in the guard.

use super::lexis::{
    C, C_SHARP, CPP, CSS, DART, GO, HASH, HASKELL, HCL, JSON, JULIA, LUA, Lexis, MARKUP, NIX,
    OCAML, PHP, PYTHON, R, RUBY, RUST, SCRIPT, SQL, TOML, TRIPLE, TWO_QUOTES, ZIG,
};

/// A programming language with at least a syntax check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are the languages' names")]
pub enum Language {
    Python,
    JavaScript,
    TypeScript,
    /// TypeScript with JSX: a grammar of its own.
    Tsx,
    Rust,
    Go,
    Bash,
    C,
    Cpp,
    CSharp,
    Css,
    Dart,
    Dockerfile,
    Elixir,
    Haskell,
    Hcl,
    Html,
    Java,
    Json,
    Julia,
    Kotlin,
    Lua,
    Nix,
    OCaml,
    Php,
    Protobuf,
    R,
    Ruby,
    Scala,
    Solidity,
    Sql,
    Swift,
    Toml,
    Yaml,
    Zig,
}

/// What is known of a language without reading any of its text.
pub(super) struct Row {
    pub language: Language,
    /// The name used on the command line and in JSON.
    pub name: &'static str,
    /// File extensions, the usual one first.
    pub extensions: &'static [&'static str],
    /// Names of files without a telling extension.
    pub files: &'static [&'static str],
    /// Programs that a first line with `#!` names.
    pub interpreters: &'static [&'static str],
    pub lexis: &'static Lexis,
}

/// A row for every language, in the order of the variants and as they are listed to people.
#[rustfmt::skip]
pub(super) const TABLE: &[Row] = &[
    Row {
        language: Language::Python, name: "python", lexis: &PYTHON,
        extensions: &["py", "pyi", "pyw"],
        files: &["SConstruct", "SConscript"],
        interpreters: &["python", "pypy"],
    },
    Row {
        language: Language::JavaScript, name: "javascript", lexis: &SCRIPT,
        extensions: &["js", "mjs", "cjs", "jsx"],
        files: &[],
        interpreters: &["node", "nodejs"],
    },
    Row {
        language: Language::TypeScript, name: "typescript", lexis: &SCRIPT,
        extensions: &["ts", "mts", "cts"],
        files: &[],
        interpreters: &["deno", "bun", "ts-node"],
    },
    Row {
        language: Language::Tsx, name: "tsx", lexis: &SCRIPT,
        extensions: &["tsx"],
        files: &[],
        interpreters: &[],
    },
    Row {
        language: Language::Rust, name: "rust", lexis: &RUST,
        extensions: &["rs"],
        files: &[],
        interpreters: &[],
    },
    Row {
        language: Language::Go, name: "go", lexis: &GO,
        extensions: &["go"],
        files: &[],
        interpreters: &[],
    },
    Row {
        language: Language::Bash, name: "bash", lexis: &HASH,
        extensions: &["sh", "bash"],
        files: &[".bashrc", ".bash_profile", ".bash_aliases", ".bash_logout", ".profile", "PKGBUILD", "APKBUILD"],
        interpreters: &["sh", "bash", "dash", "ash"],
    },
    Row {
        language: Language::C, name: "c", lexis: &C,
        extensions: &["c", "h"],
        files: &[],
        interpreters: &[],
    },
    Row {
        language: Language::Cpp, name: "cpp", lexis: &CPP,
        extensions: &["cpp", "cc", "cxx", "c++", "hpp", "hh", "hxx", "h++", "ipp", "tpp"],
        files: &[],
        interpreters: &[],
    },
    Row {
        language: Language::CSharp, name: "csharp", lexis: &C_SHARP,
        extensions: &["cs", "csx"],
        files: &[],
        interpreters: &[],
    },
    Row {
        language: Language::Css, name: "css", lexis: &CSS,
        extensions: &["css"],
        files: &[],
        interpreters: &[],
    },
    Row {
        language: Language::Dart, name: "dart", lexis: &DART,
        extensions: &["dart"],
        files: &[],
        interpreters: &["dart"],
    },
    Row {
        language: Language::Dockerfile, name: "dockerfile", lexis: &HASH,
        extensions: &["dockerfile", "containerfile"],
        files: &["Dockerfile", "Containerfile"],
        interpreters: &[],
    },
    Row {
        language: Language::Elixir, name: "elixir", lexis: &HASH,
        extensions: &["ex", "exs"],
        files: &[],
        interpreters: &["elixir"],
    },
    Row {
        language: Language::Haskell, name: "haskell", lexis: &HASKELL,
        extensions: &["hs"],
        files: &[],
        interpreters: &["runghc", "runhaskell"],
    },
    Row {
        language: Language::Hcl, name: "hcl", lexis: &HCL,
        extensions: &["hcl", "tf", "tfvars"],
        files: &[],
        interpreters: &[],
    },
    Row {
        language: Language::Html, name: "html", lexis: &MARKUP,
        extensions: &["html", "htm"],
        files: &[],
        interpreters: &[],
    },
    Row {
        language: Language::Java, name: "java", lexis: &TRIPLE,
        extensions: &["java"],
        files: &[],
        interpreters: &["java"],
    },
    Row {
        language: Language::Json, name: "json", lexis: &JSON,
        extensions: &["json", "jsonc", "webmanifest", "geojson", "ipynb"],
        files: &["composer.lock", "flake.lock", "Pipfile.lock"],
        interpreters: &[],
    },
    Row {
        language: Language::Julia, name: "julia", lexis: &JULIA,
        extensions: &["jl"],
        files: &[],
        interpreters: &["julia"],
    },
    Row {
        language: Language::Kotlin, name: "kotlin", lexis: &TRIPLE,
        extensions: &["kt", "kts"],
        files: &[],
        interpreters: &["kotlin"],
    },
    Row {
        language: Language::Lua, name: "lua", lexis: &LUA,
        extensions: &["lua"],
        files: &[],
        interpreters: &["lua", "luajit"],
    },
    Row {
        language: Language::Nix, name: "nix", lexis: &NIX,
        extensions: &["nix"],
        files: &[],
        interpreters: &[],
    },
    Row {
        language: Language::OCaml, name: "ocaml", lexis: &OCAML,
        extensions: &["ml"],
        files: &[],
        interpreters: &["ocaml"],
    },
    Row {
        language: Language::Php, name: "php", lexis: &PHP,
        extensions: &["php"],
        files: &[],
        interpreters: &["php"],
    },
    Row {
        language: Language::Protobuf, name: "protobuf", lexis: &TWO_QUOTES,
        extensions: &["proto"],
        files: &[],
        interpreters: &[],
    },
    Row {
        language: Language::R, name: "r", lexis: &R,
        extensions: &["r"],
        files: &[".Rprofile"],
        interpreters: &["Rscript"],
    },
    Row {
        language: Language::Ruby, name: "ruby", lexis: &RUBY,
        extensions: &["rb", "rake", "gemspec", "ru"],
        files: &["Rakefile", "Gemfile", "Vagrantfile", "Podfile", "Guardfile", "Fastfile"],
        interpreters: &["ruby", "jruby"],
    },
    Row {
        language: Language::Scala, name: "scala", lexis: &TRIPLE,
        extensions: &["scala", "sc", "sbt"],
        files: &[],
        interpreters: &["scala"],
    },
    Row {
        language: Language::Solidity, name: "solidity", lexis: &TWO_QUOTES,
        extensions: &["sol"],
        files: &[],
        interpreters: &[],
    },
    Row {
        language: Language::Sql, name: "sql", lexis: &SQL,
        extensions: &["sql"],
        files: &[],
        interpreters: &[],
    },
    Row {
        language: Language::Swift, name: "swift", lexis: &TRIPLE,
        extensions: &["swift"],
        files: &[],
        interpreters: &["swift"],
    },
    Row {
        language: Language::Toml, name: "toml", lexis: &TOML,
        extensions: &["toml"],
        files: &["Cargo.lock", "poetry.lock", "uv.lock", "Pipfile"],
        interpreters: &[],
    },
    Row {
        language: Language::Yaml, name: "yaml", lexis: &HASH,
        extensions: &["yaml", "yml"],
        files: &[".clang-format", ".clang-tidy"],
        interpreters: &[],
    },
    Row {
        language: Language::Zig, name: "zig", lexis: &ZIG,
        extensions: &["zig", "zon"],
        files: &[],
        interpreters: &[],
    },
];
