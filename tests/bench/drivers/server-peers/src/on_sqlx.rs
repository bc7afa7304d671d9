//! sqlx with `FromRow` and checked-nowhere texts, which it prepares and keeps; and its pool.

macro_rules! workloads {
    ($module:ident, $driver:ident, $connection:ident, $row:ident, $options:ident, $placeholder:literal, $bulk:ident, $by_keys:ident) => {
        pub(crate) mod $module {
            use std::hint::black_box;

            use harness::{POOL_SIZE, Run, Workload, database_url, user_name};
            use sqlx::$module::{$options, $row};
            use sqlx::{Connection, Executor, Pool, Row, $connection, $driver};

            use crate::rows::{Comment, Post, User, count, group, sql};

            pub(crate) fn prepare(workload: Workload) -> Option<Run> {
                let runtime = crate::runtime();
                let url = database_url(workload);
                if let Workload::Pool(n_tasks) = workload {
                    // It would ask each connection whether it is there before it is handed out.
                    let options = $options::new()
                        .max_connections(POOL_SIZE as u32)
                        .test_before_acquire(false)
                        .acquire_timeout(std::time::Duration::from_secs(300));
                    let pool = runtime.block_on(options.connect(&url));
                    let pool = pool.expect("the server lets us in");
                    return crate::repeat_in_tasks!(runtime, n_tasks, pool, ask);
                }
                let connected = runtime.block_on($connection::connect(&url));
                let mut connection = connected.expect("the server lets us in");
                crate::repeat!(runtime, workload, connection, run, execute)
            }

            async fn execute(connection: &mut $connection, sql: &'static str) -> sqlx::Result<()> {
                connection.execute(sql).await.map(drop)
            }

            async fn run(connection: &mut $connection, workload: Workload) -> sqlx::Result<usize> {
                Ok(match workload {
                    Workload::Trivial(_) => {
                        let users: Vec<User> =
                            sqlx::query_as(sql::TRIVIAL).fetch_all(connection).await?;
                        black_box(users).len()
                    }
                    Workload::Medium(_) | Workload::MediumPosts(_) => {
                        let rows = sqlx::query(sql::medium!($placeholder))
                            .bind("black")
                            .fetch_all(connection)
                            .await?;
                        let pairs: sqlx::Result<Vec<(User, Option<Post>)>> =
                            rows.iter().map(pair).collect();
                        black_box(pairs?).len()
                    }
                    Workload::Insert(n) if n > crate::CHUNK => super::$bulk(connection, n).await?,
                    Workload::Insert(n) => insert(connection, 0, n).await?,
                    Workload::Associations(_) => {
                        let users: Vec<User> = sqlx::query_as(sql::TRIVIAL)
                            .fetch_all(&mut *connection)
                            .await?;
                        let keys = users.iter().map(|user| user.id).collect();
                        let posts: Vec<Post> =
                            super::$by_keys(connection, sql::POSTS, keys).await?;
                        let keys = posts.iter().map(|post| post.id).collect();
                        let comments: Vec<Comment> =
                            super::$by_keys(connection, sql::COMMENTS, keys).await?;
                        count(&black_box(group(users, posts, comments)))
                    }
                    Workload::Pool(_) => 0,
                })
            }

            /// Inserts users by one statement.
            pub(super) async fn insert(
                connection: &mut $connection,
                first: usize,
                n: usize,
            ) -> sqlx::Result<usize> {
                let mut insert =
                    sqlx::QueryBuilder::<$driver>::new("INSERT INTO users (name, hair_color) ");
                insert.push_values(first..first + n, |mut row, i| {
                    row.push_bind(user_name(i)).push_bind("hair_color");
                });
                let done = insert.build().execute(connection).await?;
                Ok(usize::try_from(done.rows_affected()).unwrap_or(0))
            }

            fn pair(row: &$row) -> sqlx::Result<(User, Option<Post>)> {
                let post = match row.try_get::<Option<i64>, _>(3)? {
                    Some(id) => Some(Post {
                        id,
                        user_id: row.try_get(4)?,
                        title: row.try_get(5)?,
                        body: row.try_get(6)?,
                    }),
                    None => None,
                };
                Ok((
                    User {
                        id: row.try_get(0)?,
                        name: row.try_get(1)?,
                        hair_color: row.try_get(2)?,
                    },
                    post,
                ))
            }

            async fn ask(pool: &Pool<$driver>, key: i64) -> bool {
                let user: sqlx::Result<User> = sqlx::query_as(sql::by_key!($placeholder))
                    .bind(key)
                    .fetch_one(pool)
                    .await;
                black_box(user.expect("the user is there")).id == key
            }
        }
    };
}

workloads!(
    postgres,
    Postgres,
    PgConnection,
    PgRow,
    PgPoolOptions,
    "$1",
    by_arrays,
    by_array
);
workloads!(
    mysql,
    MySql,
    MySqlConnection,
    MySqlRow,
    MySqlPoolOptions,
    "?",
    by_chunks,
    by_list
);

use harness::user_name;
use sqlx::mysql::MySqlRow;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection, FromRow, MySqlConnection, PgConnection};

/// Inserts many users as sqlx's manual tells for PostgreSQL.
async fn by_arrays(connection: &mut PgConnection, n: usize) -> sqlx::Result<usize> {
    let names: Vec<String> = (0..n).map(user_name).collect();
    let colors = vec!["hair_color"; n];
    let sql = "INSERT INTO users (name, hair_color) SELECT * FROM unnest($1::text[], $2::text[])";
    let done = sqlx::query(sql).bind(names).bind(colors);
    Ok(done.execute(connection).await?.rows_affected() as usize)
}

async fn by_chunks(connection: &mut MySqlConnection, n: usize) -> sqlx::Result<usize> {
    let mut transaction = connection.begin().await?;
    let mut n_rows = 0;
    for first in (0..n).step_by(crate::CHUNK) {
        n_rows += mysql::insert(&mut transaction, first, crate::CHUNK.min(n - first)).await?;
    }
    transaction.commit().await?;
    Ok(n_rows)
}

async fn by_array<T>(
    connection: &mut PgConnection,
    begin: &str,
    keys: Vec<i64>,
) -> sqlx::Result<Vec<T>>
where
    T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let sql = AssertSqlSafe(format!("{begin}= ANY($1)"));
    sqlx::query_as(sql).bind(keys).fetch_all(connection).await
}

async fn by_list<T>(
    connection: &mut MySqlConnection,
    begin: &str,
    keys: Vec<i64>,
) -> sqlx::Result<Vec<T>>
where
    T: for<'r> FromRow<'r, MySqlRow> + Send + Unpin,
{
    let mut query = sqlx::QueryBuilder::new(format!("{begin}IN ("));
    let mut list = query.separated(", ");
    for key in keys {
        list.push_bind(key);
    }
    query.push(")");
    query.build_query_as().fetch_all(connection).await
}
