//! The file of tables: each as a `static` that the runtime creates, checks and compares with a database.

use std::collections::BTreeSet;

use sqlmodel_sql::{
    Action, Check, Column, ColumnDefault, Computed, ComputedStorage, Date, Deferrable, DialectSet,
    EnumType, EnumValues, ForeignKey, Function, Generation, Identity, IdentityMode, Index,
    IndexKey, IndexPart, Literal, Nulls, Order, PerDialect, PrimaryKey, ScalarType, SqlType, Table,
    TableName, Text, Time, Timestamp, UniqueKey,
};

use crate::emit::rust::{Expr, Rust};
use crate::emit::{File, Output, names};

pub(super) fn emit(output: &Output<'_>, files: &mut Vec<File>) {
    let mut out = output.common_file();
    out.blank();
    out.line("use ::std::borrow::Cow;");
    out.blank();
    out.line("use ::sqlmodel_runtime::codegen::sql;");
    let tables: Vec<&Table> = output.schema.tables.values().collect();
    let mut taken = BTreeSet::from(["TABLES".to_owned()]);
    let names: Vec<String> = tables
        .iter()
        .map(|table| free_constant(&table_words(&table.name), &mut taken))
        .collect();
    let enums = enum_types(&tables, &mut taken);

    out.blank();
    out.doc("Every table, each model's in the order of the schema.");
    let all = Expr::slice(names.iter().map(|name| Expr::atom(format!("&{name}"))));
    out.item(|out| out.assign("pub static TABLES: &[&sql::Table]", &all));
    for (name, ty) in &enums {
        out.blank();
        let ty = Expr::call(
            "sql::SqlType::Scalar",
            [Expr::call("sql::ScalarType::Enum", [enum_type(ty)])],
        );
        out.item(|out| out.assign(&format!("const {name}: sql::SqlType"), &ty));
    }
    for (name, table) in names.iter().zip(&tables) {
        out.blank();
        static_table(name, table, &enums, &mut out);
    }
    files.push(File {
        path: format!("{}.rs", output.names.tables),
        text: out.finish(),
    });
}

/// The words that a table's constant is named after.
fn table_words(name: &TableName) -> String {
    match &name.schema {
        Some(schema) => format!("{schema}_{}", name.name),
        None => name.name.to_string(),
    }
}

/// A constant's name that nothing else has.
fn free_constant(words: &str, taken: &mut BTreeSet<String>) -> String {
    let base = match names::constant(words) {
        name if name.trim_matches('_').is_empty() => "TABLE".to_owned(),
        name => name,
    };
    let mut name = base.clone();
    let mut number = 1;
    while !taken.insert(name.clone()) {
        number += 1;
        name = format!("{base}_{number}");
    }
    name
}

/// The enums that columns have, each with a constant of its own.
fn enum_types<'a>(
    tables: &[&'a Table],
    taken: &mut BTreeSet<String>,
) -> Vec<(String, &'a EnumType)> {
    let mut types: Vec<(String, &EnumType)> = Vec::new();
    for column in tables.iter().flat_map(|table| table.columns.iter()) {
        if let ScalarType::Enum(ty) = column.ty.scalar()
            && types.iter().all(|(_, known)| *known != ty)
        {
            let words = format!("{}_TYPE", names::snake_case(&ty.name));
            types.push((free_constant(&words, taken), ty));
        }
    }
    types
}

fn static_table(name: &str, table: &Table, enums: &[(String, &EnumType)], out: &mut Rust) {
    let Table {
        name: table_name,
        columns,
        primary_key,
        unique_keys,
        foreign_keys,
        checks,
        indexes,
        comment,
    } = table;
    let key = primary_key.as_ref().map(|PrimaryKey { name, columns }| {
        Expr::call("sql::PrimaryKey::new", [Expr::str(name), texts(columns)])
    });
    // One expression: rustc takes half as long again where the lists are constants of their own.
    let value = Expr::Struct(
        "sql::Table".to_owned(),
        vec![
            ("name", table_name_value(table_name)),
            ("columns", list(columns, |it| column(it, enums))),
            ("primary_key", option(key)),
            ("unique_keys", list(unique_keys, unique_key)),
            ("foreign_keys", list(foreign_keys, foreign_key)),
            ("checks", list(checks, check)),
            ("indexes", list(indexes, index)),
            ("comment", option(comment.as_ref().map(|it| text(it)))),
        ],
    );
    out.doc(&format!("The table `{table_name}`."));
    out.item(|out| out.assign(&format!("pub static {name}: sql::Table"), &value));
}

