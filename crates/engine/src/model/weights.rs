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
    storage: &'g Arc<Storage>,
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
        storage: &'g Arc<Storage>,
        kernels: &'g Kernels,
    ) -> Weights<'g> {
        Weights { gguf, storage, kernels, taken: BTreeSet::new(), repacked_bytes: 0 }
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
        let kind = entry.kind;
        let data = Slice::new(self.storage, entry.range.clone());
        let matrix = data.and_then(|data| Matrix::new(kind, rows, columns, data));
        let mut matrix =
            matrix.expect("the parser checked that the data have this shape and place");
        if name != EMBEDDING || self.gguf.tensor(OUTPUT).is_none() {
            self.repacked_bytes += matrix.pack(self.kernels) as u64;
        }
        Ok(Some(matrix))
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
        entry.kind.dequantize(&self.storage.bytes()[entry.range.clone()], &mut vector);
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
