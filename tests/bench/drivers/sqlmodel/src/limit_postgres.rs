//! The limit on PostgreSQL: its protocol by hand over a blocking socket, with statements held prepared and values in binary.
//!
//! It trusts the types of columns and checks what a Rust `String` cannot do without: that texts are UTF-8.

use std::hint::black_box;

use harness::{Run, TRUNCATE, Workload, database_url, user_name};

use crate::models::{Comment, Post, User};
use crate::plain_rusqlite::{count, group};
use crate::wire::{Wire, sql, words_of};

/// The types of parameters.
const TEXT: u32 = 25;
const TEXT_ARRAY: u32 = 1009;
const INT8_ARRAY: u32 = 1016;

struct Client {
    wire: Wire,
    n_prepared: usize,
}

/// The cells of a row, read one after the other.
struct Cells<'b>(&'b [u8]);

pub(crate) fn prepare(workload: Workload) -> Option<Run> {
    if let Workload::Pool(_) = workload {
        return None;
    }
    let mut client = Client::connect(&database_url(workload));
    let mut once: Box<dyn FnMut(&mut Client) -> usize> = match workload {
        Workload::Trivial(_) => {
            let users = client.prepare(sql::TRIVIAL, &[]);
            Box::new(move |client| {
                black_box(client.rows(&users, |_| 0, |cells| cells.user())).len()
            })
        }
        Workload::Medium(_) | Workload::MediumPosts(_) => {
            let pairs = client.prepare(&format!("{}$1", sql::MEDIUM), &[TEXT]);
            Box::new(move |client| {
                let black = |out: &mut Vec<u8>| text(out, "black");
                black_box(client.rows(&pairs, black, |cells| cells.pair())).len()
            })
        }
        Workload::Insert(n) if n < 1000 => {
            let unnest = "INSERT INTO users (name, hair_color) SELECT * FROM unnest($1, $2)";
            let insert = client.prepare(unnest, &[TEXT_ARRAY, TEXT_ARRAY]);
            Box::new(move |client| {
                let names: Vec<String> = (0..n).map(user_name).collect();
                let write = |out: &mut Vec<u8>| {
                    texts(out, names.iter().map(String::as_str));
                    texts(out, names.iter().map(|_| "hair_color"));
                    2
                };
                client.rows(&insert, write, |_| ());
                n
            })
        }
        Workload::Insert(n) => Box::new(move |client| client.copy_users(n)),
        Workload::Associations(_) => {
            let users = client.prepare(sql::TRIVIAL, &[]);
            let posts = client.prepare(&format!("{}= ANY($1)", sql::POSTS), &[INT8_ARRAY]);
            let comments = client.prepare(&format!("{}= ANY($1)", sql::COMMENTS), &[INT8_ARRAY]);
            Box::new(move |client| {
                let users = client.rows(&users, |_| 0, |cells| cells.user());
                let keys: Vec<i64> = users.iter().map(|user| user.id).collect();
                let posts = client.rows(&posts, |out| integers(out, &keys), |cells| cells.post());
                let keys: Vec<i64> = posts.iter().map(|post| post.id).collect();
                let comments = client.rows(
                    &comments,
                    |out| integers(out, &keys),
                    |cells| cells.comment(),
                );
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
            n_prepared: 0,
        };
        let startup = format!("user\0{user}\0database\0{database}\0\0");
        let out = &mut client.wire.output;
        out.extend_from_slice(&(startup.len() as u32 + 8).to_be_bytes());
        out.extend_from_slice(&196_608u32.to_be_bytes());
        out.extend_from_slice(startup.as_bytes());
        client.finish(|_| ());
        client
    }

    fn prepare(&mut self, sql: &str, types: &[u32]) -> String {
        self.n_prepared += 1;
        let name = format!("s{}", self.n_prepared);
        let out = &mut self.wire.output;
        message(out, b'P', |out| {
            out.extend_from_slice(format!("{name}\0{sql}\0").as_bytes());
            out.extend_from_slice(&(types.len() as u16).to_be_bytes());
            types
                .iter()
                .for_each(|ty| out.extend_from_slice(&ty.to_be_bytes()));
        });
        message(out, b'S', |_| ());
        self.finish(|_| ());
        name
    }

    /// Runs a text by itself.
    fn query(&mut self, sql: &str) {
        message(&mut self.wire.output, b'Q', |out| {
            out.extend_from_slice(sql.as_bytes());
            out.push(0);
        });
        self.finish(|_| ());
    }

    /// Runs a statement: `write` appends each parameter with its length and returns their number, `read` takes the rows.
    #[inline]
    fn rows<T>(
        &mut self,
        statement: &str,
        write: impl FnOnce(&mut Vec<u8>) -> u16,
        mut read: impl FnMut(&mut Cells<'_>) -> T,
    ) -> Vec<T> {
        let out = &mut self.wire.output;
        message(out, b'B', |out| {
            out.push(0);
            out.extend_from_slice(statement.as_bytes());
            // All parameters in binary, of which their number follows.
            out.extend_from_slice(&[0, 0, 1, 0, 1]);
            let at = out.len();
            out.extend_from_slice(&[0, 0]);
            let n = write(out);
            out[at..at + 2].copy_from_slice(&n.to_be_bytes());
            out.extend_from_slice(&[0, 1, 0, 1]);
        });
        message(out, b'E', |out| out.extend_from_slice(&[0; 5]));
        message(out, b'S', |_| ());
        let mut rows = Vec::new();
        self.finish(|cells| rows.push(read(cells)));
        rows
    }

    fn copy_users(&mut self, n: usize) -> usize {
        let sql = "COPY users (name, hair_color) FROM STDIN (FORMAT binary)\0";
        message(&mut self.wire.output, b'Q', |out| {
            out.extend_from_slice(sql.as_bytes());
        });
        self.wire.send();
        let names: Vec<String> = (0..n).map(user_name).collect();
        let out = &mut self.wire.output;
        message(out, b'd', |out| {
            out.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
        });
        for names in names.chunks(1000) {
            let out = &mut self.wire.output;
            message(out, b'd', |out| {
                for name in names {
                    out.extend_from_slice(&[0, 2]);
                    text(out, name);
                    text(out, "hair_color");
                }
            });
            self.wire.send();
        }
        message(&mut self.wire.output, b'd', |out| {
            out.extend_from_slice(&[0xff; 2]);
        });
        message(&mut self.wire.output, b'c', |_| ());
        self.finish(|_| ());
        n
    }

    /// Sends what was written, and hears until the server is ready again.
    #[inline]
    fn finish(&mut self, mut take: impl FnMut(&mut Cells<'_>)) {
        self.wire.send();
        loop {
            let header = self.wire.peek(5);
            let tag = header[0];
            let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]) as usize;
            let body = &self.wire.peek(1 + length)[5..];
            match tag {
                b'D' => take(&mut Cells(&body[2..])),
                b'E' => panic!("{}", String::from_utf8_lossy(body)),
                _ => {}
            }
            self.wire.skip(1 + length);
            if tag == b'Z' {
                return;
            }
        }
    }
}

impl<'b> Cells<'b> {
    #[inline]
    fn next(&mut self) -> Option<&'b [u8]> {
        let (length, rest) = self.0.split_first_chunk().expect("a length");
        let length = i32::from_be_bytes(*length);
        if length < 0 {
            self.0 = rest;
            return None;
        }
        let (bytes, rest) = rest.split_at(length as usize);
        self.0 = rest;
        Some(bytes)
    }

    #[inline]
    fn optional_integer(&mut self) -> Option<i64> {
        let bytes = self.next()?;
        Some(i64::from_be_bytes(bytes.try_into().expect("eight bytes")))
    }

    #[inline]
    fn integer(&mut self) -> i64 {
        self.optional_integer().expect("not null")
    }

    #[inline]
    fn optional_text(&mut self) -> Option<String> {
        let bytes = self.next()?;
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

fn message(out: &mut Vec<u8>, tag: u8, body: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    counted(out, 0, body);
}

/// Appends a length, from which `less` is taken, and what it counts.
fn counted(out: &mut Vec<u8>, less: usize, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out);
    let length = (out.len() - at - less) as u32;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

fn text(out: &mut Vec<u8>, text: &str) -> u16 {
    out.extend_from_slice(&(text.len() as u32).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
    1
}

/// Appends an array of texts, with its length.
fn texts<'t>(out: &mut Vec<u8>, texts: impl ExactSizeIterator<Item = &'t str>) {
    array(out, TEXT, texts.len(), |out| {
        for element in texts {
            text(out, element);
        }
    });
}

fn integers(out: &mut Vec<u8>, integers: &[i64]) -> u16 {
    const INT8: u32 = 20;
    array(out, INT8, integers.len(), |out| {
        for element in integers {
            out.extend_from_slice(&8u32.to_be_bytes());
            out.extend_from_slice(&element.to_be_bytes());
        }
    });
    1
}

/// Appends an array of one dimension without NULLs.
fn array(out: &mut Vec<u8>, ty: u32, n: usize, elements: impl FnOnce(&mut Vec<u8>)) {
    counted(out, 4, |out| {
        for word in [1, 0, ty, n as u32, 1] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        elements(out);
    });
}
