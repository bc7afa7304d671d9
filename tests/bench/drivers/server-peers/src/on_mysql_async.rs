//! mysql_async, whose connections keep statements prepared by their texts, and its pool.

use std::hint::black_box;

use harness::{POOL_SIZE, Run, Workload, database_url, user_name};
use mysql_async::prelude::Queryable;
use mysql_async::{
    Conn, Opts, OptsBuilder, Pool, PoolConstraints, PoolOpts, Result, Row, TxOpts, Value,
};

use crate::rows::{Comment, Post, User, count, group, sql};

pub(crate) fn prepare(workload: Workload) -> Option<Run> {
    let runtime = crate::runtime();
    let opts = Opts::from_url(&database_url(workload)).expect("the URL is right");
    if let Workload::Pool(n_tasks) = workload {
        let constraints =
            PoolConstraints::new(POOL_SIZE, POOL_SIZE).expect("not the wrong way round");
        // Nothing changes the sessions: there is nothing to reset, which would be a round trip for each query.
        let options = PoolOpts::default()
            .with_constraints(constraints)
            .with_reset_connection(false);
        let pool =
            runtime.block_on(async { Pool::new(OptsBuilder::from_opts(opts).pool_opts(options)) });
        return crate::repeat_in_tasks!(runtime, n_tasks, pool, ask);
    }
    let connected = runtime.block_on(Conn::new(opts));
    let mut connection = connected.expect("the server lets us in");
    crate::repeat!(runtime, workload, connection, run, execute)
}

async fn execute(connection: &mut Conn, sql: &str) -> Result<()> {
    connection.query_drop(sql).await
}

async fn run(connection: &mut Conn, workload: Workload) -> Result<usize> {
    Ok(match workload {
        Workload::Trivial(_) => {
            let users = connection.exec_map(sql::TRIVIAL, (), |row: Row| user(&row));
            black_box(users.await?).len()
        }
        Workload::Medium(_) | Workload::MediumPosts(_) => {
            let pair = |row: Row| {
                let post = row
                    .get::<Option<i64>, _>(3)
                    .flatten()
                    .map(|_| post(&row, 3));
                (user(&row), post)
            };
            let pairs = connection.exec_map(sql::medium!("?"), ("black",), pair);
            let pairs: Vec<(User, Option<Post>)> = pairs.await?;
            black_box(pairs).len()
        }
        Workload::Insert(n) if n > crate::CHUNK => {
            let mut transaction = connection.start_transaction(TxOpts::default()).await?;
            let mut n_rows = 0;
            for first in (0..n).step_by(crate::CHUNK) {
                let (sql, values) = insert(first, crate::CHUNK.min(n - first));
                transaction.exec_drop(sql, values).await?;
                n_rows += transaction.affected_rows();
            }
            transaction.commit().await?;
            n_rows as usize
        }
        Workload::Insert(n) => {
            let (sql, values) = insert(0, n);
            connection.exec_drop(sql, values).await?;
            connection.affected_rows() as usize
        }
        Workload::Associations(_) => {
            let users = connection.exec_map(sql::TRIVIAL, (), |row: Row| user(&row));
            let users: Vec<User> = users.await?;
            let keys: Vec<Value> = users.iter().map(|user| user.id.into()).collect();
            let text = format!("{}IN {}", sql::POSTS, sql::marks(keys.len()));
            let posts = connection.exec_map(text, keys, |row: Row| post(&row, 0));
            let posts: Vec<Post> = posts.await?;
            let keys: Vec<Value> = posts.iter().map(|post| post.id.into()).collect();
            let text = format!("{}IN {}", sql::COMMENTS, sql::marks(keys.len()));
            let comment = |row: Row| Comment {
                id: row.get(0).expect("not null"),
                post_id: row.get(1).expect("not null"),
                text: row.get(2).expect("not null"),
            };
            let comments: Vec<Comment> = connection.exec_map(text, keys, comment).await?;
            count(&black_box(group(users, posts, comments)))
        }
        Workload::Pool(_) => 0,
    })
}

fn insert(first: usize, n: usize) -> (String, Vec<Value>) {
    let mut rows = "(?, ?), ".repeat(n);
    rows.truncate(rows.len() - 2);
    let values = (first..first + n).flat_map(|i| [user_name(i).into(), "hair_color".into()]);
    let sql = format!("INSERT INTO users (name, hair_color) VALUES {rows}");
    (sql, values.collect())
}

async fn ask(pool: &Pool, key: i64) -> bool {
    let mut connection = pool.get_conn().await.expect("a connection becomes free");
    let row: Result<Option<Row>> = connection.exec_first(sql::by_key!("?"), (key,)).await;
    let row = row.expect("the query is right").expect("the user is there");
    black_box(user(&row)).id == key
}

fn user(row: &Row) -> User {
    User {
        id: row.get(0).expect("not null"),
        name: row.get(1).expect("not null"),
        hair_color: row.get(2).expect("a column"),
    }
}

fn post(row: &Row, at: usize) -> Post {
    Post {
        id: row.get(at).expect("not null"),
        user_id: row.get(at + 1).expect("not null"),
        title: row.get(at + 2).expect("not null"),
        body: row.get(at + 3).expect("a column"),
    }
}
