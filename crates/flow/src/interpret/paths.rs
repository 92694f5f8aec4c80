//! Paths of modules, functions and types that are not in the file, each once.

use std::collections::HashMap;
use std::rc::Rc;

/// A path, such as `os.path.join`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PathId(u32);

/// All paths that a walk met.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    texts: Vec<Rc<str>>,
    numbers: HashMap<Rc<str>, PathId>,
}

impl Paths {
    pub fn intern(&mut self, text: &str) -> PathId {
        if let Some(path) = self.numbers.get(text) {
            return *path;
        }
        let path = PathId(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        let text: Rc<str> = text.into();
        self.texts.push(Rc::clone(&text));
        self.numbers.insert(text, path);
        path
    }

    pub fn child(&mut self, path: PathId, name: &str) -> PathId {
        let text = format!("{}.{name}", self.texts[path.0 as usize]);
        self.intern(&text)
    }

    pub fn text(&self, path: PathId) -> Rc<str> {
        Rc::clone(&self.texts[path.0 as usize])
    }
}
