//! diesel-async with PostgreSQL, as diesel.

use std::hint::black_box;

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use harness::{Run, Workload, database_url};

use crate::CHUNK;
use crate::on_diesel::models::*;

pub(crate) fn prepare(workload: Workload) -> Option<Run> {
    if let Workload::Pool(_) = workload {
        return None;
    }
    let runtime = crate::runtime();
    let mut connection = runtime
        .block_on(AsyncPgConnection::establish(&database_url(workload)))
        .expect("the server lets us in");
    crate::repeat!(
        runtime,
        workload,
        connection,
        run,
        AsyncPgConnection::batch_execute
    )
}

async fn run(connection: &mut AsyncPgConnection, workload: Workload) -> QueryResult<usize> {
    Ok(match workload {
        Workload::Trivial(_) => black_box(users::table.load::<User>(connection).await?).len(),
        Workload::Medium(_) | Workload::MediumPosts(_) => {
            let pairs = users::table
                .left_outer_join(posts::table)
                .filter(users::hair_color.eq("black"))
                .select((users::all_columns, posts::all_columns.nullable()))
                .load::<(User, Option<Post>)>(connection)
                .await?;
            black_box(pairs).len()
        }
        Workload::Insert(n) if n > CHUNK => {
            connection.batch_execute("BEGIN").await?;
            let mut n_rows = 0;
            for users in new_users(n).chunks(CHUNK) {
                let insert = diesel::insert_into(users::table).values(users);
                n_rows += insert.execute(connection).await?;
            }
            connection.batch_execute("COMMIT").await?;
            n_rows
        }
        Workload::Insert(n) => {
            diesel::insert_into(users::table)
                .values(&new_users(n))
                .execute(connection)
                .await?
        }
        Workload::Associations(_) => {
            let users = users::table.load::<User>(connection).await?;
            let posts = Post::belonging_to(&users).load::<Post>(connection).await?;
            let comments = Comment::belonging_to(&posts);
            let comments = comments.load::<Comment>(connection).await?;
            count(&black_box(group(users, posts, comments)))
        }
        Workload::Pool(_) => 0,
    })
}
