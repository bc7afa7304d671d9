//! The one statement that upserts rows of a family on PostgreSQL.
//!
//! ```sql
//! WITH given (n, name, role, badge) AS (VALUES (0, NULL::.., ..), (1, $1, $2, $3), ..),
//!     written_1 AS (INSERT INTO person .. SELECT .. FROM given
//!         ON CONFLICT (name) DO UPDATE SET .. WHERE person.role IN (..) RETURNING person.*),
//!     written_2 AS (INSERT INTO keeper .. SELECT written_1.id, .. FROM written_1 JOIN given ON ..
//!         ON CONFLICT (id) DO UPDATE SET .. RETURNING keeper.*)
//! SELECT given.n FROM given JOIN written_1 ON .. JOIN written_2 ON ..
//! ```
//!
//! (The names have `sqlmodel__` before them, so that they are not those of tables and columns.)
//!
//! The root's table decides: a row that it leaves alone, because it is of another model, gets no part elsewhere.

use std::collections::HashSet;

use sqlmodel_core::{
    Collect, Cx, Decode, Dialect, Error, ErrorKind, Executor, Model, Outcome, Record,
    TransactionOps, Value, ok, ok_result,
};

use super::changes::{TableChange, changes, local};
use super::{Look, RowUpsert, level_of_target};
use crate::expr::Token;
use crate::family::{Level, Part, levels};
use crate::insert::Plan;
use crate::key::{KeyBytes, pick};
use crate::query::is_accepted;
use crate::render::{RenderedStatement, Writer};
use crate::upsert::conflict::Conflict;

/// The values that were given, as the statement names them.
const GIVEN: &str = "sqlmodel__given";

/// The number of a row among them.
const NUMBER: &str = "sqlmodel__n";

/// The most rows of one statement.
const MAX_ROWS: usize = 1000;

/// Upserts rows by one statement, or one for each thousand, and returns what it tells of those that were written; `None` where
/// it takes more.
pub(super) fn one_statement<'a, W: Written, R: Record, E: Executor>(
    rows: &'a [R],
    conflict: &'a Conflict,
    cx: &'a Cx,
    executor: &'a mut E,
) -> Part<'a, Option<Vec<W>>> {
    Box::pin(async move {
        let rows = distinct(rows, conflict);
        let plan = Plan::of(&rows);
        let Some(statement) = OneStatement::of::<R>(&plan, conflict, executor) else {
            return Outcome::Ok(None);
        };
        // What is assigned may have parameters, too.
        let max_parameters = executor.capabilities().max_parameters / 2;
        let statements = ok_result!(statement.render::<R::Model>(max_parameters, W::RETURNS));
        if rows.len() == 1 {
            let written = ok!(run(&rows, conflict, &statements, cx, executor).await);
            return Outcome::Ok(Some(written));
        }
        let mut transaction = ok!(executor.nested(cx).await);
        let written = ok!(run(&rows, conflict, &statements, cx, &mut transaction).await);
        ok!(transaction.commit(cx).await);
        Outcome::Ok(Some(written))
    })
}

/// What a statement tells of a row that it wrote.
pub(super) trait Written: Decode + Send {
    const RETURNS: Returns;

    /// The row's number, from 1.
    fn number(&self) -> i64;
}

impl Written for i64 {
    const RETURNS: Returns = Returns::Numbers;

    fn number(&self) -> i64 {
        *self
    }
}

impl<M: Model> Written for (i64, M) {
    const RETURNS: Returns = Returns::Models;

    fn number(&self) -> i64 {
        self.0
    }
}

/// Returns the first row of each key, where others would do nothing. Where they would update, they were refused.
fn distinct<'a, R: Record>(rows: &'a [R], conflict: &Conflict) -> Vec<&'a R> {
    let plan = Plan::of(rows);
    let mut seen = HashSet::new();
    let mut is_new = |row: usize| {
        let key = KeyBytes::of(&pick(conflict.target(), plan.columns(), plan.row(row)));
        key.is_none_or(|key| seen.insert(key))
    };
    let rows = rows.iter().enumerate();
    rows.filter(|(row, _)| is_new(*row))
        .map(|(_, row)| row)
        .collect()
}

