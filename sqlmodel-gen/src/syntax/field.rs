//! Reads fields, and what they share with types and foreign keys.

use sqlmodel_sql::{Action, Deferrable};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Format, Write};
use crate::syntax::reader::{Context, Reader};
use crate::syntax::type_expr::{parse_target, parse_type};
use crate::syntax::{
    Default, Field, Generated, Identity, Key, Name, Node, Reference, ReferenceOptions, Rule,
    RustPath, Spanned, Table, TypeExpr, Value,
};

const ACTIONS: &[(&str, Action)] = &[
    ("no_action", Action::NoAction),
    ("restrict", Action::Restrict),
    ("cascade", Action::Cascade),
    ("set_null", Action::SetNull),
    ("set_default", Action::SetDefault),
];

const FORMATS: &[(&str, Format)] = &[
    ("email", Format::Email),
    ("url", Format::Url),
    ("hostname", Format::Hostname),
    ("ip", Format::Ip),
    ("ipv4", Format::Ipv4),
    ("ipv6", Format::Ipv6),
    ("slug", Format::Slug),
];

/// Reads the lines of `fields`.
pub(super) fn parse_fields(reader: &mut Reader<'_, '_>) -> Vec<Field> {
    let entries = reader.entries("fields");
    entries
        .iter()
        .map(|(name, node)| parse_field(reader.cx, name, node))
        .collect()
}

fn parse_field(cx: &mut Context<'_>, name: &Name, node: &Node) -> Field {
    let n_before = cx.diagnostics.n_pushed();
    let short = Table::default();
    let (table, ty) = match &node.value {
        Value::Table(table) => (table, None),
        Value::String(_) => (&short, Some(node)),
        _ => {
            cx.wrong_kind::<()>(node, &name.value, "a type such as `\"text\"`, or a table");
            (&short, None)
        }
    };
    // An empty field would be reported for having no type, beside the mistake that emptied it.
    let is_readable = ty.is_some() || matches!(node.value, Value::Table(_));
    let mut reader = Reader::new(cx, table, node.span, "a field");
    let ty = ty.or_else(|| reader.get("type"));
    let has_type = ty.is_some();
    let ty = ty.and_then(|node| reader.cx.ty(node, "type"));
    let json = reader.string("json");
    let has_reference = reader.get("ref").is_some();
    let reference = parse_reference(&mut reader, has_reference);
    // On a reference, a word is the action of its foreign key and a table a value to store.
    let on_update = reader
        .get("on_update")
        .filter(|node| !(has_reference && matches!(node.value, Value::String(_))));
    let mut field = Field {
        name: name.clone(),
        span: node.span,
        doc: reader.doc(),
        ty,
        reference,
        json,
        rust: parse_rust_path(&mut reader),
        key: parse_key(&mut reader),
        identity: parse_identity(&mut reader),
        unique: reader.flag("unique"),
        index: reader.flag("index"),
        default: reader.get("default").map(|node| reader.cx.default(node)),
        on_update: on_update.map(|node| reader.cx.default(node)),
        generated: parse_generated(&mut reader),
        version: reader.boolean("version"),
        hidden: reader.boolean("hidden"),
        write: reader.word(
            "write",
            &[
                ("always", Write::Always),
                ("insert", Write::Insert),
                ("never", Write::Never),
            ],
        ),
        validate: parse_validate(&mut reader),
        check: reader.flag("check"),
        column: reader.string("column"),
        sql_type: reader.sql("sql_type"),
        collation: reader.sql("collation"),
        comment: reader.string("comment"),
        renamed_from: reader.string("renamed_from"),
        has_mistakes: false,
    };
    if is_readable && !has_type && !has_reference && field.json.is_none() {
        let message = format!("the field `{}` has no type", name.value);
        let diagnostic = Diagnostic::new(&codes::MISSING_KEY, name.span, message)
            .help("add `type = \"text\"`, or `ref = \"Team\"` for a foreign key");
        reader.missing_as(&["type", "ref", "json"], diagnostic);
    }
    reader.finish();
    field.has_mistakes = cx.diagnostics.n_pushed() > n_before;
    field
}

fn parse_reference(reader: &mut Reader<'_, '_>, has_reference: bool) -> Option<Reference> {
    if !has_reference {
        for key in [
            "on_delete",
            "inverse",
            "relation",
            "deferrable",
            "constraint",
        ] {
            let Some((name, _)) = reader.get_with_key(key) else {
                continue;
            };
            let message = format!("`{key}` is for foreign keys, and this field is none");
            reader.cx.diagnostics.push(
                Diagnostic::new(&codes::FOREIGN_KEY_OPTION, name.span, message)
                    .help("write `ref = \"Team\"` in place of the type"),
            );
        }
        return None;
    }
    let text = reader.string("ref")?;
    let options = parse_reference_options(reader, "constraint");
    let target = parse_target(&text, reader.cx.sources, reader.cx.diagnostics)?;
    Some(Reference {
        target: target.model,
        field: target.field,
        is_nullable: target.is_nullable,
        span: text.span,
        options,
    })
}

