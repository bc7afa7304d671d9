//! What each dialect makes of a portable type.

use crate::{Dialect, EnumType, EnumValues, ScalarType, SqlType, quote};

impl SqlType {
    /// Returns the type in the words of a dialect, as a column of it is declared.
    ///
    /// | type | SQLite | PostgreSQL | MySQL |
    /// |---|---|---|---|
    /// | `bool` | `BOOLEAN` | `BOOLEAN` | `BOOLEAN` |
    /// | `i16` | `INTEGER` | `SMALLINT` | `SMALLINT` |
    /// | `i32` | `INTEGER` | `INTEGER` | `INT` |
    /// | `i64` | `INTEGER` | `BIGINT` | `BIGINT` |
    /// | `f32` | `REAL` | `REAL` | `FLOAT` |
    /// | `f64` | `REAL` | `DOUBLE PRECISION` | `DOUBLE` |
    /// | `decimal(p,s)` | `TEXT` | `NUMERIC(p, s)` | `DECIMAL(p, s)` |
    /// | `text` | `TEXT` | `TEXT` | `LONGTEXT` |
    /// | `text(n)` | `VARCHAR(n)` | `VARCHAR(n)` | `VARCHAR(n)` |
    /// | `bytes` | `BLOB` | `BYTEA` | `LONGBLOB` |
    /// | `uuid` | `BLOB`, 16 bytes | `UUID` | `BINARY(16)` |
    /// | `date` | `TEXT`, `YYYY-MM-DD` | `DATE` | `DATE` |
    /// | `time` | `TEXT`, `HH:MM:SS.ffffff` | `TIME` | `TIME(6)` |
    /// | `timestamp` | `TEXT`, `YYYY-MM-DD HH:MM:SS.ffffff` | `TIMESTAMP` | `DATETIME(6)` |
    /// | `timestamptz` | `TEXT`, the same in UTC | `TIMESTAMPTZ` | `DATETIME(6)`, in UTC |
    /// | `duration` | `INTEGER`, microseconds | `BIGINT`, microseconds | `BIGINT`, microseconds |
    /// | `json` | `TEXT` | `JSONB` | `JSON` |
    /// | enum, as text | `TEXT` | `TEXT` | `VARCHAR(n)`, n = 64 or the longest value |
    /// | enum, as int | `INTEGER` | `INTEGER` | `INT` |
    /// | enum, native | `TEXT` | the enum's own type | `ENUM(..)` |
    /// | array | `TEXT`, a JSON array | an array of the type | `JSON`, an array |
    ///
    /// # What is lost
    ///
    /// - SQLite enforces no width of an integer, no length of a text and no value of an enum.
    ///   Integers have 64 bits everywhere, and what statements of the runtime assign is held to its width; a `CHECK` of the
    ///   schema holds what comes from elsewhere.
    /// - SQLite takes an integer that is the whole primary key for the number of the row, and counts
    ///   it up where a row brings none, asked or not.
    /// - SQLite has no decimal type. A decimal is stored exactly, as text without zeros at the end,
    ///   so equal numbers are equal text; but `<`, `ORDER BY` and `sum` in SQL see text.
    ///   SQL that orders or compares names the collation `sqlmodel_decimal`, which the driver registers.
    ///   Statements of the runtime round to the column's digits behind the point; those before it are not counted.
    /// - SQLite and MySQL refuse a NaN, and MySQL an infinity.
    /// - SQLite and PostgreSQL refuse a text with a NUL character.
    /// - A `timestamptz` is a point in time on all three; the zone it was given in is not kept,
    ///   nor is it by PostgreSQL's type of that name.
    /// - `JSONB` and `JSON` keep the meaning of a document, not its spaces, nor (PostgreSQL) the
    ///   order of its keys and all but the last of equal ones.
    /// - MySQL compares text without regard to case, accents and spaces at its end, unless the column has a
    ///   collation such as `utf8mb4_bin` (which regards all but the spaces); the other two compare exactly.
    /// - Native enums are ordered as they are declared by PostgreSQL and MySQL, and as texts by SQLite; MySQL
    ///   compares them by `<` as texts, too.
    /// - A JSON array holds booleans and numbers as JSON has them, JSON as it is, and all else as
    ///   strings: decimals and times in the text above, UUIDs with hyphens, bytes in hexadecimal.
    pub fn sql_name(&self, dialect: Dialect) -> String {
        match (self, dialect) {
            (Self::Scalar(scalar), _) => scalar.sql_name(dialect),
            (Self::Array(scalar), Dialect::Postgres) => format!("{}[]", scalar.sql_name(dialect)),
            (Self::Array(_), Dialect::Sqlite | Dialect::Mysql) => {
                ScalarType::Json.sql_name(dialect)
            }
        }
    }
}

