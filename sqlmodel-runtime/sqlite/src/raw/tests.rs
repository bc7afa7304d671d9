use sqlmodel_core::{Collect, Decode, ErrorKind, RowRead, block_on};

use super::*;

fn memory() -> Database {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    Database::new(connection, 2)
}

/// Runs a statement to its end and decodes its rows.
fn rows<T: Decode + Send>(database: &mut Database, sql: &str, params: &[Value<'_>]) -> Vec<T> {
    block_on(async |cx| {
        let mut rows = Collect::all();
        let mut running = database.start(sql, params).unwrap();
        while let Progress::Turn = running.read(cx, &mut rows).unwrap() {}
        drop(running);
        rows.into_rows()
    })
}

/// Looks at one row.
struct Look<F>(F);

impl<F: FnMut(&Row<'_>) + Send> Look<F> {
    fn at(database: &mut Database, sql: &str, look: F) {
        let statement = database.cache.get(sql).unwrap().1;
        assert_eq!(statement.step(), ffi::SQLITE_ROW);
        Self(look).0(&statement.row());
        statement.rest();
    }
}

#[test]
fn columns_outside_of_the_row_are_null() {
    Look::at(&mut memory(), "SELECT 'text', x'ff'", |row| {
        assert_eq!(row.width(), 2);
        for at in [2, 3, 32_768, 1 << 31, 1 << 32, (1 << 32) + 1, usize::MAX] {
            assert!(row.is_null(at));
            assert_eq!(row.get(at), rusqlite::types::ValueRef::Null);
            assert_eq!(row.name(at), "");
            assert!(RowRead::text(row, at).is_err());
        }
    });
}

#[test]
fn a_statement_that_stands_on_no_row_has_null_columns() {
    let mut database = memory();
    let statement = database.cache.get("SELECT 'text'").unwrap().1;
    assert!(statement.row().is_null(0));
    assert_eq!(statement.step(), ffi::SQLITE_ROW);
    assert_eq!(statement.step(), ffi::SQLITE_DONE);
    assert!(statement.row().is_null(0));
}

#[test]
fn texts_and_bytes_stay_where_they_are_while_the_row_is_read() {
    let sql = "SELECT 'one', x'0203', printf('%.2000c', 'x'), zeroblob(3), '', x'', CAST('four' AS BLOB), 5";
    Look::at(&mut memory(), sql, |row| {
        let text = row.text(0).unwrap();
        let bytes = row.bytes(1).unwrap();
        let long = row.text(2).unwrap();
        for _ in 0..3 {
            for at in 0..row.width() {
                let _ = (row.is_null(at), row.value(at), row.text(at), row.bytes(at));
                let _ = (row.i64(at), row.f64(at));
            }
        }
        assert_eq!((text, &*bytes), ("one", &[2, 3][..]));
        assert_eq!(long, "x".repeat(2_000));
        assert_eq!(&*row.bytes(3).unwrap(), [0, 0, 0]);
        assert_eq!(row.text(4).unwrap(), "");
        assert_eq!(&*row.bytes(5).unwrap(), [0u8; 0]);
        assert_eq!(&*row.bytes(6).unwrap(), b"four");
        assert!(row.text(6).is_err(), "bytes are no text");
        assert!(row.text(7).is_err(), "a number is no text");
    });
}

#[test]
fn a_database_in_utf_16_is_read_as_utf_8() {
    let mut database = memory();
    database
        .connection()
        .pragma_update(None, "encoding", "UTF-16le")
        .unwrap();
    database
        .connection()
        .execute_batch("CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('Zoë'), ('日本')")
        .unwrap();
    let all: Vec<(String, String)> = rows(&mut database, "SELECT a, a FROM t", &[]);
    assert_eq!(all[0], ("Zoë".to_owned(), "Zoë".to_owned()));
    let sql = "SELECT a FROM t WHERE a = ?1";
    let found: Vec<String> = rows(&mut database, sql, &[Value::Text("日本".into())]);
    assert_eq!(found, ["日本"]);
}

#[test]
fn empty_texts_and_bytes_are_bound_as_such() {
    let params = [Value::Text("".into()), Value::Bytes(Vec::new().into())];
    let kinds: Vec<(String, String)> =
        rows(&mut memory(), "SELECT typeof(?1), typeof(?2)", &params);
    assert_eq!(kinds, [("text".to_owned(), "blob".to_owned())]);
}

#[test]
fn a_run_that_was_leaked_is_begun_anew() {
    let mut database = memory();
    let sql = "SELECT ?1 UNION ALL SELECT ?1";
    block_on(async |cx| {
        let text = "gone ".repeat(100);
        let params = [Value::Text(text.as_str().into())];
        let mut running = database.start(sql, &params).unwrap();
        let mut first = Collect::<String>::up_to(1);
        assert!(matches!(running.read(cx, &mut first), Ok(Progress::Broke)));
        std::mem::forget(running);
    });
    let params = [Value::Text("here".into())];
    assert_eq!(
        rows::<String>(&mut database, sql, &params),
        ["here", "here"]
    );
}

#[test]
fn a_statement_that_could_not_be_bound_is_bound_anew() {
    let mut database = memory();
    let sql = "SELECT ?1, ?2";
    let text = "gone ".repeat(100);
    let refused = [Value::Text(text.as_str().into()), Value::F64(f64::NAN)];
    assert!(database.start(sql, &refused).is_err());
    assert!(database.start(sql, &refused[..1]).is_err());
    let params = [Value::Text("a".into()), Value::Null];
    let all: Vec<(String, Option<String>)> = rows(&mut database, sql, &params);
    assert_eq!(all, [("a".to_owned(), None)]);
}

#[test]
fn statements_are_prepared_again_when_others_have_taken_their_place() {
    let mut database = memory();
    for _ in 0..3 {
        for sql in ["SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4"] {
            let expected = i64::from(sql.as_bytes()[7] - b'0');
            assert_eq!(rows::<i64>(&mut database, sql, &[]), [expected]);
        }
    }
}

#[test]
fn another_statement_ends_the_cursor() {
    let mut database = memory();
    block_on(async |cx| {
        let sql = "SELECT ?1 UNION ALL SELECT 2";
        database
            .open_cursor(sql, &[Value::Text("1".into())], CursorKind::Exclusive)
            .unwrap();
        let mut sink = Collect::<Value<'static>>::up_to(1);
        assert!(matches!(database.fetch(cx, &mut sink), Ok(Progress::Broke)));
        // The same statement, and the two that take its place in the cache.
        for sql in [sql, "SELECT ?1", "SELECT ?1 + 1"] {
            drop(database.start(sql, &[Value::I64(1)]).unwrap());
            assert!(matches!(database.fetch(cx, &mut sink), Ok(Progress::Done)));
        }
    });
}

#[test]
fn a_shared_cursor_outlives_other_statements() {
    let mut database = memory();
    block_on(async |cx| {
        let sql = "SELECT ?1 UNION ALL SELECT 2 UNION ALL SELECT 3";
        let kind = CursorKind::Shared { portion: 1 };
        database.open_cursor(sql, &[Value::I64(1)], kind).unwrap();
        let mut sink = Collect::<i64>::up_to(1);
        // The same statement, and the two that take its place in the cache.
        for other in [sql, "SELECT ?1", "SELECT ?1 + 1"] {
            assert!(matches!(database.fetch(cx, &mut sink), Ok(Progress::Broke)));
            drop(database.start(other, &[Value::I64(7)]).unwrap());
        }
        assert!(matches!(database.fetch(cx, &mut sink), Ok(Progress::Done)));
        assert_eq!(sink.into_rows(), [1, 2, 3]);
    });
}

#[test]
fn a_text_is_one_statement() {
    let mut database = memory();
    for (sql, is_one) in [
        ("SELECT 1", true),
        ("SELECT 1;", true),
        ("-- first\nSELECT 1; ; -- last\n/* very last */", true),
        ("SELECT 1; SELECT 2", false),
        ("SELECT 1; nonsense", false),
        ("SELECT 1\0; SELECT 2", false),
        ("", false),
        (" ; -- nothing", false),
    ] {
        match database.start(sql, &[]) {
            Ok(_) => assert!(is_one, "{sql}"),
            Err(error) => {
                assert!(!is_one, "{sql}: {error}");
                assert_eq!(error.kind(), ErrorKind::Usage);
            }
        }
    }
}

#[test]
fn all_is_given_back_before_the_connection_is_closed() {
    let mut database = memory();
    database
        .open_cursor("SELECT 1", &[], CursorKind::Exclusive)
        .unwrap();
    assert_eq!(rows::<i64>(&mut database, "SELECT 2", &[]), [2]);
    let shared = CursorKind::Shared { portion: 1 };
    database.open_cursor("SELECT 1", &[], shared).unwrap();
    let Database {
        cache,
        cursor,
        watch,
        connection,
        ..
    } = database;
    drop(cache);
    drop(cursor);
    drop(watch);
    // SQLite refuses to close a connection that has statements.
    connection.close().map_err(|(_, error)| error).unwrap();
}
