//! The corpus of queries on real databases: a column that the compiler calls never NULL never is, and every value is of its type.
//!
//! Each query runs on tables without rows, with one row each, and with random rows and NULLs, with every set of its optional blocks.

use std::ops::ControlFlow;

use live::{Failure, Test, on_every_driver};
use sqlmodel_gen::compile;
use sqlmodel_gen::ir::{
    Builtin, EnumLiteral, EnumStorage, Piece, Query, QueryColumn, QueryParam, Scalar, Schema,
};
use sqlmodel_gen::source::SourceMap;
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::sql::{Column, Generation, ScalarType, Table};
use sqlmodel_runtime::value::{Date, Decimal, Duration, Time, Timestamp};
use sqlmodel_runtime::{Dialect, RowRead, RowSink, Statement, TransactionOps, Value, schema};
use support::{corpus, corpus_folder};

on_every_driver! {
    &[];
    what_is_found_out_is_so,
}

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below.max(1)
    }

    fn small(&mut self) -> i32 {
        i32::try_from(self.next(9)).unwrap_or(0)
    }
}

/// A value of a type, from a range so small that values meet.
fn value(builtin: Builtin, random: &mut Random) -> Value<'static> {
    let small = random.small();
    let texts = ["a", "B", "", "draft x", "%a%", "é"];
    let text = texts[usize::try_from(random.next(6)).unwrap_or(0)];
    let day = Date::parse(&format!("2020-01-0{}", 1 + small)).expect("a day in January");
    let moment = Timestamp::parse(&format!("2020-01-0{} 12:30:00", 1 + small)).expect("noon or so");
    match builtin {
        Builtin::Bool => Value::Bool(small > 4),
        Builtin::I16 => Value::I16(i16::try_from(small).unwrap_or(0)),
        Builtin::I32 => Value::I32(small),
        Builtin::I64 => Value::I64(i64::from(small)),
        Builtin::F32 | Builtin::F64 => Value::F64(f64::from(small) / 4.0),
        Builtin::Date => Value::Date(day),
        Builtin::Timestamp => Value::Timestamp(moment),
        Builtin::TimestampTz => Value::Timestamptz(moment),
        Builtin::Decimal { .. } => {
            let decimal = Decimal::try_new(i128::from(small) * 275, 2);
            Value::Decimal(decimal.expect("a small number"))
        }
        Builtin::Json => Value::Json(if small > 4 {
            r#"{"a": "b"}"#.into()
        } else {
            r#"{"c": [1]}"#.into()
        }),
        Builtin::Uuid => Value::Uuid([u8::try_from(small.rem_euclid(7)).unwrap_or(0); 16]),
        Builtin::Bytes => Value::Bytes(text.as_bytes().to_vec().into()),
        Builtin::Time => Value::Time(
            Time::try_new(12, 30, u8::try_from(small.rem_euclid(7)).unwrap_or(0), 0)
                .expect("half past noon"),
        ),
        Builtin::Duration => Value::Duration(Duration {
            micros: i64::from(small) * 1_000_000,
        }),
        Builtin::Text { .. } => Value::Text(text.into()),
    }
}

fn builtin_of(ty: &ScalarType) -> Builtin {
    match ty {
        ScalarType::Bool => Builtin::Bool,
        ScalarType::I16 => Builtin::I16,
        ScalarType::I32 => Builtin::I32,
        ScalarType::I64 => Builtin::I64,
        ScalarType::F64 => Builtin::F64,
        ScalarType::Date => Builtin::Date,
        ScalarType::Timestamp => Builtin::Timestamp,
        ScalarType::Timestamptz => Builtin::TimestampTz,
        ScalarType::Json => Builtin::Json,
        ScalarType::Uuid => Builtin::Uuid,
        ScalarType::Bytes => Builtin::Bytes,
        ScalarType::Time => Builtin::Time,
        ScalarType::Duration => Builtin::Duration,
        ScalarType::F32 => Builtin::F32,
        ScalarType::Decimal { .. } => Builtin::Decimal {
            precision: 12,
            scale: 2,
        },
        _ => Builtin::Text { max_len: None },
    }
}

