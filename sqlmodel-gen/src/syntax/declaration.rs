//! Reads a file: its declarations, and all of a model but the fields.

use std::collections::BTreeMap;

use sqlmodel_sql::{Nulls, Order};
use toml::de::DeTable;

use crate::diagnostic::{Diagnostic, codes, nearest_word};
use crate::ir::{EnumStorage, PolymorphicLoad, Strategy, VariantKind};
use crate::source::{SourceId, SourceMap, Span};
use crate::syntax::field::{
    parse_fields, parse_reference_options, parse_rust_path, parse_validate,
};
use crate::syntax::query::{parse_function, parse_query, parse_view};
use crate::syntax::reader::{Context, Reader};
use crate::syntax::{
    Bundle, Check, Document, Enum, EnumValue, File, ForeignKey, Index, IndexKey, IndexPart,
    Inheritance, ManyToMany, Model, ModelRule, Name, NamedType, Node, Spanned, Table, Unique,
    Value, Variant,
};

/// The version of the format that this compiler reads.
pub(crate) const FORMAT: i64 = 1;

/// The most fields of a key or index: more than any of the databases takes.
const MAX_KEY_LEN: usize = 64;

/// The most keys, indexes or the like of one kind in a model.
const MAX_ENTRIES: usize = 1024;

const STRATEGIES: &[(&str, Strategy)] = &[
    ("single_table", Strategy::SingleTable),
    ("joined", Strategy::Joined),
    ("concrete", Strategy::Concrete),
];

const POLYMORPHIC_LOADS: &[(&str, PolymorphicLoad)] = &[
    ("join", PolymorphicLoad::Join),
    ("by_type", PolymorphicLoad::ByType),
];

const STORAGES: &[(&str, EnumStorage)] = &[
    ("text", EnumStorage::Text),
    ("int", EnumStorage::Int),
    ("native", EnumStorage::Native),
];

const VARIANTS: &[(&str, VariantKind)] = &[
    ("create", VariantKind::Create),
    ("update", VariantKind::Update),
    ("public", VariantKind::Public),
];

/// Reads a whole file.
pub(crate) fn parse_file(cx: &mut Context<'_>, source: SourceId, document: &Document) -> File {
    let mut reader = Reader::new(
        cx,
        &document.root,
        document.span.at_start(),
        "a schema file",
    );
    reader.check_format(FORMAT);
    let mut file = File {
        source,
        module: reader.string("module"),
        doc: reader.doc(),
        types: declarations(&mut reader, "type", parse_named_type),
        enums: declarations(&mut reader, "enum", parse_enum),
        mixins: declarations(&mut reader, "mixin", parse_mixin),
        abstracts: declarations(&mut reader, "abstract", parse_abstract),
        models: declarations(&mut reader, "model", parse_model),
        views: declarations(&mut reader, "view", parse_view),
        functions: declarations(&mut reader, "function", parse_function),
        queries: reader
            .tables("query")
            .into_iter()
            .map(|(table, span)| parse_query(reader.cx, table, span))
            .collect(),
        headers: headers(reader.cx.sources, &document.root),
        lost: lost_names(&reader),
    };
    reader.finish();
    let broken = document.broken.iter();
    let broken: Vec<&str> = broken.filter_map(|it| it.name.as_deref()).collect();
    let is_broken = document.broken.iter().any(|it| it.span == document.span);
    // What stands under a kind that is not known may be the other half of what stands under a known one.
    let lost = file.lost.clone();
    let is_partial = |name: &Name| {
        is_broken || broken.contains(&name.value.as_str()) || lost.contains(&name.value)
    };
    for model in &mut file.models {
        model.is_partial |= is_partial(&model.name);
        model.has_mistakes |= model.is_partial;
    }
    for enum_ in &mut file.enums {
        enum_.has_mistakes |= is_partial(&enum_.name);
    }
    for bundle in file.mixins.iter_mut().chain(&mut file.abstracts) {
        bundle.has_mistakes |= is_partial(&bundle.name);
    }
    file
}

