//! The tree against the vectors of Certificate Transparency, a twin written from RFC 6962, and the
//! crate `ct-merkle`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ledger::Digest;
use ledger::merkle::*;
use sha2::Sha256;

/// The definitions of RFC 6962 section 2.1, word for word, over leaf hashes; heads that were computed
/// once are remembered.
struct Naive {
    leaves: Vec<Hash>,
    heads: RefCell<HashMap<Range<usize>, Hash>>,
}

impl Naive {
    /// MTH(D[range]).
    fn root(&self, range: Range<usize>) -> Hash {
        if let Some(head) = self.heads.borrow().get(&range) {
            return *head;
        }
        let head = match range.len() {
            0 => empty_root(),
            1 => self.leaves[range.start],
            n => {
                let k = range.start + naive_split(n);
                node_hash(&self.root(range.start..k), &self.root(k..range.end))
            }
        };
        self.heads.borrow_mut().insert(range, head);
        head
    }

    /// PATH(index, D[range]), section 2.1.1.
    fn path(&self, index: usize, range: Range<usize>) -> Vec<Hash> {
        if range.len() == 1 {
            return Vec::new();
        }
        let k = naive_split(range.len());
        let (left, right) = (range.start..range.start + k, range.start + k..range.end);
        let (mut path, other) = if index < k {
            (self.path(index, left), self.root(right))
        } else {
            (self.path(index - k, right), self.root(left))
        };
        path.push(other);
        path
    }

    /// SUBPROOF(old, D[range], known), section 2.1.2.
    fn subproof(&self, old: usize, range: Range<usize>, known: bool) -> Vec<Hash> {
        if old == range.len() {
            return if known { Vec::new() } else { vec![self.root(range)] };
        }
        let k = naive_split(range.len());
        let (left, right) = (range.start..range.start + k, range.start + k..range.end);
        let (mut proof, other) = if old <= k {
            (self.subproof(old, left, known), self.root(right))
        } else {
            (self.subproof(old - k, right, false), self.root(left))
        };
        proof.push(other);
        proof
    }
}

