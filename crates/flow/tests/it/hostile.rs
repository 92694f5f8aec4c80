//! Programs that are made to cost much.
