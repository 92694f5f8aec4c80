//! Which marks begin comments and texts, by file name.

/// How one family of languages writes comments and texts.
#[derive(Debug)]
pub(crate) struct Family {
    /// Marks of comments to the end of the line.
    pub line: &'static [&'static str],
    /// Marks of comments that are closed.
    pub block: &'static [(&'static str, &'static str)],
    /// Whether closed comments nest.
    pub nests: bool,
    /// Whether a comment to the end of the line begins only after a blank or at the line's start.
    pub line_after_blank: bool,
    /// Whether such a comment begins only at the line's start.
    pub line_at_start: bool,
    /// Quotes of texts.
    pub quotes: &'static [char],
    /// Whether a backslash takes the meaning of the next character in a text.
    pub escapes: bool,
    /// Whether texts go over several lines.
    pub long_texts: bool,
    /// Whether a quote begins a text only where no word stands before it.
    pub quote_after_word: bool,
    /// Whether three quotes begin a text over several lines.
    pub triple: bool,
    /// Whether an apostrophe begins one character, or is a mark (`'a`).
    pub characters: bool,
    pub special: Special,
}

/// What only some families have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    None,
    /// Texts between backticks, with code in `${...}`, and patterns between slashes.
    JavaScript,
    /// Texts between backticks, as they are.
    Backticks,
    /// `r#"..."#`.
    RawHashes,
    /// Texts from `<<WORD` to a line with that word.
    HereDocuments,
    /// Prefixes of texts: `rb'...'`.
    Prefixes,
}

const PLAIN: Family = Family {
    line: &[],
    block: &[],
    nests: false,
    line_after_blank: false,
    line_at_start: false,
    quotes: &[],
    escapes: true,
    long_texts: false,
    quote_after_word: true,
    triple: false,
    characters: false,
    special: Special::None,
};

const BLOCK: &[(&str, &str)] = &[("/*", "*/")];

static UNKNOWN: Family = PLAIN;

static PYTHON: Family = Family {
    line: &["#"],
    quotes: &['"', '\''],
    triple: true,
    special: Special::Prefixes,
    ..PLAIN
};

static JAVASCRIPT: Family = Family {
    line: &["//"],
    block: BLOCK,
    quotes: &['"', '\''],
    special: Special::JavaScript,
    ..PLAIN
};

static RUST: Family = Family {
    line: &["//"],
    block: BLOCK,
    nests: true,
    quotes: &['"'],
    long_texts: true,
    characters: true,
    special: Special::RawHashes,
    ..PLAIN
};

static GO: Family = Family {
    line: &["//"],
    block: BLOCK,
    quotes: &['"'],
    characters: true,
    special: Special::Backticks,
    ..PLAIN
};

/// C and most that look like it.
static C: Family =
    Family { line: &["//"], block: BLOCK, quotes: &['"'], triple: true, characters: true, ..PLAIN };

static PHP: Family = Family {
    line: &["//", "#"],
    block: BLOCK,
    quotes: &['"', '\''],
    long_texts: true,
    quote_after_word: false,
    ..PLAIN
};

static CSS: Family = Family { block: BLOCK, quotes: &['"', '\''], ..PLAIN };

static JSON: Family = Family { line: &["//"], block: BLOCK, quotes: &['"'], ..PLAIN };

static SHELL: Family = Family {
    line: &["#"],
    line_after_blank: true,
    quotes: &['"', '\''],
    long_texts: true,
    special: Special::HereDocuments,
    ..PLAIN
};

/// Ruby, R, Julia, Perl, TOML, Makefiles.
static HASH: Family = Family { line: &["#"], quotes: &['"', '\''], triple: true, ..PLAIN };

static YAML: Family = Family {
    line: &["#"],
    line_after_blank: true,
    quotes: &['"', '\''],
    quote_after_word: false,
    ..PLAIN
};

/// HCL, Nix, Thrift, GraphQL.
static HASH_OR_SLASHES: Family =
    Family { line: &["#", "//"], block: BLOCK, quotes: &['"'], ..PLAIN };

static DOCKERFILE: Family =
    Family { line: &["#"], line_at_start: true, quotes: &['"', '\''], ..PLAIN };

