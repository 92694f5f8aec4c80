//! Pages found again by what they hold: the tokens from the first one on. As long as there is
//! room, they stay after their sequence has ended.
//!
//! A tree whose nodes are pages. The way to a node spells the tokens of its page and of all
//! before it, and tokens are compared, not digests of them: what is found is right. No page's
//! tokens are the start of those of another below the same node; so of all pages below a node,
//! the one that agrees with a text for longest is a neighbour of it in the order of tokens.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{CacheShape, KvCache, Page, PageCount};
use crate::kernels::PAGE_POSITIONS;

/// The node above those that hold the first tokens.
const ROOT: usize = 0;

/// Pages of sequences that are computed, or were.
#[derive(Debug)]
pub(crate) struct Prefixes {
    shape: CacheShape,
    /// All pages, those that only sequences hold included, and how many there may be.
    count: PageCount,
    pages_max: usize,
    nodes: Vec<Node>,
    /// Nodes that are not in use.
    vacant: Vec<usize>,
    /// Nodes without others below them, by when they were used last.
    leaves: BTreeMap<u64, usize>,
    /// Uses so far.
    clock: u64,
}

#[derive(Debug, Default)]
struct Node {
    /// At most as many as a page has positions; fewer only in a leaf.
    tokens: Arc<[u32]>,
    /// None in the root and in vacant nodes.
    page: Option<Arc<Page>>,
    above: usize,
    below: BTreeMap<Arc<[u32]>, usize>,
    used: u64,
}

/// The longest beginning of some tokens that is there.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Pages that agree in all positions.
    pub(crate) pages: Vec<Arc<Page>>,
    /// A page after them that agrees in its first positions, and in how many.
    pub(crate) tail: Option<(Arc<Page>, usize)>,
}

impl Prefixes {
    /// For at most `pages_max` pages in all.
    pub(crate) fn new(shape: CacheShape, pages_max: usize) -> Prefixes {
        Prefixes {
            shape,
            count: PageCount::default(),
            pages_max,
            nodes: vec![Node::default()],
            vacant: Vec::new(),
            leaves: BTreeMap::new(),
            clock: 0,
        }
    }

    /// Memory for a sequence whose pages count here.
    pub(crate) fn new_cache(&self) -> KvCache {
        KvCache::new(self.shape, Arc::clone(&self.count))
    }

