//! sqlmodel and its peers: the same models, each in the way that its documentation teaches.
//!
//! Asynchronous functions are boxed, as any web framework does with its handlers: the body of a future that nobody polls is
//! checked, but no code is made for it.

mod diesel;
mod plain;
mod sea_orm;
mod sqlmodel;
mod sqlx;
mod toasty;

use crate::compile::peer::Peer;
use crate::compile::shape::{Column, Kind, Model};

/// The name of the project's own entry.
pub(crate) const SQLMODEL: &str = sqlmodel::PEER.name;

/// All that is measured.
pub(crate) const ALL: [Peer; 6] = [
    sqlmodel::PEER,
    plain::PEER,
    sqlx::PEER,
    sea_orm::PEER,
    toasty::PEER,
    diesel::PEER,
];

/// The fields of a struct, each on a line, with an attribute for the key.
fn fields(model: &Model, key: &str) -> String {
    let field = |column: &Column| {
        let attribute = match column.kind {
            Kind::Key => key,
            _ => "",
        };
        format!(
            "{attribute}    pub {}: {},\n",
            column.name,
            column.rust_type()
        )
    };
    model.columns.iter().map(field).collect()
}
