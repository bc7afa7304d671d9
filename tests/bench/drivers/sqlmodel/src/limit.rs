//! The limit: the C library called by hand, with its statements held prepared, no mutex, and the structs that all others make.
//!
//! It trusts the types of columns and checks what a Rust `String` cannot do without: that texts are UTF-8.

use std::ffi::{CStr, CString, c_char, c_int};
use std::hint::black_box;
use std::path::Path;
use std::{ptr, slice};

use harness::{Meter, Run, SCHEMA, Workload, user_name};
use rusqlite::ffi::*;

use crate::models::{Comment, Post, User};
use crate::plain_rusqlite::{count, group, marks};
use crate::with_texts::{MEDIUM, TRIVIAL, insert};

/// An open database; it is never closed.
struct Database(*mut sqlite3);

/// A prepared statement; it is never finalized.
#[derive(Clone, Copy)]
struct Statement(*mut sqlite3_stmt);

pub(crate) fn prepare(workload: Workload) -> Option<Run> {
    let database = Database::open(c":memory:");
    database.execute(&format!("{SCHEMA}{}", workload.data()));
    Some(match workload {
        Workload::Trivial(_) => {
            let statement = database.prepare(TRIVIAL);
            repeat(move || black_box(statement.rows(|row| row.user(0))).len())
        }
        Workload::Medium(_) | Workload::MediumPosts(_) => {
            let statement = database.prepare(MEDIUM);
            repeat(move || {
                statement.bind_text(1, "black");
                let pair = |row: Statement| {
                    let post = (!row.is_null(3)).then(|| row.post(3));
                    (row.user(0), post)
                };
                black_box(statement.rows(pair)).len()
            })
        }
        Workload::Insert(n_users) => insert_into(database, n_users),
        Workload::Associations(n_users) => {
            let users = database.prepare(TRIVIAL);
            let posts = database.prepare(&format!(
                "SELECT id, user_id, title, body FROM posts WHERE user_id IN ({})",
                marks(n_users)
            ));
            let comments = database.prepare(&format!(
                "SELECT id, post_id, text FROM comments WHERE post_id IN ({})",
                marks(n_users * 10)
            ));
            repeat(move || {
                let users = users.rows(|row| row.user(0));
                posts.bind_keys(users.iter().map(|user| user.id));
                let posts = posts.rows(|row| row.post(0));
                comments.bind_keys(posts.iter().map(|post| post.id));
                let comments = comments.rows(|row| Comment {
                    id: row.integer(0),
                    post_id: row.integer(1),
                    text: row.text(2),
                });
                count(&black_box(group(users, posts, comments)))
            })
        }
        Workload::Pool(_) => return None,
    })
}

/// Inserts into a file, in which each statement is committed.
pub(crate) fn inserts(file: &Path, pragmas: &str, workload: Workload) -> Run {
    let file = file.to_str().expect("a path in UTF-8");
    let database = Database::open(&CString::new(file).expect("no NUL in it"));
    database.execute(&format!("{pragmas}{SCHEMA}"));
    insert_into(database, workload.rows())
}

fn insert_into(database: Database, n_users: usize) -> Run {
    let statement = database.prepare(&insert(n_users));
    Box::new(move |n, meter: &mut Meter| {
        meter.measure(|| {
            for _ in 0..n {
                insert_users(statement, n_users);
            }
        });
        database.execute("DELETE FROM users");
        n_users
    })
}

fn repeat(mut once: impl FnMut() -> usize + 'static) -> Run {
    Box::new(move |n, meter| {
        meter.measure(|| {
            let mut n_rows = 0;
            for _ in 0..n {
                n_rows = once();
            }
            n_rows
        })
    })
}

fn insert_users(statement: Statement, n_users: usize) {
    let names: Vec<String> = (0..n_users).map(user_name).collect();
    for (i, name) in names.iter().enumerate() {
        statement.bind_text(i * 2 + 1, name);
        statement.bind_text(i * 2 + 2, "hair_color");
    }
    assert!(!statement.step(), "an insert gives no rows");
    statement.reset();
}

