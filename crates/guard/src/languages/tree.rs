//! Reading a text with a tree-sitter grammar: syntax errors, functions and names in one walk.
//!
//! Every walk is a loop over a cursor, never a recursion: the depth of a tree is the text's to
//! choose.

use std::collections::HashMap;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use tree_sitter::{Language, Node, ParseOptions, Parser, Tree, TreeCursor};

use super::naming::Convention;
use crate::analysis::{Analysis, Function, Name, SyntaxError};
use crate::deep_stack::Watch;

/// Syntax errors reported for one text.
const ERRORS_MAX: usize = 100;

/// How much the parser may work: its progress reports, of a hundred steps each. Error recovery on
/// hostile input takes far more than linear time.
/// Real code stays below one report for 75 bytes.
const BYTES_PER_REPORT: usize = 16;
const REPORTS_BASE: usize = 4_000;
const REPORTS_MAX: usize = 40_000;

pub(super) const TOO_LONG: &str = "the file takes too long to parse";

/// Nodes entered between two looks at the watch.
const NODES_BETWEEN_LOOKS: usize = 1_024;

/// Nodes between a function and its name.
const HEADS_MAX: usize = 16;

/// What to know about a language to read it. Strings are node kinds of its grammar.
pub(crate) struct Grammar {
    pub name: &'static str,
    pub language: fn() -> Language,
    /// Whether what the grammar rejects is no program: measured on at least forty files of
    /// well-kept projects, of which it rejected none. Others stumble over preprocessors, dialects
    /// or new syntax, so their errors are warnings.
    pub certain: bool,
    /// Bodies that are measured on their own.
    pub functions: &'static [&'static str],
    /// What else one of `functions` needs to be a function.
    pub needs: Needs,
    /// Whether functions of one name that follow each other are clauses of one function.
    pub clauses: bool,
    /// Nodes that add a path, unless they begin with `default` or `else`.
    pub branches: &'static [&'static str],
    /// Nodes whose branches cover every case, so that one of them adds no path.
    pub exhaustive: &'static [&'static str],
    /// Tokens that add a path.
    pub operators: &'static [&'static str],
    /// Named nodes whose text is one of `operators`, where the grammar has no token for them.
    pub operator_nodes: &'static [&'static str],
    /// Nodes whose contents are one level deeper, unless they stand in the `else` of their like.
    pub nesting: &'static [&'static str],
    /// Nodes between a function and its name and parameters.
    pub heads: &'static [&'static str],
    /// Names of functions, where the grammar has no field for them.
    pub function_names: &'static [&'static str],
    /// Lists of parameters, where the grammar has no field for them.
    pub parameter_lists: &'static [&'static str],
    /// Parameters, in a list or in the function itself; empty where all that stands in a list is
    /// one.
    pub parameters: &'static [&'static str],
    /// Parameters that are not counted.
    pub receivers: &'static [&'static str],
    /// Declared names: kind of the parent, field in it (empty for none), how it is written.
    pub names: &'static [(&'static str, &'static str, Convention)],
    /// Kinds of names, beside those that end in `identifier`.
    pub identifiers: &'static [&'static str],
    /// Nodes between a declaration and its names.
    pub lists: &'static [&'static str],
    /// Definitions and control structures that are written as calls.
    pub calls: Option<&'static Calls>,
    /// Words that are no program's name, where the grammar takes any word for one: the node of the
    /// name, and the words.
    pub reserved: Option<(&'static str, &'static [&'static str])>,
    /// What the flow engine reads, made from a tree.
    pub program: Option<fn(&Tree, &str) -> flow::ir::Program>,
}

/// What tells a function from other nodes of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Every node of the kind is one.
    Nothing,
    /// Without a name it is a type.
    Name,
    /// Without parameters it is a value.
    Parameters,
    /// Its field `name` holds the keyword: the name is that of what it is assigned to.
    Assignment,
}

/// A language whose definitions and control structures are calls: by the name of what is called.
pub(crate) struct Calls {
    /// The node of a call, and the field that holds what is called.
    pub node: (&'static str, &'static str),
    pub functions: &'static [&'static str],
    pub branches: &'static [&'static str],
    pub exhaustive: &'static [&'static str],
    pub nesting: &'static [&'static str],
}

