//! Calls that are stopped before their end, on sockets where there are many places to stop.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use sqlmodel_runtime::postgres::{Socket, Transport};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    CancelKind, Connector, MySqlConnection, MySqlOptions, PostgresConnection, PostgresOptions,
    within,
};

/// A socket that gives a few bytes at a time, and a pause after each: no message begins or ends where they do.
#[derive(Debug)]
pub struct Trickle {
    socket: Socket,
    is_paused: bool,
}

impl Transport for Trickle {
    fn poll_read(&mut self, task: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        self.is_paused = !self.is_paused;
        if self.is_paused {
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        let n_bytes = into.len().min(3);
        let (first, _) = into.split_at_mut(n_bytes);
        self.socket.poll_read(task, first)
    }

    fn poll_write(&mut self, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.socket.poll_write(task, bytes)
    }
}

/// Connects over trickling sockets.
pub trait Trickling: Connector {
    /// A connection over such a socket.
    type Trickled: Connection;

    /// Connects.
    fn trickle(&self, cx: &Cx) -> impl Future<Output = Outcome<Self::Trickled, Error>>;
}

impl Trickling for PostgresOptions {
    type Trickled = PostgresConnection<Trickle>;

    async fn trickle(&self, cx: &Cx) -> Outcome<Self::Trickled, Error> {
        let wrap = |socket| Trickle {
            socket,
            is_paused: false,
        };
        self.connect_wrapped(cx, wrap).await
    }
}

impl Trickling for MySqlOptions {
    type Trickled = MySqlConnection<Trickle>;

    async fn trickle(&self, cx: &Cx) -> Outcome<Self::Trickled, Error> {
        let wrap = |socket| Trickle {
            socket,
            is_paused: false,
        };
        self.connect_wrapped(cx, wrap).await
    }
}

/// How a call is stopped before its end.
#[derive(Debug, Clone, Copy)]
pub enum Stop {
    /// Its future is dropped.
    Drop,
    /// Its context is cancelled, and it is polled on.
    Cancel,
}

/// Polls a call, and stops it before the poll after `n_polls`; `None` when there is nothing left of it.
pub async fn stopped<T>(
    cx: &Cx,
    stop: Stop,
    n_polls: usize,
    call: impl AsyncFnOnce(&Cx) -> Outcome<T, Error>,
) -> Option<Outcome<T, Error>> {
    let request = within(cx, Duration::from_secs(60));
    let mut call = pin!(call(&request));
    let mut n_left = n_polls;
    poll_fn(|task| {
        if n_left == 0 {
            match stop {
                Stop::Drop => return Poll::Ready(None),
                Stop::Cancel => request.cancel_with(CancelKind::User, Some("test")),
            }
        }
        n_left = n_left.saturating_sub(1);
        call.as_mut().poll(task).map(Some)
    })
    .await
}
