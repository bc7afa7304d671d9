//! Models with next to nothing in them: a key that the database assigns, or a key and nothing else.

use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::sql::{Column, PrimaryKey, SqlType, Table, TableName, Text};
use sqlmodel_runtime::{DecodeError, ErrorKind, FieldInfo, Inheritance, RowRead, Value};

/// `ticket(id)`, the key assigned by the database.
static TICKET: Table = {
    const COLUMNS: &[Column] = &[Column::new("id", SqlType::I64).auto_increment()];
    Table::new(TableName::new("ticket"), COLUMNS)
        .with_primary_key(PrimaryKey::new("pk_ticket", &[Text::Borrowed("id")]))
};

on_every_driver! {
    &[&TICKET];
    a_row_without_values_is_stored,
    many_rows_without_values_are_stored,
    a_model_that_is_all_key_is_stale_when_it_is_gone,
    a_limit_may_be_as_large_as_it_likes,
}

#[derive(Debug, Clone, PartialEq)]
struct Ticket {
    id: i64,
}

#[derive(Debug, Clone)]
struct NewTicket;

impl Model for Ticket {
    const TABLE_NAME: &'static str = "ticket";
    const PRIMARY_KEY: &'static [&'static str] = &["id"];
    const KEY_POSITIONS: &'static [usize] = &[0];
    const COLUMN_COUNT: usize = 1;
    type Key = i64;

    fn fields() -> &'static [FieldInfo] {
        const { &[FieldInfo::new("id").primary_key().defaulted()] }
    }

    fn inheritance() -> &'static Inheritance {
        &Inheritance::NONE
    }

    fn from_row<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError> {
        Ok(Self { id: row.i64(at)? })
    }
}

impl Record for Ticket {
    type Model = Self;
    const COLUMNS: &'static [&'static str] = &["id"];

    fn to_row<'a>(&'a self, row: &mut Vec<Value<'a>>) {
        row.push(Value::I64(self.id));
    }

    fn primary_key_value(&self) -> Option<i64> {
        Some(self.id)
    }

    fn is_new(&self) -> bool {
        false
    }
}

impl Record for NewTicket {
    type Model = Ticket;
    const COLUMNS: &'static [&'static str] = &[];

    fn to_row<'a>(&'a self, _: &mut Vec<Value<'a>>) {}

    fn primary_key_value(&self) -> Option<i64> {
        None
    }

    fn is_new(&self) -> bool {
        true
    }
}

async fn a_row_without_values_is_stored<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    insert!(NewTicket)
        .execute(cx, connection)
        .await
        .into_result()?;
    let ticket = insert!(NewTicket).one(cx, connection).await.into_result()?;
    assert_eq!(
        Ticket::get(cx, connection, ticket.id).await.into_result()?,
        Some(ticket)
    );
    assert_eq!(
        Ticket::select().count(cx, connection).await.into_result()?,
        2
    );
    Ok(())
}

async fn many_rows_without_values_are_stored<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let tickets = insert_many!(vec![NewTicket; 3])
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(tickets.len(), 3);
    assert_eq!(
        insert_many!(vec![NewTicket; 2])
            .execute(cx, connection)
            .await
            .into_result()?,
        2
    );
    assert_eq!(
        Ticket::select().count(cx, connection).await.into_result()?,
        5
    );
    Ok(())
}

async fn a_model_that_is_all_key_is_stale_when_it_is_gone<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let ticket = insert!(NewTicket).one(cx, connection).await.into_result()?;
    update!(ticket)
        .execute(cx, connection)
        .await
        .into_result()?;
    delete!(ticket)
        .execute(cx, connection)
        .await
        .into_result()?;
    let outcome = update!(ticket).execute(cx, connection).await;
    assert!(matches!(outcome, Outcome::Err(error) if error.kind() == ErrorKind::StaleRow));
    Ok(())
}

async fn a_limit_may_be_as_large_as_it_likes<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    insert!(NewTicket)
        .execute(cx, connection)
        .await
        .into_result()?;
    let all = Ticket::select()
        .limit(u64::MAX)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(all.len(), 1);
    let none = Ticket::select()
        .offset(u64::MAX)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(none, []);
    Ok(())
}
