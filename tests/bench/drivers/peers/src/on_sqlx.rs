//! sqlx with `FromRow` and checked-nowhere texts, which it prepares and keeps.

use std::collections::HashMap;
use std::hint::black_box;

use harness::{Run, SCHEMA, Workload, user_name};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Connection, Executor, FromRow, Row, SqliteConnection};

#[derive(FromRow)]
#[expect(dead_code, reason = "what matters is that the fields are filled")]
struct User {
    id: i64,
    name: String,
    hair_color: Option<String>,
}

#[derive(FromRow)]
#[expect(dead_code, reason = "what matters is that the fields are filled")]
struct Post {
    id: i64,
    user_id: i64,
    title: String,
    body: Option<String>,
}

#[derive(FromRow)]
#[expect(dead_code, reason = "what matters is that the fields are filled")]
struct Comment {
    id: i64,
    post_id: i64,
    text: String,
}

const MEDIUM: &str = "SELECT users.id, users.name, users.hair_color, posts.id, posts.user_id, posts.title, posts.body \
     FROM users LEFT JOIN posts ON posts.user_id = users.id WHERE users.hair_color = ?1";

pub(crate) fn prepare(workload: Workload) -> Option<Run> {
    let runtime = crate::runtime();
    let mut connection = runtime.block_on(async {
        let mut connection = SqliteConnection::connect("sqlite::memory:")
            .await
            .expect("memory can be opened");
        let sql = format!("{SCHEMA}{}", workload.data());
        connection
            .execute(AssertSqlSafe(sql))
            .await
            .expect("the data is right");
        connection
    });
    Some(Box::new(move |n, meter| {
        runtime.block_on(async {
            let mut n_rows = 0;
            let begin = meter.begin();
            for _ in 0..n {
                let done = run(&mut connection, workload).await;
                n_rows = done.expect("the statements are right");
            }
            meter.end(begin);
            if let Workload::Insert(_) = workload {
                let deleted = connection.execute("DELETE FROM users").await;
                deleted.expect("rows can be deleted");
            }
            n_rows
        })
    }))
}

async fn run(connection: &mut SqliteConnection, workload: Workload) -> sqlx::Result<usize> {
    Ok(match workload {
        Workload::Trivial(_) => {
            let users: Vec<User> = sqlx::query_as("SELECT id, name, hair_color FROM users")
                .fetch_all(connection)
                .await?;
            black_box(users).len()
        }
        Workload::Medium(_) | Workload::MediumPosts(_) => {
            let rows = sqlx::query(MEDIUM)
                .bind("black")
                .fetch_all(connection)
                .await?;
            let pairs: sqlx::Result<Vec<(User, Option<Post>)>> = rows.iter().map(pair).collect();
            black_box(pairs?).len()
        }
        Workload::Insert(n_users) => {
            let mut insert = sqlx::QueryBuilder::new("INSERT INTO users (name, hair_color) ");
            insert.push_values(0..n_users, |mut row, i| {
                row.push_bind(user_name(i)).push_bind("hair_color");
            });
            let done = insert.build().execute(connection).await?;
            usize::try_from(done.rows_affected()).unwrap_or(0)
        }
        Workload::Associations(_) => associations(connection).await?,
        Workload::Pool(_) => 0,
    })
}

fn pair(row: &SqliteRow) -> sqlx::Result<(User, Option<Post>)> {
    let user = User {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        hair_color: row.try_get(2)?,
    };
    let post = match row.try_get::<Option<i64>, _>(3)? {
        Some(id) => Some(Post {
            id,
            user_id: row.try_get(4)?,
            title: row.try_get(5)?,
            body: row.try_get(6)?,
        }),
        None => None,
    };
    Ok((user, post))
}

async fn associations(connection: &mut SqliteConnection) -> sqlx::Result<usize> {
    let users: Vec<User> = sqlx::query_as("SELECT id, name, hair_color FROM users")
        .fetch_all(&mut *connection)
        .await?;
    let keys = users.iter().map(|user| user.id);
    let posts: Vec<Post> = by_keys(
        connection,
        "SELECT id, user_id, title, body FROM posts WHERE user_id IN (",
        keys,
    )
    .await?;
    let keys = posts.iter().map(|post| post.id);
    let comments: Vec<Comment> = by_keys(
        connection,
        "SELECT id, post_id, text FROM comments WHERE post_id IN (",
        keys,
    )
    .await?;

    let mut of_post: HashMap<i64, Vec<Comment>> = HashMap::with_capacity(posts.len());
    for comment in comments {
        of_post.entry(comment.post_id).or_default().push(comment);
    }
    let mut of_user: HashMap<i64, Vec<(Post, Vec<Comment>)>> = HashMap::with_capacity(users.len());
    for post in posts {
        let comments = of_post.remove(&post.id).unwrap_or_default();
        of_user
            .entry(post.user_id)
            .or_default()
            .push((post, comments));
    }
    let with_posts = |user: User| {
        let posts = of_user.remove(&user.id).unwrap_or_default();
        (user, posts)
    };
    let loaded: Vec<_> = black_box(users.into_iter().map(with_posts).collect());
    let posts = loaded.iter().flat_map(|(_, posts)| posts);
    Ok(loaded.len() + posts.map(|(_, comments)| 1 + comments.len()).sum::<usize>())
}

async fn by_keys<T>(
    connection: &mut SqliteConnection,
    begin: &'static str,
    keys: impl Iterator<Item = i64>,
) -> sqlx::Result<Vec<T>>
where
    T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
{
    let mut query = sqlx::QueryBuilder::new(begin);
    let mut list = query.separated(", ");
    for key in keys {
        list.push_bind(key);
    }
    query.push(")");
    query.build_query_as().fetch_all(connection).await
}
