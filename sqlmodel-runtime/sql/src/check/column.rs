//! Types, defaults, generated values and collations of columns.

use std::collections::BTreeMap;

use crate::{
    Column, ColumnDefault, Computed, ComputedStorage, Dialect, EnumValues, Generation, Identity,
    IdentityMode, IndexKey, Literal, ScalarType, Table,
    check::{Findings, Object},
};

pub(super) fn check(findings: &mut Findings<'_>) {
    let table = findings.table;
    number_of_columns(findings);
    for column in table.columns.iter() {
        let object = Object::Column(column.name.clone());
        if column.sql_type.get(findings.dialect).is_none() {
            scalar_type(findings, &object, column);
        }
        collation(findings, &object, column);
        default(findings, &object, column);
        match &column.generation {
            None => {}
            Some(Generation::AutoIncrement) => counter(findings, &object, column),
            Some(Generation::Identity(options)) => {
                counter(findings, &object, column);
                identity(findings, &object, column, options);
            }
            Some(Generation::Computed(options)) => computed(findings, &object, column, options),
        }
    }
    row_size(findings);
}

fn number_of_columns(findings: &mut Findings<'_>) {
    let n_columns = findings.table.columns.len();
    // SQLite: SQLITE_MAX_COLUMN; PostgreSQL 15 manual, appendix K; MySQL 8.4 manual, 17.21.
    let limit = match findings.dialect {
        Dialect::Sqlite => 2000,
        Dialect::Postgres => 1600,
        Dialect::Mysql => 1017,
    };
    if n_columns > limit {
        let problem = format!("allows {limit} columns, and this table has {n_columns}");
        findings.add(&Object::Table, problem, "split the table");
    }
    if n_columns == 0 && !findings.is(Dialect::Postgres) {
        findings.add(
            &Object::Table,
            "has no tables without columns",
            "add a column",
        );
    }
}

fn scalar_type(findings: &mut Findings<'_>, object: &Object, column: &Column) {
    match column.ty.scalar() {
        ScalarType::Decimal { precision, scale } => decimal(findings, object, *precision, *scale),
        ScalarType::Text {
            max_chars: Some(max_chars),
        } => text(findings, object, *max_chars),
        ScalarType::Enum(enum_) => {
            enum_values(findings, object, &enum_.values);
            equal_enum_values(findings, object, column, &enum_.values);
        }
        _ => {}
    }
}

fn decimal(findings: &mut Findings<'_>, object: &Object, precision: u16, scale: u16) {
    // PostgreSQL 15 manual, 8.1.2; MySQL 8.4 manual, 14.24.2.
    let (max_precision, max_scale) = match findings.dialect {
        Dialect::Sqlite => return,
        Dialect::Postgres => (1000, 1000),
        Dialect::Mysql => (65, 30),
    };
    if precision == 0 || precision > max_precision || scale > max_scale || scale > precision {
        let problem = format!(
            "allows 1 to {max_precision} digits, at most {max_scale} of them after the point, \
             and decimal({precision},{scale}) is outside"
        );
        findings.add(object, problem, "use fewer digits, or `text`");
    }
}

fn text(findings: &mut Findings<'_>, object: &Object, max_chars: u32) {
    // PostgreSQL 15 manual, 8.3; MySQL: 65,535 bytes at four a character.
    let limit = match findings.dialect {
        Dialect::Sqlite => return,
        Dialect::Postgres => 10_485_760,
        Dialect::Mysql => 16_383,
    };
    if max_chars == 0 || max_chars > limit {
        let problem = format!("allows text(1) to text({limit})");
        findings.add(object, problem, "use `text` without a length");
    }
}

fn enum_values(findings: &mut Findings<'_>, object: &Object, values: &EnumValues) {
    let EnumValues::Native(values) = values else {
        return;
    };
    // PostgreSQL 15 manual, 8.7.4: a label is a name. MySQL 8.4 manual, 13.3.6.
    let is_value = |value: &str| match findings.dialect {
        Dialect::Sqlite => true,
        Dialect::Postgres => value.len() <= 63 && !value.is_empty() && !value.contains('\0'),
        Dialect::Mysql => value.chars().count() <= 255 && !value.ends_with(' '),
    };
    let unfit: Vec<_> = values
        .iter()
        .filter(|value| !is_value(value))
        .cloned()
        .collect();
    let rule = match findings.dialect {
        Dialect::Sqlite => return,
        Dialect::Postgres => "allows 1 to 63 bytes in a value of a native enum",
        Dialect::Mysql => {
            "allows 255 characters and no space at the end in a value of a native enum"
        }
    };
    for value in unfit {
        findings.add(
            object,
            format!("{rule}, not {value:?}"),
            "store the enum as text",
        );
    }
    if values.is_empty() && findings.is(Dialect::Mysql) {
        findings.add(object, "has no native enum without values", "add a value");
    }
}

