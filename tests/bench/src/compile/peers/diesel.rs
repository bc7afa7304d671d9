//! Diesel's `table!`, as its command line prints it, and a struct to read with and one to insert with.

use crate::compile::peer::{Lock, Models, Peer, Queries};
use crate::compile::peers::fields;
use crate::compile::shape::{Column, Kind, Model};

pub(super) const PEER: Peer = Peer {
    name: "diesel",
    manifest: include_str!("../../../peers/diesel/Cargo.toml"),
    lock: Lock::Text(include_str!("../../../peers/diesel/Cargo.lock")),
    models: Models::Written(model),
    queries: Some(Queries {
        head: "use diesel::prelude::*;\n",
        model: queries,
    }),
};

fn model(model: &Model) -> String {
    let (camel, snake) = (&model.name.camel, &model.name.snake);
    let columns: String = model
        .columns
        .iter()
        .map(|column| column_of_table(*column))
        .collect();
    let stored = fields(model, "");
    let new = stored.replacen("    pub id: i64,\n", "", 1);
    let (uses, joins, belongs) = match &model.parent {
        None => Default::default(),
        Some(parent) => (
            format!(
                "use super::{0}::{1};\nuse super::{0}::{0};\n",
                parent.snake, parent.camel
            ),
            format!(
                "diesel::joinable!({snake} -> {0} (parent_id));\ndiesel::allow_tables_to_appear_in_same_query!({snake}, {0});\n",
                parent.snake
            ),
            format!(
                "#[diesel(belongs_to({}, foreign_key = parent_id))]\n",
                parent.camel
            ),
        ),
    };
    let associations = if belongs.is_empty() {
        ""
    } else {
        ", Associations"
    };
    format!(
        r#"use diesel::prelude::*;

{uses}
diesel::table! {{
    {snake} (id) {{
{columns}    }}
}}

{joins}
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, AsChangeset{associations})]
#[diesel(table_name = {snake})]
{belongs}pub struct {camel} {{
{stored}}}

#[derive(Debug, Clone, PartialEq, Insertable)]
#[diesel(table_name = {snake})]
pub struct New{camel} {{
{new}}}
"#
    )
}

fn column_of_table(column: Column) -> String {
    let ty = match column.kind {
        Kind::Key | Kind::I64 | Kind::Parent => "BigInt",
        Kind::Bool => "Bool",
        Kind::F64 => "Double",
        Kind::I32 => "Integer",
        Kind::Text => "Text",
    };
    if column.is_nullable {
        return format!("        {} -> Nullable<{ty}>,\n", column.name);
    }
    format!("        {} -> {ty},\n", column.name)
}

fn queries(model: &Model) -> String {
    let (camel, snake) = (&model.name.camel, &model.name.snake);
    let stored = model.columns.iter().filter(|it| it.kind != Kind::Key);
    let value = |column: &Column| format!("        {}: {},\n", column.name, column.sample());
    let values: String = stored.map(value).collect();
    format!(
        r#"
pub fn select_{snake}(db: &mut SqliteConnection, name: &str) -> QueryResult<Vec<crate::models::{snake}::{camel}>> {{
    use crate::models::{snake}::{{{camel}, {snake}}};
    {snake}::table
        .filter({snake}::name.eq(name))
        .limit(10)
        .select({camel}::as_select())
        .load(db)
}}

pub fn insert_{snake}(db: &mut SqliteConnection) -> QueryResult<crate::models::{snake}::{camel}> {{
    use crate::models::{snake}::{{{camel}, New{camel}, {snake}}};
    let row = New{camel} {{
{values}    }};
    diesel::insert_into({snake}::table)
        .values(row)
        .returning({camel}::as_returning())
        .get_result(db)
}}
"#
    )
}
