//! INSERT of one row or many, with or without the stored rows coming back.
//!
//! Columns whose value is left to the default are left out of the statement, which is the one form
//! that every dialect has. Neighbouring rows that leave out the same columns share a statement, up
//! to the database's limit of parameters; several statements run in one transaction.
//! PostgreSQL gets many rows as arrays; MySQL gets them in statements of one length, so that it prepares one.

mod arrays;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use sqlmodel_core::{
    Collect, Cx, Dialect, Error, ErrorKind, Executor, FixedStatement, Model, Outcome, Record,
    Statement, TablePart, TransactionOps, Value, ok, ok_result,
};

use crate::expr::Token;
use crate::family;
use crate::known::{KnownStatement, known, known_text};
use crate::model::{fixed_text, mark_written};
use crate::render::{RenderedStatement, Writer};
use crate::upsert::Conflict;

/// The INSERT of one row.
#[derive(Debug, Clone)]
#[must_use = "nothing is sent until `execute`, or what returns rows, is awaited"]
pub struct InsertOne<R> {
    row: R,
}

/// The INSERT of many rows. Either all are stored or none.
#[derive(Debug, Clone)]
#[must_use = "nothing is sent until `execute`, or what returns rows, is awaited"]
pub struct InsertMany<R> {
    rows: Vec<R>,
}

#[expect(
    clippy::manual_async_fn,
    reason = "that the future is Send is promised for every executor; callers who are generic cannot see it"
)]
impl<R: Record> InsertOne<R> {
    /// Begins the insert of a row.
    pub fn new(row: R) -> Self {
        Self { row }
    }

    pub(crate) fn into_row(self) -> R {
        self.row
    }

    /// Returns the text and the parameters for a dialect, without a RETURNING clause.
    pub fn render(&self, dialect: Dialect) -> RenderedStatement<'_> {
        Plan::of(std::slice::from_ref(&self.row)).render(dialect, 0..1, Returning::Nothing)
    }

    /// Runs the insert.
    ///
    /// A model whose rows are in several tables takes a statement for each, in a transaction.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] for rows that break rules of the schema, [`ErrorKind::Usage`] for a model that is abstract.
    pub fn execute<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> impl Future<Output = Outcome<(), Error>> + Send {
        async move {
            if const { <R::Model as Model>::IN_FAMILY } {
                ok_result!(family::check_concrete::<R::Model>());
            }
            ok_result!(check_rules(std::slice::from_ref(&self.row)));
            if const { <R::Model as Model>::IN_FAMILY } && family::is_split::<R::Model>() {
                let rows = std::slice::from_ref(&self.row);
                ok!(family::insert(rows, cx, executor).await);
                return Outcome::Ok(());
            }
            let plan = Plan::of(std::slice::from_ref(&self.row));
            let text = plan.text_of_only::<R>(executor.dialect(), Returning::Nothing);
            let params = plan.into_params();
            ok!(executor.execute(cx, Statement::new(&text, &params)).await);
            Outcome::Ok(())
        }
    }

    /// Runs the insert and returns the row as it is stored, with its key and its defaults.
    ///
    /// One statement with RETURNING; where the database has none, an INSERT and a SELECT by key in a transaction.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute), and [`ErrorKind::Decode`] where the database made something of the row that the model
    /// does not take. The row is stored then if [`Error::is_after_write`] says so.
    pub fn one<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> impl Future<Output = Outcome<R::Model, Error>> + Send {
        async move {
            let is_split =
                const { <R::Model as Model>::IN_FAMILY } && family::is_split::<R::Model>();
            let is_one_statement = executor.capabilities().has_insert_returning && !is_split;
            let stored = insert_returning(std::slice::from_ref(&self.row), cx, executor).await;
            let mut rows = ok!(match is_one_statement {
                true => mark_written(stored),
                false => stored,
            });
            match rows.pop() {
                Some(row) => Outcome::Ok(row),
                None => Outcome::Err(Error::new(
                    ErrorKind::NoRows,
                    "the inserted row was not returned",
                )),
            }
        }
    }
}

