//! Stored values that are not what a schema promises: SQLite keeps any value in any column.

use sqlmodel_core::value::{Date, Decimal, Time, Timestamp};
use sqlmodel_core::{
    Collect, Decode, DecodeError, FieldInfo, Inheritance, Model, Record, Value, block_on,
};

use super::*;

/// `hero(id, name, age)`, to be read from rows that hold something else.
#[derive(Debug)]
struct Hero {
    id: i64,
    name: String,
    age: Option<i16>,
}

impl Model for Hero {
    const TABLE_NAME: &'static str = "hero";
    const PRIMARY_KEY: &'static [&'static str] = &["id"];
    const KEY_POSITIONS: &'static [usize] = &[0];
    const COLUMN_COUNT: usize = 3;
    type Key = i64;

    fn fields() -> &'static [FieldInfo] {
        const FIELDS: &[FieldInfo] = &[
            FieldInfo::new("id").primary_key(),
            FieldInfo::new("name"),
            FieldInfo::new("age").nullable(),
        ];
        FIELDS
    }

    fn inheritance() -> &'static Inheritance {
        &Inheritance::NONE
    }

    fn from_row<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError> {
        Ok(Self {
            id: Decode::decode(row, at)?,
            name: Decode::decode(row, at + 1)?,
            age: Decode::decode(row, at + 2)?,
        })
    }
}

impl Record for Hero {
    type Model = Self;
    const COLUMNS: &'static [&'static str] = &["id", "name", "age"];

    fn to_row<'a>(&'a self, row: &mut Vec<Value<'a>>) {
        row.extend([Value::I64(self.id), Value::Text((&*self.name).into())]);
        row.push(self.age.map_or(Value::Null, Value::I16));
    }

    fn primary_key_value(&self) -> Option<i64> {
        Some(self.id)
    }

    fn is_new(&self) -> bool {
        false
    }
}

/// Reads the rows of a query, and returns the message of the error that must come of it.
fn refused<T: Decode + Send>(sql: &str) -> String {
    block_on(async |cx| {
        let mut connection = SqliteConnection::open_in_memory(cx).await.unwrap();
        let mut rows = Collect::<T>::all();
        let outcome = connection
            .query(cx, Statement::new(sql, &[]), &mut rows)
            .await;
        let Outcome::Err(error) = outcome else {
            panic!("{sql} was read")
        };
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert_eq!(error.sql(), Some(sql), "the statement is named");
        let message = error.to_string();
        let end = message.find(" (in `").unwrap_or(message.len());
        message[..end].to_owned()
    })
}

#[test]
fn a_wrong_value_is_named_by_table_column_row_and_kind() {
    for (row, message) in [
        (
            "1, NULL, 3",
            "`hero.name` of row 2 holds NULL where a text is expected",
        ),
        (
            "1, 2, 3",
            "`hero.name` of row 2 holds an integer where a text is expected",
        ),
        (
            "1, x'00', 3",
            "`hero.name` of row 2 holds bytes where a text is expected",
        ),
        (
            "NULL, 'a', 3",
            "`hero.id` of row 2 holds NULL where an integer is expected",
        ),
        (
            "1.5, 'a', 3",
            "`hero.id` of row 2 holds a float where an integer is expected",
        ),
        (
            "1, 'a', 'old'",
            "`hero.age` of row 2 holds a text where an integer is expected",
        ),
        (
            "1, 'a', 40000",
            "`hero.age` of row 2 holds an integer where a 16-bit integer is expected",
        ),
    ] {
        let sql = format!("SELECT 1, 'a', NULL UNION ALL SELECT {row}");
        assert_eq!(refused::<Hero>(&sql), message);
        let paired = format!("SELECT 1, 1, 'a', NULL UNION ALL SELECT 1, {row}");
        assert_eq!(
            refused::<(i64, Hero)>(&paired),
            message,
            "beside another column"
        );
    }
}

#[test]
fn texts_that_are_not_utf_8_are_refused() {
    let message = refused::<Hero>("SELECT 1, CAST(x'61ff62' AS TEXT), 3");
    assert!(
        message.starts_with("`hero.name` of row 1 holds a text where a text is expected: invalid utf-8 sequence of 1 bytes"),
        "{message}"
    );
    assert!(refused::<Value<'static>>("SELECT CAST(x'ff' AS TEXT)").contains("utf-8"));
}

#[test]
fn values_that_do_not_parse_are_refused() {
    assert_eq!(
        refused::<Date>("SELECT '2026-02-30' AS a"),
        "column 1 (`a`) of row 1 holds a text where a date (YYYY-MM-DD) is expected"
    );
    assert_eq!(
        refused::<Time>("SELECT '25:00:00' AS a"),
        "column 1 (`a`) of row 1 holds a text where a time (HH:MM:SS) is expected"
    );
    assert_eq!(
        refused::<Timestamp>("SELECT 'yesterday' AS a"),
        "column 1 (`a`) of row 1 holds a text where a timestamp (YYYY-MM-DD HH:MM:SS) is expected"
    );
    assert!(
        refused::<Decimal>("SELECT '1,5' AS a")
            .starts_with("column 1 (`a`) of row 1 holds a text where a decimal is expected")
    );
    assert_eq!(
        refused::<bool>("SELECT 2 AS a"),
        "column 1 (`a`) of row 1 holds an integer where a bool (0 or 1) is expected"
    );
    assert_eq!(
        refused::<f32>("SELECT 1e300 AS a"),
        "column 1 (`a`) of row 1 holds a float where a single-precision number is expected"
    );
    assert_eq!(
        refused::<i32>("SELECT 2147483648 AS a"),
        "column 1 (`a`) of row 1 holds an integer where a 32-bit integer is expected"
    );
}

#[test]
fn a_row_of_too_few_columns_is_refused() {
    assert_eq!(
        refused::<Hero>("SELECT 1"),
        "`hero.name` of row 1 holds NULL where a text is expected"
    );
}
