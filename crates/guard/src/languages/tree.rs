//! Reading a text with a tree-sitter grammar: syntax errors, functions and names in one walk.
//!
//! Every walk is a loop over a cursor, never a recursion: the depth of a tree is the text's to
//! choose.

use std::collections::HashMap;
use std::ops::{ControlFlow, Range};
use std::sync::OnceLock;

use tree_sitter::{Language, Node, ParseOptions, Parser, Tree, TreeCursor};

use super::naming::Convention;
use crate::analysis::{Analysis, Function, Name, SyntaxError};

/// Syntax errors reported for one text.
const ERRORS_MAX: usize = 100;

/// How much the parser may work: its progress reports, of a hundred steps each. Error recovery on
/// hostile input takes far more than linear time.
/// Real code stays below one report for 75 bytes.
const BYTES_PER_REPORT: usize = 16;
const REPORTS_BASE: usize = 4_000;
const REPORTS_MAX: usize = 40_000;

/// What to know about a language to read it. Strings are node kinds of its grammar.
pub(crate) struct Grammar {
    pub name: &'static str,
    pub language: fn() -> Language,
    /// Bodies that are measured on their own.
    pub functions: &'static [&'static str],
    /// Nodes that add a path.
    pub branches: &'static [&'static str],
    /// Nodes whose branches cover every case, so that one of them adds no path.
    pub exhaustive: &'static [&'static str],
    /// Tokens that add a path.
    pub operators: &'static [&'static str],
    /// Nodes whose contents are one level deeper, unless they stand in the `else` of their like.
    pub nesting: &'static [&'static str],
    /// Parameters that are not counted.
    pub receivers: &'static [&'static str],
    /// Declared names: kind of the parent, field in it (empty for none), how it is written.
    pub names: &'static [(&'static str, &'static str, Convention)],
    /// Nodes between a declaration and its names.
    pub lists: &'static [&'static str],
    pub tables: OnceLock<Tables>,
}

/// The grammar's tables by the parser's numbers.
pub(crate) struct Tables {
    /// For each node kind, what it means.
    kinds: Vec<Meaning>,
    names: HashMap<(u16, u16), Convention>,
    /// The field that holds the `else` of a node; 0 where the grammar has none.
    alternative: u16,
}

#[derive(Clone, Copy, Default)]
struct Meaning {
    function: bool,
    branch: bool,
    exhaustive: bool,
    nesting: bool,
    name: bool,
    list: bool,
    else_clause: bool,
    comment: bool,
}

impl Grammar {
    fn tables(&self) -> &Tables {
        self.tables.get_or_init(|| {
            let language = (self.language)();
            let count = u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX);
            let meaning = |id: u16| {
                let kind = language.node_kind_for_id(id).unwrap_or_default();
                let named = language.node_kind_is_named(id);
                let node = |kinds: &[&str]| named && kinds.contains(&kind);
                Meaning {
                    function: node(self.functions),
                    branch: node(self.branches) || (!named && self.operators.contains(&kind)),
                    exhaustive: node(self.exhaustive),
                    nesting: node(self.nesting),
                    name: named && kind.ends_with("identifier"),
                    list: node(self.lists),
                    else_clause: named && kind == "else_clause",
                    comment: named && kind.contains("comment"),
                }
            };
            let mut names = HashMap::new();
            for id in 0..count {
                for (kind, field, convention) in self.names {
                    if language.node_kind_for_id(id) == Some(kind) {
                        let field = language.field_id_for_name(field).map_or(0, u16::from);
                        names.insert((id, field), *convention);
                    }
                }
            }
            let alternative = language.field_id_for_name("alternative").map_or(0, u16::from);
            Tables { kinds: (0..count).map(meaning).collect(), names, alternative }
        })
    }
}

impl Tables {
    fn meaning(&self, id: u16) -> Meaning {
        // The parser's own kinds (errors) lie past the end of the table.
        self.kinds.get(usize::from(id)).copied().unwrap_or_default()
    }
}

