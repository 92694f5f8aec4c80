//! Records, checkpoints and tiles, walked together from the first record to the last.
//!
//! A record, its hash in a tile and the root in a checkpoint say the same thing three times. Where
//! they differ, the signed checkpoint decides who is wrong.

use rusqlite::Rows;

use super::{Columns, Stop, Verification, index, sql};
use crate::checkpoint::{self, Checkpoint};
use crate::event::Entry;
use crate::merkle::{self, Frontier, Hash, Tile};
use crate::store::Ledger;
use crate::tiles::{self, TileError};

/// Checks that the records are those that the checkpoints name and the tiles hash. The signatures of
/// the checkpoints are only asked for where something differs.
pub(super) fn verify(
    ledger: &Ledger,
    found: &mut Verification,
    step: &mut dyn FnMut(u64),
) -> Result<(), Stop> {
    let mut entries = ledger
        .db
        .prepare("SELECT idx, ts, gen, seq, kind, leaf FROM entry ORDER BY idx")
        .map_err(sql("entry"))?;
    let mut entries = entries.query([]).map_err(sql("entry"))?;
    let mut notes = ledger
        .db
        .prepare("SELECT size, note FROM checkpoint ORDER BY size")
        .map_err(sql("checkpoint"))?;
    let mut walk = Walk {
        ledger,
        notes: notes.query([]).map_err(sql("checkpoint"))?,
        next: None,
        frontier: Frontier::new(),
        recent: Vec::new(),
        full: Vec::new(),
        base: 0,
    };
    walk.next = walk.read_note()?;
    if !walk.pass_checkpoint()? {
        return Err(Stop::failure("checkpoint", "size 0", "missing"));
    }
    let mut time_ms = i64::MIN;
    let mut times_back = 0u64;
    while let Some(row) = entries.next().map_err(sql("entry"))? {
        let (entry, leaf) = walk.read_entry(row)?;
        times_back += u64::from(entry.time_ms < time_ms);
        time_ms = entry.time_ms;
        walk.check_base(&entry, &leaf)?;
        walk.recent.push(leaf);
        walk.frontier.push(leaf, &mut walk.full);
        walk.pass_checkpoint()?;
        found.entries += 1;
        step(found.entries);
    }
    walk.finish()?;
    found.root = walk.frontier.root();
    if times_back > 0 {
        found.remarks.push(format!("the clock went back before {times_back} records"));
    }
    Ok(())
}

struct Walk<'a> {
    ledger: &'a Ledger,
    notes: Rows<'a>,
    /// The next checkpoint as it is stored, not yet checked: its size and its note.
    next: Option<(u64, String)>,
    /// The tree over the records so far.
    frontier: Frontier,
    /// Leaf hashes since the last checkpoint.
    recent: Vec<Hash>,
    /// Tiles that were filled since the last checkpoint.
    full: Vec<Tile>,
    /// Size of the last checkpoint.
    base: u64,
}

