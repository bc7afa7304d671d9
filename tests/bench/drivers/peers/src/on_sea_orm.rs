//! SeaORM with its entities and a pool of one connection.

use std::hint::black_box;

use harness::{Run, SCHEMA, Workload, user_name};
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectOptions, Database, LoaderTrait, Set};

mod user {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        pub hair_color: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::post::Entity")]
        Post,
    }

    impl Related<super::post::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Post.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod post {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "posts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub user_id: i64,
        pub title: String,
        pub body: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::user::Entity",
            from = "Column::UserId",
            to = "super::user::Column::Id"
        )]
        User,
        #[sea_orm(has_many = "super::comment::Entity")]
        Comment,
    }

    impl Related<super::user::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::User.def()
        }
    }

    impl Related<super::comment::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Comment.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod comment {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "comments")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub post_id: i64,
        pub text: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::post::Entity",
            from = "Column::PostId",
            to = "super::post::Column::Id"
        )]
        Post,
    }

    impl Related<super::post::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Post.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) fn prepare(workload: Workload) -> Option<Run> {
    let runtime = crate::runtime();
    let database = runtime.block_on(async {
        let mut options = ConnectOptions::new("sqlite::memory:");
        options.max_connections(1).sqlx_logging(false);
        let database = Database::connect(options)
            .await
            .expect("memory can be opened");
        let sql = format!("{SCHEMA}{}", workload.data());
        database
            .execute_unprepared(&sql)
            .await
            .expect("the data is right");
        database
    });
    Some(Box::new(move |n, meter| {
        runtime.block_on(async {
            let mut n_rows = 0;
            let begin = meter.begin();
            for _ in 0..n {
                let done = run(&database, workload).await;
                n_rows = done.expect("the statements are right");
            }
            meter.end(begin);
            if let Workload::Insert(_) = workload {
                let deleted = user::Entity::delete_many().exec(&database).await;
                deleted.expect("rows can be deleted");
            }
            n_rows
        })
    }))
}

async fn run(database: &DatabaseConnection, workload: Workload) -> Result<usize, DbErr> {
    Ok(match workload {
        Workload::Trivial(_) => black_box(user::Entity::find().all(database).await?).len(),
        Workload::Medium(_) | Workload::MediumPosts(_) => {
            let pairs = user::Entity::find()
                .find_also_related(post::Entity)
                .filter(user::Column::HairColor.eq("black"))
                .all(database)
                .await?;
            black_box(pairs).len()
        }
        Workload::Insert(n_users) => {
            let new = |i| user::ActiveModel {
                name: Set(user_name(i)),
                hair_color: Set(Some("hair_color".to_owned())),
                ..Default::default()
            };
            let users: Vec<user::ActiveModel> = (0..n_users).map(new).collect();
            let inserted = user::Entity::insert_many(users)
                .exec_without_returning(database)
                .await?;
            usize::try_from(inserted).unwrap_or(0)
        }
        Workload::Associations(_) => {
            let users = user::Entity::find().all(database).await?;
            let posts = users.load_many(post::Entity, database).await?;
            let all: Vec<post::Model> = posts.iter().flatten().cloned().collect();
            let mut comments = all.load_many(comment::Entity, database).await?.into_iter();
            let with_comments =
                |posts: Vec<post::Model>| -> Vec<(post::Model, Vec<comment::Model>)> {
                    posts
                        .into_iter()
                        .map(|post| (post, comments.next().unwrap_or_default()))
                        .collect()
                };
            let posts: Vec<_> = posts.into_iter().map(with_comments).collect();
            let loaded: Vec<_> = black_box(users.into_iter().zip(posts).collect());
            let posts = loaded.iter().flat_map(|(_, posts)| posts);
            loaded.len() + posts.map(|(_, comments)| 1 + comments.len()).sum::<usize>()
        }
        Workload::Pool(_) => 0,
    })
}