fn list<T>(items: &[T], item: impl Fn(&T) -> Expr) -> Expr {
    Expr::call("Cow::Borrowed", [Expr::slice(items.iter().map(item))])
}

fn table_name_value(name: &TableName) -> Expr {
    let TableName { schema, name } = name;
    match schema {
        Some(schema) => Expr::call(
            "sql::TableName::in_schema",
            [Expr::str(schema), Expr::str(name)],
        ),
        None => Expr::call("sql::TableName::new", [Expr::str(name)]),
    }
}

fn column(column: &Column, enums: &[(String, &EnumType)]) -> Expr {
    let Column {
        name,
        ty,
        sql_type,
        is_nullable,
        default,
        generation,
        collation,
        comment,
    } = column;
    let mut value = Expr::call(
        "sql::Column::new",
        [Expr::str(name), sql_type_value(ty, enums)],
    );
    if *is_nullable {
        value = value.method("nullable", []);
    }
    value = match generation {
        None => value,
        Some(Generation::AutoIncrement) => value.method("auto_increment", []),
        Some(generation) => value.method("with_generation", [generation_value(generation)]),
    };
    if let Some(default) = default {
        value = value.method("with_default", [default_value(default)]);
    }
    if !sql_type.is_none() {
        value = value.method("with_sql_type", [per_dialect(sql_type)]);
    }
    if !collation.is_none() {
        value = value.method("with_collation", [per_dialect(collation)]);
    }
    if let Some(comment) = comment {
        value = value.method("with_comment", [Expr::str(comment)]);
    }
    value
}

fn sql_type_value(ty: &SqlType, enums: &[(String, &EnumType)]) -> Expr {
    match ty {
        SqlType::Scalar(ScalarType::Enum(ty)) => match enums.iter().find(|(_, it)| *it == ty) {
            Some((constant, _)) => Expr::atom(constant.as_str()),
            None => Expr::call(
                "sql::SqlType::Scalar",
                [Expr::call("sql::ScalarType::Enum", [enum_type(ty)])],
            ),
        },
        SqlType::Scalar(ScalarType::Decimal { precision, scale }) => Expr::call(
            "sql::SqlType::decimal",
            [
                Expr::atom(precision.to_string()),
                Expr::atom(scale.to_string()),
            ],
        ),
        SqlType::Scalar(ScalarType::Text {
            max_chars: Some(max_chars),
        }) => Expr::call("sql::SqlType::text", [Expr::atom(max_chars.to_string())]),
        SqlType::Scalar(scalar) => Expr::atom(format!("sql::SqlType::{}", scalar_constant(scalar))),
        SqlType::Array(scalar) => Expr::call("sql::SqlType::Array", [scalar_value(scalar)]),
    }
}

/// The constant of `SqlType` for a type without parameters.
fn scalar_constant(scalar: &ScalarType) -> &'static str {
    match scalar {
        ScalarType::Bool => "BOOL",
        ScalarType::I16 => "I16",
        ScalarType::I32 => "I32",
        ScalarType::I64 => "I64",
        ScalarType::F32 => "F32",
        ScalarType::F64 => "F64",
        ScalarType::Bytes => "BYTES",
        ScalarType::Uuid => "UUID",
        ScalarType::Date => "DATE",
        ScalarType::Time => "TIME",
        ScalarType::Timestamp => "TIMESTAMP",
        ScalarType::Timestamptz => "TIMESTAMPTZ",
        ScalarType::Duration => "DURATION",
        ScalarType::Json => "JSON",
        ScalarType::Text { .. } | ScalarType::Decimal { .. } | ScalarType::Enum(_) => "TEXT",
    }
}

