//! sqlmodel's driver with the texts of statements: what is left of the cost without builders.

use std::hint::black_box;

use harness::{Meter, Run, Workload, user_name};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{Collect, SqliteConnection, Statement, Value, block_on};

use crate::models::{Post, User};
use crate::with_builders::open;

pub(crate) const TRIVIAL: &str = "SELECT id, name, hair_color FROM users";
pub(crate) const MEDIUM: &str = "SELECT users.id, users.name, users.hair_color, posts.id, posts.user_id, posts.title, posts.body \
     FROM users LEFT JOIN posts ON posts.user_id = users.id WHERE users.hair_color = ?1";

/// The text that inserts so many users.
pub(crate) fn insert(n_users: usize) -> String {
    let mut sql = String::with_capacity(48 + n_users * 8);
    sql.push_str("INSERT INTO users (name, hair_color) VALUES ");
    for i in 0..n_users {
        sql.push_str(if i == 0 { "(?, ?)" } else { ", (?, ?)" });
    }
    sql
}

pub(crate) fn prepare(workload: Workload) -> Option<Run> {
    if let Workload::Associations(_) | Workload::Pool(_) = workload {
        return None;
    }
    Some(on(open(workload), workload))
}

pub(crate) fn on(mut connection: SqliteConnection, workload: Workload) -> Run {
    Box::new(move |n, meter| {
        block_on(async |cx| run(cx, &mut connection, workload, n, meter).await)
    })
}

async fn run(
    cx: &Cx,
    connection: &mut SqliteConnection,
    workload: Workload,
    n: u64,
    meter: &mut Meter,
) -> usize {
    let mut n_rows = 0;
    let begin = meter.begin();
    for _ in 0..n {
        n_rows = match workload {
            Workload::Trivial(_) => {
                let mut users = Collect::<User>::all();
                let all = connection
                    .query(cx, Statement::new(TRIVIAL, &[]), &mut users)
                    .await;
                all.into_result().expect("the query is right");
                black_box(users.into_rows()).len()
            }
            Workload::Medium(_) | Workload::MediumPosts(_) => {
                let mut pairs = Collect::<(User, Option<Post>)>::all();
                let params = [Value::Text("black".into())];
                let all = connection
                    .query(cx, Statement::new(MEDIUM, &params), &mut pairs)
                    .await;
                all.into_result().expect("the query is right");
                black_box(pairs.into_rows()).len()
            }
            Workload::Insert(n_users) => {
                let names: Vec<String> = (0..n_users).map(user_name).collect();
                let values = |name| {
                    [
                        Value::Text(<_>::from(name)),
                        Value::Text("hair_color".into()),
                    ]
                };
                let params: Vec<Value<'_>> = names.iter().flat_map(values).collect();
                let sql = insert(n_users);
                let done = connection.execute(cx, Statement::new(&sql, &params)).await;
                let done = done.into_result().expect("the rows are right");
                usize::try_from(done.rows_affected).unwrap_or(0)
            }
            Workload::Associations(_) | Workload::Pool(_) => 0,
        };
    }
    meter.end(begin);
    if let Workload::Insert(_) = workload {
        let deleted = connection.execute_sql(cx, "DELETE FROM users", &[]).await;
        deleted.into_result().expect("rows can be deleted");
    }
    n_rows
}
