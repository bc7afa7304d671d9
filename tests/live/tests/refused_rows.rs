//! Rows that a statement writes and returns, and that the model does not take.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use generated::shop::tables::TABLES;
use generated::shop::{Everything, NewEverything};
use generated::support::Celsius;
use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{ErrorKind, RowRead, RowSink, Statement};

on_every_driver! {
    TABLES;
    nothing_is_written_where_one_of_many_rows_cannot_be_read,
    a_row_that_is_stored_and_cannot_be_read_is_told,
    a_statement_is_done_though_its_rows_are_refused,
    a_panic_over_a_row_leaves_the_connection_usable,
}

/// The same on a file, where a statement has a transaction of its own.
mod sqlite_file {
    use super::*;

    #[test]
    fn nothing_is_written_where_one_of_many_rows_cannot_be_read() -> Test {
        live::on_sqlite_file(TABLES, async |cx, _, connection| {
            super::nothing_is_written_where_one_of_many_rows_cannot_be_read(cx, connection).await
        })
    }

    #[test]
    fn a_row_that_is_stored_and_cannot_be_read_is_told() -> Test {
        live::on_sqlite_file(TABLES, async |cx, _, connection| {
            super::a_row_that_is_stored_and_cannot_be_read_is_told(cx, connection).await
        })
    }

    #[test]
    fn a_statement_is_done_though_its_rows_are_refused() -> Test {
        live::on_sqlite_file(TABLES, async |cx, _, connection| {
            super::a_statement_is_done_though_its_rows_are_refused(cx, connection).await
        })
    }
}

/// A row that is stored, and that the model does not take.
fn unreadable(email: &str) -> NewEverything {
    NewEverything::new(email).a_rust_type(Celsius(-300))
}

async fn nothing_is_written_where_one_of_many_rows_cannot_be_read<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let rows = [
        NewEverything::new("a@example.org"),
        unreadable("b@example.org"),
    ];
    let inserted = insert_many!(rows.clone()).all(cx, connection).await;
    assert_refused(inserted, After::Nothing)?;
    assert_eq!(n_rows(cx, connection).await?, 0);

    insert_many!(rows)
        .execute(cx, connection)
        .await
        .into_result()?;
    let update = Everything::update().set(Everything::AN_I64, 9).all_rows();
    assert_refused(update.all(cx, connection).await, After::Nothing)?;
    let n_updated = Everything::select()
        .filter(Everything::AN_I64.is_not_null())
        .count(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_updated, 0);

    let delete = Everything::delete().all_rows();
    assert_refused(delete.all(cx, connection).await, After::Nothing)?;
    assert_eq!(n_rows(cx, connection).await?, 2);

    // In a transaction, what came before is kept.
    let mut transaction = connection.begin(cx).await.into_result()?;
    insert!(NewEverything::new("c@example.org"))
        .execute(cx, &mut transaction)
        .await
        .into_result()?;
    let delete = Everything::delete().all_rows();
    assert_refused(delete.all(cx, &mut transaction).await, After::Nothing)?;
    transaction.commit(cx).await.into_result()?;
    assert_eq!(n_rows(cx, connection).await?, 3);
    Ok(())
}

async fn a_row_that_is_stored_and_cannot_be_read_is_told<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    // Without RETURNING, the row is read back in the transaction that stores it.
    let after = match connection.capabilities().has_insert_returning {
        true => After::Writing,
        false => After::Nothing,
    };
    let inserted = insert!(unreadable("a@example.org"))
        .one(cx, connection)
        .await;
    assert_refused(inserted, after)?;
    assert_eq!(
        n_rows(cx, connection).await?,
        u64::from(after == After::Writing)
    );
    Ok(())
}

async fn a_statement_is_done_though_its_rows_are_refused<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    if !connection.capabilities().has_delete_returning {
        return Ok(());
    }
    let rows = [unreadable("a@example.org"), unreadable("b@example.org")];
    insert_many!(rows)
        .execute(cx, connection)
        .await
        .into_result()?;
    let statement = Statement::new("DELETE FROM everything RETURNING a_rust_type", &[]);
    let mut degrees = sqlmodel_runtime::Collect::<Celsius>::all();
    let refused = connection.query(cx, statement, &mut degrees).await;
    assert_refused(refused, After::Nothing)?;
    assert_eq!(n_rows(cx, connection).await?, 0);
    Ok(())
}

async fn a_panic_over_a_row_leaves_the_connection_usable<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let rows = ["a", "b", "c"].map(|name| NewEverything::new(format!("{name}@example.org")));
    insert_many!(rows)
        .execute(cx, connection)
        .await
        .into_result()?;
    let statement = Statement::new("SELECT an_email FROM everything", &[]);
    let mut sink = PanicsAt { n_rows: 2 };
    let mut query = Box::pin(connection.query(cx, statement, &mut sink));
    let has_panicked = std::future::poll_fn(|task| {
        let poll = AssertUnwindSafe(|| query.as_mut().poll(task).map(|_| false));
        catch_unwind(poll).unwrap_or(Poll::Ready(true))
    });
    assert!(has_panicked.await);
    drop(query);
    assert_eq!(n_rows(cx, connection).await?, 3);
    Ok(())
}

/// Panics over a row.
struct PanicsAt {
    n_rows: u32,
}

impl RowSink for PanicsAt {
    fn row<R: RowRead>(&mut self, _: &R) -> Result<ControlFlow<()>, Error> {
        self.n_rows -= 1;
        assert!(self.n_rows > 0, "the row that a user's code cannot bear");
        Ok(ControlFlow::Continue(()))
    }
}

async fn n_rows(cx: &Cx, connection: &mut impl Connection) -> Result<u64, live::Failure> {
    Ok(Everything::select()
        .count(cx, connection)
        .await
        .into_result()?)
}

/// What an error about a row says of the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// It says nothing.
    Nothing,
    /// The row is written.
    Writing,
}

#[track_caller]
fn assert_refused<T>(outcome: Outcome<T, Error>, after: After) -> Test {
    let Outcome::Err(error) = outcome else {
        return Err("read what is no temperature".into());
    };
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    assert_eq!(error.is_after_write(), after == After::Writing, "{error}");
    Ok(())
}
