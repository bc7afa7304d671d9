//! Values and names that look like SQL arrive as what they are, and rows that break the schema's promises are refused.

use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::sql::{
    Column as SqlColumn, PrimaryKey, SqlType, Table, TableName, Text, UniqueKey,
};
use sqlmodel_runtime::{
    Column, Compound, DecodeError, ErrorKind, FieldInfo, Inheritance, RowRead, ToMany, ToOne,
    Upserted, Value, case, constant, excluded, raw, select_from, table,
};

const TABLE: &str = "o\"d'd `table`; -- \\";
const ID: &str = "i\"d` = 1; --";
const VALUE: &str = "va'l\"ue` $1 ?1";
const NUMBER: &str = "nu\\m\"be`r :x";

/// A table that allows more than its model: the number is wider, and may be NULL.
static ODD: Table = {
    const COLUMNS: &[SqlColumn] = &[
        SqlColumn::new(ID, SqlType::I64).auto_increment(),
        SqlColumn::new(VALUE, SqlType::text(200)),
        SqlColumn::new(NUMBER, SqlType::I64).nullable(),
    ];
    const UNIQUE: &[UniqueKey] = &[UniqueKey::new("u\"q`o'dd", &[Text::Borrowed(VALUE)])];
    Table::new(TableName::new(TABLE), COLUMNS)
        .with_primary_key(PrimaryKey::new("pk\"o`dd'", &[Text::Borrowed(ID)]))
        .with_unique_keys(UNIQUE)
};

on_every_driver! {
    &[&ODD];
    hostile_values_arrive_unchanged_in_every_position,
    hostile_names_are_names,
    values_that_break_promises_are_refused_by_name_and_row,
}

#[derive(Debug, Clone, PartialEq)]
struct Odd {
    id: i64,
    value: String,
    number: i16,
}

#[derive(Debug, Clone)]
struct NewOdd {
    value: String,
    number: Option<i64>,
}

impl Odd {
    const ID: Column<Self, i64> = Column::new(ID);
    const VALUE: Column<Self, String> = Column::new(VALUE);
    const NUMBER: Column<Self, i16> = Column::new(NUMBER);
    const NEXT: ToOne<Self, Option<Self>> = ToOne::new(&[NUMBER], &[ID]);
    const ALIKE: ToMany<Self, Self> = ToMany::new(&[NUMBER], &[NUMBER]);
}

impl Model for Odd {
    const TABLE_NAME: &'static str = TABLE;
    const PRIMARY_KEY: &'static [&'static str] = &[ID];
    const UNIQUE_KEYS: &'static [&'static [&'static str]] = &[&[VALUE]];
    const KEY_POSITIONS: &'static [usize] = &[0];
    const COLUMN_COUNT: usize = 3;
    type Key = i64;

    fn fields() -> &'static [FieldInfo] {
        const {
            &[
                FieldInfo::new("id").column(ID).primary_key().defaulted(),
                FieldInfo::new("value").column(VALUE),
                FieldInfo::new("number").column(NUMBER),
            ]
        }
    }

    fn inheritance() -> &'static Inheritance {
        &Inheritance::NONE
    }

    fn from_row<R: RowRead>(row: &R, at: usize) -> Result<Self, DecodeError> {
        use sqlmodel_runtime::Decode;
        Ok(Self {
            id: Decode::decode(row, at)?,
            value: Decode::decode(row, at + 1)?,
            number: Decode::decode(row, at + 2)?,
        })
    }
}

impl Record for Odd {
    type Model = Self;
    const COLUMNS: &'static [&'static str] = &[ID, VALUE, NUMBER];

    fn to_row<'a>(&'a self, row: &mut Vec<Value<'a>>) {
        row.extend([
            Value::I64(self.id),
            Value::Text((&*self.value).into()),
            Value::I16(self.number),
        ]);
    }

    fn primary_key_value(&self) -> Option<i64> {
        Some(self.id)
    }

    fn is_new(&self) -> bool {
        false
    }
}

impl Record for NewOdd {
    type Model = Odd;
    const COLUMNS: &'static [&'static str] = &[VALUE, NUMBER];

    fn to_row<'a>(&'a self, row: &mut Vec<Value<'a>>) {
        row.push(Value::Text((&*self.value).into()));
        row.push(self.number.map_or(Value::Null, Value::I64));
    }

    fn primary_key_value(&self) -> Option<i64> {
        None
    }

    fn is_new(&self) -> bool {
        true
    }
}

mod names {
    use super::Odd;

    sqlmodel_runtime::alias! {
        /// Another row.
        pub(super) Other = Odd as "o`th\"er' --"
    }

