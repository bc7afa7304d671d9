//! Structs that know no database: what the others cannot go below.

use crate::compile::peer::{Lock, Models, Peer};
use crate::compile::peers::fields;
use crate::compile::shape::Model;

pub(super) const PEER: Peer = Peer {
    name: "plain",
    manifest: include_str!("../../../peers/plain/Cargo.toml"),
    lock: Lock::Text(include_str!("../../../peers/plain/Cargo.lock")),
    models: Models::Written(model),
    queries: None,
};

fn model(model: &Model) -> String {
    let name = &model.name.camel;
    let fields = fields(model, "");
    format!("#[derive(Debug, Clone, PartialEq)]\npub struct {name} {{\n{fields}}}\n")
}