/// A value for a column: of a key it references, unlike all others where it must be, and sometimes NULL.
fn cell(
    table: &Table,
    column: &Column,
    row: u64,
    n_rows: u64,
    random: &mut Random,
) -> Value<'static> {
    let references = table
        .foreign_keys
        .iter()
        .any(|it| it.columns.contains(&column.name));
    if column.is_nullable && random.next(3) == 0 {
        return Value::Null;
    }
    let id = |number: u64| Value::I64(i64::try_from(number).unwrap_or(1));
    let is_key = table
        .primary_key
        .as_ref()
        .is_some_and(|key| key.columns.contains(&column.name));
    if references {
        // A link is a different pair in each row; a parent is a row that is there already.
        return match (is_key, column.name.as_ref()) {
            (true, "tag_id") => id(1 + row % n_rows),
            (true, _) => id(1 + (row * 7) % n_rows),
            (false, _) if table.name.name == "node" => {
                if row == 0 {
                    Value::Null
                } else {
                    id(1 + random.next(row))
                }
            }
            (false, _) => id(1 + random.next(n_rows)),
        };
    }
    if is_key {
        return id(row + 1);
    }
    let is_unique = table
        .unique_keys
        .iter()
        .any(|key| key.columns.contains(&column.name));
    match column.name.as_ref() {
        "status" => Value::Text(
            ["draft", "published", "retired"][usize::try_from(random.next(3)).unwrap_or(0)].into(),
        ),
        "level" => Value::I32(1 + i32::try_from(random.next(2)).unwrap_or(0)),
        _ if matches!(column.ty.scalar(), ScalarType::Enum(_)) => {
            Value::Text(["small", "large"][usize::try_from(random.next(2)).unwrap_or(0)].into())
        }
        _ if column.ty.is_array() => {
            let item = || value(builtin_of(column.ty.scalar()), random);
            Value::Array(std::iter::repeat_with(item).take(2).collect())
        }
        _ if is_unique => Value::Text(format!("unique {row}").into()),
        _ => value(builtin_of(column.ty.scalar()), random),
    }
}

fn placeholder(dialect: Dialect, number: usize) -> String {
    match dialect {
        Dialect::Sqlite => format!("?{number}"),
        Dialect::Postgres => format!("${number}"),
        Dialect::Mysql => "?".to_owned(),
    }
}

fn quoted(dialect: Dialect, name: &str) -> String {
    let quote = dialect.identifier_quote();
    format!("{quote}{name}{quote}")
}

/// Fills a table with rows.
async fn fill<E: Executor>(
    cx: &Cx,
    executor: &mut E,
    table: &Table,
    (n_rows, round): (u64, usize),
    random: &mut Random,
) -> Test {
    let dialect = executor.dialect();
    for row in 0..n_rows {
        let columns: Vec<&Column> = table
            .columns
            .iter()
            .filter(|it| !matches!(it.generation, Some(Generation::Computed(_))))
            .collect();
        let values: Vec<Value<'_>> = columns
            .iter()
            .map(|it| cell(table, it, row, n_rows, random))
            .collect();
        let names: Vec<String> = columns.iter().map(|it| quoted(dialect, &it.name)).collect();
        let holes: Vec<String> = (1..=values.len())
            .map(|it| placeholder(dialect, it))
            .collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({}) /* {round} */",
            quoted(dialect, &table.name.name),
            names.join(", "),
            holes.join(", ")
        );
        executor
            .execute_sql(cx, &sql, &values)
            .await
            .into_result()?;
    }
    Ok(())
}