/// MySQL compares the values of an enum as its collation does, and that of a table sees neither case nor accents.
fn equal_enum_values(
    findings: &mut Findings<'_>,
    object: &Object,
    column: &Column,
    values: &EnumValues,
) {
    let collation = column.collation.get(Dialect::Mysql);
    let sees_all = collation.is_some_and(|it| it.ends_with("_bin") || it.ends_with("_cs"));
    let EnumValues::Native(values) = values else {
        return;
    };
    if !findings.is(Dialect::Mysql) || sees_all {
        return;
    }
    let mut seen = BTreeMap::new();
    for value in values.iter() {
        if let Some(other) = seen.insert(folded(value), value) {
            let problem = format!("sees no difference between the values {other:?} and {value:?}");
            findings.add(
                object,
                problem,
                "change one of them, or store the enum as text",
            );
        }
    }
}

/// Returns a text in small letters without accents, as far as languages in Latin letters have them.
fn folded(text: &str) -> String {
    const ACCENTS: &[(&str, &str)] = &[
        ("a", "àáâãäåāăą"),
        ("c", "çćĉċč"),
        ("d", "ďđ"),
        ("e", "èéêëēĕėęě"),
        ("g", "ĝğġģ"),
        ("h", "ĥħ"),
        ("i", "ìíîïĩīĭįı"),
        ("j", "ĵ"),
        ("k", "ķ"),
        ("l", "ĺļľŀł"),
        ("n", "ñńņňŉ"),
        ("o", "òóôõöøōŏő"),
        ("r", "ŕŗř"),
        ("s", "śŝşšß"),
        ("t", "ţťŧ"),
        ("u", "ùúûüũūŭůűų"),
        ("w", "ŵ"),
        ("y", "ýÿŷ"),
        ("z", "źżž"),
    ];
    let base = |letter: char| match letter.is_ascii() {
        true => None,
        false => ACCENTS.iter().find(|(_, accents)| accents.contains(letter)),
    };
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match base(letter) {
            Some((base, _)) => folded.push_str(base),
            None => folded.push(letter),
        }
    }
    folded
}

fn collation(findings: &mut Findings<'_>, object: &Object, column: &Column) {
    let is_text = match column.ty.scalar() {
        ScalarType::Text { .. } => true,
        ScalarType::Enum(enum_) => match enum_.values {
            EnumValues::Text(_) => true,
            EnumValues::Int(_) => false,
            EnumValues::Native(_) => !findings.is(Dialect::Postgres),
        },
        _ => false,
    };
    let has_own_type = column.sql_type.get(findings.dialect).is_some();
    // SQLite gives any column a collation, and stores more than text as text.
    let is_collatable = is_text || has_own_type || findings.is(Dialect::Sqlite);
    if column.collation.get(findings.dialect).is_some() && !is_collatable {
        let problem = format!("has no collation of {}", column.ty);
        findings.add(object, problem, "remove the collation");
    }
}

fn default(findings: &mut Findings<'_>, object: &Object, column: &Column) {
    let Some(default) = &column.default else {
        return;
    };
    if column.generation.is_some() {
        let problem = "has no default for a column whose value the database makes";
        findings.add(object, problem, "remove the default");
    }
    match default {
        ColumnDefault::Function(function) if !function.fits(column.ty.scalar()) => {
            let problem = format!("has no `{}` of type {}", function.name(), column.ty);
            findings.add(object, problem, "use an expression of SQL");
        }
        ColumnDefault::Literal(literal) if findings.is(Dialect::Postgres) && has_nul(literal) => {
            findings.add(
                object,
                "has no NUL in text, as in the default",
                "use `bytes`",
            );
        }
        _ => {}
    }
}

