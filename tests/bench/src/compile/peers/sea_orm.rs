//! SeaORM entities in the compact format that sea-orm-cli writes.

use crate::compile::peer::{Lock, Models, Peer, Queries};
use crate::compile::peers::fields;
use crate::compile::shape::{Column, Kind, Model};

pub(super) const PEER: Peer = Peer {
    name: "sea-orm",
    manifest: include_str!("../../../peers/sea-orm/Cargo.toml"),
    lock: Lock::Text(include_str!("../../../peers/sea-orm/Cargo.lock")),
    models: Models::Written(model),
    queries: Some(Queries {
        head: r#"use std::future::Future;
use std::pin::Pin;

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseConnection, QuerySelect};

pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, DbErr>> + Send + 'a>>;
"#,
        model: queries,
    }),
};

fn model(model: &Model) -> String {
    let table = &model.name.snake;
    let fields = fields(model, "    #[sea_orm(primary_key)]\n");
    let relations = match &model.parent {
        None => "pub enum Relation {}\n".to_owned(),
        Some(parent) => {
            let parent = format!("super::{}", parent.snake);
            format!(
                r#"pub enum Relation {{
    #[sea_orm(belongs_to = "{parent}::Entity", from = "Column::ParentId", to = "{parent}::Column::Id")]
    Parent,
}}

impl Related<{parent}::Entity> for Entity {{
    fn to() -> RelationDef {{
        Relation::Parent.def()
    }}
}}
"#
            )
        }
    };
    format!(
        r#"use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "{table}")]
pub struct Model {{
{fields}}}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
{relations}
impl ActiveModelBehavior for ActiveModel {{}}
"#
    )
}

fn queries(model: &Model) -> String {
    let snake = &model.name.snake;
    let value = |column: &Column| {
        let value = match column.kind {
            Kind::Key => "NotSet".to_owned(),
            _ => format!("Set({})", column.sample()),
        };
        format!("            {}: {value},\n", column.name)
    };
    let values: String = model.columns.iter().map(value).collect();
    format!(
        r#"
pub fn select_{snake}<'a>(db: &'a DatabaseConnection, name: &'a str) -> Boxed<'a, Vec<crate::models::{snake}::Model>> {{
    Box::pin(async move {{
        crate::models::{snake}::Entity::find()
            .filter(crate::models::{snake}::Column::Name.eq(name))
            .limit(10)
            .all(db)
            .await
    }})
}}

pub fn insert_{snake}(db: &DatabaseConnection) -> Boxed<'_, crate::models::{snake}::Model> {{
    Box::pin(async move {{
        let model = crate::models::{snake}::ActiveModel {{
{values}        }};
        model.insert(db).await
    }})
}}
"#
    )
}
