//! toasty models.

use crate::compile::peer::{Lock, Models, Peer, Queries};
use crate::compile::peers::fields;
use crate::compile::shape::{Column, Kind, Model};

pub(super) const PEER: Peer = Peer {
    name: "toasty",
    manifest: include_str!("../../../peers/toasty/Cargo.toml"),
    lock: Lock::Text(include_str!("../../../peers/toasty/Cargo.lock")),
    models: Models::Written(model),
    queries: Some(Queries {
        head: r#"use std::future::Future;
use std::pin::Pin;

use toasty::Db;

pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = toasty::Result<T>> + Send + 'a>>;
"#,
        model: queries,
    }),
};

fn model(model: &Model) -> String {
    let name = &model.name.camel;
    let mut fields = fields(model, "    #[key]\n    #[auto]\n");
    if let Some(parent) = &model.parent {
        fields.push_str(&format!(
            "    #[belongs_to(key = parent_id, references = id)]\n    pub parent: toasty::Deferred<Option<super::{}::{}>>,\n",
            parent.snake, parent.camel
        ));
    }
    // Its `Deferred` relations cannot be compared.
    format!("#[derive(Debug, Clone, toasty::Model)]\npub struct {name} {{\n{fields}}}\n")
}

fn queries(model: &Model) -> String {
    let (camel, snake) = (&model.name.camel, &model.name.snake);
    let required = model
        .columns
        .iter()
        .filter(|it| it.kind != Kind::Key && !it.is_nullable);
    let value = |column: &Column| format!("            {}: {},\n", column.name, column.sample());
    let values: String = required.map(value).collect();
    format!(
        r#"
pub fn select_{snake}<'a>(db: &'a mut Db, name: &'a str) -> Boxed<'a, Vec<crate::models::{snake}::{camel}>> {{
    Box::pin(async move {{
        crate::models::{snake}::{camel}::filter(crate::models::{snake}::{camel}::fields().name().eq(name))
            .limit(10)
            .exec(db)
            .await
    }})
}}

pub fn insert_{snake}(db: &mut Db) -> Boxed<'_, crate::models::{snake}::{camel}> {{
    Box::pin(async move {{
        toasty::create!(crate::models::{snake}::{camel} {{
{values}        }})
        .exec(db)
        .await
    }})
}}
"#
    )
}