/// Finds the names in all headers of the declarations that have more than one, where the name may have to be edited.
fn headers(sources: &SourceMap, root: &Table) -> BTreeMap<Span, Vec<Span>> {
    let kinds = root
        .entries
        .iter()
        .filter_map(|(_, node)| node.value.table());
    let declared = kinds.flat_map(|kind| &kind.entries);
    let is_plain = |name: &str| {
        name.starts_with(|it: char| it.is_ascii_uppercase())
            && name.bytes().all(|it| it.is_ascii_alphanumeric())
    };
    let declared = declared.filter(|(name, _)| !is_plain(&name.value));
    let places = declared.filter_map(|(name, node)| {
        let mut open = vec![node];
        let mut places = Vec::new();
        while let Some(node) = open.pop() {
            match &node.value {
                Value::Table(table) => open.extend(table.entries.iter().map(|(_, it)| it)),
                Value::Array(items) => open.extend(items),
                _ => continue,
            }
            let place = name_in_header(sources, node.span, &name.value);
            places.extend(place.filter(|it| *it != name.span));
        }
        places.sort_unstable();
        places.dedup();
        (!places.is_empty()).then_some((name.span, places))
    });
    places.collect()
}

/// Returns where a header has the name of what it is about: `Hero` in `[model.Hero.fields]`.
fn name_in_header(sources: &SourceMap, header: Span, expected: &str) -> Option<Span> {
    let text = sources.text(header);
    let table = DeTable::parse(text.starts_with('[').then_some(text)?).ok()?;
    let (_, kind) = table.get_ref().iter().next()?;
    let (name, _) = kind.get_ref().as_table()?.iter().next()?;
    if name.get_ref() != expected {
        return None;
    }
    let start = header.range().start;
    let range = name.span();
    Some(Span::new(
        header.source,
        start + range.start..start + range.end,
    ))
}

/// Returns the names in tables of no known kind.
fn lost_names(reader: &Reader<'_, '_>) -> Vec<String> {
    let tables = reader.unknown().filter_map(|(_, node)| match &node.value {
        Value::Table(table) => Some(table.entries.iter()),
        _ => None,
    });
    tables
        .flatten()
        .map(|(name, _)| name.value.clone())
        .collect()
}

