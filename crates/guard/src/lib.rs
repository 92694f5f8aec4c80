//! The checks: what a suggestion introduces into a file, as findings and a score.
