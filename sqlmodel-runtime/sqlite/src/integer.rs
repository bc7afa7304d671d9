//! Functions that refuse integers which a column of the schema does not take: SQLite stores 64 bits in any of them.

use rusqlite::Error;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::Value;

/// The message of the functions.
pub(crate) const OUT_OF_RANGE: &str = "integer out of range";

/// Registers the functions that rendered statements use.
pub(crate) fn register(raw: &rusqlite::Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    raw.create_scalar_function("sqlmodel_i16", 1, flags, |context| {
        within(context, i64::from(i16::MIN), i64::from(i16::MAX))
    })?;
    raw.create_scalar_function("sqlmodel_i32", 1, flags, |context| {
        within(context, i64::from(i32::MIN), i64::from(i32::MAX))
    })
}

/// Returns the argument, unless it is an integer outside of the range.
fn within(context: &Context<'_>, least: i64, most: i64) -> rusqlite::Result<Value> {
    match context.get(0)? {
        Value::Integer(number) if !(least..=most).contains(&number) => {
            Err(Error::UserFunctionError(OUT_OF_RANGE.into()))
        }
        other => Ok(other),
    }
}
