//! What a pool asks of the driver.

use sqlmodel_core::{Connector, Cx, Error, Outcome, Upkeep};

use crate::connection::MySqlConnection;
use crate::options::MySqlOptions;

impl Connector for MySqlOptions {
    type Connection = MySqlConnection;

    async fn connect(&self, cx: &Cx) -> Outcome<MySqlConnection, Error> {
        MySqlConnection::open(cx, self).await
    }

    fn upkeep(&self, connection: &mut MySqlConnection) -> Upkeep {
        connection.upkeep()
    }

    async fn reset(&self, cx: &Cx, connection: &mut MySqlConnection) -> Outcome<(), Error> {
        connection.tidy(cx).await
    }

    fn accept(&self, connection: &mut MySqlConnection) {
        connection.accept_session();
    }

    async fn ping(&self, cx: &Cx, connection: &mut MySqlConnection) -> Outcome<(), Error> {
        connection.ping(cx).await
    }
}