/// The largest power of two smaller than `n`.
fn naive_split(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

/// A tree whose nodes are looked up in tiles, as the database does.
struct Tree {
    naive: Naive,
    tiles: Vec<Tile>,
    nodes: RefCell<HashMap<(u32, u64), Hash>>,
}

impl Tree {
    fn new(size: usize) -> Tree {
        let leaves: Vec<Hash> = (0..size).map(|i| leaf_hash(&(i as u32).to_be_bytes())).collect();
        let (mut frontier, mut tiles) = (Frontier::new(), Vec::new());
        for leaf in &leaves {
            frontier.push(*leaf, &mut tiles);
        }
        tiles.extend(frontier.partial_tiles());
        let naive = Naive { leaves, heads: RefCell::default() };
        Tree { naive, tiles, nodes: RefCell::default() }
    }

    fn heads(&self, ranges: Vec<Range<u64>>) -> Vec<Hash> {
        let node = |height: u32, number: u64| {
            if let Some(hash) = self.nodes.borrow().get(&(height, number)) {
                return Ok::<Hash, ()>(*hash);
            }
            let (level, first) = (height / 8, number << (height % 8));
            let tile = self.tiles.iter().find(|t| t.level == level && t.n == first >> 8).unwrap();
            let at = first as usize % 256;
            let hash = full_root(&tile.hashes[at..at + (1 << (height % 8))]);
            self.nodes.borrow_mut().insert((height, number), hash);
            Ok(hash)
        };
        ranges.into_iter().map(|range| range_root(range, node).unwrap()).collect()
    }
}

#[test]
fn vectors_of_certificate_transparency() {
    // The inputs and roots of the reference implementation's tests.
    let inputs: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::new();
    assert_eq!(Digest::from_bytes(frontier.root()).hex(), roots[0]);
    for (input, root) in inputs.iter().zip(&roots[1..]) {
        frontier.push(leaf_hash(input), &mut Vec::new());
        assert_eq!(Digest::from_bytes(frontier.root()).hex(), *root);
    }
}

#[test]
fn every_proof_is_that_of_the_rfc_and_holds() {
    const SIZE_MAX: usize = 300;
    let tree = Tree::new(SIZE_MAX);
    let mut frontier = Frontier::new();
    for size in 1..=SIZE_MAX {
        frontier.push(tree.naive.leaves[size - 1], &mut Vec::new());
        let root = frontier.root();
        assert_eq!(root, tree.naive.root(0..size), "root of {size}");
        for index in 0..size {
            let proof = tree.heads(inclusion_ranges(index as u64, size as u64));
            assert_eq!(proof, tree.naive.path(index, 0..size), "{index} in {size}");
            let (leaf, index, size) = (&tree.naive.leaves[index], index as u64, size as u64);
            assert!(verify_inclusion(leaf, index, size, &proof, &root), "{index} in {size}");
        }
        for old in 1..=size {
            let proof = tree.heads(consistency_ranges(old as u64, size as u64));
            assert_eq!(proof, tree.naive.subproof(old, 0..size, true), "{old} in {size}");
            let (old_root, old, size) = (tree.naive.root(0..old), old as u64, size as u64);
            let (old, new) = ((old, &old_root), (size, &root));
            assert!(verify_consistency(old, new, &proof), "{} in {size}", old.0);
        }
        assert!(verify_consistency((0, &empty_root()), (size as u64, &root), &[]));
    }
}

#[test]
fn every_changed_proof_is_refused() {
    let tree = Tree::new(40);
    for size in 2..=40u64 {
        let root = tree.naive.root(0..size as usize);
        for index in 0..size {
            let leaf = &tree.naive.leaves[index as usize];
            let proof = tree.heads(inclusion_ranges(index, size));
            for changed in changes(&proof) {
                assert!(!verify_inclusion(leaf, index, size, &changed, &root));
            }
            assert!(!verify_inclusion(leaf, size, size, &proof, &root));
            let other = (index + 1) % size;
            assert!(!verify_inclusion(leaf, other, size, &proof, &root), "{index} as {other}");
        }
        for old in 1..size {
            let old_root = tree.naive.root(0..old as usize);
            let proof = tree.heads(consistency_ranges(old, size));
            for changed in changes(&proof) {
                assert!(!verify_consistency((old, &old_root), (size, &root), &changed));
            }
            let mut forked = old_root;
            forked[0] ^= 1;
            assert!(!verify_consistency((old, &forked), (size, &root), &proof));
            assert!(!verify_consistency((size, &root), (old, &old_root), &proof));
        }
    }
}

/// A proof with one bit changed, one hash too few, one too many.
fn changes(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut changed = Vec::new();
    for at in 0..proof.len() {
        let mut flipped = proof.to_vec();
        flipped[at][31] ^= 0x80;
        let mut short = proof.to_vec();
        short.remove(at);
        changed.extend([flipped, short]);
    }
    let mut long = proof.to_vec();
    long.push([7; 32]);
    changed.push(long);
    changed
}

#[test]
fn the_crate_ct_merkle_agrees() {
    let mut theirs: MemoryBackedTree<Sha256, Vec<u8>> = MemoryBackedTree::new();
    let (mut ours, mut tiles) = (Frontier::new(), Vec::new());
    for number in 0..600u32 {
        theirs.push(number.to_be_bytes().to_vec());
        ours.push(leaf_hash(&number.to_be_bytes()), &mut tiles);
        assert_eq!(ours.root().as_slice(), theirs.root().as_bytes().as_slice());
    }
    let tree = Tree::new(600);
    for index in (0..600).step_by(13) {
        let proof = tree.heads(inclusion_ranges(index as u64, 600));
        assert_eq!(proof.as_flattened(), theirs.prove_inclusion(index).as_bytes());
    }
}

#[test]
fn the_edge_is_restored_from_its_tiles() {
    let (mut frontier, mut full) = (Frontier::new(), Vec::new());
    for number in 0..66_000u64 {
        let size = frontier.size();
        if size.is_multiple_of(509) || [255, 256, 257, 65_535, 65_536, 65_537].contains(&size) {
            let edges = (0..Frontier::levels(size)).map(|level| {
                let partial = frontier.partial_tiles().into_iter().find(|t| t.level == level);
                partial.map_or(Vec::new(), |tile| tile.hashes)
            });
            let restored = Frontier::restore(size, edges.collect()).unwrap();
            assert_eq!(restored.root(), frontier.root(), "at {size}");
            let (mut a, mut b) = (restored, frontier.clone());
            a.push([9; 32], &mut Vec::new());
            b.push([9; 32], &mut Vec::new());
            assert_eq!((a.root(), a.partial_tiles()), (b.root(), b.partial_tiles()), "at {size}");
        }
        frontier.push(leaf_hash(&number.to_be_bytes()), &mut full);
    }
    let keys: Vec<(u32, u64)> = full.iter().map(|tile| (tile.level, tile.n)).collect();
    assert_eq!(keys.iter().filter(|(level, _)| *level == 0).count(), 257);
    assert_eq!(keys.iter().filter(|(level, _)| *level == 1).collect::<Vec<_>>(), [&(1, 0)]);
    assert_eq!(Frontier::restore(3, vec![vec![[0; 32]; 2]]).map(|f| f.size()), None);
}
