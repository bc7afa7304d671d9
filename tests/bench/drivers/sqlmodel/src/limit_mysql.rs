//! The limit on MySQL and MariaDB: the protocol by hand over a blocking socket, with statements held prepared and rows in binary.
//!
//! It trusts the types of columns and checks what a Rust `String` cannot do without: that texts are UTF-8.
//! The user has no password.

use std::hint::black_box;

use harness::{Run, TRUNCATE, Workload, database_url, user_name};

use crate::models::{Comment, Post, User};
use crate::plain_rusqlite::{count, group, marks};
use crate::wire::{Wire, sql, words_of};

/// The rows of one statement, within the server's limit of parameters.
const MAX_ROWS: usize = 1000;

/// Connecting with a database and the protocol of today, results that end with one packet, passwords by a plugin.
const FLAGS: u32 =
    0x0000_0001 | 0x0000_0008 | 0x0000_0200 | 0x0000_2000 | 0x0000_8000 | 0x0008_0000 | 0x0100_0000;
const UTF8MB4: u8 = 45;

const TYPE_LONGLONG: u8 = 0x08;
const TYPE_VAR_STRING: u8 = 0xfd;

struct Client {
    wire: Wire,
}

/// The values of a row, read one after the other.
struct Cells<'b> {
    nulls: &'b [u8],
    at: usize,
    rest: &'b [u8],
}

pub(crate) fn prepare(workload: Workload) -> Option<Run> {
    if let Workload::Pool(_) = workload {
        return None;
    }
    let mut client = Client::connect(&database_url(workload));
    let mut once: Box<dyn FnMut(&mut Client) -> usize> = match workload {
        Workload::Trivial(_) => {
            let users = client.prepare(sql::TRIVIAL);
            Box::new(move |client| {
                black_box(client.rows(users, 0, |_| (), |cells| cells.user())).len()
            })
        }
        Workload::Medium(_) | Workload::MediumPosts(_) => {
            let pairs = client.prepare(&format!("{}?", sql::MEDIUM));
            Box::new(move |client| {
                let black = |out: &mut Vec<u8>| {
                    out.extend_from_slice(&[TYPE_VAR_STRING, 0]);
                    text(out, "black");
                };
                black_box(client.rows(pairs, 1, black, |cells| cells.pair())).len()
            })
        }
        Workload::Insert(n) => {
            assert!(n <= MAX_ROWS || n % MAX_ROWS == 0, "chunks are of one size");
            let n_rows = n.min(MAX_ROWS);
            let rows = vec!["(?, ?)"; n_rows].join(", ");
            let sql = format!("INSERT INTO users (name, hair_color) VALUES {rows}");
            let insert = client.prepare(&sql);
            Box::new(move |client| {
                if n > MAX_ROWS {
                    client.query("START TRANSACTION");
                }
                let names: Vec<String> = (0..n).map(user_name).collect();
                for names in names.chunks(n_rows) {
                    let write = |out: &mut Vec<u8>| {
                        for _ in 0..n_rows {
                            out.extend_from_slice(&[TYPE_VAR_STRING, 0, TYPE_VAR_STRING, 0]);
                        }
                        for name in names {
                            text(out, name);
                            text(out, "hair_color");
                        }
                    };
                    client.rows(insert, 2 * n_rows, write, |_| ());
                }
                if n > MAX_ROWS {
                    client.query("COMMIT");
                }
                n
            })
        }
        Workload::Associations(n) => {
            let users = client.prepare(sql::TRIVIAL);
            let posts = client.prepare(&format!("{}IN ({})", sql::POSTS, marks(n)));
            let comments = client.prepare(&format!("{}IN ({})", sql::COMMENTS, marks(n * 10)));
            Box::new(move |client| {
                let users = client.rows(users, 0, |_| (), |cells| cells.user());
                let keys: Vec<i64> = users.iter().map(|user| user.id).collect();
                let posts = client.rows(posts, n, |out| integers(out, &keys), |cells| cells.post());
                let keys: Vec<i64> = posts.iter().map(|post| post.id).collect();
                let write = |out: &mut Vec<u8>| integers(out, &keys);
                let comments = client.rows(comments, n * 10, write, |cells| cells.comment());
                count(&black_box(group(users, posts, comments)))
            })
        }
        Workload::Pool(_) => return None,
    };
    Some(Box::new(move |n, meter| {
        let n_rows = meter.measure(|| {
            let mut n_rows = 0;
            for _ in 0..n {
                n_rows = once(&mut client);
            }
            n_rows
        });
        if let Workload::Insert(_) = workload {
            client.query(TRUNCATE);
        }
        n_rows
    }))
}

impl Client {
    fn connect(url: &str) -> Self {
        let (address, user, database) = words_of(url);
        let mut client = Self {
            wire: Wire::connect(address),
        };
        client.packet(|greeting| assert_eq!(greeting[0], 10, "the protocol's version"));
        client.send(1, |out| {
            out.extend_from_slice(&FLAGS.to_le_bytes());
            out.extend_from_slice(&(64u32 << 20).to_le_bytes());
            out.push(UTF8MB4);
            out.extend_from_slice(&[0; 23]);
            out.extend_from_slice(user.as_bytes());
            // The empty password, by the plugin that sends no hash of it.
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(database.as_bytes());
            out.extend_from_slice(b"\0mysql_native_password\0");
        });
        client.expect_ok();
        client
    }

