//! The Merkle tree of RFC 6962 section 2.1: hashes, the growing edge, proofs and their checks.
//!
//! Pure arithmetic: no storage here. Hashes are kept in tiles of 256 as in C2SP tlog-tiles: the tile
//! `n` of level `l` holds the heads of the full subtrees of `256^l` leaves with the numbers
//! `256 n .. 256 n + 255`; a tile counts in the level above only once it is full.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

/// A SHA-256 hash: of a leaf, of a node, of a tree.
pub type Hash = [u8; 32];

/// Hashes in a full tile.
pub const TILE_WIDTH: usize = 256;
/// log2 of [`TILE_WIDTH`]: the height of a tile.
pub const TILE_HEIGHT: u32 = 8;

/// The hash of a leaf: `SHA-256(0x00 || data)`, RFC 6962 section 2.1.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// The hash of an inner node: `SHA-256(0x01 || left || right)`, RFC 6962 section 2.1.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The head of the empty tree: `SHA-256()`, RFC 6962 section 2.1.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// Hashes of one tile, 1 to 256 of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Level of the tile; its hashes are heads of subtrees of `256^level` leaves.
    pub level: u32,
    /// Number of the tile in its level.
    pub n: u64,
    /// The hashes, in order.
    pub hashes: Vec<Hash>,
}

/// The right edge of a tree: all that is needed to append to it and to know its head.
#[derive(Debug, Clone, Default)]
pub struct Frontier {
    size: u64,
    /// Heads of the full subtrees that make up the tree, largest first: one for every bit of `size`.
    peaks: Vec<Hash>,
    /// The unfinished tile of each level, 0 to 255 hashes.
    edges: Vec<Vec<Hash>>,
}

impl Frontier {
    /// The edge of the empty tree.
    #[must_use]
    pub fn new() -> Frontier {
        Frontier::default()
    }

    /// The edge of a tree of `size` leaves from its unfinished tiles, level 0 first. `None` where
    /// their widths do not fit the size.
    #[must_use]
    pub fn restore(size: u64, edges: Vec<Vec<Hash>>) -> Option<Frontier> {
        let mut peaks = Vec::new();
        for level in (0..Frontier::levels(size)).rev() {
            let edge = edges.get(level as usize)?;
            if edge.len() != edge_width(size, level) {
                return None;
            }
            let mut rest = edge.as_slice();
            for height in (0..TILE_HEIGHT).rev() {
                if edge.len() >> height & 1 == 1 {
                    let (subtree, after) = rest.split_at(1 << height);
                    peaks.push(full_root(subtree));
                    rest = after;
                }
            }
        }
        Some(Frontier { size, peaks, edges })
    }

    /// How many levels of tiles a tree of `size` leaves has.
    #[must_use]
    pub fn levels(size: u64) -> u32 {
        size.checked_ilog2().map_or(0, |height| height / TILE_HEIGHT + 1)
    }