fn has_nul(literal: &Literal) -> bool {
    match literal {
        Literal::Text(text) | Literal::Json(text) => text.contains('\0'),
        Literal::Array(elements) => elements.iter().any(has_nul),
        _ => false,
    }
}

/// Checks a column that the database counts up.
fn counter(findings: &mut Findings<'_>, object: &Object, column: &Column) {
    let is_integer = !column.ty.is_array()
        && matches!(
            column.ty.scalar(),
            ScalarType::I16 | ScalarType::I32 | ScalarType::I64
        );
    if !is_integer {
        findings.add(
            object,
            format!("does not count up {}", column.ty),
            "use `i64`",
        );
    }
    if column.is_nullable {
        findings.add(
            object,
            "does not count up a nullable column",
            "remove the `?`",
        );
    }
    match findings.dialect {
        Dialect::Sqlite => sqlite_counter(findings, object, column),
        Dialect::Postgres => {}
        Dialect::Mysql => mysql_counter(findings, object, column),
    }
}

/// SQLite counts up the key of a table's B-tree, and nothing else ("Rowid Tables").
fn sqlite_counter(findings: &mut Findings<'_>, object: &Object, column: &Column) {
    let is_key = findings
        .table
        .primary_key
        .as_ref()
        .is_some_and(|key| matches!(&*key.columns, [only] if *only == column.name));
    if !is_key {
        let problem = "counts up only a column that is the whole primary key";
        findings.add(
            object,
            problem,
            "make it the primary key, or set its value in the program",
        );
    }
    let own_type = column.sql_type.get(Dialect::Sqlite);
    if own_type.is_some_and(|name| !name.eq_ignore_ascii_case("INTEGER")) {
        let problem = "counts up only a column of type INTEGER";
        findings.add(object, problem, "remove its own type for SQLite");
    }
}

/// MySQL counts up one column, which some key begins with (8.4 manual, 15.1.20).
fn mysql_counter(findings: &mut Findings<'_>, object: &Object, column: &Column) {
    let table = findings.table;
    if !leading_columns(table).any(|leading| leading == column.name) {
        let problem = "counts up only a column that a key or index begins with";
        findings.add(object, problem, "add an index that begins with it");
    }
    let is_counter = |column: &&Column| {
        matches!(
            column.generation,
            Some(Generation::AutoIncrement | Generation::Identity(_))
        )
    };
    let first = table.columns.iter().find(is_counter);
    if first.is_some_and(|first| first.name != column.name) {
        let problem = "counts up one column of a table";
        findings.add(object, problem, "set its value in the program");
    }
}

/// The first column of each key and index.
fn leading_columns(table: &Table) -> impl Iterator<Item = &str> {
    let primary = table
        .primary_key
        .iter()
        .filter_map(|key| key.columns.first());
    let unique = table
        .unique_keys
        .iter()
        .filter_map(|key| key.columns.first());
    let indexes = table
        .indexes
        .iter()
        .filter(|index| index.dialects.contains(Dialect::Mysql));
    let indexed = indexes.filter_map(|index| match &index.parts.first()?.key {
        IndexKey::Column(column) => Some(column),
        IndexKey::Expression(_) => None,
    });
    primary.chain(unique).chain(indexed).map(|column| &**column)
}

fn identity(findings: &mut Findings<'_>, object: &Object, column: &Column, options: &Identity) {
    let Identity {
        mode,
        start,
        increment,
    } = *options;
    let (first, increment) = (start, increment.unwrap_or(1));
    let start = first.unwrap_or(1);
    let largest = match column.ty.scalar() {
        ScalarType::I16 => i16::MAX.into(),
        ScalarType::I32 => i32::MAX.into(),
        _ => i64::MAX,
    };
    if start > largest && !findings.is(Dialect::Sqlite) {
        let problem = format!("counts {} up to {largest}", column.ty);
        findings.add(object, problem, "use a smaller `start`, or `i64`");
    }
    match findings.dialect {
        Dialect::Sqlite => {
            if start != 1 {
                findings.add(object, "counts from 1", "remove `start`");
            }
        }
        Dialect::Postgres => {
            if increment == 0 {
                findings.add(
                    object,
                    "does not count in steps of 0",
                    "use another `increment`",
                );
            }
            // PostgreSQL 15 manual, CREATE SEQUENCE: the limits of a sequence that goes up are 1 and the type's, down the type's and -1.
            if first.is_some_and(|first| first < 1) && increment > 0 {
                findings.add(object, "counts up from 1 or more", "use a positive `start`");
            }
            if first.is_some_and(|first| first > -1) && increment < 0 {
                findings.add(
                    object,
                    "counts down from -1 or less",
                    "use a negative `start`",
                );
            }
            return;
        }
        Dialect::Mysql => {
            if start < 1 {
                findings.add(object, "counts from 1 or more", "use a positive `start`");
            }
        }
    }
    if increment != 1 {
        findings.add(object, "counts in steps of 1", "remove `increment`");
    }
    if mode == IdentityMode::Always {
        let problem = "accepts explicit values for a column that it counts up";
        findings.add(object, problem, "remove `always`");
    }
}

