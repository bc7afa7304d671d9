//! sqlmodel's typed queries, beside the same SQL through the driver in `with_texts`.

use std::hint::black_box;

use harness::{Meter, Run, Workload, user_name};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{SqliteConnection, block_on};

use crate::models::queries;
use crate::with_builders::open;

pub(crate) fn prepare(workload: Workload) -> Option<Run> {
    match workload {
        Workload::Trivial(_)
        | Workload::Medium(_)
        | Workload::MediumPosts(_)
        | Workload::Insert(1) => {}
        Workload::Insert(_) | Workload::Associations(_) | Workload::Pool(_) => return None,
    }
    let mut connection = open(workload);
    Some(Box::new(move |n, meter| {
        block_on(async |cx| run(cx, &mut connection, workload, n, meter).await)
    }))
}

async fn run(
    cx: &Cx,
    connection: &mut SqliteConnection,
    workload: Workload,
    n: u64,
    meter: &mut Meter,
) -> usize {
    let mut n_rows = 0;
    let begin = meter.begin();
    for _ in 0..n {
        n_rows = match workload {
            Workload::Trivial(_) => {
                let users = queries::all_users().run(cx, connection).await;
                black_box(users.into_result().expect("the query is right")).len()
            }
            Workload::Medium(_) | Workload::MediumPosts(_) => {
                let pairs = queries::users_with_post("black").run(cx, connection).await;
                black_box(pairs.into_result().expect("the query is right")).len()
            }
            Workload::Insert(_) => {
                let name = user_name(0);
                let inserted = queries::insert_user(&name, Some("hair_color"))
                    .run(cx, connection)
                    .await;
                usize::try_from(inserted.into_result().expect("the row is right")).unwrap_or(0)
            }
            Workload::Associations(_) | Workload::Pool(_) => 0,
        };
    }
    meter.end(begin);
    if let Workload::Insert(_) = workload {
        let deleted = connection.execute_sql(cx, "DELETE FROM users", &[]).await;
        deleted.into_result().expect("rows can be deleted");
    }
    n_rows
}
