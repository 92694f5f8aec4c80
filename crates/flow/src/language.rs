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

    /// The type path of what is built in, for patterns as `str.format`.
    pub(crate) fn built_in(self, which: BuiltIn) -> &'static str {
        let names: [&str; 9] = match self {
            Language::Python => {
                ["str", "bytes", "int", "float", "bool", "list", "dict", "set", "function"]
            }
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
            ],
            Language::Go => {
                ["string", "[]byte", "int", "float64", "bool", "slice", "map", "map", "func"]
            }
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
            ],
            Language::Rust => ["str", "[u8]", "i64", "f64", "bool", "Vec", "map", "set", "fn"],
            Language::C => {
                ["char*", "char*", "int", "double", "bool", "array", "struct", "set", "function"]
            }
        };
        names[which as usize]
    }
}
