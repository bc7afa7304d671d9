//! Which types of a server the types of a query go with.

use sqlmodel_sql::Dialect;

use crate::ir::{Builtin, EnumStorage, FieldType, Scalar, Schema};

/// Which way values travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To the server: a value is checked when it is bound.
    Param,
    /// From the server: each value there must fit.
    Column,
}

const INTEGERS: &[&str] = &["int2", "int4", "int8"];
const TEXTS: &[&str] = &[
    "text", "varchar", "bpchar", "name", "char", "citext", "unknown",
];

/// Tells whether a type of a query goes with one of a server, as the driver names it.
pub(super) fn fits(
    schema: &Schema,
    ty: &FieldType,
    is_list: bool,
    dialect: Dialect,
    server: &str,
    way: Way,
) -> bool {
    let fits = |server: &str| match dialect {
        Dialect::Postgres => on_postgres(schema, ty.scalar, server, way),
        Dialect::Mysql => on_mysql(schema, ty.scalar, server),
        Dialect::Sqlite => true,
    };
    match (dialect, server.strip_suffix("[]")) {
        (Dialect::Postgres, Some(item)) => (ty.is_array || is_list) && fits(item),
        (Dialect::Postgres, None) => !ty.is_array && !is_list && fits(server),
        // Arrays are JSON there.
        _ if ty.is_array => ["varchar", "json"].contains(&server),
        _ => fits(server),
    }
}

fn on_postgres(schema: &Schema, scalar: Scalar, server: &str, way: Way) -> bool {
    let Some(builtin) = schema.builtin(scalar) else {
        let Scalar::Enum(id) = scalar else {
            return false;
        };
        return match schema.enums[id].storage {
            EnumStorage::Int => INTEGERS.contains(&server),
            EnumStorage::Text => TEXTS.contains(&server),
            EnumStorage::Native => TEXTS.contains(&server) || schema.enums[id].sql_name == server,
        };
    };
    let names: &[&str] = match (builtin, way) {
        (Builtin::Bool, _) => &["bool"],
        (Builtin::I16, Way::Column) => &["int2"],
        (Builtin::I32, Way::Column) => &["int2", "int4"],
        (Builtin::I16 | Builtin::I32 | Builtin::I64, _) => INTEGERS,
        (Builtin::F32, Way::Column) => &["float4"],
        (Builtin::F32 | Builtin::F64, _) => &["float4", "float8"],
        (Builtin::Decimal { .. }, _) => &["numeric"],
        (Builtin::Text { .. }, _) => TEXTS,
        (Builtin::Bytes, _) => &["bytea"],
        (Builtin::Uuid, _) => &["uuid"],
        (Builtin::Date, _) => &["date"],
        (Builtin::Time, _) => &["time"],
        (Builtin::Timestamp, _) => &["timestamp"],
        (Builtin::TimestampTz, _) => &["timestamptz"],
        // A difference of times is an interval, and a column a number of microseconds.
        (Builtin::Duration, _) => &["interval", "int8"],
        (Builtin::Json, _) => &["json", "jsonb"],
    };
    names.contains(&server)
}

/// MySQL describes columns alone. Texts, enums, JSON of MariaDB and UUIDs as texts all travel as strings, and servers widen the
/// integers of some expressions without need, so that widths are not compared.
fn on_mysql(schema: &Schema, scalar: Scalar, server: &str) -> bool {
    // The type of NULL alone.
    if server == "null" {
        return true;
    }
    let is_integer = || {
        let name = server.strip_suffix(" unsigned").unwrap_or(server);
        ["tinyint", "smallint", "int", "bigint", "year"].contains(&name)
    };
    let is = |names: &[&str]| names.contains(&server);
    let Some(builtin) = schema.builtin(scalar) else {
        return is(&["varchar"]) || is_integer();
    };
    match builtin {
        Builtin::Bool | Builtin::I16 | Builtin::I32 | Builtin::I64 => is_integer(),
        Builtin::F32 => is(&["float"]),
        Builtin::F64 => is(&["float", "double"]),
        Builtin::Decimal { .. } => is(&["decimal"]),
        Builtin::Text { .. } => is(&["varchar"]),
        Builtin::Bytes => is(&["varbinary"]),
        Builtin::Uuid => is(&["varbinary", "varchar"]),
        Builtin::Date => is(&["date"]),
        Builtin::Time => is(&["time"]),
        Builtin::Timestamp | Builtin::TimestampTz => is(&["datetime"]),
        Builtin::Duration => is(&["bigint"]),
        Builtin::Json => is(&["json", "varchar"]),
    }
}