/// Reads what a foreign key may say; `name` is the key that holds the constraint's name.
pub(super) fn parse_reference_options(
    reader: &mut Reader<'_, '_>,
    name: &'static str,
) -> ReferenceOptions {
    let on_update = match reader.get("on_update").map(|node| &node.value) {
        Some(Value::String(_)) => reader.word("on_update", ACTIONS),
        _ => None,
    };
    ReferenceOptions {
        relation: parse_relation_name(reader),
        inverse: reader.string("inverse"),
        on_delete: reader.word("on_delete", ACTIONS),
        on_update,
        deferrable: parse_deferrable(reader),
        name: reader.string(name),
    }
}

fn parse_relation_name(reader: &mut Reader<'_, '_>) -> Option<Spanned<Option<String>>> {
    let node = reader.get("relation")?;
    match &node.value {
        Value::Bool(false) => Some(Spanned::new(None, node.span)),
        Value::String(name) => Some(Spanned::new(Some(name.clone()), node.span)),
        _ => reader
            .cx
            .wrong_kind(node, "relation", "a name, or `false` for none"),
    }
}

fn parse_deferrable(reader: &mut Reader<'_, '_>) -> Option<Spanned<Deferrable>> {
    let node = reader.get("deferrable")?;
    if let Value::Bool(is_deferrable) = node.value {
        let value = if is_deferrable {
            Deferrable::InitiallyImmediate
        } else {
            Deferrable::No
        };
        return Some(Spanned::new(value, node.span));
    }
    reader.word_beside(
        "deferrable",
        &[
            ("immediate", Deferrable::InitiallyImmediate),
            ("deferred", Deferrable::InitiallyDeferred),
        ],
        &["true", "false"],
    )
}

fn parse_key(reader: &mut Reader<'_, '_>) -> Option<Spanned<Key>> {
    let node = reader.get("key")?;
    match &node.value {
        Value::Bool(true) => Some(Spanned::new(Key::Given, node.span)),
        Value::Bool(false) => None,
        Value::String(_) => reader.word_beside("key", &[("auto", Key::Auto)], &["true"]),
        _ => reader.cx.wrong_kind(node, "key", "`true` or `\"auto\"`"),
    }
}

fn parse_identity(reader: &mut Reader<'_, '_>) -> Option<Identity> {
    const MODES: &[(&str, bool)] = &[("always", true), ("by_default", false)];
    let node = reader.get("identity")?;
    let Value::Table(table) = &node.value else {
        let mode = reader.word("identity", MODES)?;
        return Some(Identity {
            is_always: mode.value,
            start: None,
            increment: None,
            span: node.span,
        });
    };
    let mut reader = Reader::new(reader.cx, table, node.span, "an identity");
    let mode = reader.word("mode", MODES);
    let start = reader.integer("start");
    let increment = reader.integer("increment");
    if let Some(zero) = increment.as_ref().filter(|increment| increment.value == 0) {
        reader
            .cx
            .out_of_range(zero.span, "increment", "may not be zero", "1");
    }
    reader.finish();
    Some(Identity {
        is_always: mode.is_some_and(|mode| mode.value),
        start: start.map(|start| start.value),
        increment: increment.map(|increment| increment.value),
        span: node.span,
    })
}

fn parse_generated(reader: &mut Reader<'_, '_>) -> Option<Generated> {
    let node = reader.get("generated")?;
    let Value::Table(table) = &node.value else {
        let sql = reader.cx.sql(node, "generated");
        return Some(Generated {
            sql,
            is_stored: false,
            span: node.span,
        });
    };
    let mut reader = Reader::new(reader.cx, table, node.span, "a generated column");
    let sql = reader.sql("sql");
    if sql.is_none() && reader.get("sql").is_none() {
        reader.missing(&["sql"], "sql = \"lower(title)\"");
    }
    let is_stored = reader.is_true("stored");
    reader.finish();
    Some(Generated {
        sql,
        is_stored,
        span: node.span,
    })
}

