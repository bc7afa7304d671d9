//! What the SQLite driver promises beside what every driver does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero};
use live::{Failure, Test, on_sqlite_file};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::sqlite::rusqlite::functions::FunctionFlags;
use sqlmodel_runtime::{
    ErrorKind, JournalMode, SqliteConnection, SqliteOptions, TransactionOptions, block_on, raw,
    schema,
};
use support::Scratch;

/// Returns what a PRAGMA says, as text.
async fn pragma(cx: &Cx, connection: &mut SqliteConnection, name: &str) -> Result<String, Failure> {
    let sql = format!("SELECT CAST({name} AS TEXT) AS value FROM pragma_{name}");
    let rows = connection.query_rows(cx, &sql, &[]).await.into_result()?;
    Ok(rows.first().ok_or("the pragma has a value")?.get("value")?)
}

#[test]
fn a_file_has_a_log_and_foreign_keys_are_checked() -> Test {
    on_sqlite_file(TABLES, async |cx, options, connection| {
        assert_eq!(pragma(cx, connection, "journal_mode").await?, "wal");
        assert_eq!(pragma(cx, connection, "foreign_keys").await?, "1");
        let orphan = insert!(NewHero::new("Deadpond", "Dive Wilson").team_id(7));
        let refused = orphan.execute(cx, connection).await;
        assert!(matches!(refused, Outcome::Err(error) if error.is_foreign_key_violation()));

        let mut unchecked = options
            .clone()
            .without_foreign_keys()
            .connect(cx)
            .await
            .into_result()?;
        assert_eq!(pragma(cx, &mut unchecked, "foreign_keys").await?, "0");
        let orphan = insert!(NewHero::new("Deadpond", "Dive Wilson").team_id(7));
        orphan.execute(cx, &mut unchecked).await.into_result()?;
        Ok(())
    })?;
    let folder = Scratch::new();
    let options = SqliteOptions::file(folder.path("database")).journal_mode(JournalMode::Delete);
    block_on(async |cx| {
        let mut connection = options.connect(cx).await.into_result()?;
        assert_eq!(pragma(cx, &mut connection, "journal_mode").await?, "delete");
        Ok(())
    })
}

#[test]
fn a_transaction_that_may_write_holds_the_lock_from_its_beginning() -> Test {
    on_sqlite_file(TABLES, async |cx, options, one| {
        let options = options.clone().busy_timeout(Duration::ZERO);
        let mut two = options.connect(cx).await.into_result()?;
        let writer = one.begin(cx).await.into_result()?;
        let refused = two.begin(cx).await.map(drop);
        assert!(
            matches!(&refused, Outcome::Err(error) if error.kind() == ErrorKind::Busy),
            "{refused:?}"
        );
        let read_only = TransactionOptions::default().read_only();
        let mut reader = two.begin_with(cx, read_only).await.into_result()?;
        let n_heroes = Hero::select().count(cx, &mut reader).await;
        assert_eq!(
            n_heroes.into_result()?,
            0,
            "readers do not wait for the writer"
        );
        drop(reader);
        drop(writer);
        drop(two.begin(cx).await.into_result()?);
        Ok(())
    })
}

#[test]
fn functions_collations_and_hooks_of_ones_own_work_in_queries() -> Test {
    let n_changes = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&n_changes);
    let options = SqliteOptions::memory().on_open(move |connection| {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        connection.create_scalar_function("initials", 1, flags, |context| {
            let name: String = context.get(0)?;
            let initials = name.split(' ').filter_map(|word| word.chars().next());
            Ok(initials.collect::<String>())
        })?;
        connection.create_collation("by_length", |a, b| a.len().cmp(&b.len()))?;
        let counted = Arc::clone(&counted);
        connection.update_hook(Some(move |_, _: &str, _: &str, _| {
            counted.fetch_add(1, Ordering::Relaxed);
        }))
    });
    block_on(async |cx| {
        let mut connection = options.connect(cx).await.into_result()?;
        schema::create_all(cx, &mut connection, TABLES)
            .await
            .into_result()?;
        let before = n_changes.load(Ordering::Relaxed);
        insert_many!(
            NewHero::new("Captain North America", "Esteban Rogelios"),
            NewHero::new("Dr. Weird", "Steve Weird"),
        )
        .execute(cx, &mut connection)
        .await
        .into_result()?;
        assert_eq!(n_changes.load(Ordering::Relaxed), before + 2);
        let initials = || raw("initials(").arg(Hero::NAME).text(")").typed::<String>();
        let by_length = raw("")
            .arg(Hero::NAME)
            .text(" COLLATE by_length")
            .typed::<String>();
        let found = Hero::select()
            .filter(initials().ne("XY"))
            .order_by(by_length.asc())
            .columns(initials());
        let found = found.all(cx, &mut connection).await.into_result()?;
        assert_eq!(found, ["DW", "CNA"]);
        let version = connection
            .raw()
            .query_row("SELECT sqlite_version()", [], |row| row.get::<_, String>(0))?;
        assert!(
            version.starts_with("3."),
            "the connection of the library below is lent"
        );
        Ok(())
    })
}