    sqlmodel_runtime::cte! {
        /// A row of a query with a name.
        #[derive(Debug, Clone, PartialEq)]
        pub(super) struct Named as "na`m\"ed' --" {
            VALUE value: String,
        }
    }
}
use names::{Named, Other};

const HOSTILE: [&str; 9] = [
    "'; DROP TABLE odd; --",
    "\" OR \"\" = \"",
    "` OR 1 = 1 -- ",
    "\\'; \\\" \\",
    "$1 ?1 ? :x @x %s {} ${x}",
    "100% _ /* not a comment */ # either",
    "'' \"\" `` $$ $tag$",
    "line\nline\r\n\ttab \u{202e}right to left",
    "Zoë 😀 \u{0130}\u{df} ' \"",
];

fn new(value: &str) -> NewOdd {
    NewOdd {
        value: value.to_owned(),
        number: Some(7),
    }
}

async fn hostile_values_arrive_unchanged_in_every_position<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    for value in HOSTILE {
        let stored = insert!(new(value))
            .one(cx, connection)
            .await
            .into_result()?;
        assert_eq!(stored.value, value);
        let found = Odd::select()
            .filter(Odd::VALUE.eq(value))
            .filter(Odd::VALUE.in_([value, "x"]))
            .filter(Odd::VALUE.not_in(["x"]))
            .filter(Odd::VALUE.between(value, value))
            .filter(Odd::VALUE.contains(value))
            .filter(Odd::VALUE.starts_with(value))
            .filter(Odd::VALUE.ends_with(value))
            .filter(Odd::VALUE.is_not_distinct_from(Some(value.to_owned())))
            .filter((Odd::VALUE, Odd::NUMBER).in_([(value, 7_i16)]))
            .filter(
                Odd::VALUE.in_query(
                    select_from::<Other>()
                        .filter(Odd::VALUE.of::<Other>().eq(value))
                        .columns(Odd::VALUE.of::<Other>()),
                ),
            )
            .columns((
                Odd::VALUE.replace(value, "gone"),
                Odd::VALUE.concat(value),
                Odd::VALUE.null_if(value).coalesce(value),
                Odd::VALUE.position_of(value),
                Odd::VALUE.greatest(value),
                case(Odd::VALUE.eq(value), value).otherwise("x"),
                constant(value.to_owned()),
                raw("coalesce(nullif(")
                    .arg(Odd::VALUE)
                    .text(", ")
                    .value(value)
                    .text("), ")
                    .value(value)
                    .text(")")
                    .typed::<String>(),
            ))
            .one(cx, connection)
            .await
            .into_result()?;
        let own = || value.to_owned();
        let expected = (
            "gone".to_owned(),
            format!("{value}{value}"),
            own(),
            1,
            own(),
            own(),
            own(),
            own(),
        );
        assert_eq!(found, expected);

        let compound: Compound<String> = Odd::select()
            .filter(Odd::VALUE.eq(value))
            .columns(Odd::VALUE)
            .union(Odd::select().columns(constant(value.to_owned())));
        assert_eq!(compound.all(cx, connection).await.into_result()?, [value]);
        let upserted = insert!(new(value))
            .on_conflict(Odd::VALUE)
            .set(Odd::VALUE, excluded(Odd::VALUE).concat("!"))
            .execute(cx, connection)
            .await
            .into_result()?;
        assert_eq!(upserted, 1);
        let n_rows = Odd::update()
            .set(Odd::VALUE, value)
            .filter(Odd::VALUE.eq(format!("{value}!")))
            .execute(cx, connection)
            .await
            .into_result()?;
        assert_eq!(n_rows, 1);
        let mut stored = stored;
        stored.number = 8;
        update!(stored)
            .execute(cx, connection)
            .await
            .into_result()?;
        let next = insert!(new(value)).on_conflict(Odd::VALUE).do_nothing();
        let outcome = next.one(cx, connection).await.into_result()?;
        assert_eq!(outcome, Upserted::Skipped(stored));
    }
    let count = Odd::select().count(cx, connection).await.into_result()?;
    assert_eq!(count, HOSTILE.len() as u64, "nothing else happened");
    for value in HOSTILE {
        let deleted = Odd::delete()
            .filter(Odd::VALUE.eq(value))
            .all(cx, connection)
            .await;
        assert_eq!(deleted.into_result()?.len(), 1);
    }
    Ok(())
}

