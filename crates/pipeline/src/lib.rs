//! The stages in order, from request to receipt.