fn scalar_value(scalar: &ScalarType) -> Expr {
    let name = match scalar {
        ScalarType::Bool => "Bool",
        ScalarType::I16 => "I16",
        ScalarType::I32 => "I32",
        ScalarType::I64 => "I64",
        ScalarType::F32 => "F32",
        ScalarType::F64 => "F64",
        ScalarType::Bytes => "Bytes",
        ScalarType::Uuid => "Uuid",
        ScalarType::Date => "Date",
        ScalarType::Time => "Time",
        ScalarType::Timestamp => "Timestamp",
        ScalarType::Timestamptz => "Timestamptz",
        ScalarType::Duration => "Duration",
        ScalarType::Json => "Json",
        ScalarType::Decimal { precision, scale } => {
            return Expr::Struct(
                "sql::ScalarType::Decimal".to_owned(),
                vec![
                    ("precision", Expr::atom(precision.to_string())),
                    ("scale", Expr::atom(scale.to_string())),
                ],
            );
        }
        ScalarType::Text { max_chars } => {
            return Expr::Struct(
                "sql::ScalarType::Text".to_owned(),
                vec![(
                    "max_chars",
                    option(max_chars.map(|n| Expr::atom(n.to_string()))),
                )],
            );
        }
        ScalarType::Enum(ty) => return Expr::call("sql::ScalarType::Enum", [enum_type(ty)]),
    };
    Expr::atom(format!("sql::ScalarType::{name}"))
}

fn enum_type(ty: &EnumType) -> Expr {
    let EnumType {
        name,
        schema,
        values,
    } = ty;
    let values = match values {
        EnumValues::Text(values) => enum_values("Text", values.iter().map(|it| text(it))),
        EnumValues::Native(values) => enum_values("Native", values.iter().map(|it| text(it))),
        EnumValues::Int(values) => {
            enum_values("Int", values.iter().map(|it| Expr::atom(it.to_string())))
        }
    };
    Expr::Struct(
        "sql::EnumType".to_owned(),
        vec![
            ("name", text(name)),
            ("schema", option(schema.as_ref().map(|it| text(it)))),
            ("values", values),
        ],
    )
}

fn enum_values(kind: &str, values: impl Iterator<Item = Expr>) -> Expr {
    let values = Expr::call("Cow::Borrowed", [Expr::slice(values)]);
    Expr::call(format!("sql::EnumValues::{kind}"), [values])
}

fn generation_value(generation: &Generation) -> Expr {
    match generation {
        Generation::AutoIncrement => Expr::atom("sql::Generation::AutoIncrement"),
        Generation::Identity(identity) => {
            let Identity {
                mode,
                start,
                increment,
            } = identity;
            let mode = match mode {
                IdentityMode::ByDefault => "ByDefault",
                IdentityMode::Always => "Always",
            };
            let number = |number: &Option<i64>| option(number.map(|n| Expr::atom(n.to_string())));
            let identity = Expr::Struct(
                "sql::Identity".to_owned(),
                vec![
                    ("mode", Expr::atom(format!("sql::IdentityMode::{mode}"))),
                    ("start", number(start)),
                    ("increment", number(increment)),
                ],
            );
            Expr::call("sql::Generation::Identity", [identity])
        }
        Generation::Computed(Computed { sql, storage }) => {
            let storage = match storage {
                ComputedStorage::Stored => "Stored",
                ComputedStorage::Virtual => "Virtual",
            };
            let computed = Expr::Struct(
                "sql::Computed".to_owned(),
                vec![
                    ("sql", per_dialect(sql)),
                    (
                        "storage",
                        Expr::atom(format!("sql::ComputedStorage::{storage}")),
                    ),
                ],
            );
            Expr::call("sql::Generation::Computed", [computed])
        }
    }
}

fn default_value(default: &ColumnDefault) -> Expr {
    match default {
        ColumnDefault::Literal(literal) => {
            Expr::call("sql::ColumnDefault::Literal", [literal_value(literal)])
        }
        ColumnDefault::Function(function) => {
            let function = match function {
                Function::Now => "Now",
                Function::Today => "Today",
                Function::CurrentTime => "CurrentTime",
                Function::UuidV4 => "UuidV4",
                Function::UuidV7 => "UuidV7",
            };
            let function = Expr::atom(format!("sql::Function::{function}"));
            Expr::call("sql::ColumnDefault::Function", [function])
        }
        ColumnDefault::Sql(sql) => Expr::call("sql::ColumnDefault::Sql", [per_dialect(sql)]),
    }
}