/// Runs the statements, and refuses rows that they left alone because they are of other models.
async fn run<W: Written, R: Record, E: Executor>(
    rows: &[&R],
    conflict: &Conflict,
    statements: &[(std::ops::Range<usize>, RenderedStatement<'_>)],
    cx: &Cx,
    executor: &mut E,
) -> Outcome<Vec<W>, Error> {
    let mut all = Vec::with_capacity(rows.len());
    for (range, rendered) in statements {
        let mut written = Collect::<W>::all();
        ok!(executor.query(cx, rendered.statement(), &mut written).await);
        let written = written.into_rows();
        if written.len() < range.len() && !conflict.does_nothing() {
            let numbers: HashSet<i64> = written.iter().map(Written::number).collect();
            for (number, row) in (1_i64..).zip(rows.get(range.clone()).unwrap_or_default()) {
                if !numbers.contains(&number) {
                    ok!(explain(*row, conflict, cx, executor).await);
                }
            }
        }
        all.extend(written);
    }
    Outcome::Ok(all)
}

/// Finds out why a row was left alone: a filter did not choose it, or it is of another model.
async fn explain<R: Record, E: Executor>(
    row: &R,
    conflict: &Conflict,
    cx: &Cx,
    executor: &mut E,
) -> Outcome<(), Error> {
    let level = ok_result!(level_of_target::<R::Model>(conflict.target()));
    let upsert = RowUpsert {
        row,
        conflict,
        level: &level,
    };
    let found = ok!(upsert.find(Look::Again, cx, executor).await);
    match found.as_ref().and_then(|found| upsert.other_model(found)) {
        Some(error) => Outcome::Err(error),
        None if found.is_some() && conflict.may_skip() => Outcome::Ok(()),
        None => Outcome::Err(Error::new(
            ErrorKind::Serialization,
            "others changed the row of the upsert at the same time",
        )),
    }
}

/// Upserts whose rows have values for the same columns.
pub(super) struct OneStatement<'a, 'r> {
    plan: &'a Plan<'r>,
    levels: Vec<Level>,
    conflict: &'a Conflict,
    conditions: Vec<Vec<Token>>,
}

impl<'a, 'r> OneStatement<'a, 'r> {
    /// Returns the statement, if one can do it: the root has the key, no table needs values of another, and no row leaves the
    /// key to the database.
    pub(super) fn of<R: Record>(
        plan: &'a Plan<'r>,
        conflict: &'a Conflict,
        executor: &impl Executor,
    ) -> Option<Self> {
        let levels = levels::<R::Model>();
        let root = levels.first()?;
        let is_here = |column: &&'static str| {
            root.part.key.contains(column) || root.fields.iter().any(|it| it.column == *column)
        };
        let is_known = |row: usize| {
            let values = pick(conflict.target(), plan.columns(), plan.row(row));
            let mut values = values.iter();
            values.all(|value| !matches!(value, Value::Null | Value::Default))
        };
        let conditions = conflict.conditions().iter();
        let conditions = conditions.map(|tokens| local::<R::Model>(tokens, &root.part));
        let conditions: Option<Vec<_>> = conditions.collect();
        let is_one = executor.dialect() == Dialect::Postgres
            && conflict.target().iter().all(is_here)
            && !conflict.assigns_target()
            && changes::<R::Model>(conflict, &levels, &[]).is_some()
            && (0..plan.n_rows()).all(is_known);
        Some(Self {
            plan,
            conditions: conditions?,
            levels,
            conflict,
        })
        .filter(|_| is_one)
    }

    /// Renders the statements, each with its rows. They return the number of each row that was written, from 1.
    pub(super) fn render<M: Model>(
        &self,
        max_parameters: usize,
        returns: Returns,
    ) -> Result<Vec<(std::ops::Range<usize>, RenderedStatement<'r>)>, Error> {
        let mut statements = Vec::new();
        for run in self.plan.runs(max_parameters) {
            for first in run.clone().step_by(MAX_ROWS) {
                let rows = first..run.end.min(first + MAX_ROWS);
                let rendered = self.render_rows::<M>(rows.clone(), returns)?;
                statements.push((rows, rendered));
            }
        }
        Ok(statements)
    }

    fn render_rows<M: Model>(
        &self,
        rows: std::ops::Range<usize>,
        returns: Returns,
    ) -> Result<RenderedStatement<'r>, Error> {
        let given = self.plan.given(rows.start);
        let given: Vec<&'static str> = given.map(|(column, _)| column).collect();
        let mut writer = Writer::new(Dialect::Postgres);
        self.write_given(&given, rows, &mut writer);
        let changes = changes::<M>(self.conflict, &self.levels, &given).unwrap_or_default();
        for (number, change) in changes.iter().enumerate() {
            self.write_level::<M>(number, change, &given, &mut writer);
        }
        writer.text(" SELECT ");
        writer.qualified(GIVEN, None, NUMBER);
        if returns == Returns::Models {
            for field in M::fields() {
                let table = field.inherited_from.unwrap_or(M::TABLE_NAME);
                let mut levels = self.levels.iter();
                let level = levels.position(|level| level.part.table == table);
                writer.text(", ");
                writer.made_qualified(&written(level.unwrap_or_default()), field.column);
            }
        }
        writer.text(" FROM ");
        writer.identifier(GIVEN);
        for number in 0..self.levels.len() {
            writer.text(" JOIN ");
            writer.made_identifier(&written(number));
            if number == 0 {
                self.write_target_match(" ON ", &mut writer);
            } else {
                self.write_key_match(number, " ON ", &mut writer);
            }
        }
        writer.text(" ORDER BY ");
        writer.qualified(GIVEN, None, NUMBER);
        writer.try_finish()
    }

    /// Writes the values. PostgreSQL takes their types from the first row, whose values are those of no row of the tables.
    fn write_given(
        &self,
        given: &[&'static str],
        rows: std::ops::Range<usize>,
        writer: &mut Writer<'r>,
    ) {
        writer.text("WITH ");
        writer.identifier(GIVEN);
        writer.text(" (");
        writer.columns([NUMBER].into_iter().chain(given.iter().copied()));
        writer.text(") AS (VALUES (0");
        for column in given {
            let has = |level: &&Level| {
                level.part.key.contains(column)
                    || level.fields.iter().any(|it| it.column == *column)
            };
            writer.text(", (SELECT ");
            writer.identifier(column);
            if let Some(level) = self.levels.iter().find(has) {
                writer.text(" FROM ");
                writer.table(level.part.schema, level.part.table);
            }
            writer.text(" LIMIT 0)");
        }
        writer.text(")");
        for (number, row) in rows.enumerate() {
            writer.text(", (");
            writer.number(number as u64 + 1);
            for (_, value) in self.plan.given(row) {
                writer.text(", ");
                writer.param(value.clone());
            }
            writer.text(")");
        }
        writer.text(")");
    }

    /// Writes the INSERT of one table.
    fn write_level<M: Model>(
        &self,
        number: usize,
        change: &TableChange,
        given: &[&'static str],
        writer: &mut Writer<'r>,
    ) {
        let Some(level) = self.levels.get(number) else {
            return;
        };
        let part = level.part;
        let is_own = |column: &&&'static str| level.fields.iter().any(|it| it.column == **column);
        let is_key = |column: &&&'static str| number == 0 && part.key.contains(column);
        let given = given
            .iter()
            .filter(|column| is_own(column) || is_key(column));
        let given: Vec<&'static str> = given.copied().collect();
        let inherited_key = if number == 0 { &[][..] } else { part.key };
        writer.text(", ");
        writer.made_identifier(&written(number));
        writer.text(" AS (INSERT INTO ");
        writer.table(part.schema, part.table);
        writer.text(" (");
        writer.columns(inherited_key.iter().chain(&given).copied());
        writer.text(") SELECT ");
        let mut is_first = true;
        let root_key = self.levels.first().map_or(&[][..], |root| root.part.key);
        for column in root_key.iter().take(inherited_key.len()) {
            writer.text(if std::mem::take(&mut is_first) {
                ""
            } else {
                ", "
            });
            writer.made_qualified(&written(0), column);
        }
        for column in given {
            writer.text(if std::mem::take(&mut is_first) {
                ""
            } else {
                ", "
            });
            writer.qualified(GIVEN, None, column);
        }
        writer.text(" FROM ");
        writer.identifier(GIVEN);
        if number > 0 {
            writer.text(" JOIN ");
            writer.made_identifier(&written(0));
            self.write_target_match(" ON ", writer);
        }
        writer.text(" WHERE ");
        writer.qualified(GIVEN, None, NUMBER);
        writer.text(" > 0 ORDER BY ");
        writer.qualified(GIVEN, None, NUMBER);
        self.write_conflict::<M>(number, change, writer);
        writer.text(" RETURNING ");
        writer.identifier(part.table);
        writer.text(".*)");
    }

    fn write_conflict<M: Model>(
        &self,
        number: usize,
        change: &TableChange,
        writer: &mut Writer<'r>,
    ) {
        if number > 0 {
            // Only what the root's table has written comes here.
            if !self.conflict.does_nothing() {
                change.write_on_conflict(change.part.key, &[], writer);
            }
            return;
        }
        if self.conflict.does_nothing() {
            writer.text(" ON CONFLICT (");
            writer.columns(self.conflict.target().iter().copied());
            return writer.text(") DO NOTHING");
        }
        let mut conditions = self.conditions.clone();
        if let Some(discriminator) = M::inheritance().discriminator {
            let discriminator = Token::column(change.part.table, None, discriminator);
            conditions.push(is_accepted(discriminator, M::inheritance()));
        }
        change.write_on_conflict(self.conflict.target(), &conditions, writer);
    }

    /// Writes that a row of the root's table is that of given values.
    fn write_target_match(&self, keyword: &'static str, writer: &mut Writer<'_>) {
        for (position, column) in self.conflict.target().iter().enumerate() {
            writer.text(if position == 0 { keyword } else { " AND " });
            writer.made_qualified(&written(0), column);
            writer.text(" = ");
            writer.qualified(GIVEN, None, column);
        }
    }

    /// Writes that a row of another table belongs to one of the root's.
    fn write_key_match(&self, number: usize, keyword: &'static str, writer: &mut Writer<'_>) {
        let (Some(level), Some(root)) = (self.levels.get(number), self.levels.first()) else {
            return;
        };
        let pairs = level.part.key.iter().zip(root.part.key);
        for (position, (column, root_column)) in pairs.enumerate() {
            writer.text(if position == 0 { keyword } else { " AND " });
            writer.made_qualified(&written(number), column);
            writer.text(" = ");
            writer.made_qualified(&written(0), root_column);
        }
    }
}

/// What the statement returns of each row that it wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Returns {
    /// Its number.
    Numbers,
    /// Its number, and the model as it is stored then.
    Models,
}

fn written(number: usize) -> String {
    format!("sqlmodel__written_{}", number + 1)
}