#[expect(
    clippy::manual_async_fn,
    reason = "that the future is Send is promised for every executor; callers who are generic cannot see it"
)]
impl<R: Record> InsertMany<R> {
    /// Begins the insert of rows.
    pub fn new(rows: impl IntoIterator<Item = R>) -> Self {
        Self {
            rows: rows.into_iter().collect(),
        }
    }

    pub(crate) fn into_rows(self) -> Vec<R> {
        self.rows
    }

    /// Runs the insert and returns the number of rows. Without rows nothing is sent.
    pub fn execute<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> impl Future<Output = Outcome<u64, Error>> + Send {
        async move {
            if const { <R::Model as Model>::IN_FAMILY } {
                ok_result!(family::check_concrete::<R::Model>());
            }
            ok_result!(check_rules(&self.rows));
            if const { <R::Model as Model>::IN_FAMILY } && family::is_split::<R::Model>() {
                return family::insert(&self.rows, cx, executor).await;
            }
            if let [_] = &*self.rows {
                let plan = Plan::of(&self.rows);
                let text = plan.text_of_only::<R>(executor.dialect(), Returning::Nothing);
                let params = plan.into_params();
                let done = ok!(executor.execute(cx, Statement::new(&text, &params)).await);
                return Outcome::Ok(done.rows_affected);
            }
            let statements = Plan::of(&self.rows).into_statements(executor, Returning::Nothing);
            match &*statements {
                [] => Outcome::Ok(0),
                [only] => {
                    let done = ok!(executor.execute(cx, only.statement()).await);
                    Outcome::Ok(done.rows_affected)
                }
                several => {
                    let mut transaction = ok!(executor.nested(cx).await);
                    let mut n_rows = 0;
                    for part in several {
                        n_rows +=
                            ok!(transaction.execute(cx, part.statement()).await).rows_affected;
                    }
                    ok!(transaction.commit(cx).await);
                    Outcome::Ok(n_rows)
                }
            }
        }
    }

    /// Runs the insert and returns the rows as they are stored, in the order they were given.
    ///
    /// In a transaction, so that nothing is stored where a row cannot be read.
    pub fn all<E: Executor>(
        self,
        cx: &Cx,
        executor: &mut E,
    ) -> impl Future<Output = Outcome<Vec<R::Model>, Error>> + Send {
        async move { insert_returning(&self.rows, cx, executor).await }
    }
}

/// Checks the rules of the schema for rows that are to be written, before anything is sent.
/// Checks the rules of the schema for rows to insert, and that they are what they say that they are.
pub(crate) fn check_rules<R: Record>(rows: &[R]) -> Result<(), Error> {
    if const { <R::Model as Model>::IN_FAMILY } {
        family::check_tags(rows)?;
    }
    for row in rows {
        row.validate()?;
    }
    Ok(())
}

pub(crate) async fn insert_returning<R: Record, E: Executor>(
    rows: &[R],
    cx: &Cx,
    executor: &mut E,
) -> Outcome<Vec<R::Model>, Error> {
    if const { <R::Model as Model>::IN_FAMILY } {
        ok_result!(family::check_concrete::<R::Model>());
    }
    ok_result!(check_rules(rows));
    if const { <R::Model as Model>::IN_FAMILY } && family::is_split::<R::Model>() {
        return family::insert_then_select(rows, cx, executor).await;
    }
    if !executor.capabilities().has_insert_returning {
        return insert_then_select(rows, cx, executor).await;
    }
    let mut stored = Collect::all();
    if let [_] = rows {
        let plan = Plan::of(rows);
        let text = plan.text_of_only::<R>(executor.dialect(), Returning::Model);
        let params = plan.into_params();
        let statement = Statement::new(&text, &params);
        ok!(executor.query(cx, statement, &mut stored).await);
        return Outcome::Ok(stored.into_rows());
    }
    let statements = Plan::of(rows).into_statements(executor, Returning::Model);
    if statements.is_empty() {
        return Outcome::Ok(Vec::new());
    }
    let mut transaction = ok!(executor.nested(cx).await);
    for part in &*statements {
        ok!(transaction.query(cx, part.statement(), &mut stored).await);
    }
    ok!(transaction.commit(cx).await);
    Outcome::Ok(stored.into_rows())
}