fn computed(findings: &mut Findings<'_>, object: &Object, column: &Column, options: &Computed) {
    let Computed { sql, storage } = options;
    if sql.get(findings.dialect).is_none() {
        let help = "give the expression for this dialect";
        findings.add(object, "has no expression to compute it by", help);
    }
    let is_virtual = *storage == ComputedStorage::Virtual;
    if is_virtual && findings.is(Dialect::Postgres) {
        let problem = "stores every computed column before version 18";
        findings.add(object, problem, "use `stored = true`");
    }
    let key = findings.table.primary_key.as_ref();
    let is_key = key.is_some_and(|key| key.columns.contains(&column.name));
    if is_key && !findings.is(Dialect::Postgres) {
        let problem = "has no computed column in a primary key";
        findings.add(object, problem, "use a unique key");
    }
    let mut foreign_keys = findings.table.foreign_keys.iter();
    let references = foreign_keys.any(|key| key.columns.contains(&column.name));
    if is_virtual && references && findings.is(Dialect::Mysql) {
        let problem = "has no virtual column in a foreign key";
        findings.add(object, problem, "use `stored = true`");
    }
}

/// MySQL limits a row to 65,535 bytes, of which long text and bytes take 12 (8.4 manual, 10.4.7).
fn row_size(findings: &mut Findings<'_>) {
    const LIMIT: u64 = 65_535;
    if !findings.is(Dialect::Mysql) {
        return;
    }
    let columns = findings.table.columns.iter();
    let portable = columns.filter(|column| column.sql_type.get(Dialect::Mysql).is_none());
    // A column that is too long by itself has a finding of its own.
    let size: u64 = portable
        .map(row_bytes)
        .filter(|&bytes| bytes <= LIMIT)
        .sum();
    if size > LIMIT {
        let problem = format!("allows {LIMIT} bytes a row, and this one can have {size}");
        findings.add(
            &Object::Table,
            problem,
            "use `text` for long text, which is stored apart",
        );
    }
}

fn row_bytes(column: &Column) -> u64 {
    const FLAGS_AND_LENGTH: u64 = 3;
    FLAGS_AND_LENGTH + mysql_bytes(column).unwrap_or(12)
}

/// The most bytes that a value takes in a row or key of MySQL; `None` if it is stored apart.
pub(super) fn mysql_bytes(column: &Column) -> Option<u64> {
    let of_text = |n_chars: u64| 4 * n_chars;
    if column.ty.is_array() {
        return None;
    }
    match column.ty.scalar() {
        ScalarType::Bool => Some(1),
        ScalarType::I16 => Some(2),
        ScalarType::I32 | ScalarType::F32 => Some(4),
        ScalarType::I64 | ScalarType::F64 | ScalarType::Duration => Some(8),
        // Nine digits take four bytes, on each side of the point.
        ScalarType::Decimal { precision, .. } => Some(u64::from(*precision) / 9 * 4 + 8),
        ScalarType::Text { max_chars } => max_chars.map(|n_chars| of_text(n_chars.into())),
        ScalarType::Bytes | ScalarType::Json => None,
        ScalarType::Uuid => Some(16),
        ScalarType::Date => Some(3),
        ScalarType::Time => Some(6),
        ScalarType::Timestamp | ScalarType::Timestamptz => Some(8),
        ScalarType::Enum(enum_) => match &enum_.values {
            EnumValues::Text(_) => u64::try_from(enum_.mysql_chars()).ok().map(of_text),
            EnumValues::Int(_) => Some(4),
            EnumValues::Native(_) => Some(2),
        },
    }
}