/// Parses one text and walks its tree.
pub(crate) fn analyse(grammar: &'static Grammar, text: &str) -> Result<Analysis, String> {
    let tree = parse(grammar, text)?;
    let mut walk = Walk {
        tables: grammar.tables(),
        grammar,
        text,
        around: Vec::new(),
        open: Vec::new(),
        nesting: 0,
        broken: 0,
        analysis: Analysis::default(),
    };
    walk.run(tree.walk());
    let mut analysis = walk.analysis;
    analysis.functions.sort_by_key(|function| function.range.start);
    if !analysis.errors.is_empty() {
        analysis.gap = Some("the file does not parse".to_owned());
    }
    Ok(analysis)
}

fn parse(grammar: &Grammar, text: &str) -> Result<Tree, String> {
    let mut parser = Parser::new();
    if parser.set_language(&(grammar.language)()).is_err() {
        return Err(format!("the {} grammar does not fit this build", grammar.name));
    }
    let mut left = (REPORTS_BASE + text.len() / BYTES_PER_REPORT).min(REPORTS_MAX);
    let mut progress = |_: &tree_sitter::ParseState| {
        left = left.saturating_sub(1);
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let mut read = |from: usize, _| text.as_bytes().get(from..).unwrap_or_default();
    let tree = parser.parse_with_options(&mut read, None, Some(options));
    tree.ok_or_else(|| "the file takes too long to parse".to_owned())
}

struct Walk<'t> {
    tables: &'static Tables,
    grammar: &'static Grammar,
    text: &'t str,
    /// The nodes around, the outermost first.
    around: Vec<Around<'t>>,
    /// Functions around, each with the nesting outside it.
    open: Vec<(Function, usize)>,
    nesting: usize,
    /// Error nodes around.
    broken: usize,
    analysis: Analysis,
}

#[derive(Clone, Copy)]
struct Around<'t> {
    node: Node<'t>,
    meaning: Meaning,
    field: u16,
    deeper: bool,
}

impl<'t> Walk<'t> {
    fn run(&mut self, mut cursor: TreeCursor<'t>) {
        loop {
            self.enter(&cursor);
            if cursor.goto_first_child() {
                continue;
            }
            loop {
                self.leave();
                if cursor.goto_next_sibling() {
                    break;
                }
                if !cursor.goto_parent() {
                    return;
                }
            }
        }
    }

    fn enter(&mut self, cursor: &TreeCursor<'t>) {
        let node = cursor.node();
        let meaning = self.tables.meaning(node.kind_id());
        let field = cursor.field_id().map_or(0, u16::from);
        if node.is_error() || node.is_missing() {
            self.report(node);
            self.broken += usize::from(node.is_error());
        }
        if meaning.comment {
            self.analysis.comments.push(node.byte_range());
        }
        if meaning.function {
            let function = self.start_of(node);
            self.open.push((function, self.nesting));
            self.nesting = 0;
        }
        let deeper = meaning.nesting && !self.continues_chain(node, field);
        self.nesting += usize::from(deeper);
        if let Some((function, _)) = self.open.last_mut() {
            function.cyclomatic += usize::from(meaning.branch);
            function.nesting = function.nesting.max(self.nesting);
        }
        if meaning.name
            && let Some(convention) = self.declares(field)
        {
            let name = Name { range: node.byte_range(), convention: Some(convention) };
            self.analysis.names.push(name);
        }
        self.around.push(Around { node, meaning, field, deeper });
    }

    fn leave(&mut self) {
        let Some(Around { node, meaning, deeper, .. }) = self.around.pop() else { return };
        self.broken -= usize::from(node.is_error());
        self.nesting -= usize::from(deeper);
        if meaning.exhaustive
            && let Some((function, _)) = self.open.last_mut()
        {
            // All arms are counted by now; without arms there was nothing to take back.
            function.cyclomatic = function.cyclomatic.saturating_sub(1).max(1);
        }
        if meaning.function
            && let Some((function, nesting)) = self.open.pop()
        {
            self.nesting = nesting;
            self.analysis.functions.push(function);
        }
    }

