//! Types of expressions: what is known of them, and when two are one.

use std::borrow::Cow;

use sqlmodel_sql::{Date, Dialect, Time, Timestamp};

use crate::ir::{Builtin, EnumLiteral, EnumStorage, FieldId, Scalar, Schema};

/// A type of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) scalar: Scalar,
    pub(super) is_array: bool,
    /// The field whose Rust type it has, where the schema names one by path.
    pub(super) rust: Option<FieldId>,
}

/// What is known of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ty {
    /// It cannot be found out, or a mistake was reported: nobody complains about it again.
    Unknown,
    /// The constant NULL, or a parameter whose type is not known yet.
    Null,
    Known(Known),
}

/// A constant as written, which takes the type of what it meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Constant {
    Text(String),
    Number(String),
    Bool,
    /// No constant, but PostgreSQL's interval: durations of columns are numbers there.
    Interval,
}

pub(super) type Reason = Cow<'static, str>;

/// What is known of an expression.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub(super) ty: Ty,
    pub(super) is_nullable: bool,
    pub(super) constant: Option<Constant>,
    pub(super) reason: Reason,
    /// The column it is, in the scope where it stands: depth, relation and position.
    pub(super) column: Option<ColumnAt>,
}

/// A column of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ColumnAt {
    pub(super) scope: usize,
    pub(super) relation: usize,
    pub(super) column: usize,
}

/// Types by what can be done with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Bool,
    Int,
    Decimal,
    Float,
    Text,
    Bytes,
    Uuid,
    /// Dates and times.
    Time,
    Duration,
    Json,
    Array,
}

impl Class {
    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Decimal | Self::Float)
    }

    /// What it is, with its article.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Bool => "a truth value",
            Self::Int => "an integer",
            Self::Decimal => "a decimal",
            Self::Float => "a float",
            Self::Text => "a text",
            Self::Bytes => "bytes",
            Self::Uuid => "a UUID",
            Self::Time => "a time",
            Self::Duration => "a duration",
            Self::Json => "JSON",
            Self::Array => "a list",
        }
    }
}

impl Known {
    pub(super) const fn of(builtin: Builtin) -> Self {
        Self {
            scalar: Scalar::Builtin(builtin),
            is_array: false,
            rust: None,
        }
    }

    pub(super) const TEXT: Self = Self::of(Builtin::Text { max_len: None });
    pub(super) const BOOL: Self = Self::of(Builtin::Bool);
    pub(super) const I64: Self = Self::of(Builtin::I64);
    pub(super) const F64: Self = Self::of(Builtin::F64);
    pub(super) const JSON: Self = Self::of(Builtin::Json);
    pub(super) const DECIMAL: Self = Self::of(Builtin::Decimal {
        precision: 38,
        scale: 10,
    });

    /// The built-in type that a value is stored as; text for an enum that is stored so.
    pub(super) fn builtin(self, schema: &Schema) -> Builtin {
        match schema.builtin(self.scalar) {
            Some(builtin) => builtin,
            None => match self.scalar {
                Scalar::Enum(id) if schema.enums[id].storage == EnumStorage::Int => Builtin::I32,
                _ => Builtin::Text { max_len: None },
            },
        }
    }

    /// The same without names: what an operator makes of it.
    pub(super) fn bare(self, schema: &Schema) -> Self {
        Self {
            is_array: self.is_array,
            ..Self::of(self.builtin(schema))
        }
    }

    /// Whether it is an enum of the database, which PostgreSQL takes for no text.
    pub(super) fn is_native_enum(self, schema: &Schema) -> bool {
        matches!(self.scalar, Scalar::Enum(id) if schema.enums[id].storage == EnumStorage::Native)
    }