    /// Prepares a statement and returns its number.
    fn prepare(&mut self, sql: &str) -> u32 {
        self.send(0, |out| {
            out.push(0x16);
            out.extend_from_slice(sql.as_bytes());
        });
        let (id, n_columns, n_params) = self.packet(|bytes| {
            assert_eq!(bytes[0], 0, "{}", String::from_utf8_lossy(bytes));
            let id = u32::from_le_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]);
            let n_columns = u16::from_le_bytes([bytes[5], bytes[6]]);
            (id, n_columns, u16::from_le_bytes([bytes[7], bytes[8]]))
        });
        for _ in 0..n_columns + n_params {
            self.packet(|_| ());
        }
        id
    }

    /// Runs a text without rows.
    fn query(&mut self, sql: &str) {
        self.send(0, |out| {
            out.push(0x03);
            out.extend_from_slice(sql.as_bytes());
        });
        self.expect_ok();
    }

    fn expect_ok(&mut self) {
        self.packet(|bytes| assert_eq!(bytes[0], 0, "{}", String::from_utf8_lossy(bytes)));
    }

    /// Runs a statement: `write` appends the types of the parameters and their values, of which none is NULL; `read` takes the rows.
    #[inline]
    fn rows<T>(
        &mut self,
        statement: u32,
        n_params: usize,
        write: impl FnOnce(&mut Vec<u8>),
        read: impl Fn(&mut Cells<'_>) -> T,
    ) -> Vec<T> {
        self.send(0, |out| {
            out.push(0x17);
            out.extend_from_slice(&statement.to_le_bytes());
            out.extend_from_slice(&[0, 1, 0, 0, 0]);
            if n_params > 0 {
                out.resize(out.len() + n_params.div_ceil(8), 0);
                out.push(1);
                write(out);
            }
        });
        let mut rows = Vec::new();
        let n_columns = self.packet(|bytes| match bytes[0] {
            0xff => panic!("{}", String::from_utf8_lossy(bytes)),
            n_columns => usize::from(n_columns),
        });
        if n_columns == 0 {
            return rows;
        }
        for _ in 0..n_columns {
            self.packet(|_| ());
        }
        let n_nulls = (n_columns + 2).div_ceil(8);
        while self.packet(|bytes| {
            if bytes[0] != 0 {
                return false;
            }
            let (nulls, rest) = bytes[1..].split_at(n_nulls);
            rows.push(read(&mut Cells { nulls, at: 2, rest }));
            true
        }) {}
        rows
    }

    /// Sends a packet.
    fn send(&mut self, number: u8, write: impl FnOnce(&mut Vec<u8>)) {
        let out = &mut self.wire.output;
        out.extend_from_slice(&[0; 4]);
        write(out);
        let length = (out.len() - 4) as u32;
        assert!(length < 1 << 24, "one packet");
        out[..3].copy_from_slice(&length.to_le_bytes()[..3]);
        out[3] = number;
        self.wire.send();
    }

    /// Takes the next packet.
    #[inline]
    fn packet<T>(&mut self, take: impl FnOnce(&[u8]) -> T) -> T {
        let header = self.wire.peek(4);
        let length = u32::from_le_bytes([header[0], header[1], header[2], 0]) as usize;
        let taken = take(&self.wire.peek(4 + length)[4..]);
        self.wire.skip(4 + length);
        taken
    }
}

impl<'b> Cells<'b> {
    #[inline]
    fn next_is_null(&mut self) -> bool {
        let at = self.at;
        self.at += 1;
        self.nulls[at / 8] >> (at % 8) & 1 != 0
    }

    #[inline]
    fn optional_integer(&mut self) -> Option<i64> {
        if self.next_is_null() {
            return None;
        }
        let (bytes, rest) = self.rest.split_first_chunk().expect("eight bytes");
        self.rest = rest;
        Some(i64::from_le_bytes(*bytes))
    }

    #[inline]
    fn integer(&mut self) -> i64 {
        self.optional_integer().expect("not null")
    }

    #[inline]
    fn optional_text(&mut self) -> Option<String> {
        if self.next_is_null() {
            return None;
        }
        let (&length, rest) = self.rest.split_first().expect("a length");
        assert!(length < 0xfb, "a short text");
        let (bytes, rest) = rest.split_at(usize::from(length));
        self.rest = rest;
        Some(str::from_utf8(bytes).expect("UTF-8").to_owned())
    }

    #[inline]
    fn text(&mut self) -> String {
        self.optional_text().expect("not null")
    }

    #[inline]
    fn user(&mut self) -> User {
        User {
            id: self.integer(),
            name: self.text(),
            hair_color: self.optional_text(),
        }
    }

    #[inline]
    fn post(&mut self) -> Post {
        Post {
            id: self.integer(),
            user_id: self.integer(),
            title: self.text(),
            body: self.optional_text(),
        }
    }

    #[inline]
    fn comment(&mut self) -> Comment {
        Comment {
            id: self.integer(),
            post_id: self.integer(),
            text: self.text(),
        }
    }

    #[inline]
    fn pair(&mut self) -> (User, Option<Post>) {
        let user = self.user();
        let post = self.optional_integer().map(|id| Post {
            id,
            user_id: self.integer(),
            title: self.text(),
            body: self.optional_text(),
        });
        (user, post)
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    assert!(text.len() < 0xfb, "a short text");
    out.push(text.len() as u8);
    out.extend_from_slice(text.as_bytes());
}

fn integers(out: &mut Vec<u8>, integers: &[i64]) {
    for _ in integers {
        out.extend_from_slice(&[TYPE_LONGLONG, 0]);
    }
    for integer in integers {
        out.extend_from_slice(&integer.to_le_bytes());
    }
}
