//! What every program of the driver benchmarks has: the workloads, a clock, a count of allocations, and the words that it
//! exchanges with the one that asks.
//!
//! A program says on a line each what it can run, `peer workload`, and then `ready`. It reads lines `peer workload n`, runs the workload so many
//! times, and answers `nanoseconds allocations`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{self, BufRead, Write};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Instant;

/// What is run. The number is of users, or of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// All users into structs.
    Trivial(usize),
    /// The users with black hair, one in two, each with a post or none; there are no posts.
    Medium(usize),
    /// The same where each user has a post.
    MediumPosts(usize),
    /// New users, in one statement or in as few as it takes.
    Insert(usize),
    /// Users with ten posts with ten comments each, by three statements, grouped.
    Associations(usize),
    /// Tasks that each take a connection of a pool for a user by its key, again and again.
    Pool(usize),
}

/// The connections of each pool.
pub const POOL_SIZE: usize = 16;

/// The users among which [`Workload::Pool`] chooses.
pub const N_POOL_USERS: usize = 100;

/// A table, its columns, and its rows as text.
type Rows<'t> = (&'t str, &'t mut dyn Iterator<Item = String>);

impl Workload {
    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        let (kind, n) = name.rsplit_once('-')?;
        let n = n.parse().ok()?;
        Some(match kind {
            "trivial" => Self::Trivial(n),
            "medium" => Self::Medium(n),
            "medium-posts" => Self::MediumPosts(n),
            "insert" => Self::Insert(n),
            "associations" => Self::Associations(n),
            "pool" => Self::Pool(n),
            _ => return None,
        })
    }

    /// The name in tables and between programs.
    pub fn name(self) -> String {
        match self {
            Self::Trivial(n) => format!("trivial-{n}"),
            Self::Medium(n) => format!("medium-{n}"),
            Self::MediumPosts(n) => format!("medium-posts-{n}"),
            Self::Insert(n) => format!("insert-{n}"),
            Self::Associations(n) => format!("associations-{n}"),
            Self::Pool(n) => format!("pool-{n}"),
        }
    }

    /// The rows that one run must give: what it returns for the check.
    pub fn rows(self) -> usize {
        match self {
            Self::Trivial(n) | Self::Insert(n) | Self::Pool(n) => n,
            // Every second user, beginning with the first.
            Self::Medium(n) | Self::MediumPosts(n) => n.div_ceil(2),
            Self::Associations(n) => n * 111,
        }
    }

    /// The SQL that fills an empty database, one statement a line.
    pub fn data(self) -> String {
        let bald = |i: usize| format!("({}, 'User {i}', NULL)", i + 1);
        let colored = |i: usize| {
            let color = if i % 2 == 0 { "black" } else { "brown" };
            format!("({}, 'User {i}', '{color}')", i + 1)
        };
        let post = |i: usize| format!("({0}, {0}, 'Title {0}', 'Body of User {i}')", i + 1);
        let ten_posts = |i: usize| {
            let (user, number) = (i / 10, i % 10);
            let id = user + 1;
            format!("({}, {id}, 'Post {number} by User {user}', NULL)", i + 1)
        };
        let ten_comments = |i: usize| {
            let (post, number) = (i / 10, i % 10);
            let title = format!("Post {} by User {}", post % 10, post / 10);
            format!("({}, {}, 'Comment {number} on {title}')", i + 1, post + 1)
        };
        const USERS: &str = "users (id, name, hair_color)";
        const POSTS: &str = "posts (id, user_id, title, body)";
        const COMMENTS: &str = "comments (id, post_id, text)";
        match self {
            Self::Trivial(n) => inserts([(USERS, &mut (0..n).map(bald))]),
            Self::Pool(_) => inserts([(USERS, &mut (0..N_POOL_USERS).map(bald))]),
            Self::Medium(n) => inserts([(USERS, &mut (0..n).map(colored))]),
            Self::MediumPosts(n) => inserts([
                (USERS, &mut (0..n).map(colored)),
                (POSTS, &mut (0..n).map(post)),
            ]),
            Self::Insert(_) => String::new(),
            Self::Associations(n) => inserts([
                (USERS, &mut (0..n).map(bald)),
                (POSTS, &mut (0..n * 10).map(ten_posts)),
                (COMMENTS, &mut (0..n * 100).map(ten_comments)),
            ]),
        }
    }
}

/// Statements of up to a thousand rows.
fn inserts<const N: usize>(tables: [Rows<'_>; N]) -> String {
    let mut sql = String::new();
    for (table, rows) in tables {
        let rows: Vec<String> = rows.collect();
        for rows in rows.chunks(1000) {
            sql += &format!("INSERT INTO {table} VALUES {};\n", rows.join(", "));
        }
    }
    sql
}

/// The tables, as SQLite has them.
pub const SCHEMA: &str = "
    CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, hair_color TEXT);
    CREATE TABLE posts (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL, title TEXT NOT NULL, body TEXT);
    CREATE TABLE comments (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, post_id INTEGER NOT NULL, text TEXT NOT NULL);
";

/// The tables, as PostgreSQL has them, one statement a line.
pub const POSTGRES_SCHEMA: &str = "
    CREATE TABLE users (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name TEXT NOT NULL, hair_color TEXT);
    CREATE TABLE posts (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, user_id BIGINT NOT NULL, title TEXT NOT NULL, body TEXT);
    CREATE TABLE comments (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, post_id BIGINT NOT NULL, text TEXT NOT NULL);
    CREATE INDEX ON posts (user_id);
    CREATE INDEX ON comments (post_id);
";

