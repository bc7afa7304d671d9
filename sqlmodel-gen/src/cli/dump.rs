//! The checked schema as one JSON document, for tools that are not written in Rust.
//!
//! Version 1. A key whose value would be empty is left out: no `doc`, no `default`. Later versions of the compiler may add keys;
//! a change of what a key means raises `version`.
//!
//! ```text
//! version, dialects: [name], time: name of the crate
//! modules: [{ name, doc }]
//! enums:   [{ name, module, doc, storage: text|int|native, values: [{ name, value, doc }] }]
//! types:   [{ name, module, doc, base: type, rust: path }]
//! models:  [{ name, module, doc, table, extends: model, abstract: bool, key: [field], fields: [Field], relations: [Relation] }]
//! tables:  [{ name, schema, comment, columns: [Column], primary_key: { name, columns }, unique_keys: [{ name, columns }],
//!             foreign_keys: [{ name, columns, target, target_columns, on_delete, on_update }],
//!             checks: [{ name, sql: PerDialect }], indexes: [{ name, unique: bool, columns: [name or null for an expression] }] }]
//!
//! views:   [{ name, module, doc, view, schema, key: [column], columns: [Result], sql: Texts }]
//! queries: [{ name, module, doc, returns: one|optional|many|exec|affected|last_id|scalar|exists, write: bool, attrs: [text],
//!             deprecated, transaction: bool, timeout_ms, once: bool, batch: bool, params: [Param],
//!             blocks: [{ name, params: [param] }], orders: [{ name, sql }], columns: [Result], page: Page, row: Row,
//!             sql: Texts }]
//!
//! Field:      { name, column, type, array: bool, nullable: bool, key: auto|given, default: bool, generated: bool, hidden: bool,
//!               version: bool, rust: path, doc }; a bool that is false is left out
//! Relation:   { name, kind: to_one|has_one|to_many|many_to_many, target: model, fields: [field], target_fields: [field],
//!               link: model, inverse: relation, doc }
//! Column:     { name, type, nullable: bool, computed: bool, comment }
//! Result:     { name, type, array: bool, nullable: bool, rust: path, hidden: bool, reason }
//! Param:      a Result with list: bool, for IN, and block, which is off without it
//! Page:       { size, keys: [{ name, descending: bool, path: field of the row }], first_param: the page's own begin there }
//! Row:        { kind: none|ignored|scalar|model|view|struct|nested, name, parts: [Part] }
//! Part:       { name, number: one|optional|many, first_column, kind: column|model|struct, of: model or struct }
//! Texts:      { sqlite, postgres, mysql }, with parameters as `:name` and blocks as `/*if name*/ .. /*end*/`
//! PerDialect: { default, sqlite, postgres, mysql }
//! ```

mod queries;

use sqlmodel_sql::{Check, Column, ForeignKey, Index, IndexKey, PerDialect, Table, Text};

use crate::diagnostic::JsonWriter;
use crate::ir::{
    Builtin, Enum, EnumLiteral, EnumStorage, Field, FieldId, FieldPair, Join, KeyPart, ModelId,
    Module, NamedType, Relation, RelationKind, Scalar, Schema,
};

/// The version of the format.
const VERSION: usize = 1;

/// Writes the document.
pub(super) fn render(schema: &Schema) -> String {
    let mut json = JsonWriter::new();
    json.object(|json| {
        json.key("version").number(VERSION);
        strings(json, "dialects", schema.dialects.iter().map(|it| it.name()));
        json.key("time").string(schema.time_crate.name());
        objects(json, "modules", &schema.modules, |json, module| {
            let Module { name, doc } = module;
            json.key("name").string(name);
            text(json, "doc", doc.as_deref());
        });
        objects(json, "enums", schema.enums.values(), |json, it| {
            enum_(json, schema, it);
        });
        objects(json, "types", schema.types.values(), |json, it| {
            named_type(json, schema, it);
        });
        objects(json, "models", schema.models.ids(), |json, id| {
            model(json, schema, id);
        });
        objects(json, "tables", schema.tables.values(), table);
        objects(json, "views", &schema.views, |json, it| {
            queries::view(json, schema, it);
        });
        objects(json, "queries", &schema.queries, |json, it| {
            queries::query(json, schema, it);
        });
    });
    json.finish()
}

/// Writes a list of objects.
fn objects<T>(
    json: &mut JsonWriter,
    key: &str,
    items: impl IntoIterator<Item = T>,
    write: impl Fn(&mut JsonWriter, T),
) {
    json.key(key).array(|json| {
        for item in items {
            json.object(|json| write(json, item));
        }
    });
}