/// Inserts row by row and reads each back by its key, for databases without RETURNING.
async fn insert_then_select<R: Record, E: Executor>(
    rows: &[R],
    cx: &Cx,
    executor: &mut E,
) -> Outcome<Vec<R::Model>, Error> {
    let mut transaction = ok!(executor.nested(cx).await);
    let mut stored = Vec::with_capacity(rows.len());
    for row in rows {
        let rendered = Plan::of(std::slice::from_ref(row)).render(
            transaction.dialect(),
            0..1,
            Returning::Nothing,
        );
        let done = ok!(transaction.execute(cx, rendered.statement()).await);
        let key = row.primary_key_value();
        let values = match (&key, done.last_insert_id) {
            (Some(key), _) => encoded_key(key),
            (None, Some(id)) => vec![Value::I64(id)],
            (None, None) => {
                return Outcome::Err(
                    Error::unsupported("the database did not tell the key of the inserted row")
                        .with_sql(&rendered.sql),
                );
            }
        };
        let rendered = crate::model::select_by_key::<R::Model>(transaction.dialect(), values);
        let mut found = Collect::<R::Model>::up_to(1);
        ok!(transaction
            .query(cx, rendered.statement(), &mut found)
            .await);
        stored.extend(found.into_rows());
    }
    ok!(transaction.commit(cx).await);
    Outcome::Ok(stored)
}

fn encoded_key<K: sqlmodel_core::Key>(key: &K) -> Vec<Value<'_>> {
    let mut values = Vec::new();
    key.encode_key(&mut values);
    values
}

/// The most rows of one of MySQL's statements: a longer one takes more time for a row, not less.
const MYSQL_ROWS: usize = 1000;

/// Whether a statement returns what it stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Returning {
    Nothing,
    Model,
    /// The primary key.
    Key(&'static [&'static str]),
    /// The model, and whether the row is a new one, or NULL where the database does not tell.
    ModelAndInserted,
}

/// What becomes of the values of an INSERT.
#[derive(Clone, Copy)]
pub(crate) enum Params<'c> {
    /// They are kept with the text, in front of those for rows that are there already.
    Kept(Option<&'c Conflict>),
    /// Only the text is wanted.
    Apart,
}

/// The values of rows to insert, row after row.
pub(crate) struct Plan<'r> {
    /// A model may have no columns to give values for, so the values do not tell.
    n_rows: usize,
    columns: Cow<'static, [&'static str]>,
    values: Vec<Value<'r>>,
    returned: &'static [sqlmodel_core::FieldInfo],
    schema: Option<&'static str>,
    table: &'static str,
}

impl<'r> Plan<'r> {
    pub(crate) fn of<R: Record>(rows: &'r [R]) -> Self {
        let tag = if const { <R::Model as Model>::IN_FAMILY } {
            family::missing_tag::<R>()
        } else {
            None
        };
        let n_columns = R::COLUMNS.len() + usize::from(tag.is_some());
        let mut values = Vec::with_capacity(rows.len() * n_columns);
        for row in rows {
            row.to_row(&mut values);
            values.extend(tag.map(|(_, tag)| tag.value()));
        }
        let mut columns = Cow::Borrowed(R::COLUMNS);
        if let Some((column, _)) = tag {
            columns.to_mut().push(column);
        }
        Self {
            n_rows: rows.len(),
            columns,
            values,
            returned: <R::Model as Model>::fields(),
            schema: R::Model::SCHEMA_NAME,
            table: R::Model::TABLE_NAME,
        }
    }

    /// Plans the rows of one table.
    pub(crate) fn of_table(
        table: TablePart,
        columns: Vec<&'static str>,
        n_rows: usize,
        values: Vec<Value<'r>>,
    ) -> Self {
        Self {
            n_rows,
            columns: Cow::Owned(columns),
            values,
            returned: &[],
            schema: table.schema,
            table: table.table,
        }
    }

    pub(crate) fn columns(&self) -> &[&'static str] {
        &self.columns
    }