    pub(super) fn class(self, schema: &Schema) -> Class {
        if self.is_array {
            return Class::Array;
        }
        match self.builtin(schema) {
            Builtin::Bool => Class::Bool,
            Builtin::I16 | Builtin::I32 | Builtin::I64 => Class::Int,
            Builtin::F32 | Builtin::F64 => Class::Float,
            Builtin::Decimal { .. } => Class::Decimal,
            Builtin::Text { .. } => Class::Text,
            Builtin::Bytes => Class::Bytes,
            Builtin::Uuid => Class::Uuid,
            Builtin::Date | Builtin::Time | Builtin::Timestamp | Builtin::TimestampTz => {
                Class::Time
            }
            Builtin::Duration => Class::Duration,
            Builtin::Json => Class::Json,
        }
    }

    /// Whether values of the two are one Rust type: digits and lengths do not matter.
    pub(super) fn is_same(self, other: Self, schema: &Schema) -> bool {
        let is_scalar_same = match (self.scalar, other.scalar) {
            (Scalar::Builtin(Builtin::Text { .. }), Scalar::Builtin(Builtin::Text { .. }))
            | (
                Scalar::Builtin(Builtin::Decimal { .. }),
                Scalar::Builtin(Builtin::Decimal { .. }),
            ) => true,
            (a, b) => a == b,
        };
        let path = |known: Self| {
            let field = known.rust?;
            schema.fields[field].rust.as_ref().map(|rust| &rust.path)
        };
        is_scalar_same && self.is_array == other.is_array && path(self) == path(other)
    }

    /// Writes the type as the schema language does.
    pub(super) fn name(self, schema: &Schema) -> String {
        let name = match self.scalar {
            Scalar::Builtin(builtin) => builtin_name(builtin),
            Scalar::Enum(id) => schema.enums[id].name.clone(),
            Scalar::Named(id) => schema.types[id].name.clone(),
        };
        if self.is_array {
            format!("{name}[]")
        } else {
            name
        }
    }
}

/// Writes a built-in type as the schema language does.
pub(super) fn builtin_name(builtin: Builtin) -> String {
    match builtin {
        Builtin::Bool => "bool",
        Builtin::I16 => "i16",
        Builtin::I32 => "i32",
        Builtin::I64 => "i64",
        Builtin::F32 => "f32",
        Builtin::F64 => "f64",
        Builtin::Decimal {
            precision: 38,
            scale: 10,
        } => "decimal(38,10)",
        Builtin::Decimal { precision, scale } => return format!("decimal({precision},{scale})"),
        Builtin::Text { .. } => "text",
        Builtin::Bytes => "bytes",
        Builtin::Uuid => "uuid",
        Builtin::Date => "date",
        Builtin::Time => "time",
        Builtin::Timestamp => "timestamp",
        Builtin::TimestampTz => "timestamptz",
        Builtin::Duration => "duration",
        Builtin::Json => "json",
    }
    .to_owned()
}

impl Typed {
    pub(super) fn new(ty: Known, is_nullable: bool, reason: impl Into<Reason>) -> Self {
        Self {
            ty: Ty::Known(ty),
            is_nullable,
            constant: None,
            reason: reason.into(),
            column: None,
        }
    }

    /// An expression of which nothing can be said.
    pub(super) fn unknown(reason: impl Into<Reason>) -> Self {
        Self {
            ty: Ty::Unknown,
            is_nullable: true,
            constant: None,
            reason: reason.into(),
            column: None,
        }
    }

    pub(super) fn null() -> Self {
        Self {
            ty: Ty::Null,
            ..Self::unknown("NULL")
        }
    }

    pub(super) fn is_interval(&self) -> bool {
        self.constant == Some(Constant::Interval)
    }

    pub(super) fn known(&self) -> Option<Known> {
        match self.ty {
            Ty::Known(known) => Some(known),
            Ty::Unknown | Ty::Null => None,
        }
    }
}

/// Why two expressions have no type in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Clash {
    /// They are of different kinds.
    Classes,
    /// The constant is no value of the enum.
    NotInEnum,
    /// The text is no value of the type.
    NotA(Known),
}

