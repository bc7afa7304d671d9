//! The struct for rows that are not stored yet: `NewHero`.

use crate::emit::fields::{self, Given};
use crate::emit::model::{self, ModelFile};
use crate::emit::rust::{Expr, Rust};
use crate::emit::{names, sentence_list};
use crate::ir::{Field, FieldId, KeyPart, ValueBy, ValueSource};
use sqlmodel_sql::{Date, Function, Literal, Time, Timestamp};

type NewField<'a> = (FieldId, &'a Field, Given);

/// Most parameters that a function may have without a complaint of clippy.
const MAX_PARAMETERS: usize = 7;

/// Writes the struct, its constructor and setters, and how it becomes a row.
pub(super) fn emit(file: &ModelFile<'_>, out: &mut Rust) {
    let fields = model::insertable(file);
    out.blank();
    struct_(file, &fields, out);
    out.blank();
    constructors(file, &fields, out);
    if is_default(&fields) && has_made_default(&fields) {
        out.blank();
        default(file, out);
    }
    out.blank();
    impl_record(file, &fields, out);
}

fn name(file: &ModelFile<'_>) -> String {
    names::new(&file.model.name)
}

/// Whether no field must be given.
fn is_default(fields: &[NewField<'_>]) -> bool {
    !fields.iter().any(|(_, _, given)| *given == Given::Required)
}

/// Whether the constructor makes a value, so that a derived `Default` would differ from it.
fn has_made_default(fields: &[NewField<'_>]) -> bool {
    fields.iter().any(|(_, field, _)| made(field).is_some())
}

/// The function that makes a field's value in the client, so that it is known before the row is stored.
fn made(field: &Field) -> Option<&'static str> {
    let default = field.default.as_ref()?;
    match (&default.source, default.by) {
        (ValueSource::Function(Function::UuidV4), ValueBy::Client) => {
            Some("codegen::types::Uuid::new_v4()")
        }
        (ValueSource::Function(Function::UuidV7), ValueBy::Client) => {
            Some("codegen::types::Uuid::now_v7()")
        }
        _ => None,
    }
}

fn struct_(file: &ModelFile<'_>, fields: &[NewField<'_>], out: &mut Rust) {
    let name = name(file);
    let stored = &file.model.name;
    let assigned = file
        .fields()
        .filter(|(_, field)| {
            field.is_generated || field.is_version || matches!(field.key, KeyPart::Auto { .. })
        })
        .map(|(_, field)| format!("`{}`", field.name));
    let assigned = sentence_list(assigned);
    let article = if stored.starts_with(['A', 'E', 'I', 'O']) {
        "An"
    } else {
        "A"
    };
    if assigned.is_empty() {
        out.doc(&format!("{article} [`{stored}`] that is not stored yet."));
    } else {
        out.doc(&format!(
            "{article} [`{stored}`] that is not stored yet: the database assigns {assigned}."
        ));
    }
    let is_hiding = fields.iter().any(|(_, field, _)| field.is_hidden);
    let mut standard = vec!["Clone", "PartialEq"];
    if !is_hiding {
        standard.insert(0, "Debug");
    }
    if is_default(fields) && !has_made_default(fields) {
        standard.push("Default");
    }
    model::derive(out, &standard, &[]);
    out.block(format!("pub struct {name}"), |out| {
        for (id, field, given) in fields {
            out.doc(&field_doc(file, *id, field, *given));
            model::struct_field(out, &field.name, &given.ty(&file.types, field));
        }
    });
    model::redacted_debug(out, &name, None, fields.iter().map(|(_, field, _)| *field));
}

fn field_doc(file: &ModelFile<'_>, id: FieldId, field: &Field, given: Given) -> String {
    let doc = fields::doc(file.output, file.model, id);
    match (&field.default, given) {
        (Some(default), Given::Defaulted | Given::NullableDefaulted) => {
            let words = fields::default_words(file.output, default);
            let doc = doc.trim_end();
            let end = if doc.ends_with(['.', '!', '?', ':']) {
                ""
            } else {
                "."
            };
            format!("{doc}{end}\n\n`None` stands for the default, {words}.")
        }
        _ => doc,
    }
}

fn constructors(file: &ModelFile<'_>, fields: &[NewField<'_>], out: &mut Rust) {
    let required: Vec<&NewField<'_>> = fields
        .iter()
        .filter(|(_, _, given)| *given == Given::Required)
        .collect();
    out.block(format!("impl {}", name(file)), |out| {
        constructor(file, fields, &required, out);
        for (_, field, given) in fields {
            if *given != Given::Required {
                out.blank();
                setter(file, field, *given, out);
            }
        }
    });
}

