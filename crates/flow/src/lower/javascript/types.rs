//! Types, as far as they are names.

use oxc::ast::ast;

use super::Lowering;
use crate::ir::ExprId;

/// Types around another one that say nothing of what it is.
const WRAPPERS: [&str; 4] = ["Promise", "Readonly", "Awaited", "NonNullable"];

impl Lowering {
    pub(super) fn annotation(
        &mut self,
        annotation: Option<&ast::TSTypeAnnotation<'_>>,
    ) -> Option<ExprId> {
        self.type_name(&annotation?.type_annotation)
    }

    /// The one name that a type comes to, where there is one.
    pub(super) fn type_name(&mut self, written: &ast::TSType<'_>) -> Option<ExprId> {
        let mut written = written;
        loop {
            let (name, span) = match written {
                ast::TSType::TSStringKeyword(it) => ("string", it.span),
                ast::TSType::TSNumberKeyword(it) => ("number", it.span),
                ast::TSType::TSBooleanKeyword(it) => ("boolean", it.span),
                ast::TSType::TSBigIntKeyword(it) => ("bigint", it.span),
                ast::TSType::TSArrayType(it) => ("Array", it.span),
                ast::TSType::TSParenthesizedType(it) => {
                    written = &it.type_annotation;
                    continue;
                }
                ast::TSType::TSUnionType(it) => {
                    let mut named = it.types.iter().filter(|part| !is_nothing(part));
                    written = named.next()?;
                    if named.next().is_some() {
                        return None;
                    }
                    continue;
                }
                ast::TSType::TSTypeReference(it) => {
                    let arguments = it.type_arguments.as_ref().map(|it| &it.params[..]);
                    if let ast::TSTypeName::IdentifierReference(name) = &it.type_name
                        && WRAPPERS.contains(&name.name.as_str())
                        && let Some([inner]) = arguments
                    {
                        written = inner;
                        continue;
                    }
                    return self.named_type(&it.type_name);
                }
                _ => return None,
            };
            return Some(self.name(name, span));
        }
    }

    pub(super) fn named_type(&mut self, name: &ast::TSTypeName<'_>) -> Option<ExprId> {
        match name {
            ast::TSTypeName::IdentifierReference(it) => {
                let symbol = self.resolve(it.name.as_str());
                Some(self.expression(crate::ir::Expression::Name(symbol), it.span))
            }
            ast::TSTypeName::QualifiedName(it) => {
                let base = self.named_type(&it.left)?;
                Some(self.attribute(base, it.right.name.as_str(), it.span))
            }
            ast::TSTypeName::ThisExpression(_) => None,
        }
    }
}

/// Whether a part of a union stands for no value.
fn is_nothing(part: &ast::TSType<'_>) -> bool {
    matches!(
        part,
        ast::TSType::TSNullKeyword(_)
            | ast::TSType::TSUndefinedKeyword(_)
            | ast::TSType::TSVoidKeyword(_)
    )
}
