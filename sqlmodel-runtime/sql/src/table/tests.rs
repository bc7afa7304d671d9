//! The model can be a `static`, and a `static` equals what a compiler builds at run time.

use std::borrow::Cow;

use crate::{
    Action, Column, ForeignKey, Index, IndexPart, PerDialect, PrimaryKey, SqlType, Table, TableName,
};

static BUILT: Table = Table::new(
    TableName::new("hero"),
    const {
        &[
            Column::new("id", SqlType::I64).auto_increment(),
            Column::new("name", SqlType::text(80)).with_comment("What people call the hero."),
            Column::new("team_id", SqlType::I64).nullable(),
        ]
    },
)
.with_primary_key(PrimaryKey::new("pk_hero", &[Cow::Borrowed("id")]))
.with_foreign_keys(
    const {
        &[ForeignKey::new(
            "fk_hero_team_id",
            &[Cow::Borrowed("team_id")],
            TableName::new("team"),
            &[Cow::Borrowed("id")],
        )
        .with_on_delete(Action::SetNull)]
    },
)
.with_indexes(
    const {
        &[Index::new(
            "ix_hero_name",
            const { &[IndexPart::column("name")] },
        )]
    },
);

static LITERAL: Table = Table {
    name: TableName {
        schema: None,
        name: Cow::Borrowed("team"),
    },
    columns: Cow::Borrowed(&[Column {
        name: Cow::Borrowed("id"),
        ty: SqlType::I64,
        sql_type: PerDialect::NONE,
        is_nullable: false,
        default: None,
        generation: None,
        collation: PerDialect::NONE,
        comment: None,
    }]),
    primary_key: None,
    unique_keys: Cow::Borrowed(&[]),
    foreign_keys: Cow::Borrowed(&[]),
    checks: Cow::Borrowed(&[]),
    indexes: Cow::Borrowed(&[]),
    comment: None,
};

#[test]
fn static_table_equals_owned_table() {
    let owned = Table {
        name: TableName {
            schema: None,
            name: String::from("hero").into(),
        },
        columns: vec![
            Column::new("id", SqlType::I64).auto_increment(),
            Column {
                comment: Some(String::from("What people call the hero.").into()),
                ..Column::new("name", SqlType::text(80))
            },
            Column {
                is_nullable: true,
                ..Column::new("team_id", SqlType::I64)
            },
        ]
        .into(),
        ..BUILT.clone()
    };
    assert_eq!(owned, BUILT);
    assert_ne!(owned, LITERAL);
}

#[test]
fn column_is_found_by_name() {
    assert_eq!(
        BUILT.column("team_id").map(|column| column.is_nullable),
        Some(true)
    );
    assert_eq!(BUILT.column("TEAM_ID"), None);
}
