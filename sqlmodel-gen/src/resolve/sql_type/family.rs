//! Which SQL types may meet in a foreign key.
//!
//! Types that are not known have no family, and nothing is said about them.

use sqlmodel_sql::Dialect;

use crate::resolve::sql_type::WrittenType;

/// What types must share, at both ends of a foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::resolve) enum Family {
    /// A whole number of MySQL: its bytes, and whether it has no sign.
    Int(u8, bool),
    /// An exact number of MySQL: its digits, and whether it has no sign.
    Decimal(Vec<String>, bool),
    /// Types that compare with each other.
    Named(&'static str),
}

/// Returns the family of a type, `None` if it is not known.
pub(in crate::resolve) fn family(dialect: Dialect, ty: &WrittenType) -> Option<Family> {
    if ty.is_array {
        return None;
    }
    match dialect {
        Dialect::Sqlite => None,
        Dialect::Postgres => postgres_family(ty),
        Dialect::Mysql => mysql_family(ty),
    }
}

/// PostgreSQL compares the types of a family by an operator of the index that a key brings.
fn postgres_family(ty: &WrittenType) -> Option<Family> {
    Some(Family::Named(match ty.words.first()?.as_str() {
        "smallint" | "int2" | "integer" | "int" | "int4" | "bigint" | "int8" | "smallserial"
        | "serial2" | "serial" | "serial4" | "bigserial" | "serial8" => "whole numbers",
        "text" | "varchar" => "text",
        "character" if ty.words.get(1).is_some_and(|it| it == "varying") => "text",
        "bytea" => "bytes",
        "uuid" => "uuid",
        "boolean" | "bool" => "bool",
        "citext" => "citext",
        "inet" | "cidr" => "addresses",
        "date" => "dates",
        "timestamp" | "timestamptz" => "dates",
        "interval" => "intervals",
        _ => return None,
    }))
}

/// MySQL 8.4 manual, 15.1.20.5: the size and sign of numbers are the same, the length of texts need not be.
fn mysql_family(ty: &WrittenType) -> Option<Family> {
    let has = |word: &str| ty.words.iter().any(|it| it == word);
    let is_unsigned = has("unsigned") || has("zerofill");
    Some(match ty.words.first()?.as_str() {
        "tinyint" | "int1" | "bool" | "boolean" => Family::Int(1, is_unsigned),
        "smallint" | "int2" => Family::Int(2, is_unsigned),
        "mediumint" | "int3" | "middleint" => Family::Int(3, is_unsigned),
        "int" | "int4" | "integer" => Family::Int(4, is_unsigned),
        "bigint" | "int8" => Family::Int(8, is_unsigned),
        "serial" => Family::Int(8, true),
        "decimal" | "dec" | "numeric" | "fixed" => Family::Decimal(ty.args.clone(), is_unsigned),
        "float" | "float4" => Family::Named("float"),
        "double" | "float8" | "real" => Family::Named("double"),
        "char" | "character" | "varchar" | "varcharacter" | "nchar" | "nvarchar" | "national" => {
            Family::Named("text")
        }
        "binary" | "varbinary" => Family::Named("bytes"),
        "enum" => Family::Named("enum"),
        "set" => Family::Named("set"),
        "date" | "datetime" | "timestamp" => Family::Named("dates"),
        "time" => Family::Named("times"),
        _ => return None,
    })
}

/// Returns the character set and the collation that a type of MySQL names.
pub(in crate::resolve) fn mysql_charset(ty: &WrittenType) -> (Option<&str>, Option<&str>) {
    let after = |word: &str| {
        let at = ty.words.iter().position(|it| it == word)?;
        ty.words.get(at + 1).map(String::as_str)
    };
    let charset = after("set").filter(|_| ty.words.first().is_some_and(|it| it != "set"));
    (charset.or(after("charset")), after("collate"))
}
