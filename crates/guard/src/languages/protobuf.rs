//! Protocol Buffers: names after the language's style guide.

use super::naming::Convention::{Snake, UpperCamel, UpperSnake};
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    names: &[
        ("message_name", "", UpperCamel),
        ("enum_name", "", UpperCamel),
        ("service_name", "", UpperCamel),
        ("rpc_name", "", UpperCamel),
        ("field", "", Snake),
        ("map_field", "", Snake),
        ("oneof_field", "", Snake),
        ("enum_field", "", UpperSnake),
    ],
    ..Grammar::new("Protobuf", || tree_sitter_proto::LANGUAGE.into())
};
