//! A database on a server for one test alone.

use std::sync::atomic::{AtomicUsize, Ordering};

use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{Connector, Dialect, block_on};

/// An empty database on a server, dropped with everything in it when this is.
#[derive(Debug)]
pub struct Database<K: Connector> {
    server: String,
    name: String,
    parse: fn(&str) -> Result<K, Error>,
}

impl<K: Connector> Database<K> {
    /// Creates a database on the server at a URL.
    ///
    /// # Errors
    ///
    /// What the server reports.
    pub fn create(
        server: &str,
        parse: fn(&str) -> Result<K, Error>,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sqlmodel_test_{}_{number}", std::process::id());
        let database = Self {
            server: server.to_owned(),
            name,
            parse,
        };
        // One may be left from an earlier process of this number that was killed.
        database.run_on_server("DROP DATABASE IF EXISTS ")?;
        database.run_on_server("CREATE DATABASE ")?;
        Ok(database)
    }

    /// Returns the URL of the database.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(&self.server)
    }

    /// Returns the URL of the database as another server has it, a replica for instance.
    #[must_use]
    pub fn url_at(&self, server: &str) -> String {
        let (server, options) = match server.split_once('?') {
            Some((server, options)) => (server, format!("?{options}")),
            None => (server, String::new()),
        };
        let host_at = server.find("://").map_or(0, |at| at + 3);
        let host_end = server
            .get(host_at..)
            .and_then(|rest| rest.find('/'))
            .map_or(server.len(), |end| host_at + end);
        let host = server.get(..host_end).unwrap_or(server);
        format!("{host}/{}{options}", self.name)
    }

    /// Returns what opens connections to the database.
    ///
    /// # Errors
    ///
    /// What the driver has against the URL.
    pub fn connector(&self) -> Result<K, Error> {
        (self.parse)(&self.url())
    }

    fn run_on_server(&self, command: &str) -> Result<(), Box<dyn std::error::Error>> {
        let connector = (self.parse)(&self.server)?;
        block_on(async |cx| {
            let mut connection = connector.connect(cx).await.into_result()?;
            // What a test has left open is not waited for.
            let force = match connection.dialect() {
                Dialect::Postgres if command.starts_with("DROP") => " WITH (FORCE)",
                Dialect::Postgres | Dialect::Mysql | Dialect::Sqlite => "",
            };
            let sql = format!("{command}{}{force}", self.name);
            connection.execute_sql(cx, &sql, &[]).await.into_result()?;
            Ok(())
        })
    }
}

impl<K: Connector> Drop for Database<K> {
    fn drop(&mut self) {
        // It is dropped with its server otherwise, or by the next process of this number.
        let _ = self.run_on_server("DROP DATABASE IF EXISTS ");
    }
}
