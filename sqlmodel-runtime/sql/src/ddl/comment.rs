//! `COMMENT ON` of PostgreSQL. MySQL has comments in `CREATE TABLE`, SQLite has none.

use crate::{Dialect, Table, quote};

/// The statements after `CREATE TABLE`.
pub(super) fn set_all(table: &Table, dialect: Dialect) -> Vec<String> {
    if dialect != Dialect::Postgres {
        return Vec::new();
    }
    let name = quote::table_name(dialect, &table.name);
    let of_table = table.comment.iter().map(|comment| {
        format!(
            "COMMENT ON TABLE {name} IS {}",
            quote::string(dialect, comment)
        )
    });
    let of_columns = table.columns.iter().filter_map(|column| {
        let comment = quote::string(dialect, column.comment.as_ref()?);
        let column = quote::identifier(dialect, &column.name);
        Some(format!("COMMENT ON COLUMN {name}.{column} IS {comment}"))
    });
    of_table.chain(of_columns).collect()
}