    /// Whether a node is the next link of an `else if` chain.
    fn continues_chain(&self, node: Node<'t>, field: u16) -> bool {
        let Some(parent) = self.around.last() else { return false };
        let alternative = parent.node.kind_id() == node.kind_id()
            && field != 0
            && field == self.tables.alternative;
        parent.meaning.else_clause || alternative
    }

    fn declares(&self, field: u16) -> Option<Convention> {
        let parent = self.around.last()?;
        let (declaration, field) = if parent.meaning.list {
            (self.around.iter().rev().nth(1)?, parent.field)
        } else {
            (parent, field)
        };
        self.tables.names.get(&(declaration.node.kind_id(), field)).copied()
    }

    fn start_of(&self, node: Node<'t>) -> Function {
        let given = node.child_by_field_name("name").or_else(|| {
            // `const f = () => ...`, `{f: function () {...}}`, `a.f = ...`
            let parent = self.around.last()?.node;
            ["name", "key", "property", "left"]
                .iter()
                .find_map(|field| parent.child_by_field_name(field))
                .filter(|name| name.end_byte() <= node.start_byte())
        });
        let name = given.map_or("<anonymous>", |name| &self.text[name.byte_range()]);
        let name_range = given.map_or_else(
            || node.start_byte()..self.end_of_line(node.start_byte()).min(node.end_byte()),
            |name| name.byte_range(),
        );
        Function {
            name: name.chars().take(80).collect(),
            name_range,
            range: node.byte_range(),
            cyclomatic: 1,
            nesting: 0,
            parameters: self.parameters(node),
        }
    }

    fn parameters(&self, node: Node<'t>) -> usize {
        let Some(list) = node.child_by_field_name("parameters") else {
            return usize::from(node.child_by_field_name("parameter").is_some());
        };
        let mut cursor = list.walk();
        let mut inner = list.walk();
        let counted = list
            .named_children(&mut cursor)
            .filter(|one| !one.is_extra() && !self.grammar.receivers.contains(&one.kind()));
        // Go names several parameters in one declaration.
        counted.map(|one| one.children_by_field_name("name", &mut inner).count().max(1)).sum()
    }

    fn report(&mut self, node: Node<'t>) {
        if self.broken > 0 || self.analysis.errors.len() == ERRORS_MAX {
            return;
        }
        let error = if node.is_missing() {
            let kind = node.kind();
            let message = if node.is_named() {
                format!("missing {}", kind.replace('_', " "))
            } else {
                format!("missing `{kind}`")
            };
            SyntaxError { range: node.byte_range(), message }
        } else {
            self.explain(node)
        };
        self.analysis.errors.push(error);
    }

    /// Says what is wrong in an error node: a bracket without its partner, or its first word.
    fn explain(&self, node: Node<'t>) -> SyntaxError {
        let mut cursor = node.walk();
        let mut open: Vec<Node<'t>> = Vec::new();
        for child in node.children(&mut cursor) {
            let unopened = match child.kind() {
                "(" | "[" | "{" => {
                    open.push(child);
                    false
                }
                ")" | "]" | "}" => open.pop().is_none(),
                _ => false,
            };
            if unopened {
                let message = format!("unexpected `{}`", child.kind());
                return SyntaxError { range: child.byte_range(), message };
            }
        }
        if let Some(bracket) = open.pop() {
            let message = format!("`{}` is never closed", bracket.kind());
            return SyntaxError { range: bracket.byte_range(), message };
        }
        let start = node.start_byte();
        let end = node.end_byte().min(self.end_of_line(start));
        let shown: String = self.text[start..end].trim_end().chars().take(24).collect();
        let message = if shown.is_empty() {
            "unexpected end of line".to_owned()
        } else {
            format!("unexpected `{shown}`")
        };
        SyntaxError { range: start..end, message }
    }

    fn end_of_line(&self, from: usize) -> usize {
        self.text[from..].find(['\n', '\r']).map_or(self.text.len(), |length| from + length)
    }
}

/// The bytes of a range in a text, where a check wants to name something.
pub(crate) fn slice<'t>(text: &'t str, range: &Range<usize>) -> &'t str {
    text.get(range.clone()).unwrap_or_default()
}