/// The grammar's tables by the parser's numbers.
pub(crate) struct Tables {
    /// For each node kind, what it means.
    kinds: Vec<Meaning>,
    names: HashMap<(u16, u16), Convention>,
    /// The fields that hold the `else` of a node.
    alternatives: Vec<u16>,
}

#[derive(Clone, Copy, Default)]
struct Meaning {
    function: bool,
    branch: bool,
    operator: bool,
    operator_node: bool,
    exhaustive: bool,
    nesting: bool,
    name: bool,
    list: bool,
    else_clause: bool,
    else_token: bool,
    call: bool,
    comment: bool,
    reserved: bool,
}

impl Grammar {
    /// A grammar for the syntax alone.
    pub(crate) const fn new(name: &'static str, language: fn() -> Language) -> Grammar {
        Grammar {
            name,
            language,
            certain: false,
            functions: &[],
            needs: Needs::Nothing,
            clauses: false,
            branches: &[],
            exhaustive: &[],
            operators: &[],
            operator_nodes: &[],
            nesting: &[],
            heads: &[],
            function_names: &[],
            parameter_lists: &[],
            parameters: &[],
            receivers: &[],
            names: &[],
            identifiers: &[],
            lists: &[],
            calls: None,
            reserved: None,
            program: None,
        }
    }

    /// Whether the language has functions that can be measured.
    pub(crate) fn has_functions(&self) -> bool {
        !self.functions.is_empty() || self.calls.is_some()
    }

    /// Kinds and fields in the tables that the grammar does not know.
    #[cfg(test)]
    pub(super) fn unknown(&self) -> Vec<&'static str> {
        let language = (self.language)();
        let lists = [
            self.functions,
            self.branches,
            self.exhaustive,
            self.operator_nodes,
            self.nesting,
            self.heads,
            self.function_names,
            self.parameter_lists,
            self.parameters,
            self.receivers,
            self.identifiers,
            self.lists,
        ];
        let parents = self.names.iter().map(|(kind, ..)| *kind);
        let kinds = lists.into_iter().flatten().copied().chain(parents);
        let mut unknown: Vec<_> =
            kinds.filter(|kind| language.id_for_node_kind(kind, true) == 0).collect();
        let fields =
            self.names.iter().map(|(_, field, _)| *field).filter(|field| !field.is_empty());
        unknown.extend(fields.filter(|field| language.field_id_for_name(field).is_none()));
        let operators = self.operators.iter().filter(|_| self.operator_nodes.is_empty());
        unknown.extend(operators.filter(|token| language.id_for_node_kind(token, false) == 0));
        unknown
    }

    pub(super) fn tables(&self) -> Tables {
        let language = (self.language)();
        let count = u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX);
        let mut names = HashMap::new();
        for id in 0..count {
            for (kind, field, convention) in self.names {
                if language.node_kind_for_id(id) == Some(kind) {
                    let field = language.field_id_for_name(field).map_or(0, u16::from);
                    names.insert((id, field), *convention);
                }
            }
        }
        let alternatives = ["alternative", "else"];
        let alternatives =
            alternatives.iter().filter_map(|name| language.field_id_for_name(name)).map(u16::from);
        Tables {
            kinds: (0..count).map(|id| self.meaning(&language, id)).collect(),
            names,
            alternatives: alternatives.collect(),
        }
    }

    fn meaning(&self, language: &Language, id: u16) -> Meaning {
        let kind = language.node_kind_for_id(id).unwrap_or_default();
        let named = language.node_kind_is_named(id);
        let node = |kinds: &[&str]| named && kinds.contains(&kind);
        Meaning {
            function: node(self.functions),
            branch: node(self.branches),
            operator: !named && self.operators.contains(&kind),
            operator_node: node(self.operator_nodes),
            exhaustive: node(self.exhaustive),
            nesting: node(self.nesting),
            name: named && (kind.ends_with("identifier") || self.identifiers.contains(&kind)),
            list: node(self.lists),
            else_clause: named && kind == "else_clause",
            else_token: !named && kind == "else",
            call: self.calls.is_some_and(|calls| named && kind == calls.node.0),
            comment: named && kind.contains("comment"),
            reserved: self.reserved.is_some_and(|(name, _)| named && kind == name),
        }
    }
}

