//! All SQL, prepared on a PostgreSQL, MySQL or MariaDB server, and its types compared with those that were found out.
//!
//! Everything happens in a schema of its own that is gone afterwards: on PostgreSQL a transaction is rolled back, on MySQL, where
//! tables are not part of transactions, a database is dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlmodel_runtime::postgres::ServerMessage;
use sqlmodel_runtime::{
    AnyConnection, AnyOptions, Connection, Connector, Cx, Error, ErrorKind, Executor, Outcome,
    Prepared, Transaction, TransactionOps, ok,
};
use sqlmodel_sql::{Dialect, quote};

use crate::diagnostic::{Diagnostic, codes};
use crate::emit;
use crate::ir::{FieldType, Query, Returns, Schema};
use crate::query::place_of;
use crate::source::SourceMap;
use crate::verify::suspect::{blamed, suspects};
use crate::verify::types::{Way, fits};
use crate::verify::{Refusal, refused_ddl, refused_query, refused_text, refused_view, statements};

/// What a server had to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The server's name and version, as it tells them.
    pub server: String,
    /// The tables that were created.
    pub n_tables: usize,
    /// The views that were created.
    pub n_views: usize,
    /// The queries that were looked at.
    pub n_queries: usize,
    /// The statements that were prepared for them: one for each set of blocks and each order.
    pub n_statements: usize,
    /// What the server has against them.
    pub refused: Vec<Diagnostic>,
}

/// Creates the tables and views of a schema on the server at `url`, in a schema of their own, prepares every statement of every
/// query, compares the types of parameters and columns, and removes what it created.
///
/// Where a table or view cannot be created, queries are not looked at. A table with a `schema` of its own is created there; on
/// MySQL that database must not exist yet.
///
/// Cancel: on PostgreSQL nothing is left behind. On MySQL the database `sqlmodel_verify_..` may be.
///
/// # Errors
///
/// `Usage` for a URL of no server, and for a server that the schema is not for; otherwise what keeps the server from being asked,
/// such as a user who may not create schemas.
pub async fn live(
    cx: &Cx,
    url: &str,
    schema: &Schema,
    sources: &SourceMap,
) -> Outcome<Report, Error> {
    let options = match AnyOptions::parse(url) {
        Ok(options) => options,
        Err(error) => return Outcome::Err(error),
    };
    let dialect = match options {
        AnyOptions::Postgres(_) => Dialect::Postgres,
        AnyOptions::MySql(_) => Dialect::Mysql,
        _ => {
            return Outcome::Err(Error::usage(
                "`verify` asks PostgreSQL and MySQL servers; of SQLite, `check` asks one in memory",
            ));
        }
    };
    if !schema.dialects.contains(&dialect) {
        let message = format!("the schema is not for {}", dialect.title());
        return Outcome::Err(Error::usage(message));
    }
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("sqlmodel_verify_{}_{number}", std::process::id());
    let mut work = Work {
        schema,
        sources,
        dialect,
        names: BTreeMap::new(),
        report: Report {
            server: String::new(),
            n_tables: 0,
            n_views: 0,
            n_queries: 0,
            n_statements: 0,
            refused: Vec::new(),
        },
    };
    let asked = match options {
        AnyOptions::MySql(options) => {
            let admin = AnyOptions::MySql(options.clone());
            let scratch = AnyOptions::MySql(options.database(&name));
            work.on_mysql(cx, &admin, &scratch, &name).await
        }
        options => work.on_postgres(cx, &options, &name).await,
    };
    asked.map(|()| work.report)
}

/// Where statements go.
enum Session<'s, 'c> {
    /// Each statement is a savepoint: after one that is refused the transaction goes on.
    Postgres(&'s mut Transaction<'c, AnyConnection>),
    MySql(&'s mut AnyConnection),
}

impl Session<'_, '_> {
    async fn execute(&mut self, cx: &Cx, sql: &str) -> Outcome<(), Error> {
        match self {
            Self::Postgres(transaction) => {
                let mut unit = ok!(transaction.nested(cx).await);
                ok!(unit.execute_sql(cx, sql, &[]).await);
                unit.commit(cx).await
            }
            Self::MySql(connection) => connection.execute_sql(cx, sql, &[]).await.map(drop),
        }
    }

