//! The tamper-evident log and the store of pre-images.