/// Returns the type that two expressions have in common, as CASE, COALESCE and UNION need it.
pub(super) fn unify(a: &Typed, b: &Typed, schema: &Schema, dialect: Dialect) -> Result<Ty, Clash> {
    let (left, right) = match (a.ty, b.ty) {
        (Ty::Unknown, _) | (_, Ty::Unknown) => return Ok(Ty::Unknown),
        (Ty::Null, other) | (other, Ty::Null) => return Ok(other),
        (Ty::Known(left), Ty::Known(right)) => (left, right),
    };
    if left.is_same(right, schema)
        && (dialect != Dialect::Postgres || a.is_interval() == b.is_interval())
    {
        return Ok(Ty::Known(left));
    }
    for (constant, other) in [(&a.constant, right), (&b.constant, left)] {
        if let Some(constant) = constant
            && let Some(fits) = adopt(constant, other, schema, dialect)
        {
            // MySQL makes a text of the two.
            let is_text = matches!(constant, Constant::Text(_)) && dialect == Dialect::Mysql;
            if is_text && matches!(other.class(schema), Class::Time | Class::Decimal) {
                return Err(Clash::Classes);
            }
            return fits.map(|()| Ty::Known(other));
        }
    }
    let (class, other_class) = (left.class(schema), right.class(schema));
    if class.is_number() && other_class.is_number() {
        return Ok(Ty::Known(
            wider(left, right, schema, dialect).ok_or(Clash::Classes)?,
        ));
    }
    let is_native = left.is_native_enum(schema) || right.is_native_enum(schema);
    if dialect == Dialect::Postgres && (is_native || a.is_interval() != b.is_interval()) {
        return Err(Clash::Classes);
    }
    // A name for a type and the type itself, or two names: what is left is what they are made of.
    if left.bare(schema).is_same(right.bare(schema), schema) {
        return Ok(Ty::Known(left.bare(schema)));
    }
    Err(Clash::Classes)
}

/// Returns the number type that holds the values of both.
pub(super) fn wider(a: Known, b: Known, schema: &Schema, dialect: Dialect) -> Option<Known> {
    let (a, b) = (a.builtin(schema), b.builtin(schema));
    let rank = |builtin| match builtin {
        Builtin::I16 => 0,
        Builtin::I32 => 1,
        Builtin::I64 => 2,
        Builtin::Decimal { .. } => 3,
        Builtin::F32 => 4,
        _ => 5,
    };
    let (low, high) = if rank(a) <= rank(b) { (a, b) } else { (b, a) };
    let wide = match (low, high) {
        (low, high) if low == high => high,
        // SQLite keeps each value as it is, so that a column of both would hold texts and numbers.
        (_, Builtin::Decimal { .. }) if dialect == Dialect::Sqlite => return None,
        (Builtin::I16 | Builtin::I32 | Builtin::I64, Builtin::F32 | Builtin::F64)
            if dialect == Dialect::Sqlite =>
        {
            return None;
        }
        (Builtin::Decimal { .. }, _) if dialect == Dialect::Sqlite => return None,
        (_, Builtin::F32) => Builtin::F64,
        (_, high) => high,
    };
    Some(Known::of(wide))
}