    async fn prepare(&mut self, cx: &Cx, sql: &str) -> Outcome<Prepared, Error> {
        match self {
            Self::Postgres(transaction) => {
                let mut unit = ok!(transaction.nested(cx).await);
                let prepared = ok!(unit.prepare(cx, sql).await);
                ok!(unit.commit(cx).await);
                Outcome::Ok(prepared)
            }
            Self::MySql(connection) => connection.prepare(cx, sql).await,
        }
    }
}

struct Work<'a> {
    schema: &'a Schema,
    sources: &'a SourceMap,
    dialect: Dialect,
    /// The names of PostgreSQL's types that the driver does not know, by their OIDs.
    names: BTreeMap<String, String>,
    report: Report,
}

impl Work<'_> {
    async fn on_postgres(
        &mut self,
        cx: &Cx,
        options: &AnyOptions,
        name: &str,
    ) -> Outcome<(), Error> {
        let mut connection = ok!(options.connect(cx).await);
        let mut transaction = ok!(connection.begin(cx).await);
        self.report.server = ok!(version(cx, &mut transaction).await);
        let commands = [
            format!("CREATE SCHEMA {name}"),
            // Functions of extensions are in `public` mostly.
            format!("SET LOCAL search_path TO {name}, public"),
        ];
        let own = self.own_schemas().into_iter().map(|it| {
            let quoted = quote::identifier(self.dialect, it);
            format!("CREATE SCHEMA IF NOT EXISTS {quoted}")
        });
        for sql in commands.into_iter().chain(own) {
            ok!(transaction.execute_sql(cx, &sql, &[]).await);
        }
        let mut session = Session::Postgres(&mut transaction);
        if ok!(self.create(cx, &mut session).await) {
            const NAMES: &str = "SELECT oid::text AS oid, typname::text AS name FROM pg_type";
            let Session::Postgres(transaction) = &mut session else {
                return Outcome::Ok(());
            };
            let rows = ok!(transaction.query_rows(cx, NAMES, &[]).await);
            for row in rows {
                if let (Ok(oid), Ok(name)) = (row.get::<String>("oid"), row.get::<String>("name")) {
                    self.names.insert(oid, name);
                }
            }
            ok!(self.queries(cx, &mut session).await);
        }
        transaction.rollback(cx).await
    }

    async fn on_mysql(
        &mut self,
        cx: &Cx,
        admin: &AnyOptions,
        scratch: &AnyOptions,
        name: &str,
    ) -> Outcome<(), Error> {
        let mut admin = ok!(admin.connect(cx).await);
        self.report.server = ok!(version(cx, &mut admin).await);
        let mut created = Vec::new();
        let names: Vec<String> = std::iter::once(name)
            .chain(self.own_schemas())
            .map(|it| quote::identifier(self.dialect, it))
            .collect();
        let mut asked = Outcome::Ok(());
        for name in &names {
            let sql = format!("CREATE DATABASE {name}");
            asked = admin.execute_sql(cx, &sql, &[]).await.map(drop);
            if !asked.is_ok() {
                break;
            }
            created.push(name);
        }
        if asked.is_ok() {
            asked = self.in_database(cx, scratch).await;
        }
        // What was created goes, whatever came of it, and whichever tables refer to others.
        let forget = "SET FOREIGN_KEY_CHECKS = 0".to_owned();
        let drops = created.iter().rev().map(|it| format!("DROP DATABASE {it}"));
        for sql in std::iter::once(forget).chain(drops) {
            let dropped = admin.execute_sql(cx, &sql, &[]).await.map(drop);
            if asked.is_ok() {
                asked = dropped;
            }
        }
        asked
    }

    async fn in_database(&mut self, cx: &Cx, scratch: &AnyOptions) -> Outcome<(), Error> {
        let mut connection = ok!(scratch.connect(cx).await);
        let mut session = Session::MySql(&mut connection);
        if ok!(self.create(cx, &mut session).await) {
            ok!(self.queries(cx, &mut session).await);
        }
        Outcome::Ok(())
    }

    /// The schemas that tables and views say they are in, each once.
    fn own_schemas(&self) -> BTreeSet<&str> {
        let tables = self.schema.tables.values();
        let views = self.schema.views.iter();
        let of_tables = tables.filter_map(|it| it.name.schema.as_deref());
        let of_views = views.filter_map(|it| it.written.sql_schema.as_deref());
        of_tables.chain(of_views).collect()
    }

    /// Creates the tables, and then the views, and tells whether all of them could be.
    async fn create(&mut self, cx: &Cx, session: &mut Session<'_, '_>) -> Outcome<bool, Error> {
        let tables = match emit::create_tables(self.schema, self.dialect) {
            Ok(tables) => tables,
            Err(error) => return Outcome::Err(Error::unsupported(error.to_string())),
        };
        for sql in &tables {
            if let Some((refusal, error)) = ok!(refused(session.execute(cx, sql).await, sql)).1 {
                let diagnostic = ok!(self.refused_table(cx, session, sql, &refusal).await);
                let Some(diagnostic) = diagnostic else {
                    return Outcome::Err(error);
                };
                self.report.refused.push(diagnostic);
                return Outcome::Ok(false);
            }
        }
        self.report.n_tables = self.schema.tables.values().count();
        for view in &self.schema.views {
            let Some(sql) = emit::create_view(view, self.dialect) else {
                continue;
            };
            if let Some((refusal, _)) = ok!(refused(session.execute(cx, &sql).await, &sql)).1 {
                let diagnostic = refused_view(view, self.dialect, &sql, &refusal, self.sources);
                self.report.refused.push(diagnostic);
                return Outcome::Ok(false);
            }
            self.report.n_views += 1;
        }
        Outcome::Ok(true)
    }

    /// Says what the server has against a statement that creates a table, at the text without which it takes it.
    ///
    /// On MySQL a trial that is taken leaves a table behind, in the database that is dropped.
    async fn refused_table(
        &self,
        cx: &Cx,
        session: &mut Session<'_, '_>,
        sql: &str,
        refusal: &Refusal,
    ) -> Outcome<Option<Diagnostic>, Error> {
        let suspects = suspects(self.schema, self.dialect, sql);
        let mut outcomes = Vec::new();
        for suspect in &suspects {
            let tried = session.execute(cx, &suspect.trial).await;
            let (_, refusal) = ok!(refused(tried, &suspect.trial));
            let is_taken = refusal.is_none();
            outcomes.push(refusal.map(|(refusal, _)| refusal));
            if is_taken {
                break;
            }
        }
        Outcome::Ok(match blamed(&suspects, &outcomes, refusal) {
            Some(suspect) => refused_text(
                self.schema,
                self.dialect,
                sql,
                suspect,
                refusal,
                self.sources,
            ),
            None => refused_ddl(self.schema, self.dialect, sql, refusal),
        })
    }

    async fn queries(&mut self, cx: &Cx, session: &mut Session<'_, '_>) -> Outcome<(), Error> {
        for query in &self.schema.queries {
            let statements = statements(query, self.dialect);
            self.report.n_queries += usize::from(!statements.is_empty());
            for statement in &statements {
                self.report.n_statements += 1;
                let prepared = session.prepare(cx, &statement.sql).await;
                let (prepared, refusal) = ok!(refused(prepared, &statement.sql));
                if let Some((refusal, _)) = refusal {
                    self.report.refused.push(refused_query(
                        query,
                        self.dialect,
                        statement,
                        &refusal,
                        self.sources,
                    ));
                    break;
                }
                let Some(prepared) = prepared else { continue };
                let before = self.report.refused.len();
                self.compare(query, &statement.params, &prepared);
                if self.report.refused.len() > before {
                    break;
                }
            }
        }
        Outcome::Ok(())
    }

    /// Compares what the server describes with what was found out.
    fn compare(&mut self, query: &Query, params: &[usize], prepared: &Prepared) {
        for (at, server) in params.iter().zip(prepared.parameter_types()) {
            let Some(param) = query.params.get(*at) else {
                continue;
            };
            let is_list = param.is_list && self.dialect == Dialect::Postgres;
            let name = format!(":{}", param.name);
            let ours = (&param.ty, is_list, Way::Param);
            self.compare_one(query, "parameter", &name, ours, server, &param.reason);
        }
        // The key of a new row is asked for by the compiler, and is no column of the query's own.
        if query.returns == Returns::LastId {
            return;
        }
        for (column, server) in query.columns.iter().zip(prepared.column_types()) {
            let ours = (&column.ty, false, Way::Column);
            self.compare_one(query, "column", &column.name, ours, server, &column.reason);
        }
    }

    fn compare_one(
        &mut self,
        query: &Query,
        what: &str,
        name: &str,
        (ty, is_list, way): (&FieldType, bool, Way),
        server: &str,
        reason: &str,
    ) {
        let server = self.name(server);
        if fits(self.schema, ty, is_list, self.dialect, &server, way) {
            return;
        }
        let span = match query.sql.get(self.dialect) {
            Some(written) => place_of(written, name, self.sources),
            None => query.span,
        };
        let list = if ty.is_array || is_list { "[]" } else { "" };
        let message = format!(
            "the {what} `{name}` of `{}` is `{server}` on {}",
            query.name,
            self.dialect.title()
        );
        let label = format!("`{}{list}` here", crate::query::name_of(self.schema, ty));
        let help = match what {
            "column" => format!("cast it, or say what it is: `columns = {{ {name} = \"..\" }}`"),
            _ => format!(
                "say what it is: `params = {{ {} = \"..\" }}`",
                name.trim_start_matches(':')
            ),
        };
        let diagnostic = Diagnostic::new(&codes::OTHER_TYPE, span, message);
        self.report
            .refused
            .push(diagnostic.label(label).note(reason.to_owned()).help(help));
    }

    /// The name of a type of PostgreSQL, where the driver has its number alone.
    fn name(&self, server: &str) -> String {
        let name = |oid: &str| self.names.get(oid).cloned();
        match name(server) {
            // An array type is called as its items, with a line before it.
            Some(name) => match name.strip_prefix('_') {
                Some(item) => format!("{item}[]"),
                None => name,
            },
            None => server.to_owned(),
        }
    }
}

