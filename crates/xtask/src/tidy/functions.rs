//! Lengths of functions, and `main.rs` files.

use std::path::Path;

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::{read, walk};

/// Longest function in lines, signature and braces included.
const FUNCTION_LINES_MAX: usize = 70;

/// Longest `main.rs`.
const MAIN_LINES_MAX: usize = 60;

pub(super) fn problems(root: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    for path in walk(&root.join("crates")) {
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        let text = read(&path);
        if name.ends_with("src/main.rs") && text.lines().count() > MAIN_LINES_MAX {
            problems.push(format!("{name}: more than {MAIN_LINES_MAX} lines"));
        }
        match syn::parse_file(&text) {
            Ok(file) => {
                let mut lengths = Lengths { name, problems: &mut problems };
                lengths.visit_file(&file);
            }
            Err(error) => problems.push(format!("{name}: {error}")),
        }
    }
    problems
}

struct Lengths<'a> {
    name: String,
    problems: &'a mut Vec<String>,
}

impl Lengths<'_> {
    fn measure(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.span().start().line;
        let lines = block.span().end().line + 1 - first;
        if lines > FUNCTION_LINES_MAX {
            let (name, function) = (&self.name, &signature.ident);
            let sentence = format!(
                "{name}:{first}: `{function}` has {lines} lines, more than {FUNCTION_LINES_MAX}"
            );
            self.problems.push(sentence);
        }
    }
}

impl<'ast> Visit<'ast> for Lengths<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }
}
