//! All SQL, prepared on a SQLite in memory.

use std::collections::BTreeSet;

use rusqlite::functions::{Aggregate, Context, FunctionFlags, WindowAggregate};
use rusqlite::{Connection, Error};
use sqlmodel_sql::Dialect;

use crate::diagnostic::Diagnostic;
use crate::emit;
use crate::ir::{Query, Returns, Schema};
use crate::source::SourceMap;
use crate::verify::suspect::{blamed, suspects};
use crate::verify::{
    Refusal, Statement, refused_ddl, refused_query, refused_text, refused_view, statements,
};

/// The functions of the driver that the SQL of decimals calls, and how many arguments each takes.
const DRIVER_FUNCTIONS: &[(&str, i32)] = &[
    ("sqlmodel_decimal_abs", 1),
    ("sqlmodel_decimal_add", 2),
    ("sqlmodel_decimal_mul", 2),
    ("sqlmodel_decimal_sub", 2),
];

/// Creates the tables and views in memory, prepares every statement of every query, and returns what SQLite has against them.
///
/// Nothing for a schema without SQLite. Where a table or view cannot be created, queries are not looked at: what reads it is not
/// blamed.
///
/// # Errors
///
/// What keeps SQLite from being asked at all, such as more than ten schemas: it attaches a database for each.
pub fn sqlite(schema: &Schema, sources: &SourceMap) -> Result<Vec<Diagnostic>, String> {
    if !schema.dialects.contains(&Dialect::Sqlite) {
        return Ok(Vec::new());
    }
    let connection = open(schema).map_err(|error| format!("SQLite in memory: {error}"))?;
    let refused = create(&connection, schema, sources)?;
    if !refused.is_empty() {
        return Ok(refused);
    }
    let queries = schema.queries.iter();
    let refused = queries.filter_map(|query| refused_statement(&connection, query, sources));
    Ok(refused.collect())
}

fn open(schema: &Schema) -> Result<Connection, Error> {
    let connection = Connection::open_in_memory()?;
    connection.create_collation("sqlmodel_decimal", |a, b| a.cmp(b))?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    for (name, n_args) in DRIVER_FUNCTIONS {
        connection.create_scalar_function(*name, *n_args, flags, |_| Ok(0))?;
    }
    connection.create_window_function("sqlmodel_decimal_sum", 1, flags, Sum)?;
    // The functions that the schema declares are registered by the program, when it opens a connection.
    let declared = schema.functions.iter();
    for function in declared.filter(|it| it.dialects.contains(&Dialect::Sqlite)) {
        let name = function.name.as_str();
        match function.is_aggregate {
            true => connection.create_window_function(name, -1, flags, Sum)?,
            false => connection.create_scalar_function(name, -1, flags, |_| Ok(0))?,
        }
    }
    let of_tables = schema.tables.values().map(|it| it.name.schema.as_deref());
    let of_views = schema
        .views
        .iter()
        .map(|it| it.written.sql_schema.as_deref());
    let attached: BTreeSet<&str> = of_tables.chain(of_views).flatten().collect();
    for name in attached {
        connection.execute("ATTACH ':memory:' AS ?1", [name])?;
    }
    Ok(connection)
}

/// Creates the tables, and then the views, up to the first that is refused.
fn create(
    connection: &Connection,
    schema: &Schema,
    sources: &SourceMap,
) -> Result<Vec<Diagnostic>, String> {
    let dialect = Dialect::Sqlite;
    let tables = emit::create_tables(schema, dialect).map_err(|error| error.to_string())?;
    for sql in &tables {
        if let Err(error) = connection.execute_batch(sql) {
            let refused = refused_table(connection, schema, sql, &refusal(&error), sources);
            return refused.map(|it| vec![it]).ok_or(error.to_string());
        }
    }
    for view in &schema.views {
        let Some(sql) = emit::create_view(view, dialect) else {
            continue;
        };
        // What a view reads is looked at when it is read.
        let name = sql.split(" AS\n").next().unwrap_or_default();
        let read = format!("SELECT * FROM {}", name.trim_start_matches("CREATE VIEW "));
        let created = connection.execute_batch(&sql);
        let created = created.and_then(|()| connection.prepare(&read).map(drop));
        if let Err(error) = created {
            // The place in the view is told by its SELECT alone.
            let (_, text) = sql.split_once(" AS\n").unwrap_or_default();
            let error = connection.prepare(text).err().unwrap_or(error);
            let refused = refused_view(view, dialect, text, &refusal(&error), sources);
            return Ok(vec![refused]);
        }
    }
    Ok(Vec::new())
}

