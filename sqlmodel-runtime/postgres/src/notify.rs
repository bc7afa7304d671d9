//! LISTEN and NOTIFY: what other connections send to those that listen.

use sqlmodel_core::{Cx, Error, Executor, Outcome, Statement, Stop, Wait};
use sqlmodel_net::Transport;

use crate::connection::PostgresConnection;
use crate::exchange::Answers;
use crate::protocol::backend::Notification;

impl<T: Transport> PostgresConnection<T> {
    /// Listens to a channel; in a transaction, from its commit on.
    ///
    /// Does not work through a pooler that gives each transaction another connection.
    ///
    /// # Errors
    ///
    /// [`Connect`](sqlmodel_core::ErrorKind::Connect) when the connection is lost.
    pub async fn listen(&mut self, cx: &Cx, channel: &str) -> Outcome<(), Error> {
        let sql = format!("LISTEN {}", quoted(channel));
        self.execute(cx, Statement::new(&sql, &[])).await.map(drop)
    }

    /// Listens to a channel no more.
    ///
    /// # Errors
    ///
    /// [`Connect`](sqlmodel_core::ErrorKind::Connect) when the connection is lost.
    pub async fn unlisten(&mut self, cx: &Cx, channel: &str) -> Outcome<(), Error> {
        let sql = format!("UNLISTEN {}", quoted(channel));
        self.execute(cx, Statement::new(&sql, &[])).await.map(drop)
    }

    /// Waits for the next notification.
    ///
    /// Those that arrive while statements run are kept: the last ten thousand, and sixteen megabytes, at most.
    ///
    /// Cancel: a dropped or cancelled call loses none.
    ///
    /// # Errors
    ///
    /// [`Connect`](sqlmodel_core::ErrorKind::Connect) when the connection is lost.
    pub async fn next_notification(&mut self, cx: &Cx) -> Outcome<Notification, Error> {
        Stop::into_outcome(self.wait_for_notification(cx).await)
    }

    async fn wait_for_notification(&mut self, cx: &Cx) -> Result<Notification, Stop> {
        self.make_ready(cx).await?;
        if !self.controls.is_empty() {
            self.exchange(cx, &mut []).await?;
        }
        loop {
            // What arrives is kept when it is looked at.
            let unasked = self.link.buffered()?;
            if let Some(frame) = unasked {
                let mut answers = Answers::new(&mut [], None);
                let answered = self.answer(frame, &mut answers);
                self.link.consume(frame);
                answered?;
                answers.into_result()?;
            }
            if let Some(notification) = self.link.notifications.pop() {
                return Ok(notification);
            }
            self.link.receive(Wait::on(cx)).await?;
        }
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