impl Walk<'_> {
    /// Reads the next record and checks it for itself.
    fn read_entry(&self, row: &rusqlite::Row<'_>) -> Result<(Entry, Hash), Stop> {
        let expected = self.frontier.size();
        let idx = row.get_ref(0).map_err(sql("entry"))?.as_i64().unwrap_or(i64::MIN);
        let columns = Columns { row, table: "entry", record: index(idx) };
        if u64::try_from(idx) != Ok(expected) {
            return Err(if i128::from(idx) > i128::from(expected) {
                Stop::failure("entry", index(expected), format!("missing; the next is {idx}"))
            } else {
                columns.failure(format!("unexpected: the next index is {expected}"))
            });
        }
        let leaf = columns.blob(5, "leaf")?;
        let entry = Entry::parse(leaf).map_err(|what| columns.failure(what))?;
        let differs = |name: &str, column: String, leaf: String| {
            Err(columns.failure(format!("column {name} is `{column}`, the leaf has `{leaf}`")))
        };
        if entry.index != expected {
            return differs("idx", idx.to_string(), entry.index.to_string());
        }
        let ts = columns.integer(1, "ts")?;
        if ts != entry.time_ms {
            return differs("ts", ts.to_string(), entry.time_ms.to_string());
        }
        let generation = columns.text(2, "gen")?;
        if generation != entry.generation {
            return differs("gen", generation.escape_debug().to_string(), entry.generation);
        }
        let seq = columns.unsigned(3, "seq")?;
        if seq != entry.seq {
            return differs("seq", seq.to_string(), entry.seq.to_string());
        }
        let kind = columns.text(4, "kind")?;
        if kind != entry.kind.name() {
            return differs("kind", kind.escape_debug().to_string(), entry.kind.name().to_owned());
        }
        let origin = self.ledger.verifier().name();
        if entry.origin != origin {
            let what = format!("the leaf is of the ledger `{}`, this is `{origin}`", entry.origin);
            return Err(columns.failure(what));
        }
        Ok((entry, merkle::leaf_hash(leaf)))
    }

    /// The record names the checkpoint before it: so none can be missing in the middle.
    fn check_base(&self, entry: &Entry, leaf: &Hash) -> Result<(), Stop> {
        if entry.base == self.base {
            return Ok(());
        }
        let (base, at) = (self.base, entry.index);
        if self.stored_leaf(at)? != Some(*leaf) {
            let what = format!("expected base {base}, found {}", entry.base);
            return Err(Stop::failure("entry", index(at), what));
        }
        let (size, what) = if entry.base > base {
            (entry.base, format!("missing: record {at} was appended after it"))
        } else {
            (base, format!("unexpected: record {at} was appended after that of {}", entry.base))
        };
        Err(Stop::failure("checkpoint", format!("size {size}"), what))
    }

    /// Checks the checkpoint of the present size and what it settles; `false` where there is none.
    fn pass_checkpoint(&mut self) -> Result<bool, Stop> {
        let size = self.frontier.size();
        let Some((_, note)) = self.next.take_if(|(next, _)| *next == size) else {
            return Ok(false);
        };
        let failure = |what| Stop::failure("checkpoint", format!("size {size}"), what);
        let (claimed, root) = checkpoint::claims(&note).map_err(|e| failure(e.to_string()))?;
        if claimed != size {
            return Err(failure(format!("the note is that of size {claimed}")));
        }
        if root != self.frontier.root() {
            return match Checkpoint::parse(&note, self.ledger.verifier()) {
                Ok(_) => Err(self.blame(size)?),
                Err(e) => Err(failure(e.to_string())),
            };
        }
        for tile in std::mem::take(&mut self.full) {
            self.check_tile(&tile)?;
        }
        self.recent.clear();
        self.base = size;
        self.next = self.read_note()?;
        Ok(true)
    }

    /// A signed root does not come out: names the record since the last checkpoint that is not the
    /// one that was hashed when it was appended.
    fn blame(&self, size: u64) -> Result<Stop, Stop> {
        for (at, leaf) in (self.base..).zip(&self.recent) {
            if self.stored_leaf(at)? != Some(*leaf) {
                let what = format!("not the record that the checkpoint of size {size} signs");
                return Ok(Stop::failure("entry", index(at), what));
            }
        }
        let record = format!("index {} to {}", self.base, size.saturating_sub(1));
        let what = format!("they do not lead to the root that the checkpoint of size {size} signs");
        Ok(Stop::failure("entry", record, what))
    }

    /// The end: every record is signed, every tile and every checkpoint has its records.
    fn finish(&mut self) -> Result<(), Stop> {
        let size = self.frontier.size();
        if let Some((next, _)) = &self.next {
            let what = format!("missing: there is a checkpoint of size {next}");
            return Err(Stop::failure("entry", index(size), what));
        }
        if self.base < size {
            let what = format!("missing: nothing signs the records from {} on", self.base);
            return Err(Stop::failure("checkpoint", format!("size {size}"), what));
        }
        for tile in self.frontier.partial_tiles() {
            self.check_tile(&tile)?;
        }
        self.check_no_other_tiles(size)
    }

    fn check_tile(&self, expected: &Tile) -> Result<(), Stop> {
        let (level, n) = (expected.level, expected.n);
        let failure = |what: String| Stop::failure("tile", format!("level {level}, n {n}"), what);
        let stored = match tiles::read(&self.ledger.db, level, n) {
            Ok(stored) => stored.ok_or_else(|| failure("missing".to_owned()))?,
            Err(TileError::Broken { what, .. }) => return Err(failure(what)),
            Err(TileError::Sqlite(e)) => return Err(sql("tile")(e)),
        };
        if stored == expected.hashes {
            return Ok(());
        }
        let (wide, narrow) = (stored.len(), expected.hashes.len());
        let pairs = stored.iter().zip(&expected.hashes);
        Err(match pairs.clone().position(|(stored, expected)| stored != expected) {
            Some(at) => failure(format!("hash {at} is not that of the records")),
            None => failure(format!("{wide} hashes, expected {narrow}")),
        })
    }

    fn check_no_other_tiles(&self, size: u64) -> Result<(), Stop> {
        let query = "SELECT level, n FROM tile ORDER BY level, n";
        let mut statement = self.ledger.db.prepare(query).map_err(sql("tile"))?;
        let mut rows = statement.query([]).map_err(sql("tile"))?;
        while let Some(row) = rows.next().map_err(sql("tile"))? {
            let columns = Columns { row, table: "tile", record: "key".to_owned() };
            let (level, n) = (columns.integer(0, "level")?, columns.integer(1, "n")?);
            let known = (0..8).contains(&level)
                && n >= 0
                && (n as u64) < (size >> (8 * level)).div_ceil(merkle::TILE_WIDTH as u64);
            if !known {
                let record = format!("level {level}, n {n}");
                return Err(Stop::failure("tile", record, "unexpected: no records lie below it"));
            }
        }
        Ok(())
    }

    /// The hash that a tile holds for a record.
    fn stored_leaf(&self, at: u64) -> Result<Option<Hash>, Stop> {
        match tiles::read(&self.ledger.db, 0, at >> merkle::TILE_HEIGHT) {
            Ok(tile) => {
                let within = at as usize % merkle::TILE_WIDTH;
                Ok(tile.and_then(|hashes| hashes.get(within).copied()))
            }
            Err(TileError::Broken { .. }) => Ok(None),
            Err(TileError::Sqlite(e)) => Err(sql("tile")(e)),
        }
    }

    fn read_note(&mut self) -> Result<Option<(u64, String)>, Stop> {
        let Some(row) = self.notes.next().map_err(sql("checkpoint"))? else { return Ok(None) };
        let size = row.get_ref(0).map_err(sql("checkpoint"))?.as_i64().unwrap_or(i64::MIN);
        let columns = Columns { row, table: "checkpoint", record: format!("size {size}") };
        Ok(Some((columns.unsigned(0, "size")?, columns.text(1, "note")?.to_owned())))
    }
}