    /// How many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf; tiles that this fills are pushed to `full`.
    pub fn push(&mut self, leaf: Hash, full: &mut Vec<Tile>) {
        let mut hash = leaf;
        for height in 0.. {
            if height % TILE_HEIGHT == 0 {
                let level = height / TILE_HEIGHT;
                if self.edges.len() <= level as usize {
                    self.edges.push(Vec::with_capacity(TILE_WIDTH));
                }
                let edge = &mut self.edges[level as usize];
                edge.push(hash);
                if edge.len() == TILE_WIDTH {
                    let n = self.size >> height >> TILE_HEIGHT;
                    full.push(Tile { level, n, hashes: std::mem::take(edge) });
                }
            }
            if self.size >> height & 1 == 0 {
                break;
            }
            let left = self.peaks.pop().expect("there is a peak for every set bit of the size");
            hash = node_hash(&left, &hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The unfinished tiles, those of width 0 left out.
    #[must_use]
    pub fn partial_tiles(&self) -> Vec<Tile> {
        let mut tiles = Vec::new();
        for (level, hashes) in (0u32..).zip(&self.edges) {
            if !hashes.is_empty() {
                let n = self.size >> (TILE_HEIGHT * level) >> TILE_HEIGHT;
                tiles.push(Tile { level, n, hashes: hashes.clone() });
            }
        }
        tiles
    }

    /// The head of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        join(&self.peaks).unwrap_or_else(empty_root)
    }
}

/// The width of the unfinished tile of `level` in a tree of `size` leaves.
#[must_use]
pub fn edge_width(size: u64, level: u32) -> usize {
    (size >> (TILE_HEIGHT * level)) as usize % TILE_WIDTH
}

/// The head of a full subtree, from the `2^height` hashes at the foot of it within one tile.
#[must_use]
pub fn full_root(hashes: &[Hash]) -> Hash {
    assert!(hashes.len().is_power_of_two(), "a full subtree has a power of two of hashes");
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    row[0]
}

/// The ranges of leaves whose heads make up the inclusion proof of `index` in a tree of `size`
/// leaves, from the leaf's sibling to the root's child: PATH of RFC 6962 section 2.1.1.
#[must_use]
pub fn inclusion_ranges(index: u64, size: u64) -> Vec<Range<u64>> {
    assert!(index < size, "only a leaf of the tree has a proof");
    let mut ranges = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            ranges.push(middle..end);
            end = middle;
        } else {
            ranges.push(start..middle);
            start = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// The ranges of leaves whose heads make up the consistency proof from `old` to `new` leaves:
/// PROOF of RFC 6962 section 2.1.2. Empty for `old` equal to 0 or to `new`.
#[must_use]
pub fn consistency_ranges(old: u64, new: u64) -> Vec<Range<u64>> {
    assert!(old <= new, "a tree only grows");
    let mut ranges = Vec::new();
    if old == 0 {
        return ranges;
    }
    let (mut start, mut end) = (0, new);
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            ranges.push(middle..end);
            end = middle;
        } else {
            ranges.push(start..middle);
            start = middle;
        }
    }
    if start != 0 {
        ranges.push(start..end);
    }
    ranges.reverse();
    ranges
}

/// The head of the leaves in `range`, from the heads of full subtrees. `node(height, number)` gives
/// the head of the full subtree of `2^height` leaves with this number.
///
/// # Errors
/// Those of `node`.
pub fn range_root<E>(
    range: Range<u64>,
    mut node: impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Hash, E> {
    let mut peaks = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let height = (range.end - at).ilog2().min(at.trailing_zeros());
        peaks.push(node(height, at >> height)?);
        at += 1 << height;
    }
    Ok(join(&peaks).unwrap_or_else(empty_root))
}

/// Whether the leaf with this hash is number `index` of the tree: RFC 9162 section 2.1.3.2.
#[must_use]
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            skip_absent_siblings(&mut at, &mut last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether the tree of `new` leaves begins with the tree of `old` leaves: RFC 9162 section 2.1.4.2.
/// The empty tree is the beginning of every tree, and has no proof.
#[must_use]
pub fn verify_consistency(
    (old, old_root): (u64, &Hash),
    (new, new_root): (u64, &Hash),
    proof: &[Hash],
) -> bool {
    if old == 0 || old == new {
        let known = if old == 0 { empty_root() } else { *new_root };
        return old <= new && proof.is_empty() && *old_root == known;
    }
    if old > new || proof.is_empty() {
        return false;
    }
    // A full old tree is itself the first node of the path and is left out of the proof.
    let (first, rest) =
        if old.is_power_of_two() { (*old_root, proof) } else { (proof[0], &proof[1..]) };
    let shift = (old - 1).trailing_ones();
    let (mut at, mut last) = ((old - 1) >> shift, (new - 1) >> shift);
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            skip_absent_siblings(&mut at, &mut last);
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

/// At the right edge, levels where the node has no sibling add nothing to the proof. `at` is odd or
/// equal to `last`, which is not 0.
fn skip_absent_siblings(at: &mut u64, last: &mut u64) {
    let levels = at.trailing_zeros();
    *at >>= levels;
    *last >>= levels;
}

/// The largest power of two smaller than `size` (2 or more): `k` of RFC 6962 section 2.1.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The head over full subtrees of falling size, from the right. `None` for none at all.
fn join(peaks: &[Hash]) -> Option<Hash> {
    let (last, before) = peaks.split_last()?;
    Some(before.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}
