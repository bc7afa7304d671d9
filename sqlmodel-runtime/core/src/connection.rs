//! What a driver is: something that runs statements, and a connection that can begin transactions.

use std::borrow::Cow;
use std::sync::Arc;

use sqlmodel_sql::Dialect;

use crate::cursor::{CursorKind, Fetched};
use crate::error::Error;
use crate::row::Row;
use crate::seam::{Cx, Outcome};
use crate::statement::{CollectDynamic, Done, RowSink, Statement};
use crate::transaction::{Transaction, TransactionOps, TransactionOptions, TransactionStep};
use crate::value::Value;

/// Something that runs statements: a connection or a transaction.
///
/// Every method takes `&mut self`, so that statements cannot interleave by accident.
/// Builders are generic over this trait and work the same inside and outside of a transaction.
pub trait Executor: Send {
    /// A transaction inside this one: a transaction on a connection, a savepoint in a transaction.
    type Nested<'n>: TransactionOps
    where
        Self: 'n;

    /// Returns the SQL dialect that statements must be written in.
    fn dialect(&self) -> Dialect;

    /// Returns what the database on the other side can do, as it was found when the connection was opened.
    fn capabilities(&self) -> &Capabilities;

    /// Tells whether this is a transaction, which others have begun and may go on with.
    fn is_transaction(&self) -> bool {
        false
    }

    /// Begins a unit that is kept or undone as a whole, whether or not a transaction runs already.
    ///
    /// Cancel: dropping this future, or the unit, rolls it back.
    fn nested(&mut self, cx: &Cx) -> impl Future<Output = Outcome<Self::Nested<'_>, Error>> + Send;

    /// Runs a statement and hands each row to `sink`.
    ///
    /// A statement that writes is done whether or not `sink` takes the rows that it returns: who wants it undone where a row is
    /// refused runs it in a [`nested`](Self::nested) unit.
    ///
    /// Cancel: a dropped or cancelled query leaves the connection usable, and no row is half decoded.
    fn query<S: RowSink>(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        sink: &mut S,
    ) -> impl Future<Output = Outcome<(), Error>> + Send;

    /// Runs a statement whose rows, if it has any, do not matter, and tells what it did.
    ///
    /// Cancel: whether a cancelled command took effect is decided by the transaction it runs in.
    fn execute(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
    ) -> impl Future<Output = Outcome<Done, Error>> + Send;