fn strings<'a>(json: &mut JsonWriter, key: &str, items: impl IntoIterator<Item = &'a str>) {
    json.key(key)
        .array(|json| items.into_iter().for_each(|item| json.string(item)));
}

/// Writes a text, if there is one.
fn text(json: &mut JsonWriter, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        json.key(key).string(value);
    }
}

/// Writes a fact, if it is one.
fn fact(json: &mut JsonWriter, key: &str, is_true: bool) {
    if is_true {
        json.key(key).boolean(true);
    }
}

fn module_name(schema: &Schema, module: usize) -> &str {
    schema.modules.get(module).map_or("", |it| it.name.as_str())
}

fn enum_(json: &mut JsonWriter, schema: &Schema, enum_: &Enum) {
    json.key("name").string(&enum_.name);
    json.key("module").string(module_name(schema, enum_.module));
    text(json, "doc", enum_.doc.as_deref());
    json.key("storage").string(match enum_.storage {
        EnumStorage::Text => "text",
        EnumStorage::Int => "int",
        EnumStorage::Native => "native",
    });
    objects(json, "values", &enum_.values, |json, value| {
        json.key("name").string(&value.name);
        match &value.value {
            EnumLiteral::Text(text) => json.key("value").string(text),
            EnumLiteral::Int(number) => json.key("value").string(&number.to_string()),
        }
        text(json, "doc", value.doc.as_deref());
    });
}

fn named_type(json: &mut JsonWriter, schema: &Schema, ty: &NamedType) {
    json.key("name").string(&ty.name);
    json.key("module").string(module_name(schema, ty.module));
    text(json, "doc", ty.doc.as_deref());
    json.key("base").string(&builtin_name(ty.base));
    text(json, "rust", ty.rust.as_ref().map(|it| it.path.as_str()));
}

fn model(json: &mut JsonWriter, schema: &Schema, id: ModelId) {
    let model = &schema.models[id];
    json.key("name").string(&model.name);
    json.key("module").string(module_name(schema, model.module));
    text(json, "doc", model.doc.as_deref());
    if let Some(mapped) = schema.mappings[id].tables.last() {
        let name = schema.tables[mapped.table].name.to_string();
        json.key("table").string(&name);
    }
    let base = model.base.map(|id| schema.models[id].name.as_str());
    text(json, "extends", base);
    fact(json, "abstract", model.is_abstract);
    strings(json, "key", names(schema, &model.key));
    objects(json, "fields", schema.fields_of(id), |json, id| {
        field(json, schema, &schema.fields[id]);
    });
    objects(json, "relations", &model.relations, |json, id| {
        relation(json, schema, &schema.relations[*id]);
    });
}

fn names<'a>(schema: &'a Schema, fields: &'a [FieldId]) -> impl Iterator<Item = &'a str> {
    fields.iter().map(|id| schema.fields[*id].name.as_str())
}

fn field(json: &mut JsonWriter, schema: &Schema, field: &Field) {
    json.key("name").string(&field.name);
    json.key("column").string(&field.column);
    json.key("type")
        .string(&scalar_name(schema, field.ty.scalar));
    fact(json, "array", field.ty.is_array);
    fact(json, "nullable", field.ty.is_nullable);
    match field.key {
        KeyPart::None => {}
        KeyPart::Given => json.key("key").string("given"),
        KeyPart::Auto { .. } => json.key("key").string("auto"),
    }
    fact(json, "default", field.default.is_some());
    fact(json, "generated", field.is_generated);
    fact(json, "hidden", field.is_hidden);
    fact(json, "version", field.is_version);
    text(json, "rust", field.rust.as_ref().map(|it| it.path.as_str()));
    text(json, "doc", field.doc.as_deref());
}

fn relation(json: &mut JsonWriter, schema: &Schema, relation: &Relation) {
    json.key("name").string(&relation.name);
    json.key("kind").string(match relation.kind {
        RelationKind::ToOne { .. } => "to_one",
        RelationKind::HasOne => "has_one",
        RelationKind::ToMany => "to_many",
        RelationKind::ManyToMany => "many_to_many",
    });
    json.key("target")
        .string(&schema.models[relation.target].name);
    let near = |pairs: &[FieldPair]| pairs.iter().map(|it| it.near).collect::<Vec<_>>();
    let far = |pairs: &[FieldPair]| pairs.iter().map(|it| it.far).collect::<Vec<_>>();
    let (own, target, link) = match &relation.join {
        Join::Direct(pairs) => (near(pairs), far(pairs), None),
        Join::Link {
            model,
            source,
            target,
        } => (near(source), far(target), Some(*model)),
    };
    strings(json, "fields", names(schema, &own));
    strings(json, "target_fields", names(schema, &target));
    text(json, "link", link.map(|id| schema.models[id].name.as_str()));
    let inverse = relation
        .inverse
        .map(|id| schema.relations[id].name.as_str());
    text(json, "inverse", inverse);
    text(json, "doc", relation.doc.as_deref());
}