impl ScalarType {
    /// Returns the type in the words of a dialect; see [`SqlType::sql_name`].
    pub fn sql_name(&self, dialect: Dialect) -> String {
        match dialect {
            Dialect::Sqlite => self.sqlite_name(),
            Dialect::Postgres => self.postgres_name(),
            Dialect::Mysql => self.mysql_name(),
        }
    }

    fn sqlite_name(&self) -> String {
        let name = match self {
            Self::Bool => "BOOLEAN",
            Self::I16 | Self::I32 | Self::I64 | Self::Duration => "INTEGER",
            Self::F32 | Self::F64 => "REAL",
            Self::Text {
                max_chars: Some(max_chars),
            } => return format!("VARCHAR({max_chars})"),
            Self::Text { max_chars: None }
            | Self::Decimal { .. }
            | Self::Date
            | Self::Time
            | Self::Timestamp
            | Self::Timestamptz
            | Self::Json => "TEXT",
            Self::Bytes | Self::Uuid => "BLOB",
            Self::Enum(enum_) => match &enum_.values {
                EnumValues::Text(_) | EnumValues::Native(_) => "TEXT",
                EnumValues::Int(_) => "INTEGER",
            },
        };
        name.to_owned()
    }

    fn postgres_name(&self) -> String {
        let name = match self {
            Self::Bool => "BOOLEAN",
            Self::I16 => "SMALLINT",
            Self::I32 => "INTEGER",
            Self::I64 | Self::Duration => "BIGINT",
            Self::F32 => "REAL",
            Self::F64 => "DOUBLE PRECISION",
            Self::Decimal { precision, scale } => return format!("NUMERIC({precision}, {scale})"),
            Self::Text { max_chars: None } => "TEXT",
            Self::Text {
                max_chars: Some(max_chars),
            } => return format!("VARCHAR({max_chars})"),
            Self::Bytes => "BYTEA",
            Self::Uuid => "UUID",
            Self::Date => "DATE",
            Self::Time => "TIME",
            Self::Timestamp => "TIMESTAMP",
            Self::Timestamptz => "TIMESTAMPTZ",
            Self::Json => "JSONB",
            Self::Enum(enum_) => match &enum_.values {
                EnumValues::Text(_) => "TEXT",
                EnumValues::Int(_) => "INTEGER",
                EnumValues::Native(_) => return enum_.postgres_name(),
            },
        };
        name.to_owned()
    }

    fn mysql_name(&self) -> String {
        let name = match self {
            Self::Bool => "BOOLEAN",
            Self::I16 => "SMALLINT",
            Self::I32 => "INT",
            Self::I64 | Self::Duration => "BIGINT",
            Self::F32 => "FLOAT",
            Self::F64 => "DOUBLE",
            Self::Decimal { precision, scale } => return format!("DECIMAL({precision}, {scale})"),
            Self::Text { max_chars: None } => "LONGTEXT",
            Self::Text {
                max_chars: Some(max_chars),
            } => return format!("VARCHAR({max_chars})"),
            Self::Bytes => "LONGBLOB",
            Self::Uuid => "BINARY(16)",
            Self::Date => "DATE",
            Self::Time => "TIME(6)",
            Self::Timestamp | Self::Timestamptz => "DATETIME(6)",
            Self::Json => "JSON",
            Self::Enum(enum_) => match &enum_.values {
                EnumValues::Text(_) => return format!("VARCHAR({})", enum_.mysql_chars()),
                EnumValues::Int(_) => "INT",
                EnumValues::Native(values) => {
                    let values: Vec<_> = values
                        .iter()
                        .map(|value| quote::string(Dialect::Mysql, value))
                        .collect();
                    return format!("ENUM({})", values.join(", "));
                }
            },
        };
        name.to_owned()
    }
}

impl EnumType {
    /// The quoted name of the PostgreSQL type.
    pub(crate) fn postgres_name(&self) -> String {
        let name = quote::identifier(Dialect::Postgres, &self.name);
        match &self.schema {
            Some(schema) => format!("{}.{name}", quote::identifier(Dialect::Postgres, schema)),
            None => name,
        }
    }

    /// The characters of a MySQL column of the enum as text: 64, so that a new value rarely widens
    /// the column, or those of the longest value.
    pub(crate) fn mysql_chars(&self) -> usize {
        let (EnumValues::Text(values) | EnumValues::Native(values)) = &self.values else {
            return 0;
        };
        values
            .iter()
            .map(|value| value.chars().count())
            .fold(64, usize::max)
    }
}