static INI: Family = Family { line: &["#", ";"], line_at_start: true, ..PLAIN };

static SQL: Family = Family {
    line: &["--"],
    block: BLOCK,
    quotes: &['\'', '"'],
    escapes: false,
    quote_after_word: false,
    ..PLAIN
};

static LUA: Family =
    Family { line: &["--"], block: &[("--[[", "]]")], quotes: &['"', '\''], ..PLAIN };

static HASKELL: Family = Family {
    line: &["--"],
    block: &[("{-", "-}")],
    nests: true,
    quotes: &['"'],
    characters: true,
    ..PLAIN
};

static MARKUP: Family = Family { block: &[("<!--", "-->")], ..PLAIN };

/// Families by the end of a file's name.
static BY_EXTENSION: &[(&Family, &[&str])] = &[
    (&PYTHON, &["py", "pyi", "pyw", "pyx", "bzl", "star"]),
    (&JAVASCRIPT, &["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"]),
    (&RUST, &["rs"]),
    (&GO, &["go"]),
    (
        &C,
        &[
            "c", "h", "cc", "cpp", "cxx", "hh", "hpp", "hxx", "m", "mm", "java", "cs", "kt", "kts",
            "swift", "scala", "dart", "sol", "zig", "proto", "groovy", "gradle", "v", "cu",
        ],
    ),
    (&PHP, &["php"]),
    (&CSS, &["css"]),
    (&C, &["scss", "less", "sass"]),
    (&JSON, &["json", "jsonc", "json5"]),
    (&SHELL, &["sh", "bash", "zsh", "ksh", "bats"]),
    (&HASH, &["rb", "r", "jl", "pl", "pm", "toml", "mk", "ex", "exs", "cmake", "ps1", "rake"]),
    (&YAML, &["yaml", "yml"]),
    (&HASH_OR_SLASHES, &["tf", "hcl", "nix", "thrift", "graphql", "gql"]),
    (&INI, &["ini", "cfg", "conf", "properties", "env"]),
    (&SQL, &["sql", "vhd", "adb", "ads", "elm"]),
    (&LUA, &["lua"]),
    (&HASKELL, &["hs"]),
    (&MARKUP, &["html", "htm", "xml", "svg", "xhtml", "md", "markdown", "vue", "svelte"]),
];

/// Families by a file's whole name, in lower case.
static BY_NAME: &[(&Family, &[&str])] = &[
    (&DOCKERFILE, &["dockerfile", "containerfile", ".dockerignore", ".gitignore"]),
    (&HASH, &["makefile", "gnumakefile", "gemfile", "rakefile", "pipfile", "vagrantfile"]),
    (&INI, &["setup.cfg", ".coveragerc", ".pylintrc", ".flake8", ".npmrc", ".editorconfig"]),
    (&INI, &["go.mod"]),
    (&JSON, &[".eslintrc", ".babelrc", ".swcrc"]),
    (&SHELL, &[".bashrc", ".profile", "pre-commit", "pre-push", "commit-msg"]),
];

impl Family {
    /// The family of a file by its name, else by the interpreter that its first line names.
    pub(crate) fn of(path: &str, text: &str) -> &'static Family {
        let name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
        let listed = |table: &'static [(&'static Family, &[&str])], wanted: &str| {
            table.iter().find(|(_, names)| names.contains(&wanted)).map(|(family, _)| *family)
        };
        if let Some(family) = listed(BY_NAME, &name) {
            return family;
        }
        if name.starts_with("dockerfile.") || name.ends_with(".dockerfile") {
            return &DOCKERFILE;
        }
        if name.starts_with("requirements") && name.ends_with(".txt") {
            return &INI;
        }
        if let Some((_, extension)) = name.rsplit_once('.')
            && let Some(family) = listed(BY_EXTENSION, extension)
        {
            return family;
        }
        let first = text.lines().next().filter(|line| line.starts_with("#!")).unwrap_or_default();
        for (word, family) in [("python", &PYTHON), ("node", &JAVASCRIPT), ("sh", &SHELL)] {
            if first.contains(word) {
                return family;
            }
        }
        &UNKNOWN
    }
}
