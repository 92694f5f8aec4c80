//! Files, ignore rules, git, and the only place that applies an approved edit.
