//! Programs of each language as the intermediate form: a file each.

pub mod c;
pub mod go;
pub mod java;
pub mod javascript;
pub mod python;
pub mod rust;
mod tree;