fn literal_value(literal: &Literal) -> Expr {
    let call = |kind: &str, value: Expr| Expr::call(format!("sql::Literal::{kind}"), [value]);
    match literal {
        Literal::Null => Expr::atom("sql::Literal::Null"),
        Literal::Bool(value) => call("Bool", Expr::atom(value.to_string())),
        Literal::Int(value) => call("Int", Expr::atom(value.to_string())),
        Literal::Float(value) => call("Float", text(value)),
        Literal::Decimal(value) => call("Decimal", text(value)),
        Literal::Text(value) => call("Text", text(value)),
        Literal::Json(value) => call("Json", text(value)),
        Literal::Bytes(value) => call("Bytes", Expr::call("Cow::Borrowed", [bytes(value)])),
        Literal::Uuid(value) => call("Uuid", Expr::atom(format!("{value:?}"))),
        Literal::Date(value) => call("Date", date(*value)),
        Literal::Time(value) => call("Time", time(*value)),
        Literal::Timestamp(value) => call("Timestamp", timestamp(*value)),
        Literal::Timestamptz(value) => call("Timestamptz", timestamp(*value)),
        Literal::Duration(value) => call("Duration", Expr::atom(value.to_string())),
        Literal::Array(values) => {
            let values = Expr::slice(values.iter().map(literal_value));
            call("Array", Expr::call("Cow::Borrowed", [values]))
        }
    }
}

fn bytes(bytes: &[u8]) -> Expr {
    Expr::atom(format!("b\"{}\"", bytes.escape_ascii()))
}

/// A day that the calendar has, as a constant expression.
fn date(date: Date) -> Expr {
    let (year, month, day) = (date.year(), date.month(), date.day());
    checked("Date", &format!("{year}, {month}, {day}"))
}

fn time(time: Time) -> Expr {
    let (hour, minute) = (time.hour(), time.minute());
    let (second, microsecond) = (time.second(), time.microsecond());
    checked(
        "Time",
        &format!("{hour}, {minute}, {second}, {microsecond}"),
    )
}

fn checked(ty: &str, arguments: &str) -> Expr {
    Expr::atom(format!("sql::{ty}::try_new({arguments}).unwrap()"))
}

fn timestamp(timestamp: Timestamp) -> Expr {
    Expr::Struct(
        "sql::Timestamp".to_owned(),
        vec![
            ("date", date(timestamp.date)),
            ("time", time(timestamp.time)),
        ],
    )
}

fn unique_key(key: &UniqueKey) -> Expr {
    let UniqueKey { name, columns } = key;
    Expr::call("sql::UniqueKey::new", [Expr::str(name), texts(columns)])
}

fn foreign_key(key: &ForeignKey) -> Expr {
    let ForeignKey {
        name,
        columns,
        target,
        target_columns,
        on_delete,
        on_update,
        deferrable,
    } = key;
    let mut value = Expr::call(
        "sql::ForeignKey::new",
        [
            Expr::str(name),
            texts(columns),
            table_name_value(target),
            texts(target_columns),
        ],
    );
    for (method, action) in [("with_on_delete", on_delete), ("with_on_update", on_update)] {
        let action = match action {
            Action::NoAction => continue,
            Action::Restrict => "Restrict",
            Action::Cascade => "Cascade",
            Action::SetNull => "SetNull",
            Action::SetDefault => "SetDefault",
        };
        value = value.method(method, [Expr::atom(format!("sql::Action::{action}"))]);
    }
    let deferrable = match deferrable {
        Deferrable::No => return value,
        Deferrable::InitiallyImmediate => "InitiallyImmediate",
        Deferrable::InitiallyDeferred => "InitiallyDeferred",
    };
    value.method(
        "with_deferrable",
        [Expr::atom(format!("sql::Deferrable::{deferrable}"))],
    )
}

