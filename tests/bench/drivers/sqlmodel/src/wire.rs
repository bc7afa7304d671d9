//! What the limits on servers share: a blocking socket with a buffer, and the words of a URL.

use std::io::{Read, Write};
use std::net::TcpStream;

/// A connected socket; what was read lies in `input[from..to]`.
pub(crate) struct Wire {
    socket: TcpStream,
    pub(crate) output: Vec<u8>,
    input: Vec<u8>,
    from: usize,
    to: usize,
}

impl Wire {
    pub(crate) fn connect(address: &str) -> Self {
        let socket = TcpStream::connect(address).expect("the server listens");
        socket.set_nodelay(true).expect("a TCP socket");
        Self {
            socket,
            output: Vec::new(),
            input: vec![0; 1 << 20],
            from: 0,
            to: 0,
        }
    }

    /// Sends the output.
    pub(crate) fn send(&mut self) {
        self.socket.write_all(&self.output).expect("it is sent");
        self.output.clear();
    }

    /// Returns so many bytes of those that arrive next, without taking them.
    #[inline]
    pub(crate) fn peek(&mut self, n: usize) -> &[u8] {
        while self.to - self.from < n {
            self.read();
        }
        &self.input[self.from..self.from + n]
    }

    #[inline]
    pub(crate) fn skip(&mut self, n: usize) {
        self.from += n;
    }

    #[cold]
    fn read(&mut self) {
        self.input.copy_within(self.from..self.to, 0);
        self.to -= self.from;
        self.from = 0;
        let n = self.socket.read(&mut self.input[self.to..]).expect("bytes");
        assert!(n > 0, "the server has closed the connection");
        self.to += n;
    }
}

/// Returns `host:port`, the user and the database of a URL without a password.
pub(crate) fn words_of(url: &str) -> (&str, &str, &str) {
    let (_, rest) = url.split_once("://").expect("a URL");
    let (user, rest) = rest.split_once('@').expect("a user");
    let (address, database) = rest.split_once('/').expect("a database");
    (address, user, database)
}

/// The texts of a workload that both servers understand.
pub(crate) mod sql {
    pub(crate) const TRIVIAL: &str = "SELECT id, name, hair_color FROM users";
    pub(crate) const MEDIUM: &str = "SELECT users.id, users.name, users.hair_color, posts.id, posts.user_id, posts.title, posts.body \
         FROM users LEFT JOIN posts ON posts.user_id = users.id WHERE users.hair_color = ";
    pub(crate) const POSTS: &str = "SELECT id, user_id, title, body FROM posts WHERE user_id ";
    pub(crate) const COMMENTS: &str = "SELECT id, post_id, text FROM comments WHERE post_id ";
}
