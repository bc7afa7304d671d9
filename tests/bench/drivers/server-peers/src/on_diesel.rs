//! diesel, written as its own benchmarks are.

pub(crate) mod models {
    use diesel::prelude::*;

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
    pub(crate) struct User {
        id: i64,
        name: String,
        hair_color: Option<String>,
    }

    #[derive(Queryable, Identifiable, Associations)]
    #[diesel(table_name = posts)]
    #[diesel(belongs_to(User))]
    #[expect(dead_code, reason = "what matters is that the fields are filled")]
    pub(crate) struct Post {
        id: i64,
        user_id: i64,
        title: String,
        body: Option<String>,
    }

    #[derive(Queryable, Identifiable, Associations)]
    #[diesel(table_name = comments)]
    #[diesel(belongs_to(Post))]
    #[expect(dead_code, reason = "what matters is that the fields are filled")]
    pub(crate) struct Comment {
        id: i64,
        post_id: i64,
        text: String,
    }

    #[derive(Insertable)]
    #[diesel(table_name = users)]
    pub(crate) struct NewUser {
        name: String,
        hair_color: Option<&'static str>,
    }

    pub(crate) fn new_users(n: usize) -> Vec<NewUser> {
        let new = |i| NewUser {
            name: harness::user_name(i),
            hair_color: Some("hair_color"),
        };
        (0..n).map(new).collect()
    }

    pub(crate) fn group(
        users: Vec<User>,
        posts: Vec<Post>,
        comments: Vec<Comment>,
    ) -> Vec<(User, Vec<(Post, Vec<Comment>)>)> {
        let comments = comments.grouped_by(&posts);
        let posts = posts.into_iter().zip(comments).grouped_by(&users);
        users.into_iter().zip(posts).collect()
    }

    pub(crate) fn count(loaded: &[(User, Vec<(Post, Vec<Comment>)>)]) -> usize {
        let posts = loaded.iter().flat_map(|(_, posts)| posts);
        loaded.len() + posts.map(|(_, comments)| 1 + comments.len()).sum::<usize>()
    }
}

macro_rules! workloads {
    ($module:ident, $connection:ty) => {
        pub(crate) mod $module {
            use std::hint::black_box;

            use diesel::connection::SimpleConnection;
            use diesel::prelude::*;
            use harness::{Run, TRUNCATE, Workload, database_url};

            use super::models::*;
            use crate::CHUNK;

            pub(crate) fn prepare(workload: Workload) -> Option<Run> {
                if let Workload::Pool(_) = workload {
                    return None;
                }
                let mut connection = <$connection>::establish(&database_url(workload))
                    .expect("the server lets us in");
                Some(Box::new(move |n, meter| {
                    let n_rows = meter.measure(|| {
                        let mut n_rows = 0;
                        for _ in 0..n {
                            let done = run(&mut connection, workload);
                            n_rows = done.expect("the statements are right");
                        }
                        n_rows
                    });
                    if let Workload::Insert(_) = workload {
                        let emptied = connection.batch_execute(TRUNCATE);
                        emptied.expect("the table can be emptied");
                    }
                    n_rows
                }))
            }

            fn run(connection: &mut $connection, workload: Workload) -> QueryResult<usize> {
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
                    Workload::Insert(n) if n > CHUNK => connection.transaction(|connection| {
                        let mut n_rows = 0;
                        for users in new_users(n).chunks(CHUNK) {
                            let insert = diesel::insert_into(users::table).values(users);
                            n_rows += insert.execute(connection)?;
                        }
                        QueryResult::Ok(n_rows)
                    })?,
                    Workload::Insert(n) => diesel::insert_into(users::table)
                        .values(&new_users(n))
                        .execute(connection)?,
                    Workload::Associations(_) => {
                        let users = users::table.load::<User>(connection)?;
                        let posts = Post::belonging_to(&users).load::<Post>(connection)?;
                        let comments = Comment::belonging_to(&posts).load::<Comment>(connection)?;
                        count(&black_box(group(users, posts, comments)))
                    }
                    Workload::Pool(_) => 0,
                })
            }
        }
    };
}

workloads!(postgres, diesel::PgConnection);
workloads!(mysql, diesel::MysqlConnection);