    /// All pages, those that only sequences hold included.
    pub(crate) fn pages(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub(crate) fn pages_max(&self) -> usize {
        self.pages_max
    }

    /// Lets go of pages until there is room for as many. False if that is not possible.
    pub(crate) fn make_room(&mut self, pages: usize) -> bool {
        while self.pages() + pages > self.pages_max {
            if !self.evict() {
                return false;
            }
        }
        true
    }

    /// Appends to a sequence of `tokens` what is there of them. Returns how many tokens.
    pub(crate) fn fill(&mut self, tokens: &[u32], cache: &mut KvCache) -> usize {
        if !cache.length.is_multiple_of(PAGE_POSITIONS) {
            return 0;
        }
        let before = cache.length;
        let found = self.find(tokens);
        for page in found.pages.iter().skip(cache.pages.len()) {
            cache.attach(Arc::clone(page));
        }
        if let Some((page, positions)) = found.tail
            && found.pages.len() == cache.pages.len()
            && self.make_room(1)
        {
            cache.attach_copy(&page, positions);
        }
        cache.length - before
    }

    /// The longest beginning of `tokens` that is there, which counts as used now.
    pub(crate) fn find(&mut self, tokens: &[u32]) -> Found {
        let mut found = Found::default();
        let mut node = ROOT;
        for wanted in tokens.chunks(PAGE_POSITIONS) {
            let Some((below, common)) = self.nearest(node, wanted) else { break };
            let page = self.touch(below);
            if common < PAGE_POSITIONS {
                found.tail = Some((page, common));
                break;
            }
            found.pages.push(page);
            node = below;
        }
        found
    }

    /// Keeps the pages of a sequence of `tokens`, of which the first `cache.length()` are
    /// computed. Where the same tokens are there already, the sequence takes over those pages. A
    /// page that is not full is left out.
    pub(crate) fn keep(&mut self, tokens: &[u32], cache: &mut KvCache) {
        let mut node = ROOT;
        let full = cache.length / PAGE_POSITIONS;
        for (tokens, page) in tokens.chunks_exact(PAGE_POSITIONS).zip(&mut cache.pages[..full]) {
            node = match self.nodes[node].below.get(tokens) {
                Some(known) => *known,
                None => self.insert(node, tokens, Arc::clone(page)),
            };
            *page = self.touch(node);
        }
    }

    /// As [`Prefixes::keep`], with the page that is not full: of a sequence that goes no further.
    pub(crate) fn keep_all(&mut self, tokens: &[u32], mut cache: KvCache) {
        let Some(node) = self.keep_full(tokens, &mut cache) else { return };
        if let Some(tail) = cache.pages.pop() {
            self.insert(node, &tokens[cache.pages.len() * PAGE_POSITIONS..cache.length], tail);
        }
    }

    /// As [`Prefixes::keep`], with a copy of the page that is not full, if there is room.
    pub(crate) fn keep_copy(&mut self, tokens: &[u32], cache: &mut KvCache) {
        if !self.make_room(1) {
            return self.keep(tokens, cache);
        }
        let Some(node) = self.keep_full(tokens, cache) else { return };
        let (full, rest) = (cache.length / PAGE_POSITIONS, cache.length % PAGE_POSITIONS);
        let copy = Arc::new(cache.pages[full].copy(&self.shape, rest));
        self.insert(node, &tokens[full * PAGE_POSITIONS..cache.length], copy);
    }

    /// Keeps full pages. Returns the node that the page which is not full belongs below, unless
    /// there is none, or one that begins like it.
    fn keep_full(&mut self, tokens: &[u32], cache: &mut KvCache) -> Option<usize> {
        self.keep(tokens, cache);
        let (full, rest) = tokens[..cache.length].as_chunks::<PAGE_POSITIONS>();
        let node = full.iter().fold(ROOT, |node, tokens| self.nodes[node].below[&tokens[..]]);
        let (nearest, common) = self.nearest(node, rest).unwrap_or((ROOT, 0));
        if common > 0 && common == rest.len() {
            self.touch(nearest);
        }
        (common < rest.len()).then_some(node)
    }

    /// Lets go of the page that was not used for longest, of those that no sequence holds and
    /// that no other page follows. False if there is none.
    fn evict(&mut self) -> bool {
        let is_free = |node: &&usize| self.nodes[**node].page.as_ref().is_some_and(is_unheld);
        let Some(node) = self.leaves.values().find(is_free).copied() else { return false };
        self.remove(node);
        true
    }

    /// Of the pages below `node` the one that begins most like `wanted`, if the first token
    /// agrees, and in how many tokens it does.
    fn nearest(&self, node: usize, wanted: &[u32]) -> Option<(usize, usize)> {
        let below = &self.nodes[node].below;
        let before = below.range::<[u32], _>((Bound::Unbounded, Bound::Included(wanted)));
        let after = below.range::<[u32], _>((Bound::Included(wanted), Bound::Unbounded));
        let common = |(tokens, node): (&Arc<[u32]>, &usize)| {
            (*node, tokens.iter().zip(wanted).take_while(|(a, b)| a == b).count())
        };
        let nearest = before.rev().take(1).chain(after.take(1)).map(common);
        nearest.max_by_key(|(_, common)| *common).filter(|(_, common)| *common > 0)
    }

    /// The page of a node, which is used now.
    fn touch(&mut self, node: usize) -> Arc<Page> {
        self.clock += 1;
        let clock = self.clock;
        let touched = &mut self.nodes[node];
        if self.leaves.remove(&touched.used).is_some() {
            self.leaves.insert(clock, node);
        }
        touched.used = clock;
        Arc::clone(touched.page.as_ref().expect("nodes below the root have pages"))
    }

    /// Adds a page below a node, whose tokens are not the start of those of another there. One
    /// whose tokens are the start of these goes.
    fn insert(&mut self, above: usize, tokens: &[u32], page: Arc<Page>) -> usize {
        let before = (Bound::Unbounded, Bound::Excluded(tokens));
        let before = self.nodes[above].below.range::<[u32], _>(before).next_back();
        if let Some((shorter, node)) = before
            && tokens.starts_with(shorter)
        {
            self.remove(*node);
        }
        self.clock += 1;
        let tokens: Arc<[u32]> = tokens.into();
        let node = Node {
            tokens: Arc::clone(&tokens),
            page: Some(page),
            above,
            below: BTreeMap::new(),
            used: self.clock,
        };
        let index = match self.vacant.pop() {
            Some(index) => {
                self.nodes[index] = node;
                index
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() - 1
            }
        };
        self.leaves.remove(&self.nodes[above].used);
        self.leaves.insert(self.clock, index);
        self.nodes[above].below.insert(tokens, index);
        index
    }

    /// Removes a leaf.
    fn remove(&mut self, node: usize) {
        let Node { tokens, above, used, .. } = std::mem::take(&mut self.nodes[node]);
        self.leaves.remove(&used);
        self.vacant.push(node);
        let above_node = &mut self.nodes[above];
        above_node.below.remove(&tokens);
        if above != ROOT && above_node.below.is_empty() {
            self.leaves.insert(above_node.used, above);
        }
    }
}

fn is_unheld(page: &Arc<Page>) -> bool {
    Arc::strong_count(page) == 1
}
