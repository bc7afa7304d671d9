//! The project itself: a schema, compiled.

use crate::compile::peer::{Lock, Models, Peer, Queries};
use crate::compile::shape::{Column, Kind, Model};

pub(super) const PEER: Peer = Peer {
    name: "sqlmodel",
    manifest: include_str!("../../../peers/sqlmodel/Cargo.toml"),
    lock: Lock::Own,
    models: Models::Compiled(schema),
    queries: Some(Queries {
        head: r#"use std::future::Future;
use std::pin::Pin;

use sqlmodel_runtime::SqliteConnection;
use sqlmodel_runtime::prelude::*;

use crate::models::*;

pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = Outcome<T, Error>> + Send + 'a>>;
"#,
        model: queries,
    }),
};

fn schema(models: &[Model]) -> String {
    let models: Vec<String> = models.iter().map(model).collect();
    format!("format = 1\nmodule = \"models\"\n\n{}", models.join("\n"))
}

fn model(model: &Model) -> String {
    let fields: String = model
        .columns
        .iter()
        .map(|column| field(model, *column))
        .collect();
    format!("[model.{}.fields]\n{fields}", model.name.camel)
}

fn field(model: &Model, column: Column) -> String {
    let Column {
        name,
        kind,
        is_nullable,
    } = column;
    let mark = if is_nullable { "?" } else { "" };
    let ty = match (kind, &model.parent) {
        (Kind::Key, _) => return format!("{name} = {{ type = \"i64\", key = \"auto\" }}\n"),
        (Kind::Parent, Some(parent)) => {
            let (parent, own) = (&parent.camel, &model.name.snake);
            return format!("{name} = {{ ref = \"{parent}{mark}\", inverse = \"{own}_parts\" }}\n");
        }
        (Kind::I64 | Kind::Parent, _) => "i64",
        (Kind::Bool, _) => "bool",
        (Kind::F64, _) => "f64",
        (Kind::I32, _) => "i32",
        (Kind::Text, _) => "text",
    };
    format!("{name} = \"{ty}{mark}\"\n")
}

fn queries(model: &Model) -> String {
    let (camel, snake) = (&model.name.camel, &model.name.snake);
    let required = model
        .columns
        .iter()
        .filter(|it| it.kind != Kind::Key && !it.is_nullable);
    let values: Vec<&str> = required.map(|column| column.sample()).collect();
    let values = values.join(", ");
    format!(
        r#"
pub fn select_{snake}<'a>(cx: &'a Cx, db: &'a mut SqliteConnection, name: &str) -> Boxed<'a, Vec<{camel}>> {{
    Box::pin(select!({camel} where {camel}::NAME.eq(name)).limit(10).all(cx, db))
}}

pub fn insert_{snake}<'a>(cx: &'a Cx, db: &'a mut SqliteConnection) -> Boxed<'a, {camel}> {{
    Box::pin(insert!(New{camel}::new({values})).one(cx, db))
}}
"#
    )
}