fn constructor(
    file: &ModelFile<'_>,
    fields: &[NewField<'_>],
    required: &[&NewField<'_>],
    out: &mut Rust,
) {
    let rest = if required.len() == fields.len() {
        "."
    } else {
        "; fields that need no value are left out."
    };
    out.doc(&format!("Creates a row to be stored{rest}"));
    out.line("#[must_use]");
    if required.len() > MAX_PARAMETERS {
        out.enclosed("#[expect(", ")]", |out| {
            out.line("clippy::too_many_arguments,");
            out.line("reason = \"one for each field that a row must have\"");
        });
    }
    let parameters: Vec<String> = required
        .iter()
        .map(|(_, field, _)| file.types.parameter(field))
        .collect();
    out.item(|out| {
        out.function("pub fn new", &parameters, "Self", |out| {
            let values: Vec<String> = fields.iter().map(|field| initial(file, field)).collect();
            out.literal("Self", &values);
        });
    });
}

/// The field of a new struct that the constructor makes.
fn initial(file: &ModelFile<'_>, (_, field, given): &NewField<'_>) -> String {
    let name = &field.name;
    let some = &file.types.names.some;
    match (given, made(field)) {
        (Given::Required, _) if file.types.is_converted(field) => format!("{name}: {name}.into()"),
        (Given::Required, _) => name.clone(),
        (Given::Defaulted, Some(made)) => format!("{name}: {some}({made})"),
        (Given::NullableDefaulted, Some(made)) => format!("{name}: {some}({some}({made}))"),
        _ => format!("{name}: {}", file.types.names.none),
    }
}

/// Names that a new struct calls something by already: a setter of that name would clash with it or hide it.
const TAKEN: &[&str] = &[
    "clone", "default", "eq", "fmt", "into", "is_new", "ne", "new", "to_owned", "to_row",
    "try_into",
];

fn setter(file: &ModelFile<'_>, field: &Field, given: Given, out: &mut Rust) {
    let names = file.types.names;
    let name = &field.name;
    let is_converted = file.types.is_converted(field);
    let present = file.types.present(field);
    let parameter = match given {
        _ if is_converted => format!("impl {}<{present}>", names.into),
        Given::Required | Given::Defaulted => present,
        Given::Nullable | Given::NullableDefaulted => {
            format!("impl {}<{}>", names.into, file.types.option(&present))
        }
    };
    let some = &names.some;
    let value = match given {
        Given::Required => name.clone(),
        Given::Nullable if is_converted => format!("{some}({name}.into())"),
        Given::Nullable => format!("{name}.into()"),
        Given::Defaulted if is_converted => format!("{some}({name}.into())"),
        Given::Defaulted => format!("{some}({name})"),
        Given::NullableDefaulted if is_converted => format!("{some}({some}({name}.into()))"),
        Given::NullableDefaulted => format!("{some}({name}.into())"),
    };
    let mut method = name.clone();
    // Another field may have the longer name.
    while TAKEN.contains(&method.as_str())
        || (method != *name && file.fields().any(|(_, other)| other.name == method))
    {
        method = format!("with_{method}");
    }
    out.doc(&format!("Sets `{name}`."));
    out.line("#[must_use]");
    out.item(|out| {
        let head = format!("pub fn {method}");
        let parameters = ["mut self".to_owned(), format!("{name}: {parameter}")];
        out.function(&head, &parameters, "Self", |out| {
            out.line(format!("self.{name} = {value};"));
            out.line("self");
        });
    });
}

fn default(file: &ModelFile<'_>, out: &mut Rust) {
    out.block(
        format!("impl ::core::default::Default for {}", name(file)),
        |out| {
            out.block("fn default() -> Self", |out| out.line("Self::new()"));
        },
    );
}

fn impl_record(file: &ModelFile<'_>, fields: &[NewField<'_>], out: &mut Rust) {
    let names = file.types.names;
    out.block(format!("impl codegen::Record for {}", name(file)), |out| {
        out.line(format!("type Model = {};", file.model.name));
        let columns: Vec<&Field> = fields.iter().map(|(_, field, _)| *field).collect();
        model::columns(out, &columns);
        out.blank();
        let values = fields
            .iter()
            .map(|(id, field, given)| value(file, *id, field, *given));
        model::to_row(out, names, values.collect());
        out.blank();
        file.key_function(out, |out| out.line(key_value(file, fields)));
        out.blank();
        out.block("fn is_new(&self) -> bool", |out| out.line("true"));
    });
}

/// The value of a field in a row.
fn value(file: &ModelFile<'_>, id: FieldId, field: &Field, given: Given) -> Expr {
    let names = file.types.names;
    let encode = file.encode(id, field);
    let place = format!("&self.{}", field.name);
    match given {
        Given::Required | Given::Nullable => Expr::call(&*encode, [Expr::atom(place)]),
        Given::Defaulted | Given::NullableDefaulted => Expr::Match(
            place,
            vec![
                format!("{}(value) => {encode}(value)", names.some),
                format!("{} => {}", names.none, default_value(file, field)),
            ],
        ),
    }
}

/// The value of a field that is left out.
fn default_value(file: &ModelFile<'_>, field: &Field) -> String {
    let database = || "codegen::Value::Default".to_owned();
    let Some(default) = &field.default else {
        return database();
    };
    match (default.by, &default.source) {
        (ValueBy::Database, _) | (ValueBy::Client, ValueSource::Sql(_)) => database(),
        (ValueBy::Client, ValueSource::Function(function)) => match (function, made(field)) {
            (_, Some(made)) => format!("codegen::Encode::into_value({made})"),
            _ => database(),
        },
        (ValueBy::Client, ValueSource::Variant(id, index)) => {
            let enum_ = &file.output.schema.enums[*id];
            let path = file
                .output
                .names
                .path(file.model.module, enum_.module, &enum_.name);
            match enum_.values.get(*index) {
                Some(value) => format!("codegen::Encode::into_value({path}::{})", value.name),
                None => database(),
            }
        }
        (ValueBy::Client, ValueSource::Literal(literal)) => literal_value(literal),
    }
}

/// A constant as a value.
fn literal_value(literal: &Literal) -> String {
    let value = |kind: &str, value: &str| format!("codegen::Value::{kind}({value})");
    let borrowed =
        |kind: &str, text: &str| value(kind, &format!("::std::borrow::Cow::Borrowed({text})"));
    match literal {
        Literal::Null => "codegen::Value::Null".to_owned(),
        Literal::Bool(it) => value("Bool", &it.to_string()),
        Literal::Int(it) => value("I64", &it.to_string()),
        Literal::Float(text) => match text.parse::<f64>() {
            Ok(it) => value("F64", &format!("{it:?}")),
            Err(_) => "codegen::Value::Default".to_owned(),
        },
        Literal::Decimal(text) => format!("codegen::Constant::Decimal({text:?}).value()"),
        Literal::Text(text) => borrowed("Text", &format!("{text:?}")),
        Literal::Json(text) => borrowed("Json", &format!("{:?}", sqlmodel_sql::compact_json(text))),
        Literal::Bytes(bytes) => borrowed("Bytes", &format!("b\"{}\"", bytes.escape_ascii())),
        Literal::Uuid(bytes) => value("Uuid", &format!("{bytes:?}")),
        Literal::Date(it) => value("Date", &date(*it)),
        Literal::Time(it) => value("Time", &time(*it)),
        Literal::Timestamp(it) => value("Timestamp", &timestamp(*it)),
        Literal::Timestamptz(it) => value("Timestamptz", &timestamp(*it)),
        Literal::Duration(micros) => value(
            "Duration",
            &format!("codegen::Duration {{ micros: {micros} }}"),
        ),
        Literal::Array(items) => {
            let items: Vec<String> = items.iter().map(literal_value).collect();
            value("Array", &format!("::std::vec![{}]", items.join(", ")))
        }
    }
}

/// A day that the calendar has, checked when the code is compiled.
fn date(date: Date) -> String {
    let (year, month, day) = (date.year(), date.month(), date.day());
    format!("const {{ codegen::sql::Date::try_new({year}, {month}, {day}).unwrap() }}")
}

fn time(time: Time) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    let (second, micros) = (time.second(), time.microsecond());
    format!(
        "const {{ codegen::sql::Time::try_new({hour}, {minute}, {second}, {micros}).unwrap() }}"
    )
}

fn timestamp(timestamp: Timestamp) -> String {
    let (date, time) = (date(timestamp.date), time(timestamp.time));
    format!("codegen::sql::Timestamp {{ date: {date}, time: {time} }}")
}

/// The key of the row, as far as it is known before the row is stored.
fn key_value(file: &ModelFile<'_>, fields: &[NewField<'_>]) -> String {
    let names = file.types.names;
    let parts: Option<Vec<(String, bool)>> = file
        .model
        .key
        .iter()
        .map(|id| {
            let (_, field, given) = fields.iter().find(|(field, _, _)| field == id)?;
            let value = format!("self.{}", field.name);
            let value = if file.types.is_copy(field) {
                value
            } else {
                names.cloned(&value)
            };
            Some((value, *given == Given::Required))
        })
        .collect();
    match parts.as_deref() {
        None => names.none.clone(),
        Some([(only, false)]) => only.clone(),
        Some(parts) => {
            let parts: Vec<String> = parts
                .iter()
                .map(|(part, is_known)| format!("{part}{}", if *is_known { "" } else { "?" }))
                .collect();
            format!("{}({})", names.some, model::tuple(&parts))
        }
    }
}