impl Tables {
    fn meaning(&self, id: u16) -> Meaning {
        // The parser's own kinds (errors) lie past the end of the table.
        self.kinds.get(usize::from(id)).copied().unwrap_or_default()
    }
}

/// Parses one text and walks its tree.
pub(crate) fn analyse(
    grammar: &'static Grammar,
    tables: &'static Tables,
    text: &str,
    watch: &Watch,
) -> Result<Analysis, String> {
    let tree = parse(grammar, text, watch)?;
    let mut walk = Walk {
        tables,
        grammar,
        text,
        around: Vec::new(),
        open: Vec::new(),
        nesting: 0,
        after_else: false,
        broken: 0,
        analysis: Analysis::default(),
    };
    if !walk.run(tree.walk(), watch) {
        return Err(TOO_LONG.to_owned());
    }
    let mut analysis = walk.analysis;
    analysis.functions.sort_by_key(|function| function.range.start);
    if grammar.clauses {
        analysis.functions = joined(analysis.functions);
    }
    if !analysis.errors.is_empty() {
        analysis.gap = Some("the file does not parse".to_owned());
    } else {
        analysis.program = grammar.program.map(|program| Arc::new(program(&tree, text)));
    }
    Ok(analysis)
}

/// Functions whose clauses stand one after the other, as one: every further clause is a path.
fn joined(functions: Vec<Function>) -> Vec<Function> {
    let mut all: Vec<Function> = Vec::with_capacity(functions.len());
    for function in functions {
        match all.last_mut() {
            Some(last) if last.name == function.name && last.parameters == function.parameters => {
                last.range.end = last.range.end.max(function.range.end);
                last.cyclomatic += function.cyclomatic;
                last.nesting = last.nesting.max(function.nesting);
            }
            _ => all.push(function),
        }
    }
    all
}

fn parse(grammar: &Grammar, text: &str, watch: &Watch) -> Result<Tree, String> {
    let mut parser = Parser::new();
    if parser.set_language(&(grammar.language)()).is_err() {
        return Err(format!("the {} grammar does not fit this build", grammar.name));
    }
    let mut left = (REPORTS_BASE + text.len() / BYTES_PER_REPORT).min(REPORTS_MAX);
    let mut progress = |_: &tree_sitter::ParseState| {
        left = left.saturating_sub(1);
        let enough = left == 0 || watch.is_late();
        if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let mut read = |from: usize, _| text.as_bytes().get(from..).unwrap_or_default();
    let tree = parser.parse_with_options(&mut read, None, Some(options));
    tree.ok_or_else(|| TOO_LONG.to_owned())
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
    /// Whether the token before the next node is `else`.
    after_else: bool,
    /// Error nodes around.
    broken: usize,
    analysis: Analysis,
}

#[derive(Clone, Copy)]
struct Around<'t> {
    node: Node<'t>,
    meaning: Meaning,
    field: u16,
    /// Whether it is the `else` of the node around.
    is_else: bool,
    deeper: bool,
}

impl<'t> Walk<'t> {
    /// Visits every node; false where it was late and did not.
    fn run(&mut self, mut cursor: TreeCursor<'t>, watch: &Watch) -> bool {
        let mut nodes = 0_usize;
        loop {
            nodes += 1;
            if nodes.is_multiple_of(NODES_BETWEEN_LOOKS) && watch.is_late() {
                return false;
            }
            self.enter(&cursor);
            self.after_else = false;
            if cursor.goto_first_child() {
                continue;
            }
            loop {
                self.after_else = self.leave();
                if cursor.goto_next_sibling() {
                    break;
                }
                if !cursor.goto_parent() {
                    return true;
                }
            }
        }
    }

