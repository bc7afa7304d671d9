//! rusqlite with columns by index, as a careful program would use it; the connection is opened without a mutex.

use std::collections::HashMap;
use std::hint::black_box;

use harness::{Meter, Run, SCHEMA, Workload, user_name};
use rusqlite::{Connection, OpenFlags, Result, Row, params, params_from_iter};

use crate::models::{Comment, Post, User};
use crate::with_texts::{MEDIUM, TRIVIAL, insert};

pub(crate) fn prepare(workload: Workload) -> Option<Run> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_in_memory_with_flags(flags).expect("memory can be opened");
    let sql = format!("{SCHEMA}{}", workload.data());
    connection.execute_batch(&sql).expect("the data is right");
    Some(on(connection, workload))
}

pub(crate) fn on(connection: Connection, workload: Workload) -> Run {
    Box::new(move |n, meter| {
        run(&connection, workload, n, meter).expect("the statements are right")
    })
}

fn run(connection: &Connection, workload: Workload, n: u64, meter: &mut Meter) -> Result<usize> {
    let mut n_rows = 0;
    match workload {
        Workload::Trivial(_) => {
            let mut statement = connection.prepare(TRIVIAL)?;
            meter.measure(|| -> Result<()> {
                for _ in 0..n {
                    let users: Result<Vec<User>> =
                        statement.query_map([], |row| user(row))?.collect();
                    n_rows = black_box(users?).len();
                }
                Ok(())
            })?;
        }
        Workload::Medium(_) | Workload::MediumPosts(_) => {
            let mut statement = connection.prepare(MEDIUM)?;
            meter.measure(|| -> Result<()> {
                for _ in 0..n {
                    let pairs = statement.query_map(params!["black"], |row| {
                        Ok((user(row)?, optional_post(row)?))
                    })?;
                    let pairs: Result<Vec<(User, Option<Post>)>> = pairs.collect();
                    n_rows = black_box(pairs?).len();
                }
                Ok(())
            })?;
        }
        Workload::Insert(n_users) => {
            meter.measure(|| -> Result<()> {
                for _ in 0..n {
                    let mut statement = connection.prepare_cached(&insert(n_users))?;
                    let values = (0..n_users).flat_map(|i| [user_name(i), "hair_color".to_owned()]);
                    n_rows = statement.execute(params_from_iter(values))?;
                }
                Ok(())
            })?;
            connection.execute("DELETE FROM users", [])?;
        }
        Workload::Associations(_) => {
            meter.measure(|| -> Result<()> {
                for _ in 0..n {
                    n_rows = associations(connection)?;
                }
                Ok(())
            })?;
        }
        Workload::Pool(_) => {}
    }
    Ok(n_rows)
}

fn user(row: &Row<'_>) -> Result<User> {
    Ok(User {
        id: row.get(0)?,
        name: row.get(1)?,
        hair_color: row.get(2)?,
    })
}

fn post(row: &Row<'_>, at: usize) -> Result<Post> {
    Ok(Post {
        id: row.get(at)?,
        user_id: row.get(at + 1)?,
        title: row.get(at + 2)?,
        body: row.get(at + 3)?,
    })
}

fn optional_post(row: &Row<'_>) -> Result<Option<Post>> {
    match row.get::<_, Option<i64>>(3)? {
        Some(_) => post(row, 3).map(Some),
        None => Ok(None),
    }
}

type Loaded = Vec<(User, Vec<(Post, Vec<Comment>)>)>;

fn associations(connection: &Connection) -> Result<usize> {
    let users: Result<Vec<User>> = connection
        .prepare_cached(TRIVIAL)?
        .query_map([], |row| user(row))?
        .collect();
    let users = users?;
    let sql = format!(
        "SELECT id, user_id, title, body FROM posts WHERE user_id IN ({})",
        marks(users.len())
    );
    let posts: Result<Vec<Post>> = connection
        .prepare_cached(&sql)?
        .query_map(params_from_iter(users.iter().map(|user| user.id)), |row| {
            post(row, 0)
        })?
        .collect();
    let posts = posts?;
    let sql = format!(
        "SELECT id, post_id, text FROM comments WHERE post_id IN ({})",
        marks(posts.len())
    );
    let comments: Result<Vec<Comment>> = connection
        .prepare_cached(&sql)?
        .query_map(params_from_iter(posts.iter().map(|post| post.id)), |row| {
            Ok(Comment {
                id: row.get(0)?,
                post_id: row.get(1)?,
                text: row.get(2)?,
            })
        })?
        .collect();
    let loaded = group(users, posts, comments?);
    Ok(count(&black_box(loaded)))
}

/// So many question marks, separated by commas.
pub(crate) fn marks(n: usize) -> String {
    let mut marks = "?, ".repeat(n);
    marks.truncate(marks.len().saturating_sub(2));
    marks
}

/// Puts the children of each row beside it.
pub(crate) fn group(users: Vec<User>, posts: Vec<Post>, comments: Vec<Comment>) -> Loaded {
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
    users.into_iter().map(with_posts).collect()
}

pub(crate) fn count(users: &Loaded) -> usize {
    let posts = users.iter().flat_map(|(_, posts)| posts);
    users.len() + posts.map(|(_, comments)| 1 + comments.len()).sum::<usize>()
}
