//! The languages that have a lowering, and how they name what every language has.

/// A language, or a family that is lowered alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Python.
    Python,
    /// JavaScript and TypeScript.
    JavaScript,
    /// Go.
    Go,
    /// Java.
    Java,
    /// Rust.
    Rust,
    /// C and C++.
    C,
}

/// A type that is built into every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuiltIn {
    Text,
    Bytes,
    Integer,
    Float,
    Boolean,
    List,
    Dictionary,
    Set,
    Function,
    Regex,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 6] = [
        Language::Python,
        Language::JavaScript,
        Language::Go,
        Language::Java,
        Language::Rust,
        Language::C,
    ];

    /// The name of its folder below `rules` and `models`.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Language::Python => "python",
            Language::JavaScript => "javascript",
            Language::Go => "go",
            Language::Java => "java",
            Language::Rust => "rust",
            Language::C => "c",
        }
    }

    /// How ids of its rules begin.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Language::Python => "PY",
            Language::JavaScript => "JS",
            Language::Go => "GO",
            Language::Java => "JAVA",
            Language::Rust => "RS",
            Language::C => "C",
        }
    }

    /// Whether a type path is one of what is built in.
    pub(crate) fn is_built_in(self, path: &str) -> bool {
        self.built_ins().contains(&path)
    }

    /// The type path of what is built in, for patterns as `str.format`.
    pub(crate) fn built_in(self, which: BuiltIn) -> &'static str {
        self.built_ins()[which as usize]
    }

    /// In the order of [`BuiltIn`].
    fn built_ins(self) -> [&'static str; 10] {
        match self {
            Language::Python => [
                "str",
                "bytes",
                "int",
                "float",
                "bool",
                "list",
                "dict",
                "set",
                "function",
                "re.Pattern",
            ],
            Language::JavaScript => [
                "String",
                "Uint8Array",
                "Number",
                "Number",
                "Boolean",
                "Array",
                "Object",
                "Set",
                "Function",
                "RegExp",
            ],
            Language::Go => [
                "string",
                "[]byte",
                "int",
                "float64",
                "bool",
                "slice",
                "map",
                "map",
                "func",
                "regexp.Regexp",
            ],
            Language::Java => [
                "java.lang.String",
                "byte[]",
                "int",
                "double",
                "boolean",
                "java.util.List",
                "java.util.Map",
                "java.util.Set",
                "java.util.function.Function",
                "java.util.regex.Pattern",
            ],
            Language::Rust => {
                ["str", "[u8]", "i64", "f64", "bool", "Vec", "map", "set", "fn", "regex.Regex"]
            }
            Language::C => [
                "char*", "char*", "int", "double", "bool", "array", "struct", "set", "function",
                "regex",
            ],
        }
    }
}