    /// Runs commands in their order, and tells what each did. All of them take effect, or none.
    ///
    /// Where one fails, those after it do not run. Outside of a transaction they get one of their own, so that those before it are
    /// undone; in a transaction they are undone with it, and a [savepoint](TransactionOps::savepoint) around them is what lets it
    /// go on after an error. MySQL cannot undo most statements that define data: what follows one of them is refused.
    ///
    /// PostgreSQL takes all of them in one round trip; the others take them one after the other.
    ///
    /// Cancel: none of them took effect, or, where the transaction's COMMIT was on its way, all of them.
    fn execute_all(
        &mut self,
        cx: &Cx,
        statements: &[Statement<'_>],
    ) -> impl Future<Output = Outcome<Vec<Done>, Error>> + Send {
        async move {
            if let [statement] = statements {
                let done = self.execute(cx, *statement).await;
                return done.map(|done| vec![done]);
            }
            if statements.is_empty() {
                return Outcome::Ok(Vec::new());
            }
            let mut unit = ok!(self.nested(cx).await);
            let done = ok!(unit.execute_all(cx, statements).await);
            ok!(unit.commit(cx).await);
            Outcome::Ok(done)
        }
    }

    /// Begins a query whose rows are fetched little by little; for drivers. Users call [`Rows::open`](crate::Rows::open).
    ///
    /// An executor has one cursor at most; its kind says what else runs until it is closed. The driver copies what it needs
    /// of the statement.
    fn open_cursor(
        &mut self,
        cx: &Cx,
        statement: Statement<'_>,
        kind: CursorKind,
    ) -> impl Future<Output = Outcome<(), Error>> + Send;

    /// Hands further rows of the open cursor to `sink` until it breaks, which here means a pause.
    ///
    /// Reads no further ahead than a buffer of fixed size, so that a reader who pauses makes the database wait.
    ///
    /// Cancel: a dropped or cancelled fetch leaves the cursor behind the last row that `sink` took; a shared cursor is of no
    /// more use then.
    ///
    /// # Errors
    ///
    /// What the database reported or `sink` refused. The cursor is then of no more use, and `close_cursor` follows.
    fn fetch<S: RowSink>(
        &mut self,
        cx: &Cx,
        sink: &mut S,
    ) -> impl Future<Output = Outcome<Fetched, Error>> + Send;

    /// Gives up the cursor, if there is one, without waiting.
    ///
    /// A driver that cannot end the query at once remembers that it must, before the connection runs anything else.
    fn close_cursor(&mut self);

    /// Runs SQL that is not known before run time, and returns dynamic rows.
    fn query_rows(
        &mut self,
        cx: &Cx,
        sql: &str,
        params: &[Value<'_>],
    ) -> impl Future<Output = Outcome<Vec<Row>, Error>> + Send {
        async move {
            let mut rows = CollectDynamic::default();
            ok!(self.query(cx, Statement::new(sql, params), &mut rows).await);
            Outcome::Ok(rows.into_rows())
        }
    }

    /// Runs a command that is not known before run time, and returns the number of rows it affected.
    fn execute_sql(
        &mut self,
        cx: &Cx,
        sql: &str,
        params: &[Value<'_>],
    ) -> impl Future<Output = Outcome<u64, Error>> + Send {
        async move {
            let done = ok!(self.execute(cx, Statement::new(sql, params)).await);
            Outcome::Ok(done.rows_affected)
        }
    }
}

/// One connection to a database.
///
/// [`step`](Self::step) and [`abandon`](Self::abandon) are what a driver provides for transactions;
/// users call [`begin`](Self::begin).
pub trait Connection: Executor + Sized {
    /// Checks a statement and keeps it prepared on this connection.
    ///
    /// Statements are prepared and cached when they first run as well, so this is for finding mistakes early
    /// and for learning the shape of a statement.
    fn prepare(
        &mut self,
        cx: &Cx,
        sql: &str,
    ) -> impl Future<Output = Outcome<Prepared, Error>> + Send;

    /// Runs commands in their order, in a transaction that is running; for drivers that can send several at once.
    ///
    /// Users call [`execute_all`](Executor::execute_all).
    fn execute_each(
        &mut self,
        cx: &Cx,
        statements: &[Statement<'_>],
    ) -> impl Future<Output = Outcome<Vec<Done>, Error>> + Send {
        async move {
            let mut done = Vec::with_capacity(statements.len());
            for statement in statements {
                done.push(ok!(self.execute(cx, *statement).await));
            }
            Outcome::Ok(done)
        }
    }

    /// Performs one step of the transaction protocol.
    fn step(
        &mut self,
        cx: &Cx,
        step: TransactionStep,
    ) -> impl Future<Output = Outcome<(), Error>> + Send;

    /// Gives up the transaction, or the savepoint at a depth above zero, without waiting.
    ///
    /// Called when a transaction is dropped. The driver rolls back at once if it can do so without waiting,
    /// and otherwise remembers that it must, before the connection runs anything else.
    fn abandon(&mut self, depth: u32);

    /// Begins a transaction with the database's default isolation.
    ///
    /// Cancel: dropping this future, or the transaction, rolls back.
    fn begin(
        &mut self,
        cx: &Cx,
    ) -> impl Future<Output = Outcome<Transaction<'_, Self>, Error>> + Send {
        self.begin_with(cx, TransactionOptions::default())
    }

    /// Begins a transaction with the given options.
    ///
    /// Cancel: dropping this future, or the transaction, rolls back.
    fn begin_with(
        &mut self,
        cx: &Cx,
        options: TransactionOptions,
    ) -> impl Future<Output = Outcome<Transaction<'_, Self>, Error>> + Send {
        Transaction::begin(self, cx, options)
    }
}

/// What a database can do. Asked instead of its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether INSERT returns rows.
    pub has_insert_returning: bool,
    /// Whether UPDATE returns rows. MariaDB's does not, although its INSERT and DELETE do.
    pub has_update_returning: bool,
    /// Whether DELETE returns rows.
    pub has_delete_returning: bool,
    /// The most parameters that one statement takes.
    pub max_parameters: usize,
    /// Whether a column takes values of its own type alone.
    pub has_strict_types: bool,
}

/// A statement that a connection has checked and keeps prepared.
#[derive(Debug, Clone)]
pub struct Prepared {
    sql: Arc<str>,
    parameter_count: usize,
    columns: Arc<[Box<str>]>,
    parameter_types: Arc<[TypeName]>,
    column_types: Arc<[TypeName]>,
}

/// A type as a database calls it: `int8`, `varchar`, `bigint unsigned`.
pub type TypeName = Cow<'static, str>;

impl Prepared {
    /// Creates the description of a prepared statement; for drivers.
    pub fn new(sql: &str, parameter_count: usize, columns: Vec<Box<str>>) -> Self {
        Self {
            sql: sql.into(),
            parameter_count,
            columns: columns.into(),
            parameter_types: Arc::default(),
            column_types: Arc::default(),
        }
    }

    /// Adds the types of the parameters and the columns, as many as there are of them or none; for drivers.
    #[must_use]
    pub fn with_types(mut self, parameters: Vec<TypeName>, columns: Vec<TypeName>) -> Self {
        self.parameter_types = parameters.into();
        self.column_types = columns.into();
        self
    }

    /// Returns the SQL text.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Returns the number of parameters.
    pub fn parameter_count(&self) -> usize {
        self.parameter_count
    }

    /// Returns the names of the result's columns; none for a command.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.iter().map(AsRef::as_ref)
    }

    /// Returns the types of the parameters as the database calls them, nothing where it does not tell them, as MySQL and SQLite.
    ///
    /// PostgreSQL's names are those of `pg_type`, with `[]` for an array; of a type that is not built in, it is the OID in digits.
    pub fn parameter_types(&self) -> &[TypeName] {
        &self.parameter_types
    }

    /// Returns the types of the columns as the database calls them, nothing where it does not tell them, as SQLite.
    pub fn column_types(&self) -> &[TypeName] {
        &self.column_types
    }

    /// Returns a statement to run, with the values of its parameters.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) when the number of values is not the number of parameters.
    pub fn bind<'a>(&'a self, params: &'a [Value<'a>]) -> Result<Statement<'a>, Error> {
        if params.len() == self.parameter_count {
            Ok(Statement::new(&self.sql, params))
        } else {
            Err(Error::usage(format!(
                "the statement takes {} parameters and was given {}",
                self.parameter_count,
                params.len()
            ))
            .with_sql(&self.sql))
        }
    }
}
