//! Random use of pages: each holds what its tokens say, for as long as anyone holds it, and no
//! longer.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::*;

const SHAPE: CacheShape = CacheShape { layers: 2, width: 3, positions_max: 7 * PAGE_POSITIONS };
const PAGES_MAX: usize = 18;

/// Deterministic numbers (xorshift, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end
    }
}

/// What stands for the key of the last of some tokens: it depends on all of them.
fn key(tokens: &[u32], layer: usize) -> f32 {
    let mut hasher = DefaultHasher::new();
    (tokens, layer).hash(&mut hasher);
    (hasher.finish() >> 44) as f32
}

/// Tokens, of which the first `cache.length()` are computed.
struct Sequence {
    tokens: Vec<u32>,
    cache: KvCache,
}

struct World {
    random: Random,
    prefixes: Prefixes,
    sequences: Vec<Sequence>,
    reused: usize,
    tails: usize,
}

impl World {
    /// A text like others: one of a few, changed somewhere.
    fn tokens(&mut self) -> Vec<u32> {
        let mut same = Random(1 + self.random.below(2) as u64);
        let length = 1 + self.random.below(SHAPE.positions_max - 1);
        let mut tokens: Vec<u32> = (0..length).map(|_| same.below(3) as u32).collect();
        if self.random.below(3) > 0 {
            let changed = self.random.below(length);
            tokens[changed] = 3 + self.random.below(2) as u32;
        }
        tokens
    }

    fn begin(&mut self) {
        let tokens = self.tokens();
        let mut cache = self.prefixes.new_cache();
        let reused = self.prefixes.fill(&tokens[..tokens.len() - 1], &mut cache);
        assert_eq!(reused, cache.length());
        self.reused += reused;
        self.tails += usize::from(!reused.is_multiple_of(PAGE_POSITIONS));
        self.sequences.push(Sequence { tokens, cache });
    }

    /// Computes some tokens of a sequence, if there is room.
    fn compute(&mut self, index: usize) {
        let Sequence { tokens, cache } = &mut self.sequences[index];
        let left = tokens.len() - cache.length();
        let count = self.random.below(left + 1).min(50);
        if count == 0 || !self.prefixes.make_room(cache.missing_pages(count)) {
            return;
        }
        let pages = self.prefixes.pages() + cache.missing_pages(count);
        let held_before = cache.pages().last().map(Arc::downgrade);
        cache.reserve(count);
        // A shared last page that nobody else held on to is gone by now.
        let is_gone = held_before.is_some_and(|page| page.strong_count() == 0);
        assert_eq!(self.prefixes.pages(), pages - usize::from(is_gone));
        let computed = cache.length()..cache.length() + count;
        for layer in 0..SHAPE.layers {
            let keys = computed.clone().map(|at| key(&tokens[..=at], layer));
            let keys: Vec<f32> = keys.flat_map(|key| [key; SHAPE.width]).collect();
            let values: Vec<f32> = keys.iter().map(|key| -key).collect();
            cache.write(layer, &keys, &values);
        }
        cache.advance(count);
    }

    fn act(&mut self) {
        if self.sequences.is_empty() || (self.sequences.len() < 5 && self.random.below(6) == 0) {
            return self.begin();
        }
        let count = self.sequences.len();
        let index = self.random.below(count);
        let Sequence { tokens, cache } = &mut self.sequences[index];
        match self.random.below(12) {
            0 => cache.truncate(self.random.below(tokens.len() + 1)),
            1 if count < 5 => {
                let (tokens, cache) = (tokens.clone(), cache.clone());
                self.sequences.push(Sequence { tokens, cache });
            }
            2 => self.prefixes.keep(tokens, cache),
            3 => self.prefixes.keep_copy(tokens, cache),
            4 => {
                let Sequence { tokens, cache } = self.sequences.swap_remove(index);
                self.prefixes.keep_all(&tokens, cache);
            }
            5 => drop(self.sequences.swap_remove(index)),
            6 => {
                self.prefixes.fill(tokens, cache);
            }
            _ => self.compute(index),
        }
    }