/// Tells whether a constant may stand for a value of a type, `None` where it is just a constant of its own type.
pub(super) fn adopt(
    constant: &Constant,
    to: Known,
    schema: &Schema,
    dialect: Dialect,
) -> Option<Result<(), Clash>> {
    if to.is_array {
        return None;
    }
    match constant {
        Constant::Text(text) => {
            if let Scalar::Enum(id) = to.scalar {
                let enum_ = &schema.enums[id];
                let is_value = enum_
                    .values
                    .iter()
                    .any(|it| it.value == EnumLiteral::Text(text.clone()));
                return match enum_.storage {
                    EnumStorage::Int => None,
                    EnumStorage::Text | EnumStorage::Native => Some(if is_value {
                        Ok(())
                    } else {
                        Err(Clash::NotInEnum)
                    }),
                };
            }
            let is_value = match to.builtin(schema) {
                Builtin::Text { .. } => true,
                Builtin::Json => true,
                Builtin::Date => Date::parse(text).is_some(),
                Builtin::Time => Time::parse(text).is_some(),
                // PostgreSQL reads many forms; the others keep the text.
                Builtin::Timestamp | Builtin::TimestampTz => {
                    Timestamp::parse(text).is_some()
                        || Date::parse(text).is_some() && dialect != Dialect::Sqlite
                        || dialect == Dialect::Postgres
                }
                Builtin::Uuid | Builtin::Bytes | Builtin::Bool if dialect == Dialect::Postgres => {
                    true
                }
                Builtin::I16 | Builtin::I32 | Builtin::I64 if dialect == Dialect::Postgres => {
                    text.trim().parse::<i64>().is_ok()
                }
                Builtin::Decimal { .. } => is_decimal(text),
                _ => return None,
            };
            Some(if is_value {
                Ok(())
            } else {
                Err(Clash::NotA(to))
            })
        }
        Constant::Number(number) => {
            if let Scalar::Enum(id) = to.scalar {
                let enum_ = &schema.enums[id];
                let is_value = enum_.values.iter().any(|it| matches!(it.value, EnumLiteral::Int(value) if value.to_string() == *number));
                return (enum_.storage == EnumStorage::Int).then_some(if is_value {
                    Ok(())
                } else {
                    Err(Clash::NotInEnum)
                });
            }
            let is_whole = number.bytes().all(|it| it.is_ascii_digit());
            match to.builtin(schema) {
                Builtin::I16 => (is_whole && number.parse::<i16>().is_ok()).then_some(Ok(())),
                Builtin::I32 => (is_whole && number.parse::<i32>().is_ok()).then_some(Ok(())),
                Builtin::I64 => (is_whole && number.parse::<i64>().is_ok()).then_some(Ok(())),
                Builtin::Bool if dialect != Dialect::Postgres => {
                    matches!(number.as_str(), "0" | "1").then_some(Ok(()))
                }
                // MySQL makes a double of the two.
                Builtin::F32 if dialect == Dialect::Mysql => None,
                // SQLite keeps the number as it is written.
                Builtin::F32 | Builtin::F64 => {
                    (dialect != Dialect::Sqlite || !is_whole).then_some(Ok(()))
                }
                Builtin::Decimal { .. } => (dialect != Dialect::Sqlite).then_some(Ok(())),
                _ => None,
            }
        }
        Constant::Bool | Constant::Interval => None,
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty()
        && digits.bytes().all(|it| it.is_ascii_digit() || it == b'.')
        && digits.matches('.').count() <= 1
}

/// Returns the type that a cast to a type of SQL makes, and how the dialect writes it; `None` where it has no such cast.
pub(super) fn cast_type(
    name: &str,
    args: &[u32],
    schema: &Schema,
    dialect: Dialect,
) -> Option<(Known, Option<&'static str>)> {
    let decimal = |args: &[u32]| {
        let digit = |at: usize, default| {
            args.get(at)
                .and_then(|it| u8::try_from(*it).ok())
                .unwrap_or(default)
        };
        match args {
            [] => Builtin::Decimal {
                precision: 38,
                scale: 10,
            },
            _ => Builtin::Decimal {
                precision: digit(0, 38),
                scale: digit(1, 0),
            },
        }
    };
    let (is_sqlite, is_mysql) = (dialect == Dialect::Sqlite, dialect == Dialect::Mysql);
    let (builtin, mysql) = match name {
        "smallint" | "int2" if dialect == Dialect::Postgres => (Builtin::I16, None),
        "int" | "integer" | "int4" if dialect == Dialect::Postgres => (Builtin::I32, None),
        "signed" | "unsigned" if is_mysql => (Builtin::I64, None),
        "signed" | "unsigned" => return None,
        "smallint" | "int2" | "int" | "integer" | "int4" | "bigint" | "int8" => {
            (Builtin::I64, Some("SIGNED"))
        }
        "text" | "varchar" | "char" | "character" | "nvarchar" => {
            (Builtin::Text { max_len: None }, Some("CHAR"))
        }
        "real" | "float4" if dialect == Dialect::Postgres => (Builtin::F32, None),
        "real" | "double" | "float" | "float8" => (Builtin::F64, Some("DOUBLE")),
        "decimal" | "numeric" | "dec" if !is_sqlite => (decimal(args), Some("DECIMAL")),
        "bool" | "boolean" if dialect == Dialect::Postgres => (Builtin::Bool, None),
        "date" if !is_sqlite => (Builtin::Date, Some("DATE")),
        "time" if !is_sqlite => (Builtin::Time, Some("TIME(6)")),
        "timestamp" | "datetime" if !is_sqlite => (Builtin::Timestamp, Some("DATETIME(6)")),
        "timestamptz" if !is_sqlite => (Builtin::TimestampTz, Some("DATETIME(6)")),
        "uuid" if dialect == Dialect::Postgres => (Builtin::Uuid, None),
        "json" | "jsonb" if dialect == Dialect::Postgres => (Builtin::Json, None),
        "bytea" if dialect == Dialect::Postgres => (Builtin::Bytes, None),
        "blob" if is_sqlite => (Builtin::Bytes, None),
        "binary" if is_mysql => (Builtin::Bytes, None),
        _ if dialect == Dialect::Postgres => {
            let mut enums = schema.enums.iter();
            let (id, _) =
                enums.find(|(_, it)| it.storage == EnumStorage::Native && it.sql_name == name)?;
            return Some((
                Known {
                    scalar: Scalar::Enum(id),
                    is_array: false,
                    rust: None,
                },
                None,
            ));
        }
        _ => return None,
    };
    Some((Known::of(builtin), mysql.filter(|_| is_mysql)))
}

/// Returns how a dialect writes a cast to a type, for casts that are added where a type must not be left to the database.
pub(super) fn cast_name(known: Known, schema: &Schema, dialect: Dialect) -> Option<String> {
    let name = match (known.builtin(schema), dialect) {
        (_, Dialect::Sqlite) => return None,
        (Builtin::Bool, Dialect::Postgres) => "boolean",
        (Builtin::I16, Dialect::Postgres) => "smallint",
        (Builtin::I32, Dialect::Postgres) => "integer",
        (Builtin::I64 | Builtin::Duration, Dialect::Postgres) => "bigint",
        (Builtin::F32, Dialect::Postgres) => "real",
        (Builtin::F64, Dialect::Postgres) => "double precision",
        (Builtin::Decimal { .. }, Dialect::Postgres) => "numeric",
        (Builtin::Text { .. }, Dialect::Postgres) => match known.scalar {
            Scalar::Enum(id) if schema.enums[id].storage == EnumStorage::Native => {
                return Some(sqlmodel_sql::quote::identifier(
                    dialect,
                    &schema.enums[id].sql_name,
                ));
            }
            _ => "text",
        },
        (Builtin::Bytes, Dialect::Postgres) => "bytea",
        (Builtin::Uuid, Dialect::Postgres) => "uuid",
        (Builtin::Date, Dialect::Postgres) => "date",
        (Builtin::Time, Dialect::Postgres) => "time",
        (Builtin::Timestamp, Dialect::Postgres) => "timestamp",
        (Builtin::TimestampTz, Dialect::Postgres) => "timestamptz",
        (Builtin::Json, Dialect::Postgres) => "jsonb",
        (Builtin::I16 | Builtin::I32 | Builtin::I64, Dialect::Mysql) => "SIGNED",
        (Builtin::F32 | Builtin::F64, Dialect::Mysql) => "DOUBLE",
        (_, Dialect::Mysql) => return None,
    };
    Some(if known.is_array {
        format!("{name}[]")
    } else {
        name.to_owned()
    })
}