/// The text of a query with some blocks on, and the values of its placeholders.
fn rendered(
    pieces: &[Piece],
    dialect: Dialect,
    mask: usize,
    given: &[Value<'static>],
    sql: &mut String,
    (params, numbers): (&mut Vec<Value<'static>>, &mut Vec<usize>),
) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => sql.push_str(text),
            Piece::Param(at) => {
                // Where placeholders have numbers, a parameter has one of them.
                let known = numbers
                    .iter()
                    .position(|it| it == at)
                    .filter(|_| dialect != Dialect::Mysql);
                let number = known.unwrap_or_else(|| {
                    params.push(given[*at].clone());
                    numbers.push(*at);
                    params.len() - 1
                });
                sql.push_str(&placeholder(dialect, number + 1));
            }
            Piece::List(at) => {
                let Value::Array(values) = &given[*at] else {
                    continue;
                };
                let holes = values.iter().map(|value| {
                    params.push(value.clone());
                    numbers.push(usize::MAX);
                    placeholder(dialect, params.len())
                });
                let holes: Vec<String> = holes.collect();
                sql.push_str(&format!("({})", holes.join(", ")));
            }
            Piece::Block(block, inside) => {
                if mask & (1 << block) != 0 {
                    rendered(inside, dialect, mask, given, sql, (params, numbers));
                }
            }
            Piece::Order(orders) => {
                if let Some(first) = orders.first() {
                    rendered(first, dialect, mask, given, sql, (params, numbers));
                }
            }
        }
    }
}

fn param(schema: &Schema, it: &QueryParam, random: &mut Random) -> Value<'static> {
    let mut one = || match it.ty.scalar {
        Scalar::Enum(id) => match &schema.enums[id].values[0].value {
            EnumLiteral::Text(text) => Value::Text(text.clone().into()),
            EnumLiteral::Int(int) => Value::I32(*int),
        },
        scalar => value(schema.builtin(scalar).unwrap_or(Builtin::Bool), random),
    };
    if it.is_list || it.ty.is_array {
        return Value::Array(vec![one(), one()]);
    }
    let given = one();
    if it.ty.is_nullable && random.next(2) == 0 {
        Value::Null
    } else {
        given
    }
}

/// The type that an enum is stored as.
fn stored_enum(schema: &Schema, scalar: Scalar) -> Builtin {
    match scalar {
        Scalar::Enum(id) if schema.enums[id].storage == EnumStorage::Int => Builtin::I32,
        _ => Builtin::Text { max_len: None },
    }
}

/// Checks each row against the columns that were found out.
struct Checker<'q> {
    schema: &'q Schema,
    columns: &'q [QueryColumn],
    wrong: Vec<String>,
    n_rows: usize,
}