/// The tables, as MySQL has them, one statement a line.
pub const MYSQL_SCHEMA: &str = "
    CREATE TABLE users (id BIGINT AUTO_INCREMENT PRIMARY KEY, name TEXT NOT NULL, hair_color TEXT);
    CREATE TABLE posts (id BIGINT AUTO_INCREMENT PRIMARY KEY, user_id BIGINT NOT NULL, title TEXT NOT NULL, body TEXT, INDEX (user_id));
    CREATE TABLE comments (id BIGINT AUTO_INCREMENT PRIMARY KEY, post_id BIGINT NOT NULL, text TEXT NOT NULL, INDEX (post_id));
";

/// The URL of the server, with a slash at its end, for the programs that measure one: `SQLMODEL_BENCH_URL`.
pub fn server_url() -> Option<String> {
    std::env::var("SQLMODEL_BENCH_URL").ok()
}

/// The name of the database that a workload has to itself.
pub fn database_name(workload: Workload) -> String {
    format!("bench_{}", workload.name().replace('-', "_"))
}

/// The URL of the workload's database.
///
/// # Panics
///
/// Without the server's URL.
pub fn database_url(workload: Workload) -> String {
    let server = server_url().expect("SQLMODEL_BENCH_URL is set");
    format!("{server}{}", database_name(workload))
}

/// Empties the table that inserts have filled.
pub const TRUNCATE: &str = "TRUNCATE TABLE users";

/// The name of a user that is inserted.
pub fn user_name(i: usize) -> String {
    format!("User {i}")
}

/// Something that runs a workload so many times; the result counts the rows of the last run.
pub type Run = Box<dyn FnMut(u64, &mut Meter) -> usize>;

/// A name, and what makes a workload ready to run on an empty database of its own; `None` where a peer does not run it.
pub type Peer = (&'static str, fn(Workload) -> Option<Run>);

/// What one sample took.
#[derive(Debug, Default)]
pub struct Meter {
    nanos: u128,
    allocations: u64,
}

impl Meter {
    /// Measures what a function does.
    pub fn measure<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begin = self.begin();
        let result = work();
        self.end(begin);
        result
    }

    /// Begins to measure.
    pub fn begin(&self) -> (Instant, u64) {
        (Instant::now(), allocations())
    }

    /// Adds what happened since the beginning.
    pub fn end(&mut self, (instant, before): (Instant, u64)) {
        self.nanos += instant.elapsed().as_nanos();
        self.allocations += allocations() - before;
    }
}

/// A workload on a thread of its own, for runtimes that what they opened does not outlive.
///
/// `body` takes the questions, how often to run, until they end, and answers each with what it took and its rows.
pub fn on_thread(body: impl FnOnce(Receiver<u64>, Sender<(Meter, usize)>) + Send + 'static) -> Run {
    let (ask, questions) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    std::thread::spawn(move || body(questions, answer));
    Box::new(move |n, meter| {
        ask.send(n).expect("the thread listens");
        let (sample, n_rows) = answers.recv().expect("the thread answers");
        meter.nanos += sample.nanos;
        meter.allocations += sample.allocations;
        n_rows
    })
}

/// Answers until the input ends. A word on the command line, `peer workload n`, runs that and ends, for profilers.
///
/// # Errors
///
/// When the other side is gone, asks for what there is not, or a workload gave another number of rows than it must.
pub fn serve(peers: &[Peer]) -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [peer, workload, n] = &words[..] {
        return run(peers, &mut Vec::new(), peer, workload, n).map(|sample| println!("{sample}"));
    }
    let mut out = io::stdout().lock();
    for (peer, _) in peers {
        writeln!(out, "{peer}")?;
    }
    writeln!(out, "ready")?;
    out.flush()?;
    let mut ready = Vec::new();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split_whitespace();
        let (Some(peer), Some(workload), Some(n)) = (words.next(), words.next(), words.next())
        else {
            return Err(io::Error::other(format!("not a question: {line}")));
        };
        let answer = run(peers, &mut ready, peer, workload, n)?;
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

/// A workload that was made ready, by the names of peer and workload.
type Ready = (String, String, Option<Run>);

fn run(
    peers: &[Peer],
    ready: &mut Vec<Ready>,
    peer: &str,
    workload: &str,
    n: &str,
) -> io::Result<String> {
    let (Some(known), Ok(n)) = (Workload::parse(workload), n.parse()) else {
        return Err(io::Error::other(format!(
            "no workload {workload} times {n}"
        )));
    };
    let at = ready
        .iter()
        .position(|(of, name, _)| of == peer && name == workload);
    let at = match at {
        Some(at) => at,
        None => {
            let Some((_, prepare)) = peers.iter().find(|(name, _)| *name == peer) else {
                return Err(io::Error::other(format!("no peer {peer}")));
            };
            ready.push((peer.to_owned(), workload.to_owned(), prepare(known)));
            ready.len() - 1
        }
    };
    let Some((.., Some(work))) = ready.get_mut(at) else {
        return Ok("none".to_owned());
    };
    let mut meter = Meter::default();
    let n_rows = work(n, &mut meter);
    if n_rows != known.rows() {
        return Err(io::Error::other(format!(
            "{peer} gave {n_rows} rows for {workload}, and {} are right",
            known.rows()
        )));
    }
    Ok(format!("{} {}", meter.nanos, meter.allocations))
}

/// The system's allocator, counting.
#[derive(Debug)]
pub struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The allocations of this thread so far. What the C library allocates is not among them.
pub fn allocations() -> u64 {
    ALLOCATIONS.get()
}

// SAFETY: every call is handed to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the system allocator's.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is the system allocator's.
        unsafe { System.realloc(at, layout, size) }
    }
}
