//! sqlmodel with PostgreSQL and with MariaDB or MySQL, as its users write it.

use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use harness::{
    MYSQL_SCHEMA, Meter, N_POOL_USERS, POOL_SIZE, POSTGRES_SCHEMA, Run, TRUNCATE, Workload,
    database_name, database_url, on_thread, server_url,
};
use sqlmodel_runtime::pool::{Pool, PoolOptions};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    Connector, MySqlConnection, MySqlOptions, PostgresConnection, PostgresOptions, block_on,
};

use crate::models::User;
use crate::with_builders::run;

/// Makes the database of a workload, anew where there is one.
pub(crate) fn set_up(workload: Workload) {
    let url = server_url().expect("SQLMODEL_BENCH_URL is set");
    block_on(async |cx| match url.starts_with("postgres") {
        true => {
            let server = open_postgres(cx, &format!("{url}postgres")).await;
            make_database(cx, server, workload).await;
            let database = open_postgres(cx, &database_url(workload)).await;
            fill(cx, database, POSTGRES_SCHEMA, workload, "ANALYZE").await;
        }
        false => {
            let server = open_mysql(cx, &url).await;
            make_database(cx, server, workload).await;
            let database = open_mysql(cx, &database_url(workload)).await;
            let analyze = "ANALYZE TABLE users, posts, comments";
            fill(cx, database, MYSQL_SCHEMA, workload, analyze).await;
        }
    });
}

async fn make_database(cx: &Cx, mut server: impl Executor, workload: Workload) {
    let name = database_name(workload);
    for sql in [
        format!("DROP DATABASE IF EXISTS {name}"),
        format!("CREATE DATABASE {name}"),
    ] {
        execute(cx, &mut server, &sql).await;
    }
}

async fn fill(
    cx: &Cx,
    mut database: impl Executor,
    schema: &str,
    workload: Workload,
    analyze: &str,
) {
    let data = workload.data();
    let statements = schema
        .split(";\n")
        .chain(data.split(";\n"))
        .chain([analyze]);
    for sql in statements.filter(|sql| !sql.trim().is_empty()) {
        execute(cx, &mut database, sql).await;
    }
}

async fn execute(cx: &Cx, executor: &mut impl Executor, sql: &str) {
    let done = executor.execute_sql(cx, sql, &[]).await.into_result();
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn open_postgres(cx: &Cx, url: &str) -> PostgresConnection {
    let opened = PostgresConnection::connect(cx, url).await.into_result();
    opened.unwrap_or_else(|error| panic!("{url}: {error}"))
}

async fn open_mysql(cx: &Cx, url: &str) -> MySqlConnection {
    let opened = MySqlConnection::connect(cx, url).await.into_result();
    opened.unwrap_or_else(|error| panic!("{url}: {error}"))
}

pub(crate) fn prepare_postgres(workload: Workload) -> Option<Run> {
    let url = database_url(workload);
    Some(on_thread(move |questions, answers| match workload {
        Workload::Pool(n_tasks) => {
            let options = PostgresOptions::parse(&url).expect("the URL is right");
            with_pool(options, n_tasks, questions, answers);
        }
        _ => block_on(async |cx| {
            let connection = open_postgres(cx, &url).await;
            answer(cx, connection, workload, questions, answers).await;
        }),
    }))
}

pub(crate) fn prepare_mysql(workload: Workload) -> Option<Run> {
    let url = database_url(workload);
    Some(on_thread(move |questions, answers| match workload {
        Workload::Pool(n_tasks) => {
            let options = MySqlOptions::parse(&url).expect("the URL is right");
            with_pool(options, n_tasks, questions, answers);
        }
        _ => block_on(async |cx| {
            let connection = open_mysql(cx, &url).await;
            answer(cx, connection, workload, questions, answers).await;
        }),
    }))
}

/// Answers from a task, as the requests of a server do. The root of the runtime takes a few system calls more for each wait.
async fn answer(
    cx: &Cx,
    mut connection: impl Executor + 'static,
    workload: Workload,
    questions: Receiver<u64>,
    answers: Sender<(Meter, usize)>,
) {
    let task = cx.spawn(move |cx| async move {
        while let Ok(n) = questions.recv() {
            let mut meter = Meter::default();
            let n_rows = run(&cx, &mut connection, workload, n, &mut meter, TRUNCATE).await;
            answers.send((meter, n_rows)).expect("somebody asked");
        }
    });
    let mut task = task.expect("the region takes a task");
    task.join(cx).await.expect("the task ends");
}

fn with_pool<K: Connector>(
    connector: K,
    n_tasks: usize,
    questions: Receiver<u64>,
    answers: Sender<(Meter, usize)>,
) {
    block_on(async |cx| {
        let options = PoolOptions::new(POOL_SIZE)
            .min_size(POOL_SIZE)
            .max_connecting(POOL_SIZE)
            .acquire_timeout(Duration::from_secs(300));
        let pool = Pool::open(cx, connector, options);
        let warm = pool.warm_up(cx).await.into_result();
        warm.expect("the server lets us in");
        while let Ok(n) = questions.recv() {
            let mut meter = Meter::default();
            let begin = meter.begin();
            let mut tasks = Vec::with_capacity(n_tasks);
            for task in 0..n_tasks {
                let pool = pool.clone();
                let spawned =
                    cx.spawn(move |cx| async move { find_users(&cx, &pool, task, n).await });
                tasks.push(spawned.expect("the region takes tasks"));
            }
            let mut n_rows = 0;
            for mut task in tasks {
                n_rows += task.join(cx).await.expect("the task ends");
            }
            meter.end(begin);
            let answer = (meter, n_rows / usize::try_from(n).unwrap_or(usize::MAX));
            answers.send(answer).expect("somebody asked");
        }
    });
}

async fn find_users<K: Connector>(cx: &Cx, pool: &Pool<K>, task: usize, n: u64) -> usize {
    let mut n_rows = 0;
    for i in 0..n {
        let acquired = pool.acquire(cx).await.into_result();
        let mut connection = acquired.expect("a connection becomes free");
        let key = (i as i64 + task as i64) % N_POOL_USERS as i64 + 1;
        let found = User::get(cx, &mut *connection, key).await.into_result();
        n_rows += usize::from(found.expect("the query is right").is_some());
    }
    n_rows
}