impl RowSink for Checker<'_> {
    fn row<R: RowRead>(&mut self, row: &R) -> Result<ControlFlow<()>, Error> {
        self.n_rows += 1;
        if row.width() != self.columns.len() {
            self.wrong.push(format!("{} columns", row.width()));
            return Ok(ControlFlow::Break(()));
        }
        for (at, column) in self.columns.iter().enumerate() {
            if row.is_null(at) {
                if !column.ty.is_nullable {
                    self.wrong
                        .push(format!("`{}` is NULL: {}", column.name, column.reason));
                }
                continue;
            }
            let builtin = self
                .schema
                .builtin(column.ty.scalar)
                .unwrap_or_else(|| stored_enum(self.schema, column.ty.scalar));
            let read = match builtin {
                _ if column.ty.is_array => row.array::<Value<'static>>(at).map(|items| {
                    if items.iter().any(|it| matches!(it, Value::Null)) {
                        self.wrong
                            .push(format!("a list in `{}` has a NULL", column.name));
                    }
                }),
                Builtin::Bool => row.bool(at).map(drop),
                Builtin::I16 | Builtin::I32 | Builtin::I64 => row.i64(at).map(drop),
                Builtin::F32 | Builtin::F64 => row.f64(at).map(drop),
                Builtin::Decimal { .. } => row.decimal(at).map(drop),
                Builtin::Date => row.date(at).map(drop),
                Builtin::Uuid => row.uuid(at).map(drop),
                Builtin::Bytes => row.bytes(at).map(drop),
                Builtin::Time => row.time(at).map(drop),
                Builtin::Duration => row.duration(at).map(drop),
                Builtin::Timestamp | Builtin::TimestampTz => row.timestamp(at).map(drop),
                Builtin::Json => row.json(at).map(drop),
                _ => row.text(at).map(drop),
            };
            if let Err(refused) = read {
                self.wrong
                    .push(format!("`{}` is no {builtin:?}: {refused}", column.name));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Runs a query with all sets of blocks, and undoes what it writes.
async fn run<C: Connection>(
    cx: &Cx,
    connection: &mut C,
    schema: &Schema,
    query: &Query,
    round: usize,
    random: &mut Random,
) -> Result<(Vec<String>, usize), Failure> {
    let dialect = connection.dialect();
    let mut wrong = Vec::new();
    let mut n_rows = 0;
    let Some((_, pieces)) = query.texts.iter().find(|(it, _)| *it == dialect) else {
        return Ok((wrong, n_rows));
    };
    for mask in 0..1usize << query.blocks.len() {
        let given: Vec<Value<'static>> = query
            .params
            .iter()
            .map(|it| param(schema, it, random))
            .collect();
        let (mut sql, mut params, mut numbers) = (String::new(), Vec::new(), Vec::new());
        rendered(
            pieces,
            dialect,
            mask,
            &given,
            &mut sql,
            (&mut params, &mut numbers),
        );
        sql.push_str(&format!(" /* {round} */"));
        let mut sink = Checker {
            schema,
            columns: query.row.columns(),
            wrong: Vec::new(),
            n_rows: 0,
        };
        let mut transaction = connection.begin(cx).await.into_result()?;
        let outcome = transaction
            .query(cx, Statement::new(&sql, &params), &mut sink)
            .await;
        match outcome {
            Outcome::Ok(()) => {}
            // Keys that meet, and a subquery that finds two rows for one, are of the data.
            Outcome::Err(error)
                if error.is_unique_violation()
                    || error.is_foreign_key_violation()
                    || error.sqlstate() == Some("21000") => {}
            other => wrong.push(format!("{other:?}: {sql}")),
        }
        transaction.rollback(cx).await.into_result()?;
        n_rows += sink.n_rows;
        wrong.extend(sink.wrong);
    }
    Ok((wrong, n_rows))
}

/// The schema of the corpus with all queries of it that are right.
fn compiled() -> (Schema, Vec<(String, Query)>) {
    let text = std::fs::read_to_string(corpus_folder().join("schema.toml"))
        .expect("the schema of the corpus is there");
    let compile_text = |text: &str| {
        let mut sources = SourceMap::new();
        sources.add("corpus.toml", text);
        compile(&sources, &Default::default()).schema
    };
    let schema = compile_text(&text).expect("the schema of the corpus is right");
    let mut queries = Vec::new();
    for (_, of_file) in corpus() {
        for query in of_file {
            let compiled = compile_text(&format!("{text}\n{}", query.toml()));
            let found = compiled.and_then(|it| it.queries.into_iter().next());
            queries.extend(found.map(|found| (query.sql.clone(), found)));
        }
    }
    (schema, queries)
}

async fn what_is_found_out_is_so<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let (schema, queries) = compiled();
    assert!(queries.len() >= 300);
    let tables: Vec<&Table> = schema.tables.values().collect();
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let mut wrong = String::new();
    let mut n_seen = 0;
    let views: Vec<(String, String)> = schema
        .views
        .iter()
        .filter_map(|view| {
            let mut texts = view.texts.iter();
            let (_, text) = texts.find(|(dialect, _)| *dialect == connection.dialect())?;
            Some((view.written.sql_name.clone(), text.clone()))
        })
        .collect();
    // Types that are created again are others: the statements of each round have texts of their own.
    for (round, n_rows) in [0, 1, 5, 12].into_iter().enumerate() {
        for (name, _) in &views {
            let drop = format!("DROP VIEW IF EXISTS {name}");
            connection.execute_sql(cx, &drop, &[]).await.into_result()?;
        }
        schema::drop_all(cx, connection, &tables)
            .await
            .into_result()?;
        schema::create_all(cx, connection, &tables)
            .await
            .into_result()?;
        for table in &tables {
            fill(cx, connection, table, (n_rows, round), &mut random).await?;
        }
        for (name, text) in &views {
            let create = format!("CREATE VIEW {name} AS {text}");
            connection
                .execute_sql(cx, &create, &[])
                .await
                .into_result()?;
        }
        for (sql, query) in &queries {
            let (found, n) = run(cx, connection, &schema, query, round, &mut random).await?;
            n_seen += n;
            for it in found {
                wrong.push_str(&format!("{sql}\n  with {n_rows} rows: {it}\n"));
            }
        }
    }
    assert_eq!(wrong, "");
    assert!(n_seen > 1000, "the queries return rows");
    Ok(())
}
