//! Pages and prefixes under random use.
