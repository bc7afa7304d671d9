//! sqlx with `FromRow`, which maps rows; its SQL is written by hand.

use crate::compile::peer::{Lock, Models, Peer, Queries};
use crate::compile::peers::fields;
use crate::compile::shape::{Column, Kind, Model};

pub(super) const PEER: Peer = Peer {
    name: "sqlx",
    manifest: include_str!("../../../peers/sqlx/Cargo.toml"),
    lock: Lock::Text(include_str!("../../../peers/sqlx/Cargo.lock")),
    models: Models::Written(model),
    queries: Some(Queries {
        head: r#"use std::future::Future;
use std::pin::Pin;

use sqlx::SqliteConnection;

pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = sqlx::Result<T>> + Send + 'a>>;
"#,
        model: queries,
    }),
};

fn model(model: &Model) -> String {
    let name = &model.name.camel;
    let fields = fields(model, "");
    format!("#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]\npub struct {name} {{\n{fields}}}\n")
}

fn queries(model: &Model) -> String {
    let (camel, snake) = (&model.name.camel, &model.name.snake);
    let stored: Vec<_> = model
        .columns
        .iter()
        .filter(|it| it.kind != Kind::Key)
        .collect();
    let columns: Vec<&str> = stored.iter().map(|column| column.name).collect();
    let columns = columns.join(", ");
    let marks = vec!["?"; stored.len()].join(", ");
    let bind = |column: &&Column| {
        format!(
            "            .bind::<{}>({})\n",
            column.rust_type(),
            column.sample()
        )
    };
    let binds: String = stored.iter().map(bind).collect();
    format!(
        r#"
pub fn select_{snake}<'a>(db: &'a mut SqliteConnection, name: &'a str) -> Boxed<'a, Vec<crate::models::{snake}::{camel}>> {{
    Box::pin(async move {{
        sqlx::query_as("SELECT id, {columns} FROM {snake} WHERE name = ? LIMIT 10")
            .bind(name)
            .fetch_all(db)
            .await
    }})
}}

pub fn insert_{snake}(db: &mut SqliteConnection) -> Boxed<'_, crate::models::{snake}::{camel}> {{
    Box::pin(async move {{
        sqlx::query_as("INSERT INTO {snake} ({columns}) VALUES ({marks}) RETURNING id, {columns}")
{binds}            .fetch_one(db)
            .await
    }})
}}
"#
    )
}
