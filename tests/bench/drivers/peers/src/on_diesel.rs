//! diesel, written as its own benchmarks are.

use std::hint::black_box;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use harness::{Run, SCHEMA, Workload, user_name};

diesel::table! {
    users (id) {
        id -> BigInt,
        name -> Text,
        hair_color -> Nullable<Text>,
    }
}

diesel::table! {
    posts (id) {
        id -> BigInt,
        user_id -> BigInt,
        title -> Text,
        body -> Nullable<Text>,
    }
}

diesel::table! {
    comments (id) {
        id -> BigInt,
        post_id -> BigInt,
        text -> Text,
    }
}

diesel::joinable!(posts -> users (user_id));
diesel::joinable!(comments -> posts (post_id));
diesel::allow_tables_to_appear_in_same_query!(users, posts, comments);

#[derive(Queryable, Identifiable)]
#[diesel(table_name = users)]
#[expect(dead_code, reason = "what matters is that the fields are filled")]
struct User {
    id: i64,
    name: String,
    hair_color: Option<String>,
}

#[derive(Queryable, Identifiable, Associations)]
#[diesel(table_name = posts)]
#[diesel(belongs_to(User))]
#[expect(dead_code, reason = "what matters is that the fields are filled")]
struct Post {
    id: i64,
    user_id: i64,
    title: String,
    body: Option<String>,
}

#[derive(Queryable, Identifiable, Associations)]
#[diesel(table_name = comments)]
#[diesel(belongs_to(Post))]
#[expect(dead_code, reason = "what matters is that the fields are filled")]
struct Comment {
    id: i64,
    post_id: i64,
    text: String,
}

#[derive(Insertable)]
#[diesel(table_name = users)]
struct NewUser {
    name: String,
    hair_color: Option<&'static str>,
}

pub(crate) fn prepare(workload: Workload) -> Option<Run> {
    let mut connection = SqliteConnection::establish(":memory:").expect("memory can be opened");
    let sql = format!("{SCHEMA}{}", workload.data());
    connection.batch_execute(&sql).expect("the data is right");
    Some(Box::new(move |n, meter| {
        let n_rows = meter.measure(|| {
            let mut n_rows = 0;
            for _ in 0..n {
                n_rows = run(&mut connection, workload).expect("the statements are right");
            }
            n_rows
        });
        if let Workload::Insert(_) = workload {
            let deleted = diesel::delete(users::table).execute(&mut connection);
            deleted.expect("rows can be deleted");
        }
        n_rows
    }))
}

fn run(connection: &mut SqliteConnection, workload: Workload) -> QueryResult<usize> {
    Ok(match workload {
        Workload::Trivial(_) => black_box(users::table.load::<User>(connection)?).len(),
        Workload::Medium(_) | Workload::MediumPosts(_) => {
            let pairs = users::table
                .left_outer_join(posts::table)
                .filter(users::hair_color.eq("black"))
                .select((users::all_columns, posts::all_columns.nullable()))
                .load::<(User, Option<Post>)>(connection)?;
            black_box(pairs).len()
        }
        Workload::Insert(n_users) => {
            let new = |i| NewUser {
                name: user_name(i),
                hair_color: Some("hair_color"),
            };
            let users: Vec<NewUser> = (0..n_users).map(new).collect();
            diesel::insert_into(users::table)
                .values(&users)
                .execute(connection)?
        }
        Workload::Associations(_) => {
            let users = users::table.load::<User>(connection)?;
            let posts = Post::belonging_to(&users).load::<Post>(connection)?;
            let comments = Comment::belonging_to(&posts)
                .load::<Comment>(connection)?
                .grouped_by(&posts);
            let posts = posts.into_iter().zip(comments).grouped_by(&users);
            let loaded: Vec<(User, Vec<(Post, Vec<Comment>)>)> =
                users.into_iter().zip(posts).collect();
            let loaded = black_box(loaded);
            let posts = loaded.iter().flat_map(|(_, posts)| posts);
            loaded.len() + posts.map(|(_, comments)| 1 + comments.len()).sum::<usize>()
        }
        Workload::Pool(_) => 0,
    })
}
