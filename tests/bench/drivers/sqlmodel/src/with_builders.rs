//! sqlmodel as its users write it.

use std::hint::black_box;
use std::path::Path;

use harness::{Meter, Run, SCHEMA, Workload, user_name};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{SqliteConnection, block_on};

use crate::models::{NewUser, Post, User};

/// Opens a database in memory with the tables and the data of a workload.
pub(crate) fn open(workload: Workload) -> SqliteConnection {
    block_on(async |cx| {
        let opened = SqliteConnection::open_in_memory(cx).await.into_result();
        let mut connection = opened.expect("a database in memory can be opened");
        let sql = format!("{SCHEMA}{}", workload.data());
        connection
            .raw()
            .execute_batch(&sql)
            .expect("the data is right");
        connection
    })
}

/// Opens a file with the tables and no data.
pub(crate) fn open_file(file: &Path) -> SqliteConnection {
    block_on(async |cx| {
        let opened = SqliteConnection::open(cx, file).await.into_result();
        let mut connection = opened.expect("a file can be opened");
        connection
            .raw()
            .execute_batch(SCHEMA)
            .expect("the tables are right");
        connection
    })
}

pub(crate) fn prepare(workload: Workload) -> Option<Run> {
    Some(on(open(workload), workload))
}

pub(crate) fn on(mut connection: SqliteConnection, workload: Workload) -> Run {
    Box::new(move |n, meter| {
        block_on(async |cx| run(cx, &mut connection, workload, n, meter, "DELETE FROM users").await)
    })
}

/// Runs a workload so many times, and empties with `empty` the table that it has filled.
pub(crate) async fn run(
    cx: &Cx,
    connection: &mut impl Executor,
    workload: Workload,
    n: u64,
    meter: &mut Meter,
    empty: &str,
) -> usize {
    let mut n_rows = 0;
    let begin = meter.begin();
    for _ in 0..n {
        n_rows = match workload {
            Workload::Trivial(_) => {
                let users = User::select().all(cx, connection).await;
                black_box(users.into_result().expect("the query is right")).len()
            }
            Workload::Medium(_) | Workload::MediumPosts(_) => {
                let query = User::select()
                    .left_join(User::POSTS)
                    .filter(User::HAIR_COLOR.eq("black"));
                let pairs: Vec<(User, Option<Post>)> = query
                    .all(cx, connection)
                    .await
                    .into_result()
                    .expect("the query is right");
                black_box(pairs).len()
            }
            Workload::Insert(n_users) => {
                let users =
                    (0..n_users).map(|i| NewUser::new(user_name(i)).hair_color("hair_color"));
                let users: Vec<NewUser> = users.collect();
                let inserted = insert_many!(users).execute(cx, connection).await;
                usize::try_from(inserted.into_result().expect("the rows are right")).unwrap_or(0)
            }
            Workload::Associations(_) => {
                use crate::models::Post;
                let query = User::select().include(User::POSTS.include(Post::COMMENTS));
                let users = query
                    .all(cx, connection)
                    .await
                    .into_result()
                    .expect("the query is right");
                count(&black_box(users))
            }
            Workload::Pool(_) => 0,
        };
    }
    meter.end(begin);
    if let Workload::Insert(_) = workload {
        let deleted = connection.execute_sql(cx, empty, &[]).await;
        deleted.into_result().expect("rows can be deleted");
    }
    n_rows
}

fn count(users: &[(User, Vec<(Post, Vec<crate::models::Comment>)>)]) -> usize {
    let posts = users.iter().flat_map(|(_, posts)| posts);
    users.len() + posts.map(|(_, comments)| 1 + comments.len()).sum::<usize>()
}
