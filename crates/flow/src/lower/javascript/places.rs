//! Names for what tests look at.
//!
//! `if (!ALLOWED.includes(req.query.level)) return; run(req.query.level)` says something of
//! `req.query.level` without giving it a name, and what is known is kept with names. So a chain of
//! attributes that a test reads, and that is read elsewhere too, is read once where its first name
//! is bound, and gets a name of its own. Chains that anything is assigned to are left alone.

use std::collections::{HashMap, HashSet};

use super::Lowering;
use crate::ir::{ExprId, Expression, FunctionId, Span, StatementKind, StmtId, Symbol};

/// Where the first name of a chain gets its value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bound {
    Parameter(FunctionId),
    Variable(StmtId),
    /// More than once, or otherwise.
    Unclear,
}

/// A function, a variable that it binds, and the attributes read from it.
type Chain = (usize, Symbol, Vec<Symbol>);

#[derive(Default)]
pub(super) struct Places {
    bound: HashMap<(usize, Symbol), Bound>,
    read: HashMap<Chain, Vec<Read>>,
    written: HashSet<Chain>,
    /// How many tests are being read.
    pub(super) tests: usize,
}

struct Read {
    at: ExprId,
    in_test: bool,
}

impl Lowering {
    /// A variable of the innermost function gets its value here.
    pub(super) fn bound(&mut self, name: Symbol, bound: Bound) {
        let key = (self.scopes.depth(), name);
        let known = self.places.bound.entry(key).or_insert(bound);
        let is_same = match (*known, bound) {
            (Bound::Parameter(one), Bound::Parameter(other)) => one == other,
            (Bound::Variable(one), Bound::Variable(other)) => one == other,
            _ => false,
        };
        if !is_same {
            *known = Bound::Unclear;
        }
    }

    /// Something is assigned to a target, or removed.
    pub(super) fn written(&mut self, target: ExprId) {
        if let Some(chain) = self.chain(target) {
            self.places.written.insert(chain);
        }
    }

    /// An attribute is read.
    pub(super) fn read(&mut self, at: ExprId) {
        if let Some(chain) = self.chain(at) {
            let in_test = self.places.tests > 0;
            self.places.read.entry(chain).or_default().push(Read { at, in_test });
        }
    }

    /// The chain that an expression is.
    fn chain(&self, at: ExprId) -> Option<Chain> {
        let mut names = Vec::new();
        let mut at = at;
        loop {
            match &self.program.expressions.get(at.0 as usize)?.0 {
                Expression::Attribute { base, name } => {
                    names.push(*name);
                    at = *base;
                }
                Expression::Name(root) => {
                    names.reverse();
                    return Some((self.scopes.owner(*root)?, *root, names));
                }
                _ => return None,
            }
        }
    }

    /// Leaves a function: the chains of its variables get their names.
    pub(super) fn settle(&mut self) {
        let depth = self.scopes.depth();
        let mut chains: Vec<(Chain, Vec<Read>)> =
            self.places.read.extract_if(|chain, _| chain.0 == depth).collect();
        // The order of a map is not the same each time.
        chains.sort_by_key(|(_, reads)| reads.first().map(|read| read.at));
        for ((_, root, names), reads) in chains {
            let bound = self.places.bound.get(&(depth, root)).copied();
            // What is written is the chain itself or something on its way.
            let is_written = (0..=names.len())
                .any(|end| self.places.written.contains(&(depth, root, names[..end].to_vec())));
            let in_test = reads.iter().filter(|read| read.in_test).count();
            if is_written || names.len() < 2 || in_test == 0 || in_test == reads.len() {
                continue;
            }
            let Some(bound) = bound else { continue };
            self.name_chain(root, &names, &reads, bound);
        }
        self.places.bound.retain(|(owner, _), _| *owner != depth);
        self.places.written.retain(|(owner, ..)| *owner != depth);
    }

    fn name_chain(&mut self, root: Symbol, names: &[Symbol], reads: &[Read], bound: Bound) {
        let Some(first) = reads.first() else { return };
        let Some((_, span)) = self.program.expressions.get(first.at.0 as usize) else { return };
        let span = *span;
        let last = names.last().map_or("", |name| self.program.symbols.text(*name));
        let name = format!("{last}#{}", self.scopes.number());
        let name = self.intern(&name);
        self.scopes.own(name);
        let mut value = self.program.expression(Expression::Name(root), span);
        for name in names {
            value =
                self.program.expression(Expression::Attribute { base: value, name: *name }, span);
        }
        for read in reads {
            if let Some((expression, _)) = self.program.expressions.get_mut(read.at.0 as usize) {
                *expression = Expression::Name(name);
            }
        }
        let statement = self.bind_chain(name, value, span);
        match bound {
            Bound::Parameter(function) => {
                if let Some(function) = self.program.functions.get_mut(function.0 as usize) {
                    function.body.insert(0, statement);
                }
            }
            Bound::Variable(declared) => self.append(declared, statement),
            Bound::Unclear => {}
        }
    }

    fn bind_chain(&mut self, name: Symbol, value: ExprId, span: Span) -> StmtId {
        let target = self.program.expression(Expression::Name(name), span);
        let (value, operator, annotation) = (Some(value), None, None);
        let kind = StatementKind::Assign { target, value, operator, annotation };
        self.program.statement(kind, span)
    }

    /// Puts a statement right behind another one.
    fn append(&mut self, first: StmtId, second: StmtId) {
        let Some(statement) = self.program.statements.get_mut(first.0 as usize) else { return };
        if let StatementKind::Block(block) = &mut statement.kind {
            block.push(second);
            return;
        }
        let span = statement.span;
        let kind = std::mem::replace(&mut statement.kind, StatementKind::Block(Vec::new()));
        let moved = self.program.statement(kind, span);
        if let Some(statement) = self.program.statements.get_mut(first.0 as usize) {
            statement.kind = StatementKind::Block(vec![moved, second]);
        }
    }
}