fn check(check: &Check) -> Expr {
    let Check { name, sql } = check;
    match portable(sql) {
        Some(sql) => Expr::call("sql::Check::new", [Expr::str(name), Expr::str(sql)]),
        None => Expr::Struct(
            "sql::Check".to_owned(),
            vec![("name", text(name)), ("sql", per_dialect(sql))],
        ),
    }
}

fn index(index: &Index) -> Expr {
    let Index {
        name,
        parts,
        is_unique,
        predicate,
        method,
        dialects,
    } = index;
    Expr::Struct(
        "sql::Index".to_owned(),
        vec![
            ("name", text(name)),
            ("parts", list(parts, index_part)),
            ("is_unique", Expr::atom(is_unique.to_string())),
            ("predicate", per_dialect(predicate)),
            ("method", per_dialect(method)),
            ("dialects", dialect_set(*dialects)),
        ],
    )
}

fn dialect_set(dialects: DialectSet) -> Expr {
    if dialects == DialectSet::ALL {
        return Expr::atom("sql::DialectSet::ALL");
    }
    let DialectSet {
        sqlite,
        postgres,
        mysql,
    } = dialects;
    Expr::Struct(
        "sql::DialectSet".to_owned(),
        vec![
            ("sqlite", Expr::atom(sqlite.to_string())),
            ("postgres", Expr::atom(postgres.to_string())),
            ("mysql", Expr::atom(mysql.to_string())),
        ],
    )
}

fn index_part(part: &IndexPart) -> Expr {
    let IndexPart { key, order, nulls } = part;
    let mut value = match key {
        IndexKey::Column(name) => Expr::call("sql::IndexPart::column", [Expr::str(name)]),
        IndexKey::Expression(sql) => match portable(sql) {
            Some(sql) => Expr::call("sql::IndexPart::expression", [Expr::str(sql)]),
            None => return index_part_struct(sql, *order, *nulls),
        },
    };
    if *order == Order::Descending {
        value = value.method("descending", []);
    }
    match nulls {
        Some(nulls) => value.method("with_nulls", [nulls_value(*nulls)]),
        None => value,
    }
}

fn index_part_struct(sql: &PerDialect<Text>, order: Order, nulls: Option<Nulls>) -> Expr {
    let order = match order {
        Order::Ascending => "Ascending",
        Order::Descending => "Descending",
    };
    Expr::Struct(
        "sql::IndexPart".to_owned(),
        vec![
            (
                "key",
                Expr::call("sql::IndexKey::Expression", [per_dialect(sql)]),
            ),
            ("order", Expr::atom(format!("sql::Order::{order}"))),
            ("nulls", option(nulls.map(nulls_value))),
        ],
    )
}

fn nulls_value(nulls: Nulls) -> Expr {
    Expr::atom(match nulls {
        Nulls::First => "sql::Nulls::First",
        Nulls::Last => "sql::Nulls::Last",
    })
}

/// The text of all dialects, if there is one and no dialect has its own.
fn portable(sql: &PerDialect<Text>) -> Option<&Text> {
    match sql {
        PerDialect {
            portable: Some(sql),
            sqlite: None,
            postgres: None,
            mysql: None,
        } => Some(sql),
        _ => None,
    }
}

fn per_dialect(values: &PerDialect<Text>) -> Expr {
    let PerDialect {
        portable: common,
        sqlite,
        postgres,
        mysql,
    } = values;
    if values.is_none() {
        return Expr::atom("sql::PerDialect::NONE");
    }
    if let Some(only) = portable(values) {
        return Expr::call("sql::PerDialect::portable", [text(only)]);
    }
    let value = |value: &Option<Text>| option(value.as_ref().map(|it| text(it)));
    Expr::Struct(
        "sql::PerDialect".to_owned(),
        vec![
            ("portable", value(common)),
            ("sqlite", value(sqlite)),
            ("postgres", value(postgres)),
            ("mysql", value(mysql)),
        ],
    )
}

fn option(value: Option<Expr>) -> Expr {
    match value {
        Some(value) => Expr::call("Some", [value]),
        None => Expr::atom("None"),
    }
}

fn texts(texts: &[Text]) -> Expr {
    Expr::slice(texts.iter().map(|it| text(it)))
}

fn text(value: &str) -> Expr {
    Expr::call("Cow::Borrowed", [Expr::str(value)])
}