    /// Returns the text for the first row, kept for rows with a value for each column.
    fn text_of_only<R: Record>(&self, dialect: Dialect, returning: Returning) -> Cow<'static, str> {
        let write = || self.render(dialect, 0..1, returning).sql;
        let statement = match returning {
            Returning::Nothing => FixedStatement::Insert,
            Returning::Model => FixedStatement::InsertReturning,
            Returning::Key(_) | Returning::ModelAndInserted => return Cow::Owned(write()),
        };
        if self.n_given(0) < self.columns.len() || self.columns.is_empty() {
            return Cow::Owned(write());
        }
        fixed_text::<R>(statement, dialect, write)
    }

    /// Returns the values that are given.
    fn into_params(mut self) -> Vec<Value<'r>> {
        if self.leaves_out_any() {
            self.values.retain(|value| !matches!(value, Value::Default));
        }
        self.values
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub(crate) fn row(&self, row: usize) -> &[Value<'r>] {
        let n_columns = self.columns.len();
        self.values
            .get(row * n_columns..(row + 1) * n_columns)
            .unwrap_or_default()
    }

    /// Tells whether a row leaves out a column.
    fn leaves_out_any(&self) -> bool {
        let mut values = self.values.iter();
        values.any(|value| matches!(value, Value::Default))
    }

    /// Tells whether two rows leave out the same columns.
    fn is_alike(&self, a: usize, b: usize) -> bool {
        let is_left_out = |value: &Value<'_>| matches!(value, Value::Default);
        self.row(a)
            .iter()
            .map(is_left_out)
            .eq(self.row(b).iter().map(is_left_out))
    }

    fn n_given(&self, row: usize) -> usize {
        self.row(row)
            .iter()
            .filter(|value| !matches!(value, Value::Default))
            .count()
    }

    /// Splits the rows into runs that leave out the same columns, each with no more values than that.
    pub(crate) fn runs(&self, max_parameters: usize) -> Vec<Range<usize>> {
        self.split(|n_given| max_parameters / n_given)
    }

    /// Splits the rows into runs for one INSERT each.
    pub(crate) fn inserts(&self, dialect: Dialect, max_parameters: usize) -> Vec<Range<usize>> {
        let are_arrays = self.suits_arrays(dialect, 0..self.n_rows);
        self.split(|n_given| match dialect {
            Dialect::Postgres if are_arrays => arrays::MAX_ROWS,
            Dialect::Mysql => (max_parameters / n_given).min(MYSQL_ROWS),
            Dialect::Sqlite | Dialect::Postgres => max_parameters / n_given,
        })
    }

    /// Splits the rows; `max_rows_of` is told how many values each row gives, which is never none.
    fn split(&self, max_rows_of: impl Fn(usize) -> usize) -> Vec<Range<usize>> {
        if !self.columns.is_empty() && !self.leaves_out_any() {
            let max_rows = max_rows_of(self.columns.len()).max(1);
            let starts = (0..self.n_rows).step_by(max_rows);
            return starts
                .map(|start| start..self.n_rows.min(start.saturating_add(max_rows)))
                .collect();
        }
        let mut runs: Vec<Range<usize>> = Vec::new();
        let mut max_rows = 0;
        for row in 0..self.n_rows {
            match runs.last_mut() {
                Some(run) if run.len() < max_rows && self.is_alike(run.start, row) => run.end += 1,
                _ => {
                    // Zero columns: DEFAULT VALUES takes one row a statement.
                    max_rows = match self.n_given(row) {
                        0 => 1,
                        n_given => max_rows_of(n_given).max(1),
                    };
                    runs.push(row..row + 1);
                }
            }
        }
        runs
    }

    /// Returns the statements for all rows, with the values moved into them.
    pub(crate) fn into_statements(
        self,
        executor: &impl Executor,
        returning: Returning,
    ) -> Vec<KnownStatement<'r>> {
        let dialect = executor.dialect();
        let runs = self.inserts(dialect, executor.capabilities().max_parameters);
        if runs
            .iter()
            .any(|run| self.suits_arrays(dialect, run.clone()))
        {
            let statements = runs.into_iter().map(|run| {
                let statement = known(dialect, &|writer| {
                    self.write(writer, run.clone(), Params::Kept(None), returning);
                });
                statement.expect("no part of it is ever refused")
            });
            return statements.collect();
        }
        let parts: Vec<(Arc<str>, usize)> = runs
            .into_iter()
            .map(|run| {
                let n_params = self.n_given(run.start) * run.len();
                let text = known_text(dialect, &|writer| {
                    self.write(writer, run.clone(), Params::Apart, returning);
                });
                (text, n_params)
            })
            .collect();
        let is_one = parts.len() == 1;
        let mut params = self.into_params().into_iter();
        let mut statements = Vec::with_capacity(parts.len());
        for (sql, n_params) in parts {
            let params = match is_one {
                // In the memory that they are in.
                true => std::mem::take(&mut params).collect(),
                false => params.by_ref().take(n_params).collect(),
            };
            statements.push(KnownStatement { sql, params });
        }
        statements
    }

    pub(crate) fn render(
        &self,
        dialect: Dialect,
        rows: Range<usize>,
        returning: Returning,
    ) -> RenderedStatement<'r> {
        let mut writer = Writer::new(dialect);
        self.write(&mut writer, rows, Params::Kept(None), returning);
        writer.finish()
    }

    /// Renders some rows, with what becomes of those that are there already.
    pub(crate) fn render_run(
        &self,
        dialect: Dialect,
        rows: Range<usize>,
        conflict: Option<&Conflict>,
        returning: Returning,
    ) -> Result<RenderedStatement<'r>, Error> {
        let mut writer = Writer::new(dialect);
        self.write(&mut writer, rows, Params::Kept(conflict), returning);
        writer.try_finish()
    }

    /// Writes some rows, with what becomes of those that are there already.
    pub(crate) fn write(
        &self,
        writer: &mut Writer<'r>,
        rows: Range<usize>,
        params: Params<'_>,
        returning: Returning,
    ) {
        let conflict = match params {
            Params::Kept(conflict) => conflict,
            Params::Apart => None,
        };
        writer.text("INSERT INTO ");
        writer.table(self.schema, self.table);
        let first = rows.start;
        if self.n_given(first) == 0 {
            write_only_defaults(conflict, writer);
        } else if self.suits_arrays(writer.dialect(), rows.clone()) {
            self.render_arrays(writer, &rows);
        } else {
            self.write_values(writer, rows, matches!(params, Params::Kept(_)));
        }
        if let Some(conflict) = conflict {
            let given: Vec<_> = self.given(first).map(|(column, _)| column).collect();
            conflict.write(&given, writer);
        }
        match returning {
            Returning::Nothing => {}
            Returning::Model | Returning::ModelAndInserted => writer.returning(self.returned),
            Returning::Key(key) => {
                writer.text(" RETURNING ");
                writer.columns(key.iter().copied());
            }
        }
        if returning == Returning::ModelAndInserted {
            // A row version that replaces none was made by no other transaction's lock or update.
            writer.token(&Token::PerDialect([", NULL", ", xmax = 0", ", NULL"]));
        }
    }

    /// Returns the columns of a row that are not left to their defaults, and their values.
    pub(crate) fn given(&self, row: usize) -> impl Iterator<Item = (&'static str, &Value<'r>)> {
        self.columns
            .iter()
            .copied()
            .zip(self.row(row))
            .filter(|(_, value)| !matches!(value, Value::Default))
    }

    fn write_values(&self, writer: &mut Writer<'r>, rows: Range<usize>, keeps_params: bool) {
        writer.text(" (");
        writer.columns(self.given(rows.start).map(|(column, _)| column));
        writer.text(") VALUES ");
        writer.param_rows(rows.len(), self.n_given(rows.start));
        if keeps_params {
            let given = rows.flat_map(|row| self.given(row));
            writer.keep_params(given.map(|(_, value)| value.clone()));
        }
    }
}

/// Writes the values of a row that leaves every column to its default.
fn write_only_defaults(conflict: Option<&Conflict>, writer: &mut Writer<'_>) {
    match conflict {
        // SQLite has no ON CONFLICT behind DEFAULT VALUES, but makes the next key of a NULL.
        Some(conflict) if writer.dialect() == Dialect::Sqlite => match conflict.only_key_column() {
            Some(column) => {
                writer.text(" (");
                writer.identifier(column);
                writer.text(") VALUES (NULL)");
            }
            None => writer.refuse(Error::unsupported(
                "SQLite cannot upsert a row without any value: give one",
            )),
        },
        _ => writer.token(&Token::PerDialect([
            " DEFAULT VALUES",
            " DEFAULT VALUES",
            " () VALUES ()",
        ])),
    }
}