fn scalar_name(schema: &Schema, scalar: Scalar) -> String {
    match scalar {
        Scalar::Builtin(builtin) => builtin_name(builtin),
        Scalar::Enum(id) => schema.enums[id].name.clone(),
        Scalar::Named(id) => schema.types[id].name.clone(),
    }
}

/// A built-in type as the schema language spells it.
fn builtin_name(builtin: Builtin) -> String {
    let name = match builtin {
        Builtin::Bool => "bool",
        Builtin::I16 => "i16",
        Builtin::I32 => "i32",
        Builtin::I64 => "i64",
        Builtin::F32 => "f32",
        Builtin::F64 => "f64",
        Builtin::Decimal { precision, scale } => return format!("decimal({precision},{scale})"),
        Builtin::Text { max_len: None } => "text",
        Builtin::Text { max_len: Some(n) } => return format!("text({n})"),
        Builtin::Bytes => "bytes",
        Builtin::Uuid => "uuid",
        Builtin::Date => "date",
        Builtin::Time => "time",
        Builtin::Timestamp => "timestamp",
        Builtin::TimestampTz => "timestamptz",
        Builtin::Duration => "duration",
        Builtin::Json => "json",
    };
    name.to_owned()
}

fn table(json: &mut JsonWriter, table: &Table) {
    let Table {
        name,
        columns,
        primary_key,
        unique_keys,
        foreign_keys,
        checks,
        indexes,
        comment,
    } = table;
    json.key("name").string(&name.name);
    text(json, "schema", name.schema.as_deref());
    text(json, "comment", comment.as_deref());
    objects(json, "columns", columns.iter(), column);
    if let Some(key) = primary_key {
        json.key("primary_key").object(|json| {
            json.key("name").string(&key.name);
            texts(json, "columns", &key.columns);
        });
    }
    objects(json, "unique_keys", unique_keys.iter(), |json, key| {
        json.key("name").string(&key.name);
        texts(json, "columns", &key.columns);
    });
    objects(json, "foreign_keys", foreign_keys.iter(), foreign_key);
    objects(json, "checks", checks.iter(), |json, check| {
        let Check { name, sql } = check;
        json.key("name").string(name);
        json.key("sql").object(|json| per_dialect(json, sql));
    });
    objects(json, "indexes", indexes.iter(), index);
}

fn texts(json: &mut JsonWriter, key: &str, texts: &[Text]) {
    strings(json, key, texts.iter().map(|it| &**it));
}

fn column(json: &mut JsonWriter, column: &Column) {
    json.key("name").string(&column.name);
    json.key("type").string(&column.ty.to_string());
    fact(json, "nullable", column.is_nullable);
    fact(json, "computed", column.is_computed());
    text(json, "comment", column.comment.as_deref());
}

fn foreign_key(json: &mut JsonWriter, key: &ForeignKey) {
    let ForeignKey {
        name,
        columns,
        target,
        target_columns,
        on_delete,
        on_update,
        deferrable: _,
    } = key;
    json.key("name").string(name);
    texts(json, "columns", columns);
    json.key("target").string(&target.to_string());
    texts(json, "target_columns", target_columns);
    json.key("on_delete").string(on_delete.sql());
    json.key("on_update").string(on_update.sql());
}

fn index(json: &mut JsonWriter, index: &Index) {
    let Index {
        name,
        parts,
        is_unique,
        ..
    } = index;
    json.key("name").string(name);
    fact(json, "unique", *is_unique);
    json.key("columns").array(|json| {
        for part in parts.iter() {
            match &part.key {
                IndexKey::Column(name) => json.string(name),
                IndexKey::Expression(_) => json.null(),
            }
        }
    });
}

fn per_dialect(json: &mut JsonWriter, values: &PerDialect<Text>) {
    let PerDialect {
        portable,
        sqlite,
        postgres,
        mysql,
    } = values;
    text(json, "default", portable.as_deref());
    text(json, "sqlite", sqlite.as_deref());
    text(json, "postgres", postgres.as_deref());
    text(json, "mysql", mysql.as_deref());
}
