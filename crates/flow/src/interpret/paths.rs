//! Paths of modules, functions and types that are not in the file, each once, and the patterns of
//! rules that each of them matches.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::rules::{Entry, Rules, last};

/// A path, such as `os.path.join`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PathId(u32);

/// All paths that a walk met.
#[derive(Debug)]
pub(crate) struct Paths<'a> {
    rules: &'a Rules,
    paths: Vec<Path<'a>>,
    numbers: FxHashMap<Rc<str>, PathId>,
}

#[derive(Debug)]
struct Path<'a> {
    text: Rc<str>,
    entries: Rc<[&'a Entry]>,
    children: FxHashMap<Box<str>, PathId>,
}

impl<'a> Paths<'a> {
    pub fn new(rules: &'a Rules) -> Paths<'a> {
        Paths { rules, paths: Vec::new(), numbers: FxHashMap::default() }
    }

    pub fn intern(&mut self, text: &str) -> PathId {
        if let Some(path) = self.numbers.get(text) {
            return *path;
        }
        let path = PathId(u32::try_from(self.paths.len()).unwrap_or(u32::MAX));
        let named = self.rules.entries_named(last(text)).iter();
        let entries = named.filter(|entry| !entry.any && *entry.path == *text).collect();
        let text: Rc<str> = text.into();
        let children = FxHashMap::default();
        self.paths.push(Path { text: Rc::clone(&text), entries, children });
        self.numbers.insert(text, path);
        path
    }

    pub fn child(&mut self, path: PathId, name: &str) -> PathId {
        let parent = &self.paths[path.0 as usize];
        if let Some(child) = parent.children.get(name) {
            return *child;
        }
        let text = format!("{}.{name}", parent.text);
        let child = self.intern(&text);
        self.paths[path.0 as usize].children.insert(name.into(), child);
        child
    }

    pub fn text(&self, path: PathId) -> Rc<str> {
        Rc::clone(&self.paths[path.0 as usize].text)
    }

    /// The patterns that are this path.
    pub fn entries(&self, path: PathId) -> &[&'a Entry] {
        &self.paths[path.0 as usize].entries
    }
}