    fn enter(&mut self, cursor: &TreeCursor<'t>) {
        let node = cursor.node();
        let meaning = self.meaning(node);
        let field = cursor.field_id().map_or(0, u16::from);
        let is_else = self.after_else || self.tables.alternatives.contains(&field);
        if node.is_error() || node.is_missing() {
            self.report(node);
            self.broken += usize::from(node.is_error());
        }
        if meaning.function {
            let function = self.start_of(node);
            self.open.push((function, self.nesting));
            self.nesting = 0;
        }
        if meaning.reserved
            && let Some((_, words)) = self.grammar.reserved
            && words.contains(&self.text_of(node))
            && self.broken == 0
        {
            let message = format!("unexpected `{}`", self.text_of(node));
            self.add_error(SyntaxError { range: node.byte_range(), message });
        }
        if meaning.comment {
            self.analysis.comments.push(node.byte_range());
        }
        let deeper = meaning.nesting && !self.continues_chain(node, field, is_else);
        self.nesting += usize::from(deeper);
        if let Some((function, _)) = self.open.last_mut() {
            function.cyclomatic += usize::from(meaning.branch || meaning.operator);
            function.nesting = function.nesting.max(self.nesting);
        }
        if meaning.name
            && let Some(convention) = self.declares(field)
        {
            let name = Name { range: node.byte_range(), convention: Some(convention) };
            self.analysis.names.push(name);
        }
        self.around.push(Around { node, meaning, field, is_else, deeper });
    }

    /// Leaves a node; whether it was the token `else`.
    fn leave(&mut self) -> bool {
        let Some(Around { node, meaning, deeper, .. }) = self.around.pop() else { return false };
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
        meaning.else_token
    }

    /// What a node means, by its kind and, where that is not enough, by what it begins with.
    fn meaning(&self, node: Node<'t>) -> Meaning {
        let mut meaning = self.tables.meaning(node.kind_id());
        if meaning.branch {
            let first = node.child(0).map_or("", |first| first.kind());
            meaning.branch = !matches!(first, "default" | "else" | "default_keyword");
        }
        if meaning.operator_node {
            meaning.operator = self.grammar.operators.contains(&self.text_of(node));
        }
        if meaning.function {
            meaning.function = match self.grammar.needs {
                Needs::Nothing | Needs::Assignment => true,
                Needs::Name => node.child_by_field_name("name").is_some(),
                Needs::Parameters => self.parameters(node) > 0,
            };
        }
        if meaning.call
            && let Some(calls) = self.grammar.calls
            && let Some(called) = node.child_by_field_name(calls.node.1)
        {
            let called = self.text_of(called);
            meaning.function = calls.functions.contains(&called);
            meaning.branch = calls.branches.contains(&called);
            meaning.nesting = calls.nesting.contains(&called);
            meaning.exhaustive = calls.exhaustive.contains(&called);
        }
        meaning
    }