/// Reads `rust`: a path, or a table with more about it.
pub(super) fn parse_rust_path(reader: &mut Reader<'_, '_>) -> Option<RustPath> {
    let node = reader.get("rust")?;
    let Value::Table(table) = &node.value else {
        let path = reader.string("rust")?;
        return Some(RustPath {
            path,
            is_copy: false,
        });
    };
    let mut reader = Reader::new(reader.cx, table, node.span, "a Rust type");
    let path = reader.string("path");
    if reader.get("path").is_none() {
        reader.missing(&["path"], "path = \"crate::Money\"");
    }
    let is_copy = reader.is_true("copy");
    reader.finish();
    Some(RustPath {
        path: path?,
        is_copy,
    })
}

/// A key of `validate`, and the rule it makes.
type RuleOf<T> = (&'static str, fn(T) -> Rule);

/// Reads `validate`, in the order of the file.
pub(super) fn parse_validate(reader: &mut Reader<'_, '_>) -> Vec<Spanned<Rule>> {
    let Some(node) = reader.get("validate") else {
        return Vec::new();
    };
    let Value::Table(table) = &node.value else {
        reader
            .cx
            .wrong_kind::<()>(node, "validate", "a table such as `{ min = 0 }`");
        return Vec::new();
    };
    let mut reader = Reader::new(reader.cx, table, node.span, "`validate`");
    let mut rules: Vec<Spanned<Rule>> = Vec::new();
    let numbers: [RuleOf<Node>; 5] = [
        ("min", Rule::Min),
        ("max", Rule::Max),
        ("above", Rule::Above),
        ("below", Rule::Below),
        ("multiple_of", Rule::MultipleOf),
    ];
    for (key, rule) in numbers {
        let node = reader.get(key);
        rules.extend(node.map(|node| Spanned::new(rule(node.clone()), node.span)));
    }
    let lengths: [RuleOf<u32>; 2] = [("min_len", Rule::MinLen), ("max_len", Rule::MaxLen)];
    for (key, rule) in lengths {
        let Some(length) = reader.integer(key) else {
            continue;
        };
        match u32::try_from(length.value) {
            Ok(value) => rules.push(Spanned::new(rule(value), length.span)),
            Err(_) => reader
                .cx
                .out_of_range(length.span, key, "is not a length", "1"),
        }
    }
    rules.extend(
        reader
            .word("format", FORMATS)
            .map(|format| format.map(Rule::Format)),
    );
    rules.extend(
        reader
            .string("pattern")
            .map(|pattern| pattern.map(Rule::Pattern)),
    );
    if let Some(node) = reader.get("one_of") {
        match &node.value {
            Value::Array(items) if items.is_empty() => reader.cx.empty(node.span, "one_of"),
            Value::Array(items) => rules.push(Spanned::new(Rule::OneOf(items.clone()), node.span)),
            _ => reader
                .cx
                .wrong_kind::<()>(node, "one_of", "a list of values")
                .unwrap_or_default(),
        }
    }
    reader.finish();
    rules.sort_by_key(|rule| rule.span);
    rules
}

impl Context<'_> {
    pub(super) fn ty(&mut self, node: &Node, key: &str) -> Option<TypeExpr> {
        let text = self.string(node, key)?;
        parse_type(&text, self.sources, self.diagnostics)
    }

    /// Reads a value to store: a constant, or a table that says where it comes from.
    fn default(&mut self, node: &Node) -> Spanned<Default> {
        let Value::Table(table) = &node.value else {
            return Spanned::new(Default::Value(node.clone()), node.span);
        };
        let mut reader = Reader::new(self, table, node.span, "a default");
        let function = reader.string("fn");
        let json = reader.string("json");
        let sql = reader.sql("sql");
        if reader
            .get("fn")
            .or(reader.get("json"))
            .or(reader.get("sql"))
            .is_none()
        {
            reader.missing(
                &["fn", "sql", "json"],
                "fn = \"now\"` or `sql = \"..\"` or `json = \"{}\"",
            );
        }
        let given =
            ["fn", "json", "sql"].map(|key| reader.get_with_key(key).map(|(name, _)| name.span));
        let mut given = given.into_iter().flatten();
        if let (Some(first), Some(second)) = (given.next(), given.next()) {
            reader.cx.diagnostics.push(
                Diagnostic::new(
                    &codes::CONFLICTING_KEYS,
                    second,
                    "a value comes from one source",
                )
                .related(first, "there is one already")
                .help("remove one of the two"),
            );
        }
        let value = match (function, json) {
            (Some(function), _) => Default::Function(function),
            (None, Some(json)) => Default::Json(json),
            (None, None) => Default::Sql(sql),
        };
        reader.finish();
        Spanned::new(value, node.span)
    }
}