async fn hostile_names_are_names<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let first = insert!(new("first"))
        .one(cx, connection)
        .await
        .into_result()?;
    let second = NewOdd {
        value: "second".to_owned(),
        number: Some(first.id),
    };
    let second = insert!(second).one(cx, connection).await.into_result()?;
    let joined = Odd::select()
        .join(Odd::NEXT.to::<Other>())
        .filter(Odd::VALUE.of::<Other>().eq("first"))
        .order_by(Odd::VALUE.of::<Other>().asc())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(joined, [(second.clone(), first.clone())]);
    let named: (Odd, Named) = Odd::select()
        .with(Named::of(
            Odd::select()
                .filter(Odd::NUMBER.eq(7))
                .columns((Odd::VALUE,)),
        ))
        .join_on(table::<Named>(), Named::VALUE.eq(Odd::VALUE))
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(named.0, first);
    let joined_update = Odd::update()
        .joining(Odd::NEXT.to::<Other>())
        .set(Odd::VALUE, Odd::VALUE.of::<Other>().concat(HOSTILE[0]))
        .filter(Odd::VALUE.of::<Other>().eq("first"));
    let updated = joined_update.all(cx, connection).await.into_result()?;
    assert_eq!(updated.len(), 1);
    assert_eq!(updated[0].value, format!("first{}", HOSTILE[0]));
    let joined_delete = Odd::delete()
        .joining(Odd::NEXT.to::<Other>())
        .filter(Odd::VALUE.of::<Other>().eq(HOSTILE[1]));
    assert_eq!(
        joined_delete.execute(cx, connection).await.into_result()?,
        0
    );
    let included = Odd::select()
        .filter(Odd::ID.eq(first.id))
        .include(Odd::ALIKE)
        .one(cx, connection)
        .await
        .into_result()?;
    assert_eq!(included, (first.clone(), vec![first.clone()]));
    let by_number = Odd::select()
        .group_by(Odd::NUMBER)
        .order_by(Odd::NUMBER.count().desc())
        .columns((Odd::NUMBER, Odd::VALUE.max()))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(by_number.len(), 2);
    assert_eq!(
        Odd::get(cx, connection, first.id).await.into_result()?,
        Some(first.clone())
    );
    delete!(first).execute(cx, connection).await.into_result()?;
    Ok(())
}

async fn values_that_break_promises_are_refused_by_name_and_row<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    insert!(new("fine"))
        .execute(cx, connection)
        .await
        .into_result()?;
    let refused = [
        (None, "NULL where an integer"),
        (Some(40_000), "an integer where a 16-bit integer"),
    ];
    for (number, words) in refused {
        let bad = NewOdd {
            value: "bad".to_owned(),
            number,
        };
        insert!(bad).execute(cx, connection).await.into_result()?;
        let all = Odd::select()
            .order_by(Odd::ID.asc())
            .all(cx, connection)
            .await;
        let Outcome::Err(error) = all else {
            return Err(format!("{all:?}").into());
        };
        assert_eq!(error.kind(), ErrorKind::Decode);
        let message = error.to_string();
        let place = format!("`{TABLE}.{NUMBER}` of row 2 holds {words}");
        assert!(message.starts_with(&place), "{message}");
        let streamed = Odd::select().order_by(Odd::ID.asc());
        let mut n_rows = 0;
        let refused = streamed
            .for_each(cx, connection, |_| {
                n_rows += 1;
                std::ops::ControlFlow::Continue(())
            })
            .await;
        assert!(matches!(refused, Outcome::Err(error) if error.to_string().starts_with(&place)));
        assert_eq!(n_rows, 1, "the rows before it were handed out");
        let columns = Odd::select()
            .order_by(Odd::ID.asc())
            .columns((Odd::VALUE, Odd::NUMBER));
        let refused = columns.clone().all(cx, connection).await;
        assert!(matches!(refused, Outcome::Err(error) if error.to_string().starts_with(&place)));
        let set = columns
            .clone()
            .union_all(columns.clone().filter(Odd::ID.lt(0)));
        let refused = set.all(cx, connection).await;
        assert!(matches!(refused, Outcome::Err(error) if error.to_string().starts_with(&place)));
        let mut rows = columns.stream(cx, connection).await.into_result()?;
        assert!(rows.next(cx).await.into_result()?.is_some());
        let refused = rows.next(cx).await;
        assert!(matches!(refused, Outcome::Err(error) if error.to_string().starts_with(&place)));
        drop(rows);
        let computed = Odd::select()
            .order_by(Odd::ID.asc())
            .columns((Odd::ID, raw("").arg(Odd::NUMBER).typed::<i16>()));
        let refused = computed.all(cx, connection).await;
        let place = format!("column 2 (`c2`) of row 2 holds {words}");
        assert!(
            matches!(&refused, Outcome::Err(error) if error.to_string().starts_with(&place)),
            "{refused:?}"
        );
        delete!(Odd where Odd::VALUE.eq("bad"))
            .execute(cx, connection)
            .await
            .into_result()?;
    }
    let rest = Odd::select().all(cx, connection).await.into_result()?;
    assert_eq!(rest.len(), 1, "the connection goes on");
    Ok(())
}