    fn text_of(&self, node: Node<'t>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// Whether a node is the next link of an `else if` chain.
    fn continues_chain(&self, node: Node<'t>, field: u16, is_else: bool) -> bool {
        let Some(parent) = self.around.last() else { return false };
        let alike = |one: &Around<'_>| one.node.kind_id() == node.kind_id() && !one.meaning.call;
        let wrapped = parent.is_else
            && parent.node.start_byte() == node.start_byte()
            && self.around.iter().rev().nth(1).is_some_and(alike);
        wrapped || parent.meaning.else_clause || (alike(parent) && (field == 0 || is_else))
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
        let names = self.grammar.function_names;
        let named = |from: &Node<'t>| {
            if names.contains(&from.kind()) {
                return Some(*from);
            }
            let is_keyword = self.grammar.needs == Needs::Assignment;
            let field = from.child_by_field_name("name").filter(|_| !is_keyword);
            field.or_else(|| child_of(*from, names))
        };
        let defined = self.defined_by(node);
        let defined = defined.map(|one| one.child_by_field_name("target").unwrap_or(one));
        let given = defined
            .or_else(|| self.heads(node).rev().find_map(|head| named(&head)))
            .or_else(|| {
                // `const f = () => ...`, `{f: function () {...}}`, `a.f = ...`
                let parent = self.around.last()?.node;
                ["name", "key", "property", "left", "lhs", "attrpath"]
                    .iter()
                    .find_map(|field| parent.child_by_field_name(field))
                    .filter(|name| name.end_byte() <= node.start_byte())
            });
        let name = given.map_or("<anonymous>", |name| self.text_of(name));
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

    /// A function and the nodes in it that lead to its name and parameters.
    fn heads(&self, node: Node<'t>) -> impl DoubleEndedIterator<Item = Node<'t>> {
        let mut heads = vec![node];
        while heads.len() < HEADS_MAX
            && let Some(last) = heads.last()
            && !self.grammar.function_names.contains(&last.kind())
            && let Some(next) = last
                .child_by_field_name("declarator")
                .or_else(|| last.child_by_field_name("signature"))
                .or_else(|| child_of(*last, self.grammar.heads))
        {
            heads.push(next);
        }
        heads.into_iter()
    }

    /// What a call defines: its name with its parameters, `name(parameters) when condition`.
    fn defined_by(&self, call: Node<'t>) -> Option<Node<'t>> {
        self.grammar.calls.filter(|calls| calls.node.0 == call.kind())?;
        let defined = child_of(call, &["arguments"])?.named_child(0)?;
        match defined.kind() {
            "binary_operator" => defined.child_by_field_name("left"),
            _ => Some(defined),
        }
    }

    fn parameters(&self, node: Node<'t>) -> usize {
        if let Some(defined) = self.defined_by(node) {
            return child_of(defined, &["arguments"]).map_or(0, |list| self.count_in(list));
        }
        self.heads(node)
            .rev()
            .map(|head| self.parameters_in(head))
            .find(|count| *count > 0)
            .unwrap_or(0)
    }

    fn parameters_in(&self, head: Node<'t>) -> usize {
        let mut cursor = head.walk();
        let mut count = 0;
        for field in ["parameters", "patterns", "formals"] {
            let lists: Vec<_> = head.children_by_field_name(field, &mut cursor).collect();
            count += lists.into_iter().map(|list| self.count_in(list)).sum::<usize>();
        }
        if let Some(list) = child_of(head, self.grammar.parameter_lists) {
            count += self.count_in(list);
        } else if count == 0 && !self.grammar.parameters.is_empty() {
            count = self.count_in(head);
        }
        let alone =
            || ["parameter", "universal"].iter().any(|one| head.child_by_field_name(one).is_some());
        if count == 0 { usize::from(alone()) } else { count }
    }

    /// The parameters in a list, and in a list of optional ones in it.
    fn count_in(&self, list: Node<'t>) -> usize {
        let mut cursor = list.walk();
        let inner = list.named_children(&mut cursor);
        let inner = inner.filter(|one| self.grammar.parameter_lists.contains(&one.kind()));
        let inner: usize = inner.map(|list| self.parameters_among(list)).sum();
        inner + self.parameters_among(list)
    }

    fn parameters_among(&self, list: Node<'t>) -> usize {
        let Grammar { parameters, parameter_lists, receivers, .. } = self.grammar;
        let mut cursor = list.walk();
        let mut inner = list.walk();
        let counted = list.named_children(&mut cursor).filter(|one| {
            let kind = one.kind();
            let wanted = parameters.is_empty() || parameters.contains(&kind);
            let other = receivers.contains(&kind) || parameter_lists.contains(&kind);
            wanted && !one.is_extra() && !other
        });
        // Go names several parameters in one declaration.
        let names = |one: Node<'t>| match one.kind() {
            "parameter_declaration" => {
                one.children_by_field_name("name", &mut inner).count().max(1)
            }
            _ => 1,
        };
        counted.map(names).sum()
    }

    fn add_error(&mut self, error: SyntaxError) {
        if self.analysis.errors.len() < ERRORS_MAX {
            self.analysis.errors.push(error);
        }
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
            // Where the text before ends, not somewhere after blanks and empty lines.
            let at = self.text[..node.start_byte()].trim_end().len();
            SyntaxError { range: at..at, message }
        } else {
            self.explain(node)
        };
        self.add_error(error);
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
        if let Some(word) = node.child(0)
            && !word.is_named()
            && word.kind().starts_with(|first: char| first.is_ascii_alphabetic())
            && end < node.end_byte()
        {
            let message = format!("`{}` is never finished", word.kind());
            return SyntaxError { range: word.byte_range(), message };
        }
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

/// The first child of one of some kinds.
fn child_of<'t>(node: Node<'t>, kinds: &[&str]) -> Option<Node<'t>> {
    if kinds.is_empty() {
        return None;
    }
    let mut cursor = node.walk();
    node.named_children(&mut cursor).find(|child| kinds.contains(&child.kind()))
}

/// The bytes of a range in a text, where a check wants to name something.
pub(crate) fn slice<'t>(text: &'t str, range: &Range<usize>) -> &'t str {
    text.get(range.clone()).unwrap_or_default()
}
