//! Java. A name that is no variable but a member of a class around is `this.name`, or
//! `Class.name` where it is static; a call of a method that nothing here declares is one of `this`.
//! `java.lang` is imported first. A small array of a constant size is a list of zeros.

mod class;
mod expression;
mod statement;

use tree_sitter::{Node, Tree};

use self::class::declaration;
use self::statement::statement;
use super::tree::{Lowering, children, has_token, root};
use crate::ir::{Block, Program, StatementKind};

/// Lowers a Java file.
#[must_use]
pub fn lower(tree: &Tree, text: &str) -> Program {
    let mut l = Lowering::new(text);
    let root = root(tree);
    let mut body = Vec::new();
    let language = import(&mut l, "java.lang", "*");
    body.push(l.statement(root, language));
    for node in children(root) {
        match node.kind() {
            "package_declaration" => {}
            "import_declaration" => imported(&mut l, node, &mut body),
            _ => {
                if !declaration(&mut l, node, &mut body) {
                    statement(&mut l, node, &mut body);
                }
            }
        }
    }
    l.finish(body)
}

fn import(l: &mut Lowering<'_>, module: &str, member: &str) -> StatementKind {
    let module = l.intern(module);
    let name = l.intern(member);
    StatementKind::Import { module, member: Some(name), name }
}

/// `import a.b.C`, `import static a.b.C.d`, `import a.b.*`.
fn imported(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let Some(path) = children(node).first().copied() else { return };
    let path = l.text(path);
    let kind = match path.rsplit_once('.') {
        _ if children(node).len() > 1 || has_token(node, "asterisk") => import(l, path, "*"),
        Some((module, member)) => {
            if has_token(node, "static") {
                let member = l.intern(member);
                l.bind(member);
            }
            import(l, module, member)
        }
        None => return,
    };
    body.push(l.statement(node, kind));
}
