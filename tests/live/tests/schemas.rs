//! The tables of every example schema are created and dropped in real databases.

use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{schema, sql};

on_every_driver! {
    &[];
    blog,
    chinook,
    fleet,
    hero,
    shop,
    zoo,
}

async fn blog<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    create_and_drop(cx, connection, generated::blog::tables::TABLES).await
}

async fn fleet<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    create_and_drop(cx, connection, generated::fleet::tables::TABLES).await
}

async fn zoo<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    create_and_drop(cx, connection, generated::zoo::tables::TABLES).await
}

async fn chinook<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    create_and_drop(cx, connection, generated::chinook::tables::TABLES).await
}

async fn hero<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    create_and_drop(cx, connection, generated::hero::tables::TABLES).await
}

async fn shop<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    create_and_drop(cx, connection, generated::shop::tables::TABLES).await
}

/// Creates the tables twice and drops them twice; what exists or is gone is no error.
async fn create_and_drop<C: Connection>(
    cx: &Cx,
    connection: &mut C,
    tables: &[&sql::Table],
) -> Test {
    for _ in 0..2 {
        schema::create_all(cx, connection, tables)
            .await
            .into_result()?;
    }
    for _ in 0..2 {
        schema::drop_all(cx, connection, tables)
            .await
            .into_result()?;
    }
    // Nothing is left over that would be in the way.
    schema::create_all(cx, connection, tables)
        .await
        .into_result()?;
    Ok(())
}