    /// Everything that must hold whatever was done.
    fn check(&self) {
        let mut holders: BTreeMap<*const Page, usize> = BTreeMap::new();
        for Sequence { tokens, cache } in &self.sequences {
            assert_eq!(cache.pages().len(), cache.length().div_ceil(PAGE_POSITIONS));
            for (index, page) in cache.pages().iter().enumerate() {
                *holders.entry(Arc::as_ptr(page)).or_default() += 1;
                check_page(page, tokens, index * PAGE_POSITIONS, cache.length());
            }
        }
        let mut leaves = BTreeSet::new();
        let mut nodes = 0;
        let mut open: Vec<(usize, Vec<u32>)> = vec![(ROOT, Vec::new())];
        while let Some((index, path)) = open.pop() {
            let node = &self.prefixes.nodes[index];
            if let Some(page) = &node.page {
                nodes += 1;
                *holders.entry(Arc::as_ptr(page)).or_default() += 1;
                check_page(page, &path, path.len() - node.tokens.len(), path.len());
                if node.below.is_empty() {
                    leaves.insert((node.used, index));
                }
                assert!(node.below.is_empty() || node.tokens.len() == PAGE_POSITIONS);
            }
            let keys: Vec<_> = node.below.keys().collect();
            assert!(keys.windows(2).all(|pair| !pair[1].starts_with(pair[0])));
            for (tokens, below) in &node.below {
                assert_eq!(self.prefixes.nodes[*below].above, index);
                open.push((*below, [&path[..], tokens].concat()));
            }
        }
        let listed: BTreeSet<_> = self.prefixes.leaves.iter().map(|(a, b)| (*a, *b)).collect();
        assert_eq!(listed, leaves);
        assert_eq!(nodes + 1 + self.prefixes.vacant.len(), self.prefixes.nodes.len());
        assert_eq!(self.prefixes.pages(), holders.len(), "pages are those that are held");
        assert!(self.prefixes.pages() <= PAGES_MAX);
        for page in self.sequences.iter().flat_map(|sequence| sequence.cache.pages()) {
            assert_eq!(Arc::strong_count(page), holders[&Arc::as_ptr(page)]);
        }
    }
}

/// The page holds the keys and values of `tokens` from `start` to `end`, or to its own end.
fn check_page(page: &Page, tokens: &[u32], start: usize, end: usize) {
    for layer in 0..SHAPE.layers {
        let elements = &page.elements[2 * layer * SHAPE.layer_elements()..];
        let (keys, values) = elements.split_at(SHAPE.layer_elements());
        for at in start..end.min(start + PAGE_POSITIONS) {
            let (key, row) = (key(&tokens[..=at], layer), (at - start) * SHAPE.width);
            assert_eq!(keys[row..][..SHAPE.width], [key; SHAPE.width], "position {at}");
            assert_eq!(values[row..][..SHAPE.width], [-key; SHAPE.width]);
        }
    }
}

#[test]
fn pages_hold_what_their_tokens_say() {
    for seed in 1..6 {
        let mut world = World {
            random: Random(seed),
            prefixes: Prefixes::new(SHAPE, PAGES_MAX),
            sequences: Vec::new(),
            reused: 0,
            tails: 0,
        };
        for _ in 0..1500 {
            world.act();
            world.check();
        }
        assert!(world.reused > 1000 && world.tails > 10, "{} {}", world.reused, world.tails);
        world.sequences.clear();
        world.check();
        assert!(world.prefixes.make_room(PAGES_MAX), "all that is left can go");
        assert_eq!(world.prefixes.pages(), 0);
        world.check();
    }
}

fn computed(prefixes: &Prefixes, tokens: &[u32]) -> KvCache {
    let mut cache = prefixes.new_cache();
    cache.reserve(tokens.len());
    cache.advance(tokens.len());
    cache
}

#[test]
fn what_was_not_used_for_longest_goes_first() {
    let mut prefixes = Prefixes::new(SHAPE, 4);
    let page = |token: u32| vec![token; PAGE_POSITIONS];
    for token in [1, 2, 3] {
        let cache = computed(&prefixes, &page(token));
        prefixes.keep_all(&page(token), cache);
    }
    let long = [page(1), page(4)].concat();
    let mut held = prefixes.new_cache();
    assert_eq!(prefixes.fill(&page(2), &mut held), PAGE_POSITIONS);
    let mut cache = prefixes.new_cache();
    assert_eq!(prefixes.fill(&long, &mut cache), PAGE_POSITIONS);
    cache.reserve(PAGE_POSITIONS);
    cache.advance(PAGE_POSITIONS);
    prefixes.keep_all(&long, cache);
    // Which pages are there, without using them.
    let there = |prefixes: &Prefixes| {
        let below = |node: usize, token| prefixes.nodes[node].below.get(&page(token)[..]).copied();
        let first = below(ROOT, 1);
        let all = [first, below(ROOT, 2), below(ROOT, 3), first.and_then(|node| below(node, 4))];
        all.map(|node| node.is_some())
    };
    assert_eq!(there(&prefixes), [true; 4]);
    assert!(prefixes.make_room(1));
    assert_eq!(there(&prefixes), [true, true, false, true], "the third was used first");
    assert!(prefixes.make_room(2));
    assert_eq!(there(&prefixes), [true, true, false, false], "ends go before beginnings");
    assert!(prefixes.make_room(3) && !prefixes.make_room(4), "the second is held");
    assert_eq!(there(&prefixes), [false, true, false, false]);
}
