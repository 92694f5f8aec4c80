//! Programs that are made to cost much.

use flow::{Language, rules};
