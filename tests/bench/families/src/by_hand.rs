//! SQL and structs that are written by hand, through the same driver.

use std::fmt::Write as _;
use std::hint::black_box;
use std::ops::ControlFlow;

use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{Collect, DecodeError, Dialect, Error, RowRead, RowSink, Statement, Value};

use crate::{Result, lost};

/// A row of any of the four types, as a program without models has it.
#[derive(Debug)]
#[expect(dead_code, reason = "rows are made, and not looked at")]
enum Somebody {
    Visitor(Base),
    Keeper(Base, String),
    HeadKeeper(Base, String, i64),
    Vet(Base, String, f64),
}

#[derive(Debug)]
#[expect(dead_code, reason = "rows are made, and not looked at")]
struct Base {
    id: i64,
    name: String,
    age: Option<i32>,
}

const LOAD: &str = "SELECT person.id, person.name, person.age, person.role, keeper.badge, head_keeper.budget, vet.licence, vet.fee \
     FROM person \
     LEFT JOIN keeper ON keeper.id = person.id \
     LEFT JOIN head_keeper ON head_keeper.id = person.id \
     LEFT JOIN vet ON vet.id = person.id";

pub(crate) async fn load<E: Executor>(cx: &Cx, executor: &mut E) -> Result<usize> {
    let mut everybody = Everybody(Vec::new());
    let done = executor
        .query(cx, Statement::new(LOAD, &[]), &mut everybody)
        .await;
    done.into_result().map_err(lost)?;
    Ok(black_box(everybody.0).len())
}

struct Everybody(Vec<Somebody>);

impl RowSink for Everybody {
    fn row<R: RowRead>(&mut self, row: &R) -> std::result::Result<ControlFlow<()>, Error> {
        let somebody = somebody(row).map_err(|refused| refused.at_row::<()>(0))?;
        self.0.push(somebody);
        Ok(ControlFlow::Continue(()))
    }
}

fn somebody<R: RowRead>(row: &R) -> std::result::Result<Somebody, DecodeError> {
    let base = Base {
        id: row.i64(0)?,
        name: row.text(1)?.to_owned(),
        age: match row.is_null(2) {
            true => None,
            false => i32::try_from(row.i64(2)?).ok(),
        },
    };
    Ok(match row.text(3)? {
        "keeper" => Somebody::Keeper(base, row.text(4)?.to_owned()),
        "head_keeper" => Somebody::HeadKeeper(base, row.text(4)?.to_owned(), row.i64(5)?),
        "vet" => Somebody::Vet(base, row.text(6)?.to_owned(), row.f64(7)?),
        _ => Somebody::Visitor(base),
    })
}

/// Inserts keepers: the base's rows, whose keys come back, then their own, as many in a statement as it takes.
pub(crate) async fn insert<E: Executor>(cx: &Cx, executor: &mut E, n_rows: usize) -> Result<usize> {
    let dialect = executor.dialect();
    let max_rows = executor.capabilities().max_parameters / 3;
    let mut done = 0;
    while done < n_rows {
        let rows = done..n_rows.min(done + max_rows);
        let mut params = Vec::with_capacity(rows.len() * 3);
        for i in rows.clone() {
            params.push(Value::Text(format!("Keeper {i}").into()));
            params.push(Value::I32(30));
            params.push(Value::Text("keeper".into()));
        }
        let mut sql = "INSERT INTO person (name, age, role) VALUES ".to_owned();
        write_rows(dialect, rows.len(), 3, &mut sql);
        sql.push_str(" RETURNING id");
        let mut keys = Collect::<i64>::all();
        let inserted = executor
            .query(cx, Statement::new(&sql, &params), &mut keys)
            .await;
        inserted.into_result().map_err(lost)?;
        let mut params = Vec::with_capacity(rows.len() * 2);
        for (i, key) in rows.clone().zip(keys.into_rows()) {
            params.push(Value::I64(key));
            params.push(Value::Text(format!("badge {i}").into()));
        }
        let mut sql = "INSERT INTO keeper (id, badge) VALUES ".to_owned();
        write_rows(dialect, rows.len(), 2, &mut sql);
        let inserted = executor.execute(cx, Statement::new(&sql, &params)).await;
        done += usize::try_from(inserted.into_result().map_err(lost)?.rows_affected)?;
    }
    Ok(done)
}

fn write_rows(dialect: Dialect, n_rows: usize, n_columns: usize, sql: &mut String) {
    let mut number = 0;
    for row in 0..n_rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..n_columns {
            number += 1;
            sql.push_str(if column == 0 { "" } else { ", " });
            let written = match dialect {
                Dialect::Postgres => write!(sql, "${number}"),
                Dialect::Sqlite | Dialect::Mysql => write!(sql, "?"),
            };
            written.expect("a string takes all text");
        }
        sql.push(')');
    }
}
