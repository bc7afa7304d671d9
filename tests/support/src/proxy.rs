//! A proxy between a client and a server that hurts what passes through it.

#[cfg(test)]
mod tests;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// What happens to the bytes that the server sends. They are counted from when the fault was [set](Proxy::set).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// They pass.
    None,
    /// Each passes alone.
    Split,
    /// So many pass; then both sides are told that the other has closed.
    CutAfter(usize),
    /// So many pass; then nothing does, and the connections stay open.
    StallAfter(usize),
    /// So many of the client's bytes pass; then both sides are told that the other has closed.
    CutRequestAfter(usize),
}

/// Passes on what clients of its address and a server have to say to each other, in threads of its own.
///
/// It refuses clients and closes all connections when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    fault: Fault,
    n_answered: usize,
    n_asked: usize,
    /// Both ends of every connection.
    connections: Vec<(TcpStream, TcpStream)>,
    is_over: bool,
}

impl State {
    /// How many of these bytes pass, and whether the connection is cut behind them.
    fn pass(&mut self, n_bytes: usize, direction: Direction) -> (usize, After) {
        let passed = match direction {
            Direction::Answer => &mut self.n_answered,
            Direction::Request => &mut self.n_asked,
        };
        let before = *passed;
        *passed += n_bytes;
        let (limit, after) = match (self.fault, direction) {
            (Fault::CutAfter(limit), Direction::Answer)
            | (Fault::CutRequestAfter(limit), Direction::Request) => (limit, After::Cut),
            (Fault::StallAfter(limit), Direction::Answer) => (limit, After::Stall),
            _ => return (n_bytes, After::GoOn),
        };
        match limit.checked_sub(before) {
            Some(left) if left >= n_bytes => (n_bytes, After::GoOn),
            left => (left.unwrap_or(0), after),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Direction {
    Request,
    Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    GoOn,
    Stall,
    Cut,
}

impl Proxy {
    /// Opens a proxy to the server that a URL names by host and port.
    ///
    /// # Panics
    ///
    /// When the system has no port left, or the URL has no host and port.
    #[must_use]
    pub fn to(url: &str) -> Self {
        let server = host_and_port(url).to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("the system has a port");
        let address = listener.local_addr().expect("a listener has an address");
        let state = Arc::new(Mutex::new(State {
            fault: Fault::None,
            n_answered: 0,
            n_asked: 0,
            connections: Vec::new(),
            is_over: false,
        }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if with(&shared, |state| state.is_over) {
                    break;
                }
                // A server that is gone refuses, and so does its proxy.
                if let Ok(server) = TcpStream::connect(&server) {
                    let _ = connect(&shared, client, server);
                }
            }
        });
        Self { address, state }
    }

    /// Returns the URL of the server by way of the proxy.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        url.replacen(host_and_port(url), &self.address.to_string(), 1)
    }

    /// Changes what happens to bytes from now on, and counts them anew.
    pub fn set(&self, fault: Fault) {
        with(&self.state, |state| {
            state.fault = fault;
            state.n_answered = 0;
            state.n_asked = 0;
        });
    }

    /// Returns the number of bytes that servers and clients have sent since the fault was set.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        with(&self.state, |state| (state.n_answered, state.n_asked))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let connections = with(&self.state, |state| {
            state.is_over = true;
            std::mem::take(&mut state.connections)
        });
        for (client, server) in connections {
            cut(&client, &server);
        }
        // Wakes the thread that waits for clients.
        let _ = TcpStream::connect(self.address);
    }
}

/// Returns `host:port` of a URL.
#[track_caller]
fn host_and_port(url: &str) -> &str {
    let authority = url
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    let host = authority.and_then(|authority| authority.rsplit('@').next());
    host.filter(|host| host.contains(':'))
        .expect("the URL names a host and a port")
}

fn with<T>(state: &Mutex<State>, access: impl FnOnce(&mut State) -> T) -> T {
    access(&mut state.lock().unwrap_or_else(PoisonError::into_inner))
}

fn cut(client: &TcpStream, server: &TcpStream) {
    // One that has closed already cannot be closed again.
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

fn connect(state: &Arc<Mutex<State>>, client: TcpStream, server: TcpStream) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let kept = (client.try_clone()?, server.try_clone()?);
    with(state, |state| state.connections.push(kept));
    let back = (server.try_clone()?, client.try_clone()?);
    for (from, to, direction) in [
        (client, server, Direction::Request),
        (back.0, back.1, Direction::Answer),
    ] {
        let state = Arc::clone(state);
        thread::spawn(move || pump(&state, from, to, direction));
    }
    Ok(())
}

/// Passes bytes on until one side closes or the fault cuts.
fn pump(state: &Mutex<State>, mut from: TcpStream, mut to: TcpStream, direction: Direction) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(n_read @ 1..) = from.read(&mut buffer) {
        let (n_passed, after) = with(state, |state| state.pass(n_read, direction));
        let bytes = buffer.get(..n_passed).unwrap_or_default();
        let is_split = with(state, |state| state.fault) == Fault::Split;
        let step = if is_split { 1 } else { bytes.len().max(1) };
        if !bytes.chunks(step).all(|chunk| to.write_all(chunk).is_ok()) {
            break;
        }
        match after {
            After::GoOn | After::Stall => {}
            After::Cut => break,
        }
    }
    cut(&from, &to);
}