// SAFETY of all blocks below: databases and statements stay open until the program ends; they are used by one thread; texts are bound for
// the run in which they live, and a column is read before the next step.

impl Database {
    fn open(name: &CStr) -> Self {
        let mut database = ptr::null_mut();
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
        // SAFETY: see above.
        let code = unsafe { sqlite3_open_v2(name.as_ptr(), &raw mut database, flags, ptr::null()) };
        assert_eq!(code, SQLITE_OK);
        Self(database)
    }

    fn execute(&self, sql: &str) {
        let sql = CString::new(sql).expect("no NUL in it");
        // SAFETY: see above.
        let code =
            unsafe { sqlite3_exec(self.0, sql.as_ptr(), None, ptr::null_mut(), ptr::null_mut()) };
        assert_eq!(code, SQLITE_OK);
    }

    fn prepare(&self, sql: &str) -> Statement {
        let mut statement = ptr::null_mut();
        let length = c_int::try_from(sql.len()).expect("a short text");
        // SAFETY: see above.
        let code = unsafe {
            sqlite3_prepare_v3(
                self.0,
                sql.as_ptr().cast::<c_char>(),
                length,
                SQLITE_PREPARE_PERSISTENT,
                &raw mut statement,
                ptr::null_mut(),
            )
        };
        assert_eq!(code, SQLITE_OK, "{sql}");
        Statement(statement)
    }
}

impl Statement {
    #[inline]
    fn rows<T>(self, read: impl Fn(Self) -> T) -> Vec<T> {
        let mut rows = Vec::new();
        while self.step() {
            rows.push(read(self));
        }
        self.reset();
        rows
    }

    #[inline]
    fn step(self) -> bool {
        // SAFETY: see above.
        match unsafe { sqlite3_step(self.0) } {
            SQLITE_ROW => true,
            SQLITE_DONE => false,
            code => panic!("{code}"),
        }
    }

    #[inline]
    fn reset(self) {
        // SAFETY: see above.
        unsafe { sqlite3_reset(self.0) };
    }

    #[inline]
    fn bind_text(self, at: usize, text: &str) {
        let bytes = text.as_ptr().cast::<c_char>();
        let length = text.len() as c_int;
        // SAFETY: see above.
        unsafe { sqlite3_bind_text(self.0, at as c_int, bytes, length, SQLITE_STATIC()) };
    }

    fn bind_keys(self, keys: impl Iterator<Item = i64>) {
        for (i, key) in keys.enumerate() {
            // SAFETY: see above.
            unsafe { sqlite3_bind_int64(self.0, i as c_int + 1, key) };
        }
    }

    #[inline]
    fn is_null(self, at: c_int) -> bool {
        // SAFETY: see above.
        unsafe { sqlite3_column_type(self.0, at) == SQLITE_NULL }
    }

    #[inline]
    fn integer(self, at: c_int) -> i64 {
        // SAFETY: see above.
        unsafe { sqlite3_column_int64(self.0, at) }
    }

    #[inline]
    fn text(self, at: c_int) -> String {
        // SAFETY: see above.
        let bytes = unsafe {
            let text = sqlite3_column_text(self.0, at);
            slice::from_raw_parts(text, sqlite3_column_bytes(self.0, at) as usize)
        };
        str::from_utf8(bytes).expect("the data is UTF-8").to_owned()
    }

    #[inline]
    fn optional_text(self, at: c_int) -> Option<String> {
        (!self.is_null(at)).then(|| self.text(at))
    }

    #[inline]
    fn user(self, at: c_int) -> User {
        User {
            id: self.integer(at),
            name: self.text(at + 1),
            hair_color: self.optional_text(at + 2),
        }
    }

    #[inline]
    fn post(self, at: c_int) -> Post {
        Post {
            id: self.integer(at),
            user_id: self.integer(at + 1),
            title: self.text(at + 2),
            body: self.optional_text(at + 3),
        }
    }
}
