//! The DDL for PostgreSQL and MySQL is read by a parser that nobody here wrote.

use std::fs;
use std::path::{Path, PathBuf};

use sqlparser::dialect::{Dialect, MySqlDialect, PostgreSqlDialect};
use sqlparser::parser::Parser;

/// Parses the file of a dialect in every folder of generated DDL, and returns how many statements there were.
#[track_caller]
fn parse_all(file: &str, dialect: &dyn Dialect) -> usize {
    let ddl = Path::new(env!("CARGO_MANIFEST_DIR")).join("../generated/ddl");
    let mut n_statements = 0;
    for folder in fs::read_dir(&ddl).expect("the folder of generated DDL is there") {
        let path: PathBuf = folder.expect("it can be listed").path().join(file);
        let text = fs::read_to_string(&path).expect("every dialect has its file");
        let statements = Parser::parse_sql(dialect, &text);
        assert!(statements.is_ok(), "{}: {statements:?}", path.display());
        n_statements += statements.map_or(0, |statements| statements.len());
    }
    n_statements
}

#[test]
fn the_ddl_for_postgresql_parses() {
    assert!(parse_all("schema.postgres.sql", &PostgreSqlDialect {}) > 20);
}

#[test]
fn the_ddl_for_mysql_parses() {
    assert!(parse_all("schema.mysql.sql", &MySqlDialect {}) > 20);
}
