//! tokio-postgres with its statements held prepared, arrays for what is many, and COPY; deadpool is its pool.

use std::hint::black_box;
use std::pin::pin;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use harness::{POOL_SIZE, Run, Workload, database_url, user_name};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error, NoTls, Row, Statement};

use crate::rows::{Comment, Post, User, count, group, sql};

/// A connection and the statements of a workload.
struct Prepared {
    client: Client,
    statements: Vec<Statement>,
}

pub(crate) fn prepare(workload: Workload) -> Option<Run> {
    let runtime = crate::runtime();
    if let Workload::Pool(n_tasks) = workload {
        let config = database_url(workload).parse().expect("the URL is right");
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = Manager::from_config(config, NoTls, recycling);
        let pool = Pool::builder(manager).max_size(POOL_SIZE).build();
        let pool = pool.expect("the pool is right");
        return crate::repeat_in_tasks!(runtime, n_tasks, pool, ask);
    }
    let mut prepared = runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&database_url(workload), NoTls)
            .await
            .expect("the server lets us in");
        tokio::spawn(connection);
        let mut statements = Vec::new();
        for sql in texts(workload) {
            let prepared = client.prepare(&sql).await;
            statements.push(prepared.expect("the statement is right"));
        }
        Prepared { client, statements }
    });
    crate::repeat!(runtime, workload, prepared, run, execute)
}

fn texts(workload: Workload) -> Vec<String> {
    match workload {
        Workload::Trivial(_) => vec![sql::TRIVIAL.to_owned()],
        Workload::Medium(_) | Workload::MediumPosts(_) => vec![sql::medium!("$1").to_owned()],
        Workload::Insert(1) => {
            vec!["INSERT INTO users (name, hair_color) VALUES ($1, $2)".to_owned()]
        }
        Workload::Insert(_) => vec![
            "INSERT INTO users (name, hair_color) SELECT * FROM unnest($1::text[], $2::text[])"
                .to_owned(),
        ],
        Workload::Associations(_) => vec![
            sql::TRIVIAL.to_owned(),
            format!("{} = ANY($1)", sql::POSTS),
            format!("{} = ANY($1)", sql::COMMENTS),
        ],
        Workload::Pool(_) => Vec::new(),
    }
}

async fn execute(prepared: &mut Prepared, sql: &str) -> Result<(), Error> {
    prepared.client.batch_execute(sql).await
}

async fn run(prepared: &mut Prepared, workload: Workload) -> Result<usize, Error> {
    let Prepared { client, statements } = prepared;
    Ok(match (workload, &statements[..]) {
        (Workload::Trivial(_), [users]) => {
            let rows = client.query(users, &[]).await?;
            black_box(rows.iter().map(user).collect::<Vec<User>>()).len()
        }
        (Workload::Medium(_) | Workload::MediumPosts(_), [pairs]) => {
            let rows = client.query(pairs, &[&"black"]).await?;
            let pair = |row: &Row| {
                (
                    user(row),
                    row.get::<_, Option<i64>>(3).map(|_| post(row, 3)),
                )
            };
            black_box(rows.iter().map(pair).collect::<Vec<(User, Option<Post>)>>()).len()
        }
        (Workload::Insert(1), [insert]) => {
            let n_rows = client
                .execute(insert, &[&user_name(0), &"hair_color"])
                .await?;
            n_rows as usize
        }
        (Workload::Insert(n), [insert]) if n < crate::CHUNK => {
            let names: Vec<String> = (0..n).map(user_name).collect();
            let colors = vec!["hair_color"; n];
            client.execute(insert, &[&names, &colors]).await? as usize
        }
        (Workload::Insert(n), _) => {
            let sql = "COPY users (name, hair_color) FROM STDIN (FORMAT binary)";
            let sink = client.copy_in(sql).await?;
            let mut writer = pin!(BinaryCopyInWriter::new(sink, &[Type::TEXT, Type::TEXT]));
            for i in 0..n {
                writer
                    .as_mut()
                    .write(&[&user_name(i), &"hair_color"])
                    .await?;
            }
            writer.finish().await? as usize
        }
        (Workload::Associations(_), [users, posts, comments]) => {
            let users = client.query(users, &[]).await?;
            let users: Vec<User> = users.iter().map(user).collect();
            let keys: Vec<i64> = users.iter().map(|user| user.id).collect();
            let posts = client.query(posts, &[&keys]).await?;
            let posts: Vec<Post> = posts.iter().map(|row| post(row, 0)).collect();
            let keys: Vec<i64> = posts.iter().map(|post| post.id).collect();
            let comments = client.query(comments, &[&keys]).await?;
            let comment = |row: &Row| Comment {
                id: row.get(0),
                post_id: row.get(1),
                text: row.get(2),
            };
            let comments: Vec<Comment> = comments.iter().map(comment).collect();
            count(&black_box(group(users, posts, comments)))
        }
        _ => 0,
    })
}

async fn ask(pool: &Pool, key: i64) -> bool {
    let client = pool.get().await.expect("a connection becomes free");
    let statement = client.prepare_cached(sql::by_key!("$1")).await;
    let statement = statement.expect("the statement is right");
    let row = client.query_one(&statement, &[&key]).await;
    black_box(user(&row.expect("the user is there"))).id == key
}

fn user(row: &Row) -> User {
    User {
        id: row.get(0),
        name: row.get(1),
        hair_color: row.get(2),
    }
}

fn post(row: &Row, at: usize) -> Post {
    Post {
        id: row.get(at),
        user_id: row.get(at + 1),
        title: row.get(at + 2),
        body: row.get(at + 3),
    }
}