/// Says what SQLite has against a statement that creates a table, at the text without which it takes it.
fn refused_table(
    connection: &Connection,
    schema: &Schema,
    sql: &str,
    refusal: &Refusal,
    sources: &SourceMap,
) -> Option<Diagnostic> {
    let dialect = Dialect::Sqlite;
    let suspects = suspects(schema, dialect, sql);
    let outcomes: Vec<Option<Refusal>> = suspects
        .iter()
        .map(|it| try_out(connection, &it.trial))
        .collect();
    match blamed(&suspects, &outcomes, refusal) {
        Some(suspect) => refused_text(schema, dialect, sql, suspect, refusal, sources),
        None => refused_ddl(schema, dialect, sql, refusal),
    }
}

/// Runs a statement and takes it back.
fn try_out(connection: &Connection, sql: &str) -> Option<Refusal> {
    let trial = format!("SAVEPOINT trial; {sql}");
    let outcome = connection
        .execute_batch(&trial)
        .err()
        .map(|it| refusal(&it));
    // Nothing is left of the trial, whatever came of it.
    let _ = connection.execute_batch("ROLLBACK TO trial; RELEASE trial");
    outcome
}

/// Prepares what a query may become, up to the first that is refused.
fn refused_statement(
    connection: &Connection,
    query: &Query,
    sources: &SourceMap,
) -> Option<Diagnostic> {
    let dialect = Dialect::Sqlite;
    statements(query, dialect).iter().find_map(|statement| {
        let refusal = prepare(connection, query, statement).err()?;
        Some(refused_query(query, dialect, statement, &refusal, sources))
    })
}

fn prepare(connection: &Connection, query: &Query, statement: &Statement) -> Result<(), Refusal> {
    let prepared = connection
        .prepare(&statement.sql)
        .map_err(|it| refusal(&it))?;
    let found = prepared.column_names();
    let expected: Vec<&str> = query.columns.iter().map(|it| it.name.as_str()).collect();
    // The key of a new row is asked for by the compiler, and is no column of the query's own.
    if query.returns != Returns::LastId && found.len() != expected.len() {
        return Err(Refusal {
            message: format!(
                "it has {} columns, and {} were found out: {}",
                found.len(),
                expected.len(),
                expected.join(", ")
            ),
            offset: None,
        });
    }
    if prepared.parameter_count() != statement.params.len() {
        return Err(Refusal {
            message: format!(
                "it has {} parameters, and {} were found out",
                prepared.parameter_count(),
                statement.params.len()
            ),
            offset: None,
        });
    }
    Ok(())
}

fn refusal(error: &Error) -> Refusal {
    match error {
        Error::SqlInputError { msg, offset, .. } => Refusal {
            message: msg.clone(),
            offset: usize::try_from(*offset).ok(),
        },
        Error::SqliteFailure(_, Some(message)) => Refusal {
            message: message.clone(),
            offset: None,
        },
        other => Refusal {
            message: other.to_string(),
            offset: None,
        },
    }
}

/// Stands for the driver's sum of decimals, and is never run.
struct Sum;

impl Aggregate<(), i64> for Sum {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<()> {
        Ok(())
    }

    fn step(&self, _: &mut Context<'_>, (): &mut ()) -> rusqlite::Result<()> {
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, _: Option<()>) -> rusqlite::Result<i64> {
        Ok(0)
    }
}

impl WindowAggregate<(), i64> for Sum {
    fn value(&self, _: Option<&mut ()>) -> rusqlite::Result<i64> {
        Ok(0)
    }

    fn inverse(&self, _: &mut Context<'_>, (): &mut ()) -> rusqlite::Result<()> {
        Ok(())
    }
}