/// Reads all `[kind.Name]` tables.
fn declarations<T>(
    reader: &mut Reader<'_, '_>,
    kind: &'static str,
    parse: impl Fn(&mut Context<'_>, &Name, &Table, Span) -> T,
) -> Vec<T> {
    let mut parsed = Vec::new();
    for (name, node) in reader.entries(kind) {
        match &node.value {
            Value::Table(table) => {
                // A table that only has sub-tables has no header of its own: its name stands for it.
                parsed.push(parse(reader.cx, name, table, name.span));
            }
            _ => {
                let expected = format!("a table, which begins with `[{kind}.{}]`", name.value);
                reader.cx.wrong_kind::<()>(node, &name.value, &expected);
            }
        }
    }
    parsed
}

fn parse_named_type(cx: &mut Context<'_>, name: &Name, table: &Table, span: Span) -> NamedType {
    let mut reader = Reader::new(cx, table, span, "a type");
    let base = reader.get("base");
    if base.is_none() {
        reader.missing(&["base"], "base = \"text\"");
    }
    let ty = NamedType {
        name: name.clone(),
        doc: reader.doc(),
        base: base.and_then(|node| reader.cx.ty(node, "base")),
        rust: parse_rust_path(&mut reader),
        validate: parse_validate(&mut reader),
        sql_type: reader.sql("sql_type"),
        derive: reader.strings("derive").unwrap_or_default(),
    };
    reader.finish();
    ty
}

fn parse_enum(cx: &mut Context<'_>, name: &Name, table: &Table, span: Span) -> Enum {
    let n_before = cx.diagnostics.n_pushed();
    let mut reader = Reader::new(cx, table, span, "an enum");
    let mut enum_ = Enum {
        name: name.clone(),
        doc: reader.doc(),
        storage: reader.word("storage", STORAGES),
        sql_name: reader.string("sql_name"),
        derive: reader.strings("derive").unwrap_or_default(),
        values: parse_enum_values(&mut reader),
        has_mistakes: false,
    };
    reader.finish();
    enum_.has_mistakes = cx.diagnostics.n_pushed() > n_before;
    enum_
}

fn parse_enum_values(reader: &mut Reader<'_, '_>) -> Vec<EnumValue> {
    let Some(node) = reader.get("values") else {
        reader.missing(&["values"], "values = [\"draft\", \"published\"]");
        return Vec::new();
    };
    match &node.value {
        Value::Array(items) if items.is_empty() => {
            reader.cx.empty(node.span, "values");
            Vec::new()
        }
        Value::Array(items) if items.len() > MAX_ENTRIES => {
            let message = format!("an enum may have {MAX_ENTRIES} values");
            let diagnostic = Diagnostic::new(&codes::OUT_OF_RANGE, node.span, message)
                .help("make it a model with a row for each value");
            reader.cx.diagnostics.push(diagnostic);
            Vec::new()
        }
        Value::Array(items) => items
            .iter()
            .filter_map(|item| parse_enum_value(reader.cx, item))
            .collect(),
        _ => reader
            .cx
            .wrong_kind(
                node,
                "values",
                "a list such as `[\"draft\", \"published\"]`",
            )
            .unwrap_or_default(),
    }
}

fn parse_enum_value(cx: &mut Context<'_>, node: &Node) -> Option<EnumValue> {
    match &node.value {
        Value::String(_) => Some(EnumValue {
            name: None,
            value: Some(node.clone()),
            doc: None,
            span: node.span,
        }),
        Value::Table(table) => {
            let mut reader = Reader::new(cx, table, node.span, "an enum value");
            let name = reader.string("name");
            let value = reader.get("value").cloned();
            let doc = reader.doc();
            if name.is_none() && reader.get("name").is_none() {
                reader.missing(&["name"], "name = \"Archived\"");
            }
            reader.finish();
            // A value without a name would be reported for that again.
            Some(EnumValue {
                name: Some(name?),
                value,
                doc,
                span: node.span,
            })
        }
        _ => cx.wrong_kind(
            node,
            "values",
            "a string, or a table such as `{ name = \"Archived\", value = \"arch\" }`",
        ),
    }
}

fn parse_mixin(cx: &mut Context<'_>, name: &Name, table: &Table, span: Span) -> Bundle {
    let n_before = cx.diagnostics.n_pushed();
    let mut reader = Reader::new(cx, table, span, "a mixin");
    let mut bundle = parse_bundle(&mut reader, name, None);
    reader.finish();
    bundle.has_mistakes = cx.diagnostics.n_pushed() > n_before;
    bundle
}

fn parse_abstract(cx: &mut Context<'_>, name: &Name, table: &Table, span: Span) -> Bundle {
    let n_before = cx.diagnostics.n_pushed();
    let mut reader = Reader::new(cx, table, span, "an abstract base");
    let extends = reader.string("extends");
    let mut bundle = parse_bundle(&mut reader, name, extends);
    reader.finish();
    bundle.has_mistakes = cx.diagnostics.n_pushed() > n_before;
    bundle
}

fn parse_bundle(reader: &mut Reader<'_, '_>, name: &Name, extends: Option<Name>) -> Bundle {
    Bundle {
        name: name.clone(),
        doc: reader.doc(),
        extends,
        mixins: reader.strings("mixins").unwrap_or_default(),
        fields: parse_fields(reader),
        has_mistakes: false,
    }
}

fn parse_model(cx: &mut Context<'_>, name: &Name, table: &Table, span: Span) -> Model {
    let n_before = cx.diagnostics.n_pushed();
    let mut reader = Reader::new(cx, table, span, "a model");
    let mut model = Model {
        name: name.clone(),
        doc: reader.doc(),
        comment: reader.string("comment"),
        table: reader.string("table"),
        schema: reader.string("schema"),
        key_name: reader.string("key_name"),
        extends: reader.string("extends"),
        mixins: reader.strings("mixins").unwrap_or_default(),
        is_abstract: reader.boolean("abstract"),
        inheritance: parse_inheritance(&mut reader),
        tag: reader.get("tag").cloned(),
        derive: reader.strings("derive").unwrap_or_default(),
        variants: parse_variants(&mut reader),
        renamed_from: reader.string("renamed_from"),
        fields: parse_fields(&mut reader),
        relations: parse_relations(&mut reader),
        foreign_keys: each(&mut reader, "foreign_keys", parse_foreign_key),
        uniques: each(&mut reader, "unique", parse_unique),
        indexes: each(&mut reader, "indexes", parse_index),
        checks: each(&mut reader, "checks", parse_check),
        rules: each(&mut reader, "rules", parse_rule),
        has_mistakes: false,
        is_partial: false,
    };
    // Misspelt, one of these keys leaves the model without what it brings.
    let bringing = ["extends", "fields", "inheritance", "mixins"];
    model.is_partial = reader
        .unknown()
        .any(|(key, _)| nearest_word(&key.value, &bringing).is_some());
    reader.finish();
    model.has_mistakes = cx.diagnostics.n_pushed() > n_before;
    model
}

/// Reads each table of a list.
fn each<T>(
    reader: &mut Reader<'_, '_>,
    key: &'static str,
    parse: impl Fn(&mut Context<'_>, &Table, Span) -> T,
) -> Vec<T> {
    let tables = reader.tables(key);
    if let Some((_, span)) = tables.get(MAX_ENTRIES) {
        let message = format!("a model may have {MAX_ENTRIES} entries of `{key}`");
        reader.cx.diagnostics.push(
            Diagnostic::new(&codes::OUT_OF_RANGE, *span, message)
                .help("split the model, or remove some"),
        );
    }
    tables
        .into_iter()
        .take(MAX_ENTRIES)
        .map(|(table, span)| parse(reader.cx, table, span))
        .collect()
}

fn parse_inheritance(reader: &mut Reader<'_, '_>) -> Option<Inheritance> {
    let node = reader.get("inheritance")?;
    let Value::Table(table) = &node.value else {
        let expected = "a table such as `{ strategy = \"joined\", discriminator = \"kind\" }`";
        return reader.cx.wrong_kind(node, "inheritance", expected);
    };
    let mut reader = Reader::new(reader.cx, table, node.span, "`inheritance`");
    if reader.get("strategy").is_none() {
        reader.missing(&["strategy"], "strategy = \"joined\"");
    }
    let inheritance = Inheritance {
        strategy: reader.word("strategy", STRATEGIES),
        discriminator: reader.string("discriminator"),
        polymorphic: reader.word("polymorphic", POLYMORPHIC_LOADS),
        union_view: reader.boolean("union_view"),
        span: node.span,
    };
    reader.finish();
    Some(inheritance)
}

fn parse_variants(reader: &mut Reader<'_, '_>) -> Vec<Variant> {
    let Some(node) = reader.get("variants") else {
        return Vec::new();
    };
    match &node.value {
        Value::Array(items) => items
            .iter()
            .filter_map(|item| parse_variant_name(reader.cx, item))
            .collect(),
        Value::Table(table) => {
            let entries = table.entries.iter();
            entries
                .filter_map(|(name, node)| parse_variant(reader.cx, name, node))
                .collect()
        }
        _ => {
            let expected = "a list such as `[\"create\", \"update\", \"public\"]`, or a table";
            reader
                .cx
                .wrong_kind(node, "variants", expected)
                .unwrap_or_default()
        }
    }
}

fn parse_variant_name(cx: &mut Context<'_>, node: &Node) -> Option<Variant> {
    let name = cx.string(node, "variants")?;
    let kind = cx.word(&name, "variants", VARIANTS, &[])?;
    let derive = Vec::new();
    Some(Variant {
        kind,
        name: None,
        only: None,
        omit: Vec::new(),
        derive,
        doc: None,
    })
}

fn parse_variant(cx: &mut Context<'_>, name: &Name, node: &Node) -> Option<Variant> {
    // The word is a key here and so has no quotes to be replaced: an unknown one gets no edit.
    let known = VARIANTS.iter().find(|(word, _)| *word == name.value);
    let Some((_, kind)) = known else {
        cx.diagnostics.push(
            Diagnostic::new(
                &codes::UNKNOWN_WORD,
                name.span,
                format!("`{}` is not a kind of variant", name.value),
            )
            .help("the kinds of variants are `create`, `update`, `public`"),
        );
        return None;
    };
    let kind = Spanned::new(*kind, name.span);
    let empty = Table::default();
    let table = match &node.value {
        Value::Table(table) => table,
        Value::Bool(true) => &empty,
        Value::Bool(false) => return None,
        _ => return cx.wrong_kind(node, &name.value, "`true` or a table"),
    };
    let mut reader = Reader::new(cx, table, node.span, "a variant");
    let variant = Variant {
        kind,
        name: reader.string("name"),
        only: reader.strings("only"),
        omit: reader.strings("omit").unwrap_or_default(),
        derive: reader.strings("derive").unwrap_or_default(),
        doc: reader.doc(),
    };
    reader.exclude("only", "omit");
    reader.finish();
    Some(variant)
}

fn parse_relations(reader: &mut Reader<'_, '_>) -> Vec<ManyToMany> {
    let entries = reader.entries("relations");
    entries
        .iter()
        .filter_map(|(name, node)| parse_relation(reader.cx, name, node))
        .collect()
}

fn parse_relation(cx: &mut Context<'_>, name: &Name, node: &Node) -> Option<ManyToMany> {
    let Value::Table(table) = &node.value else {
        let expected = "a table such as `{ many_to_many = \"Tag\", link = \"PostTag\" }`";
        return cx.wrong_kind(node, &name.value, expected);
    };
    let mut reader = Reader::new(cx, table, node.span, "a relation");
    for (keys, example) in [
        (&["many_to_many"], "many_to_many = \"Tag\""),
        (&["link"], "link = \"PostTag\""),
    ] {
        let [key] = keys;
        if reader.get(key).is_none() {
            reader.missing(keys, example);
        }
    }
    let relation = ManyToMany {
        name: name.clone(),
        doc: reader.doc(),
        target: reader.string("many_to_many"),
        link: reader.string("link"),
        inverse: reader.string("inverse"),
        from: reader.string("from"),
        to: reader.string("to"),
        span: node.span,
    };
    reader.finish();
    Some(relation)
}

fn parse_foreign_key(cx: &mut Context<'_>, table: &Table, span: Span) -> ForeignKey {
    let n_before = cx.diagnostics.n_pushed();
    let mut reader = Reader::new(cx, table, span, "a foreign key");
    if reader.get("ref").is_none() {
        reader.missing(&["ref"], "ref = \"Order\"");
    }
    let mut foreign_key = ForeignKey {
        on: parse_on(&mut reader),
        target: reader.string("ref"),
        to: reader.strings("to").unwrap_or_default(),
        doc: reader.doc(),
        options: parse_reference_options(&mut reader, "name"),
        span,
        has_mistakes: false,
    };
    if let Some(node) = reader.get("on_update")
        && !matches!(node.value, Value::String(_))
    {
        reader
            .cx
            .wrong_kind::<()>(node, "on_update", "an action such as `\"cascade\"`");
    }
    reader.finish();
    foreign_key.has_mistakes = cx.diagnostics.n_pushed() > n_before;
    foreign_key
}

/// Takes `on`, a list of fields that is not empty.
fn parse_on(reader: &mut Reader<'_, '_>) -> Vec<Name> {
    let Some(node) = reader.get("on") else {
        reader.missing(&["on"], "on = [\"name\"]");
        return Vec::new();
    };
    let on = reader.strings("on").unwrap_or_default();
    if node.value == Value::Array(Vec::new()) {
        reader.cx.empty(node.span, "on");
    }
    if on.len() > MAX_KEY_LEN {
        let message = format!("`on` names more than {MAX_KEY_LEN} fields");
        reader.cx.diagnostics.push(
            Diagnostic::new(&codes::OUT_OF_RANGE, node.span, message)
                .help("name the few fields that tell rows apart or are searched for"),
        );
        return Vec::new();
    }
    on
}

fn parse_unique(cx: &mut Context<'_>, table: &Table, span: Span) -> Unique {
    let mut reader = Reader::new(cx, table, span, "a unique key");
    let unique = Unique {
        on: parse_on(&mut reader),
        name: reader.string("name"),
        span,
    };
    reader.finish();
    unique
}

fn parse_index(cx: &mut Context<'_>, table: &Table, span: Span) -> Index {
    let n_before = cx.diagnostics.n_pushed();
    let mut reader = Reader::new(cx, table, span, "an index");
    let mut index = Index {
        on: parse_index_parts(&mut reader),
        name: reader.string("name"),
        is_unique: reader.is_true("unique"),
        predicate: reader.sql("where"),
        method: reader.sql("method"),
        dialects: reader.dialects("dialects"),
        span,
        has_mistakes: false,
    };
    reader.finish();
    index.has_mistakes = cx.diagnostics.n_pushed() > n_before;
    index
}

fn parse_index_parts(reader: &mut Reader<'_, '_>) -> Vec<IndexPart> {
    let Some(node) = reader.get("on") else {
        reader.missing(&["on"], "on = [\"name\"]");
        return Vec::new();
    };
    match &node.value {
        Value::Array(items) if items.is_empty() => {
            reader.cx.empty(node.span, "on");
            Vec::new()
        }
        Value::Array(items) => items
            .iter()
            .filter_map(|item| parse_index_part(reader.cx, item))
            .collect(),
        _ => reader
            .cx
            .wrong_kind(node, "on", "a list such as `[\"name\"]`")
            .unwrap_or_default(),
    }
}

fn parse_index_part(cx: &mut Context<'_>, node: &Node) -> Option<IndexPart> {
    let table = match &node.value {
        Value::String(field) => {
            let key = IndexKey::Field(Spanned::new(field.clone(), node.span));
            return Some(IndexPart {
                key,
                order: Order::Ascending,
                nulls: None,
            });
        }
        Value::Table(table) => table,
        _ => {
            return cx.wrong_kind(
                node,
                "on",
                "a field, or a table such as `{ column = \"name\" }`",
            );
        }
    };
    let mut reader = Reader::new(cx, table, node.span, "a part of an index");
    let column = reader.string("column");
    let sql = reader.sql("sql");
    let order = reader.word(
        "order",
        &[("asc", Order::Ascending), ("desc", Order::Descending)],
    );
    let nulls = reader.word("nulls", &[("first", Nulls::First), ("last", Nulls::Last)]);
    reader.exclude("column", "sql");
    if reader.get("column").is_none() && reader.get("sql").is_none() {
        reader.missing(
            &["column", "sql"],
            "column = \"name\"` or `sql = \"lower(name)\"",
        );
    }
    reader.finish();
    let key = match column {
        Some(column) => IndexKey::Field(column),
        None if sql.is_none() => return None,
        None => IndexKey::Sql(sql),
    };
    let order = order.map_or(Order::Ascending, |order| order.value);
    Some(IndexPart {
        key,
        order,
        nulls: nulls.map(|nulls| nulls.value),
    })
}

fn parse_check(cx: &mut Context<'_>, table: &Table, span: Span) -> Check {
    let mut reader = Reader::new(cx, table, span, "a check");
    for (keys, example) in [
        (&["name"], "name = \"price_not_negative\""),
        (&["sql"], "sql = \"price >= 0\""),
    ] {
        let [key] = keys;
        if reader.get(key).is_none() {
            reader.missing(keys, example);
        }
    }
    let check = Check {
        name: reader.string("name"),
        sql: reader.sql("sql"),
    };
    reader.finish();
    check
}

fn parse_rule(cx: &mut Context<'_>, table: &Table, span: Span) -> ModelRule {
    let mut reader = Reader::new(cx, table, span, "a rule");
    for (keys, example) in [
        (&["name"], "name = \"end_after_start\""),
        (&["expr"], "expr = \"ends > starts\""),
        (&["message"], "message = \"the end comes after the start\""),
    ] {
        let [key] = keys;
        if reader.get(key).is_none() {
            reader.missing(keys, example);
        }
    }
    let rule = ModelRule {
        name: reader.string("name"),
        expr: reader.string("expr"),
        message: reader.string("message"),
    };
    reader.finish();
    rule
}
