//! What a verdict depends on, as digests.

use policy::Policy;
use serde::Serialize;
use types::{Digest, Document, Edit, Facts};

/// What a verdict depends on: the same key means the same verdict, in the editor, in a hook and in
/// continuous integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct VerdictKey {
    /// Over the other five and the language: equal where all of them are.
    pub id: Digest,
    /// The text before the edit.
    pub document: Digest,
    /// The edit, with its path.
    pub edit: Digest,
    /// What was found out beside the text, and what people allow in it.
    pub facts: Digest,
    /// The settings that hold.
    pub policy: Digest,
    /// The checks: their sources, rules and the crates below them.
    pub rules: Digest,
}

impl VerdictKey {
    /// The key of one edit of one document.
    #[must_use]
    pub fn new(policy: &Policy, document: &Document, edit: &Edit, facts: &Facts) -> VerdictKey {
        let mut key = VerdictKey {
            id: document.sha256,
            document: document.sha256,
            edit: edit.digest(),
            facts: facts.digest(),
            policy: policy.digest(),
            rules: guard::rules_digest(),
        };
        let mut bytes = document.language.map_or("", types::Language::name).as_bytes().to_vec();
        for part in [key.document, key.edit, key.facts, key.policy, key.rules] {
            bytes.push(0);
            bytes.extend(part.as_bytes());
        }
        key.id = Digest::of(&bytes);
        key
    }
}

#[cfg(test)]
mod tests {
    use types::{CommentAllows, Language};

    use super::*;

    #[test]
    fn every_part_counts() {
        let key = |policy: &Policy, path: &str, old: &str, new: &str, facts: &Facts| {
            let document = Document::new(path, old).with_language(Some(Language::Python));
            let edit = Edit::replace_all(&document, new);
            VerdictKey::new(policy, &document, &edit, facts).id
        };
        let (policy, facts) = (Policy::default(), Facts::default());
        let first = key(&policy, "a.py", "x = 1", "x = 2", &facts);
        assert_eq!(first, key(&policy, "a.py", "x = 1", "x = 2", &facts));
        let strict = Policy { min_score: 51, ..Policy::default() };
        let mut allowed = Facts::default();
        allowed.allows.comments = CommentAllows::All;
        let document = Document::new("a.py", "x = 1").with_language(Some(Language::Go));
        let edit = Edit::replace_all(&document, "x = 2");
        let others = [
            key(&strict, "a.py", "x = 1", "x = 2", &facts),
            key(&policy, "b.py", "x = 1", "x = 2", &facts),
            key(&policy, "a.py", "x = 3", "x = 2", &facts),
            key(&policy, "a.py", "x = 1", "x = 3", &facts),
            key(&policy, "a.py", "x = 1", "x = 2", &allowed),
            VerdictKey::new(&policy, &document, &edit, &facts).id,
        ];
        for (index, other) in others.iter().enumerate() {
            assert_ne!(*other, first, "{index}");
            assert!(!others[..index].contains(other), "{index}");
        }
    }
}
