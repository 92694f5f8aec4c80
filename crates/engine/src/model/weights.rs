//! Hands the tensors of a file to an architecture, each checked against the shape it must have.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::error::{EngineError, excerpt};
use crate::gguf::{Gguf, TensorEntry};
use crate::kernels::Kernels;
use crate::storage::{Slice, Storage};
use crate::tensor::Matrix;

/// The tensors of a file, and which of them were asked for.
pub(super) struct Weights<'g> {
    gguf: &'g Gguf<'g>,
    /// The files that the model is split into.
    files: &'g [Arc<Storage>],
    /// What matrices are repacked for.
    kernels: &'g Kernels,
    taken: BTreeSet<String>,
    repacked_bytes: u64,
}

/// Rows of it are looked up; it is a factor only where there is no [`OUTPUT`].
const EMBEDDING: &str = "token_embd.weight";
const OUTPUT: &str = "output.weight";

impl<'g> Weights<'g> {
    pub(super) fn new(
        gguf: &'g Gguf<'g>,
        files: &'g [Arc<Storage>],
        kernels: &'g Kernels,
    ) -> Weights<'g> {
        Weights { gguf, files, kernels, taken: BTreeSet::new(), repacked_bytes: 0 }
    }

    /// Whether the file has a tensor of this name, of whatever shape.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.gguf.tensor(name).is_some()
    }

    /// Bytes of memory that hold repacked matrices.
    pub(super) fn repacked_bytes(&self) -> u64 {
        self.repacked_bytes
    }

    /// A matrix of `rows` × `columns`, repacked if it is quantised and multiplied with, else left
    /// where it is. In the file the row length comes first.
    pub(super) fn matrix(
        &mut self,
        name: &str,
        rows: usize,
        columns: usize,
    ) -> Result<Matrix, EngineError> {
        self.optional_matrix(name, rows, columns)?.ok_or_else(|| missing(name))
    }

    pub(super) fn optional_matrix(
        &mut self,
        name: &str,
        rows: usize,
        columns: usize,
    ) -> Result<Option<Matrix>, EngineError> {
        let Some(entry) = self.take(name, &[columns, rows])? else { return Ok(None) };
        let mut matrix = self.rows(entry, 0, rows);
        if name != EMBEDDING || self.gguf.tensor(OUTPUT).is_none() {
            self.repacked_bytes += matrix.pack(self.kernels) as u64;
        }
        Ok(Some(matrix))
    }

    /// A matrix of `columns` whose rows are several matrices, one after another, each repacked
    /// as by [`Weights::matrix`].
    pub(super) fn matrix_parts<const N: usize>(
        &mut self,
        name: &str,
        rows: [usize; N],
        columns: usize,
    ) -> Result<[Matrix; N], EngineError> {
        let mut parts = self.repeated_parts(name, 1, rows, columns)?.remove(0);
        for part in &mut parts {
            self.repacked_bytes += part.pack(self.kernels) as u64;
        }
        Ok(parts)
    }

    /// As [`Weights::matrix_parts`], but the sequence of parts comes `count` times, at least
    /// once, and all are left where they are.
    pub(super) fn repeated_parts<const N: usize>(
        &mut self,
        name: &str,
        count: usize,
        rows: [usize; N],
        columns: usize,
    ) -> Result<Vec<[Matrix; N]>, EngineError> {
        let rows_together = rows.iter().fold(0_usize, |sum, rows| sum.saturating_add(*rows));
        let expected = [columns, rows_together.saturating_mul(count)];
        let entry = self.take(name, &expected)?.ok_or_else(|| missing(name))?;
        let mut first = 0;
        let mut repeated = Vec::new();
        for _ in 0..count {
            repeated.push(rows.map(|rows| {
                first += rows;
                self.rows(entry, first - rows, rows)
            }));
        }
        Ok(repeated)
    }

    /// A tensor of `count` matrices of `rows` × `columns`, each left where it is.
    pub(super) fn matrices(
        &mut self,
        name: &str,
        count: usize,
        rows: usize,
        columns: usize,
    ) -> Result<Vec<Matrix>, EngineError> {
        let entry = self.take(name, &[columns, rows, count])?.ok_or_else(|| missing(name))?;
        Ok((0..count).map(|index| self.rows(entry, index * rows, rows)).collect())
    }

    /// `count` rows from `first` on, all of which the tensor has.
    fn rows(&self, entry: &TensorEntry, first: usize, count: usize) -> Matrix {
        let columns = entry.dimensions[0];
        let bytes = |rows: usize| entry.kind.byte_count(columns, rows * columns);
        let matrix = bytes(first).zip(bytes(count)).and_then(|(start, length)| {
            let start = entry.range.start + start;
            let data = Slice::new(&self.files[entry.file], start..start + length)?;
            Matrix::new(entry.kind, count, columns, data)
        });
        matrix.expect("the parser checked that the data have this shape and place")
    }

    /// A vector, dequantised: these are few and small.
    pub(super) fn vector(&mut self, name: &str, length: usize) -> Result<Vec<f32>, EngineError> {
        self.optional_vector(name, length)?.ok_or_else(|| missing(name))
    }

    pub(super) fn optional_vector(
        &mut self,
        name: &str,
        length: usize,
    ) -> Result<Option<Vec<f32>>, EngineError> {
        let Some(entry) = self.take(name, &[length])? else { return Ok(None) };
        let mut vector = vec![0.0; length];
        let bytes = self.files[entry.file].bytes();
        entry.kind.dequantize(&bytes[entry.range.clone()], &mut vector);
        Ok(Some(vector))
    }

    /// After an architecture took all it needs: an error if the file holds more, because a bias
    /// or a norm that is left out gives wrong text without any sign. `redundant` names tensors
    /// that some files hold and nothing needs.
    pub(super) fn finish(
        &self,
        architecture: &'static str,
        redundant: &[&str],
    ) -> Result<(), EngineError> {
        let is_redundant = |name: &str| redundant.iter().any(|suffix| name.ends_with(suffix));
        let unexpected = self
            .gguf
            .tensors()
            .map(|(name, _)| name)
            .filter(|name| !self.taken.contains(*name) && !is_redundant(name))
            .min();
        match unexpected {
            None => Ok(()),
            Some(name) => {
                Err(EngineError::UnexpectedTensor { tensor: excerpt(name), architecture })
            }
        }
    }

    /// `expected` in the order of the file.
    fn take(
        &mut self,
        name: &str,
        expected: &[usize],
    ) -> Result<Option<&'g TensorEntry>, EngineError> {
        let Some(entry) = self.gguf.tensor(name) else { return Ok(None) };
        if entry.dimensions != expected {
            return Err(EngineError::WrongShape {
                tensor: name.to_owned(),
                expected: expected.to_vec(),
                found: entry.dimensions.clone(),
            });
        }
        self.taken.insert(name.to_owned());
        Ok(Some(entry))
    }
}

fn missing(name: &str) -> EngineError {
    EngineError::MissingTensor { tensor: name.to_owned() }
}
