//! What every program of the driver benchmarks has: the workloads, a clock, a count of allocations, and the words that it
//! exchanges with the one that asks.
//!
//! A program says on a line each what it can run, `peer workload`, and then `ready`. It reads lines `peer workload n`, runs the workload so many
//! times, and answers `nanoseconds allocations`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{self, BufRead, Write};
use std::time::Instant;

/// What is run. The number is of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// All users into structs.
    Trivial(usize),
    /// The users with black hair, one in two, each with a post or none; there are no posts.
    Medium(usize),
    /// The same where each user has a post.
    MediumPosts(usize),
    /// New users in one statement.
    Insert(usize),
    /// Users with ten posts with ten comments each, by three statements, grouped.
    Associations(usize),
}

impl Workload {
    /// All that is measured.
    pub const ALL: [Self; 12] = [
        Self::Trivial(1),
        Self::Trivial(100),
        Self::Trivial(10_000),
        Self::Medium(1),
        Self::Medium(100),
        Self::Medium(10_000),
        Self::MediumPosts(1),
        Self::MediumPosts(100),
        Self::MediumPosts(10_000),
        Self::Insert(1),
        Self::Insert(100),
        Self::Associations(9),
    ];

    /// The name in tables and between programs.
    pub fn name(self) -> String {
        match self {
            Self::Trivial(n) => format!("trivial-{n}"),
            Self::Medium(n) => format!("medium-{n}"),
            Self::MediumPosts(n) => format!("medium-posts-{n}"),
            Self::Insert(n) => format!("insert-{n}"),
            Self::Associations(n) => format!("associations-{n}"),
        }
    }

    /// The rows that one run must give: what it returns for the check.
    pub fn rows(self) -> usize {
        match self {
            Self::Trivial(n) | Self::Insert(n) => n,
            // Every second user, beginning with the first.
            Self::Medium(n) | Self::MediumPosts(n) => n.div_ceil(2),
            Self::Associations(n) => n * 111,
        }
    }

    /// The SQL that fills an empty database, after [`SCHEMA`].
    pub fn data(self) -> String {
        let users = |n: usize, hair: &str| {
            format!(
                "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {n} - 1)
                 INSERT INTO users (id, name, hair_color) SELECT i + 1, 'User ' || i, {hair} FROM n;"
            )
        };
        let colors = "CASE WHEN i % 2 = 0 THEN 'black' ELSE 'brown' END";
        match self {
            Self::Trivial(n) => users(n, "NULL"),
            Self::Medium(n) => users(n, colors),
            Self::MediumPosts(n) => format!(
                "{} INSERT INTO posts (user_id, title, body) SELECT id, 'Title ' || id, 'Body of ' || name FROM users;",
                users(n, colors)
            ),
            Self::Insert(_) => String::new(),
            Self::Associations(n) => format!(
                "{}
                 WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9)
                 INSERT INTO posts (user_id, title, body) SELECT users.id, 'Post ' || i || ' by ' || users.name, NULL FROM users, n;
                 WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9)
                 INSERT INTO comments (post_id, text) SELECT posts.id, 'Comment ' || i || ' on ' || posts.title FROM posts, n;",
                users(n, "NULL")
            ),
        }
    }
}

/// The tables, as SQLite has them.
pub const SCHEMA: &str = "
    CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, hair_color TEXT);
    CREATE TABLE posts (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL, title TEXT NOT NULL, body TEXT);
    CREATE TABLE comments (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, post_id INTEGER NOT NULL, text TEXT NOT NULL);
";

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
    let wanted = Workload::ALL
        .into_iter()
        .find(|known| known.name() == workload);
    let (Some(known), Ok(n)) = (wanted, n.parse()) else {
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