/// Parts what a server has against a statement from what keeps it from being asked.
#[allow(clippy::type_complexity, reason = "it is taken apart at once")]
fn refused<T>(
    outcome: Outcome<T, Error>,
    sql: &str,
) -> Outcome<(Option<T>, Option<(Refusal, Error)>), Error> {
    match outcome {
        Outcome::Ok(value) => Outcome::Ok((Some(value), None)),
        Outcome::Err(error) if is_refusal(&error) => {
            let refusal = refusal(&error, sql);
            Outcome::Ok((None, Some((refusal, error))))
        }
        Outcome::Err(error) => Outcome::Err(error),
        Outcome::Cancelled(reason) => Outcome::Cancelled(reason),
        Outcome::Panicked(payload) => Outcome::Panicked(payload),
    }
}

fn is_refusal(error: &Error) -> bool {
    error.sqlstate().is_some() && !matches!(error.kind(), ErrorKind::Connect | ErrorKind::Io)
}

fn refusal(error: &Error, sql: &str) -> Refusal {
    let text = error.to_string();
    let message = text.split(" (in `").next().unwrap_or_default().to_owned();
    let server = error
        .source()
        .and_then(|it| it.downcast_ref::<ServerMessage>());
    let offset = match server.and_then(ServerMessage::position) {
        // Counted in characters, from 1.
        Some(position) => sql
            .char_indices()
            .nth(position.saturating_sub(1))
            .map(|it| it.0),
        // MySQL quotes what follows the place.
        None => message
            .split_once("near '")
            .and_then(|(_, rest)| sql.find(rest.rsplit_once('\'')?.0)),
    };
    Refusal { message, offset }
}

async fn version<E: Executor>(cx: &Cx, executor: &mut E) -> Outcome<String, Error> {
    let rows = ok!(executor
        .query_rows(cx, "SELECT version() AS version", &[])
        .await);
    let text = rows
        .first()
        .and_then(|row| row.get::<String>("version").ok());
    Outcome::Ok(text.unwrap_or_default())
}
