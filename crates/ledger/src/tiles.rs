//! Tiles in the database: reading nodes of the tree, the right edge, proofs; writing what grew.

use std::collections::HashMap;
use std::ops::Range;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::merkle::{self, Frontier, Hash, TILE_HEIGHT, Tile};

/// Why a node of the tree cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TileError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("tile {level}/{n}: {what}")]
    Broken { level: u32, n: u64, what: String },
}

/// Reads nodes of the tree; a tile is read once.
pub(crate) struct TileReader<'db> {
    db: &'db Connection,
    read: HashMap<(u32, u64), Vec<Hash>>,
}

impl<'db> TileReader<'db> {
    pub(crate) fn new(db: &'db Connection) -> TileReader<'db> {
        TileReader { db, read: HashMap::new() }
    }

    /// The proof that the leaf `index` is in the tree of `size` leaves.
    pub(crate) fn inclusion(&mut self, index: u64, size: u64) -> Result<Vec<Hash>, TileError> {
        self.heads(merkle::inclusion_ranges(index, size))
    }

    /// The proof that the tree of `new` leaves begins with that of `old` leaves.
    pub(crate) fn consistency(&mut self, old: u64, new: u64) -> Result<Vec<Hash>, TileError> {
        self.heads(merkle::consistency_ranges(old, new))
    }

    fn heads(&mut self, ranges: Vec<Range<u64>>) -> Result<Vec<Hash>, TileError> {
        let mut heads = Vec::with_capacity(ranges.len());
        for range in ranges {
            heads.push(merkle::range_root(range, |height, number| self.node(height, number))?);
        }
        Ok(heads)
    }

    /// The head of the full subtree of `2^height` leaves with this number.
    pub(crate) fn node(&mut self, height: u32, number: u64) -> Result<Hash, TileError> {
        let (level, within) = (height / TILE_HEIGHT, height % TILE_HEIGHT);
        let first = number << within;
        let (n, at) = (first >> TILE_HEIGHT, first as usize % merkle::TILE_WIDTH);
        if !self.read.contains_key(&(level, n)) {
            let hashes = read(self.db, level, n)?.unwrap_or_default();
            self.read.insert((level, n), hashes);
        }
        let hashes = &self.read[&(level, n)];
        match hashes.get(at..at + (1 << within)) {
            Some(subtree) => Ok(merkle::full_root(subtree)),
            None => {
                let what = format!("{} hashes, number {at} is needed", hashes.len());
                Err(TileError::Broken { level, n, what })
            }
        }
    }
}

/// The hashes of a tile; `None` where it is not there.
pub(crate) fn read(db: &Connection, level: u32, n: u64) -> Result<Option<Vec<Hash>>, TileError> {
    let sql = "SELECT hashes FROM tile WHERE level = ?1 AND n = ?2";
    let mut statement = db.prepare_cached(sql)?;
    let blob: Option<Vec<u8>> =
        statement.query_row(params![level, n as i64], |row| row.get(0)).optional()?;
    let Some(blob) = blob else { return Ok(None) };
    let (hashes, rest) = blob.as_chunks::<32>();
    if !rest.is_empty() || hashes.is_empty() || hashes.len() > merkle::TILE_WIDTH {
        let what = format!("{} bytes are not 1 to 256 hashes", blob.len());
        return Err(TileError::Broken { level, n, what });
    }
    Ok(Some(hashes.to_vec()))
}

/// The right edge of a tree of `size` leaves.
pub(crate) fn frontier(db: &Connection, size: u64) -> Result<Frontier, TileError> {
    let mut edges = Vec::new();
    for level in 0..Frontier::levels(size) {
        let n = size >> (TILE_HEIGHT * level) >> TILE_HEIGHT;
        let width = merkle::edge_width(size, level);
        let edge = read(db, level, n)?.unwrap_or_default();
        if edge.len() != width {
            let what = format!("{} hashes, expected {width} at the right edge", edge.len());
            return Err(TileError::Broken { level, n, what });
        }
        edges.push(edge);
    }
    Ok(Frontier::restore(size, edges).expect("the widths of all levels were just checked"))
}

/// Stores tiles; a partial tile is overwritten by a wider one.
pub(crate) fn write(db: &Connection, tiles: &[Tile]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO tile (level, n, hashes) VALUES (?1, ?2, ?3)
               ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes";
    let mut statement = db.prepare_cached(sql)?;
    for tile in tiles {
        statement.execute(params![tile.level, tile.n as i64, tile.hashes.as_flattened()])?;
    }
    Ok(())
}
