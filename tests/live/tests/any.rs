//! Databases that are chosen at run time.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero};
use live::{Test, on_any};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{AnyConnection, AnyOptions, ErrorKind, Pool, PoolOptions, block_on};

#[test]
fn statements_run_on_whatever_the_url_names() -> Test {
    on_any(TABLES, async |cx, options, _| {
        let pool = Pool::open(cx, options.clone(), PoolOptions::new(1));
        let mut connection = pool.acquire(cx).await.into_result()?;
        let mut transaction = connection.begin(cx).await.into_result()?;
        let stored = insert!(NewHero::new("Deadpond", "Dive Wilson"))
            .one(cx, &mut transaction)
            .await
            .into_result()?;
        let mut savepoint = transaction.savepoint(cx).await.into_result()?;
        insert!(NewHero::new("Rusty-Man", "Tommy Sharp"))
            .execute(cx, &mut savepoint)
            .await
            .into_result()?;
        savepoint.rollback(cx).await.into_result()?;
        transaction.commit(cx).await.into_result()?;
        let mut rows = Hero::select()
            .stream(cx, &mut connection)
            .await
            .into_result()?;
        assert_eq!(rows.next(cx).await.into_result()?, Some(stored));
        assert_eq!(rows.next(cx).await.into_result()?, None);
        Ok(())
    })
}

#[track_caller]
fn refused(url: &str, message: &str) {
    let error = AnyOptions::parse(url).err().map(|error| error.to_string());
    assert_eq!(error.as_deref(), Some(message), "{url}");
}

#[test]
fn urls_that_name_no_database_tell_what_to_change() {
    for url in ["", "oracle://scott:tiger@db", "/var/heroes.db"] {
        refused(
            url,
            "the URL of a database begins with one of these: sqlite:, mysql:, mariadb:, postgres:, postgresql:",
        );
    }
    refused("sqlite:", "the URL names no database file");
}

#[test]
fn a_server_that_is_another_is_named() -> Test {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let is_over = Arc::new(AtomicBool::new(false));
    // It hangs up on everybody.
    let server = thread::spawn({
        let is_over = Arc::clone(&is_over);
        move || {
            for client in listener.incoming() {
                drop(client);
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
            }
        }
    });
    block_on(async |cx| {
        for scheme in ["postgres", "mysql"] {
            let url = format!("{scheme}://me:hush@127.0.0.1:{port}/db");
            let Outcome::Err(error) = AnyConnection::connect(cx, &url).await else {
                return Err(format!("{url}: connected").into());
            };
            assert_eq!(error.kind(), ErrorKind::Connect);
            let message = error.to_string();
            assert!(message.contains(&format!("127.0.0.1:{port}")), "{message}");
            assert!(message.contains("is it such a server"), "{message}");
            assert!(!message.contains("hush"), "{message}");
            let nowhere = format!("{scheme}://me:hush@no%20such%20host/db");
            let nowhere = AnyConnection::connect(cx, &nowhere).await.into_result();
            let message = format!("{:?}", nowhere.map(drop));
            assert!(
                message.contains("is the name of the host right?"),
                "{message}"
            );
        }
        Ok::<_, live::Failure>(())
    })?;
    is_over.store(true, Ordering::Relaxed);
    TcpStream::connect(("127.0.0.1", port))?;
    server.join().map_err(|_| "the server failed")?;
    Ok(())
}

#[test]
fn a_database_that_is_not_there_is_an_error_of_its_driver() {
    let kind = block_on(async |cx| {
        let outcome = AnyConnection::connect(cx, "sqlite:/nowhere/at/all?mode=rw").await;
        match outcome {
            Outcome::Err(error) => Some(error.kind()),
            _ => None,
        }
    });
    assert_eq!(kind, Some(ErrorKind::Connect));
}
