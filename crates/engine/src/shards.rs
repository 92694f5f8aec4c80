//! Models that are split over several files, `<name>-00001-of-00003.gguf` and so on: opened
//! together, and checked to be parts of one.
//!
//! Each part is a GGUF file with `split.no`, counted from 0, and `split.count`. The first has the
//! model's metadata, all have tensors. Source: `tools/gguf-split` of
//! <https://github.com/ggml-org/llama.cpp>.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::EngineError;
use crate::gguf::{Gguf, missing};
use crate::storage::Storage;

const COUNT_KEY: &str = "split.count";
const NUMBER_KEY: &str = "split.no";
const TENSORS_KEY: &str = "split.tensors.count";

/// Digits of a number in a name.
const DIGITS: usize = 5;

/// The name of one part, taken apart.
struct PartName<'a> {
    /// What comes before the number.
    stem: &'a str,
    /// Counted from 1.
    number: usize,
    count: usize,
}

impl<'a> PartName<'a> {
    /// None if `name` is not that of a part.
    fn parse(name: &'a str) -> Option<PartName<'a>> {
        let rest = name.strip_suffix(".gguf")?;
        let number_at = |range: Range<usize>| -> Option<usize> {
            let digits = rest.get(range)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        let count_start = rest.len().checked_sub(DIGITS)?;
        let middle = count_start.checked_sub("-of-".len())?;
        let number_start = middle.checked_sub(DIGITS)?;
        let stem = rest.get(..number_start)?.strip_suffix('-')?;
        if rest.get(middle..count_start)? != "-of-" {
            return None;
        }
        let number = number_at(number_start..middle)?;
        Some(PartName { stem, number, count: number_at(count_start..rest.len())? })
    }

    /// The name of another part.
    fn of(&self, number: usize) -> String {
        format!("{}-{number:0DIGITS$}-of-{:0DIGITS$}.gguf", self.stem, self.count)
    }
}

/// Maps a file, or all parts of a model if it has the name of the first.
pub(crate) fn map(path: &Path) -> Result<Vec<Storage>, EngineError> {
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(part) = name.and_then(PartName::parse).filter(|part| part.count > 1) else {
        return Ok(vec![Storage::map(path)?]);
    };
    if part.number != 1 {
        let what = format!("{} is not the first, open {}", part.of(part.number), part.of(1));
        return Err(EngineError::Shards { what });
    }
    let paths = (1..=part.count).map(|number| path.with_file_name(part.of(number)));
    paths.map(|path: PathBuf| Storage::map(&path)).collect()
}

/// Reads the headers of all files of a model as one.
pub(crate) fn parse(files: &[Arc<Storage>]) -> Result<Gguf<'_>, EngineError> {
    let (first, rest) = files.split_first().expect("a model has a file");
    let mut gguf = Gguf::parse(first.bytes())?;
    check_number(&gguf, 0, files.len())?;
    for (number, file) in (1..).zip(rest) {
        let part = Gguf::parse(file.bytes())?;
        check_number(&part, number, files.len())?;
        gguf.add_part(number, part)?;
    }
    let count = gguf.tensors().count();
    match gguf.optional_count(TENSORS_KEY)? {
        Some(expected) if expected != count => {
            let what = format!("`{TENSORS_KEY}` is {expected}, the files have {count}");
            Err(EngineError::Shards { what })
        }
        _ => Ok(gguf),
    }
}

/// Checks that a file is part `number` of `count`.
fn check_number(gguf: &Gguf<'_>, number: usize, count: usize) -> Result<(), EngineError> {
    let found_count = gguf.optional_count(COUNT_KEY)?.unwrap_or(1).max(1);
    if found_count == 1 && count == 1 {
        return Ok(());
    }
    if found_count != count {
        let what = match count {
            1 => format!(
                "this file is one of {found_count}; open the first of them, all in one folder \
                 with names that end in -00001-of-{found_count:0DIGITS$}.gguf and so on"
            ),
            _ => format!("`{COUNT_KEY}` of file {} is {found_count}, not {count}", number + 1),
        };
        return Err(EngineError::Shards { what });
    }
    let found = gguf.optional_count(NUMBER_KEY)?.ok_or_else(|| missing(NUMBER_KEY))?;
    if found != number {
        let what = format!("`{NUMBER_KEY}` of file {} is {found}, not {number}", number + 1);
        return Err(EngineError::Shards { what });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parts() {
        let part = PartName::parse("a-model-00002-of-00013.gguf").unwrap();
        assert_eq!((part.stem, part.number, part.count), ("a-model", 2, 13));
        assert_eq!(part.of(13), "a-model-00013-of-00013.gguf");
        for name in [
            "",
            "model.gguf",
            "00001-of-00002.gguf",
            "a-0001-of-00002.gguf",
            "a-00001-of-0002.gguf",
            "a-00001_of_00002.gguf",
            "a-+0001-of-00002.gguf",
            "é0001-of-00002.gguf",
            "a-00001-of-00002.bin",
        ] {
            assert!(PartName::parse(name).is_none(), "{name}");
        }
    }
}
