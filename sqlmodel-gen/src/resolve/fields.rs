//! Pass 5: defaults, rules and options of fields, against their types.

use sqlmodel_sql::{Function, Literal};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{
    self, Builtin, FieldType, KeyPart, Scalar, Validation, Value, ValueBy, ValueSource, Write,
};
use crate::resolve::names::check_snake_case;
use crate::resolve::validate::meets;
use crate::resolve::{DeclId, Resolver, sql_text};
use crate::source::Span;
use crate::syntax::{self, Default, Key, Name, Spanned};

/// Keys that exclude each other.
const CONFLICTS: &[(&str, &[&str])] = &[
    ("ref", &["type", "json", "identity", "generated", "version"]),
    (
        "generated",
        &[
            "default",
            "on_update",
            "key",
            "identity",
            "version",
            "write",
            "validate",
        ],
    ),
    (
        "version",
        &["key", "default", "on_update", "unique", "write", "hidden"],
    ),
    ("identity", &["default", "on_update"]),
];

impl<'a> Resolver<'a> {
    /// Resolves every declared field whose type is known.
    pub(super) fn finish_fields(&mut self) {
        for id in (0..self.decls.len()).map(DeclId) {
            let syntax = self.decl(id).syntax;
            check_snake_case(&syntax.name, "a field", self.diagnostics);
            let has_conflict = self.check_conflicts(syntax);
            if has_conflict || syntax.has_mistakes {
                self.unsure.insert(syntax.name.span);
            }
            let Some(ty) = self.decl(id).ty.clone() else {
                continue;
            };
            let field = self.finish_field(syntax, ty, has_conflict);
            self.decls[id.0].field = Some(field);
        }
    }

    fn finish_field(
        &mut self,
        syntax: &'a syntax::Field,
        ty: FieldType,
        has_conflict: bool,
    ) -> ir::Field {
        if !has_conflict {
            self.check_key(syntax, &ty);
            self.check_version(syntax, &ty);
        }
        self.check_json(syntax, &ty);
        self.check_sql(syntax, &ty);
        let validate = self.validations(&syntax.validate, ty.scalar, ty.is_array);
        let default = syntax
            .default
            .as_ref()
            .and_then(|default| self.value(default, &ty, "the default"));
        let on_update = syntax
            .on_update
            .as_ref()
            .and_then(|value| self.value(value, &ty, "the value of `on_update`"));
        self.check_default_meets_rules(syntax, &ty, default.as_ref(), &validate);
        self.check_write(syntax, &ty, default.is_some());
        ir::Field {
            name: syntax.name.value.clone(),
            model: None,
            doc: syntax.doc.clone(),
            rust: match &syntax.json {
                Some(path) => {
                    self.check_rust_type(path);
                    Some(ir::RustType {
                        path: path.value.clone(),
                        is_copy: false,
                    })
                }
                None => self.rust_type(syntax.rust.as_ref()),
            },
            column: column_name(syntax).to_owned(),
            key: key_part(syntax),
            default,
            on_update: on_update.map(|value| Value {
                by: ValueBy::Client,
                ..value
            }),
            is_generated: syntax.generated.is_some(),
            is_version: syntax.version.as_ref().is_some_and(|it| it.value),
            is_hidden: syntax.hidden.as_ref().is_some_and(|it| it.value),
            is_discriminator: false,
            write: syntax
                .write
                .as_ref()
                .map_or(Write::Always, |write| write.value),
            validate,
            renamed_from: syntax.renamed_from.as_ref().map(|name| name.value.clone()),
            span: syntax.name.span,
            ty,
        }
    }

    /// Reports keys that exclude each other; true if there are any.
    fn check_conflicts(&mut self, field: &syntax::Field) -> bool {
        let present = present_keys(field);
        let find = |key: &str| {
            present
                .iter()
                .find(|(name, _)| *name == key)
                .map(|(_, span)| *span)
        };
        for (key, others) in CONFLICTS {
            let Some(span) = find(key) else { continue };
            for other in *others {
                if let Some(other_span) = find(other) {
                    self.push_conflict(key, span, other, other_span);
                    return true;
                }
            }
        }
        if let Some(key) = field.key.as_ref().filter(|key| key.value == Key::Auto) {
            for other in ["default", "on_update", "ref", "unique"] {
                if let Some(span) = find(other) {
                    self.push_conflict("key = \"auto\"", key.span, other, span);
                    return true;
                }
            }
        } else if let Some(identity) = &field.identity {
            let message = format!(
                "`{}` has an identity and is not an `auto` key",
                field.name.value
            );
            self.push(
                Diagnostic::new(&codes::CONFLICTING_KEYS, identity.span, message)
                    .note("MySQL and SQLite count up nothing but a primary key")
                    .help("add `key = \"auto\"`"),
            );
            return true;
        }
        false
    }

    fn push_conflict(&mut self, key: &str, span: Span, other: &str, other_span: Span) {
        let message = format!("`{key}` and `{other}` exclude each other");
        let why = match (key, other) {
            ("ref", "type" | "json") => {
                Some("the type of a reference is that of the key it leads to")
            }
            ("generated", _) => Some("the database computes the column, so nothing else writes it"),
            ("version", _) => Some("a version counts the updates of a row, and nothing else"),
            _ => None,
        };
        let diagnostic = Diagnostic::new(&codes::CONFLICTING_KEYS, other_span, message)
            .related(span, format!("`{key}` is here"))
            .help("remove one of the two");
        self.push(match why {
            Some(why) => diagnostic.note(why),
            None => diagnostic,
        });
    }

    fn check_key(&mut self, field: &syntax::Field, ty: &FieldType) {
        let name = &field.name.value;
        let flags = [
            field.unique.as_ref().map(|flag| ("unique", flag.span)),
            field.index.as_ref().map(|flag| ("an index", flag.span)),
        ];
        if let Some(key) = &field.key {
            if ty.is_nullable {
                let message = format!("`{name}` is part of the key and cannot be null");
                let span = type_span(field);
                self.push(
                    Diagnostic::new(&codes::NULLABLE_KEY, span, message)
                        .related(key.span, "the key")
                        .help("remove the `?`"),
                );
            } else if !self.is_key_type(ty) {
                self.push_not_comparable(field, "a key");
            } else if key.value == Key::Auto && !self.is_whole(ty) {
                let message = format!("`{name}` cannot be counted up by the database");
                self.push(
                    Diagnostic::new(&codes::AUTO_KEY, key.span, message)
                        .note("an `auto` key is of the type `i16`, `i32` or `i64`")
                        .help("for a UUID, write `{ type = \"uuid\", key = true, default = { fn = \"uuid_v7\" } }`"),
                );
            }
        } else if let Some((what, _)) = flags.into_iter().flatten().next()
            && !self.is_key_type(ty)
        {
            self.push_not_comparable(field, what);
        }
    }

    fn push_not_comparable(&mut self, field: &syntax::Field, what: &str) {
        let name = &field.name.value;
        let help = match (what, field.unique.is_some()) {
            ("a key", _) => "write `{ type = \"i64\", key = \"auto\" }`, or another type",
            (_, true) => {
                "remove `unique`, or choose another type: `decimal(12,2)` compares exactly"
            }
            (_, false) => {
                "remove `index`, or write one of each database: `[[model.*.indexes]]` with `method = { postgres = \"gin\" }`"
            }
        };
        let message =
            format!("`{name}` cannot be {what}: its type has no equality that all databases share");
        self.push(
            Diagnostic::new(&codes::NOT_COMPARABLE, type_span(field), message)
                .note("json, lists and floating-point numbers are no keys")
                .help(help),
        );
    }

    fn is_whole(&self, ty: &FieldType) -> bool {
        let builtin = self.builtin_of(ty.scalar);
        matches!(builtin, Some(Builtin::I16 | Builtin::I32 | Builtin::I64)) && !ty.is_array
    }

    fn check_version(&mut self, field: &syntax::Field, ty: &FieldType) {
        let Some(version) = field.version.as_ref().filter(|version| version.value) else {
            return;
        };
        let is_counter = matches!(ty.scalar, Scalar::Builtin(Builtin::I32 | Builtin::I64));
        if !is_counter || ty.is_nullable || ty.is_array {
            let message = format!("`{}` cannot be a version", field.name.value);
            self.push(
                Diagnostic::new(&codes::VERSION, type_span(field), message)
                    .related(version.span, "declared as the version")
                    .help("write `{ type = \"i64\", version = true }`"),
            );
        }
    }

    fn check_json(&mut self, field: &syntax::Field, ty: &FieldType) {
        let (Some(json), Some(written)) = (&field.json, &field.ty) else {
            return;
        };
        if ty.scalar != Scalar::Builtin(Builtin::Json) {
            let message = format!(
                "`{}` is encoded as JSON, and its type is `{}`",
                field.name.value, written.name.value
            );
            self.push(
                Diagnostic::new(&codes::CONFLICTING_KEYS, written.span, message)
                    .related(json.span, "encoded as JSON")
                    .help("write `type = \"json\"`, or `type = \"json?\"` where null is allowed"),
            );
        }
    }

    /// Checks what is said to the database: names, SQL text, collations.
    fn check_sql(&mut self, field: &syntax::Field, ty: &FieldType) {
        for name in field.column.iter().chain(&field.renamed_from) {
            self.check_sql_name(name, "a column");
        }
        if let Some(generated) = &field.generated {
            let what = format!("the generated column `{}`", field.name.value);
            self.require_sql(&generated.sql, generated.span, &what);
        }
        self.check_sql_type(&field.sql_type);
        let collations = [
            &field.collation.portable,
            &field.collation.sqlite,
            &field.collation.postgres,
            &field.collation.mysql,
        ];
        let is_text = matches!(self.builtin_of(ty.scalar), Some(Builtin::Text { .. }));
        if let Some(collation) = collations.into_iter().flatten().next()
            && (!is_text || ty.is_array)
        {
            let message = format!("`{}` is no text, and has no collation", field.name.value);
            let help = "remove `collation`, or make the type a text";
            self.error(&codes::CONFLICTING_KEYS, collation.span, message, help);
        } else {
            self.check_names_dialect(&field.collation, "collation");
        }
        if let Some(check) = &field.check
            && field.validate.is_empty()
            && !field.has_mistakes
            && !self.has_type_rules(ty)
        {
            let message = format!(
                "`{}` has no rule that the database could check",
                field.name.value
            );
            self.push(
                Diagnostic::new(&codes::CHECK_WITHOUT_RULE, check.span, message)
                    .help("add `validate = { .. }`, or write the SQL in `[[model.*.checks]]`"),
            );
        }
    }

    fn has_type_rules(&self, ty: &FieldType) -> bool {
        match ty.scalar {
            Scalar::Named(id) => self.types[id]
                .as_ref()
                .is_none_or(|ty| !ty.validate.is_empty()),
            Scalar::Enum(_) => true,
            Scalar::Builtin(_) => false,
        }
    }

    /// Reports a name that no database takes.
    pub(super) fn check_sql_name(&mut self, name: &Name, what: &str) {
        if name.value.trim().is_empty() || name.value.chars().any(char::is_control) {
            let message = format!(
                "the name of {what} cannot be {}",
                self.sources.text(name.span)
            );
            self.push(
                Diagnostic::new(&codes::SQL_NAME, name.span, message)
                    .help("write a name, or remove the key"),
            );
        }
    }

    fn check_write(&mut self, field: &syntax::Field, ty: &FieldType, has_default: bool) {
        let Some(write) = field
            .write
            .as_ref()
            .filter(|write| write.value == Write::Never)
        else {
            return;
        };
        if !has_default && !ty.is_nullable && field.default.is_none() && field.generated.is_none() {
            let message = format!(
                "nothing ever writes `{}`, and it cannot be null",
                field.name.value
            );
            self.push(
                Diagnostic::new(&codes::NEVER_WRITTEN, write.span, message)
                    .help("give it a default, or allow null with `?`"),
            );
        }
    }

    /// Resolves a default or a value of `on_update`.
    fn value(&mut self, value: &Spanned<Default>, ty: &FieldType, what: &str) -> Option<Value> {
        let source = match &value.value {
            Default::Value(node) => self.constant(node, ty, what)?,
            Default::Json(text) => match (self.builtin_of(ty.scalar), ty.is_array) {
                (Some(Builtin::Json), false) => ValueSource::Literal(self.json_literal(text)?),
                _ => {
                    let message = "a JSON document does not fit the type";
                    let help = "write the value itself, or `type = \"json\"`";
                    self.error(&codes::LITERAL_TYPE, value.span, message, help);
                    return None;
                }
            },
            Default::Function(name) => ValueSource::Function(self.function(name, ty)?),
            Default::Sql(sql) => {
                if sql.is_none() {
                    return None;
                }
                self.require_sql(sql, value.span, what);
                ValueSource::Sql(sql_text(sql))
            }
        };
        let by = match &source {
            ValueSource::Function(function) if function.is_client_side() => ValueBy::Client,
            _ => ValueBy::Database,
        };
        Some(Value { source, by })
    }

    fn function(&mut self, name: &Name, ty: &FieldType) -> Option<Function> {
        let Some(function) = Function::parse(&name.value) else {
            let names = Function::ALL.map(Function::name);
            let message = format!("unknown function `{}`", name.value);
            let diagnostic = Diagnostic::new(&codes::UNKNOWN_FUNCTION, name.span, message);
            self.push(match self.diagnostics.nearest(&name.value, names) {
                Some(function) => diagnostic
                    .label(format!("did you mean `{function}`?"))
                    .rename(name, function, self.sources),
                None => diagnostic.help(format!(
                    "the portable functions are {}; for another one, write `{{ sql = \"..\" }}`",
                    syntax::list(&names)
                )),
            });
            return None;
        };
        let fits = match self.builtin_of(ty.scalar) {
            Some(builtin) => function.fits(&crate::resolve::tables::scalar_type(builtin)),
            None => !matches!(ty.scalar, Scalar::Enum(_)),
        };
        if fits && !ty.is_array {
            return Some(function);
        }
        let gives = match function {
            Function::Now => "`timestamp` or `timestamptz`",
            Function::Today => "`date`",
            Function::CurrentTime => "`time`",
            Function::UuidV4 | Function::UuidV7 => "`uuid`",
        };
        let fitting = self.builtin_of(ty.scalar).filter(|_| !ty.is_array);
        let fitting = fitting.and_then(|builtin| {
            let ty = crate::resolve::tables::scalar_type(builtin);
            Function::ALL.into_iter().find(|it| it.fits(&ty))
        });
        let help = match fitting {
            Some(fitting) => format!(
                "write `{{ fn = \"{}\" }}`, or change the type",
                fitting.name()
            ),
            None => "change the type, or write a constant or `{ sql = \"..\" }`".to_owned(),
        };
        let message = format!("the function `{}` does not fit the type", function.name());
        self.push(
            Diagnostic::new(&codes::FUNCTION_TYPE, name.span, message)
                .note(format!("it is for {gives}"))
                .help(help),
        );
        None
    }

    fn check_default_meets_rules(
        &mut self,
        field: &syntax::Field,
        ty: &FieldType,
        default: Option<&Value>,
        rules: &[Validation],
    ) {
        let Some(Value {
            source: ValueSource::Literal(literal),
            ..
        }) = default
        else {
            return;
        };
        let Some(written) = &field.default else {
            return;
        };
        let of_type: &[Validation] = match ty.scalar {
            Scalar::Named(id) if !ty.is_array => self.types[id]
                .as_ref()
                .map_or(&[], |ty| ty.validate.as_slice()),
            _ => &[],
        };
        let mut all = of_type.iter().chain(rules);
        if let Some(broken) = all.find(|rule| !meets(literal, rule)) {
            let key = broken.key();
            let message = format!(
                "the default of `{}` does not meet its own rules",
                field.name.value
            );
            let of_field = field.validate.iter().find(|it| it.value.key() == key);
            let diagnostic = Diagnostic::new(&codes::DEFAULT_BREAKS_RULE, written.span, message)
                .label(format!("`{key}` refuses it"))
                .help(format!(
                    "write a default that `{key}` allows, or change the rule"
                ));
            self.push(match of_field {
                Some(rule) => diagnostic.related(rule.span, "the rule"),
                None => diagnostic,
            });
        }
    }
}

/// Returns the name of a field's column.
pub(super) fn column_name(field: &syntax::Field) -> &str {
    field
        .column
        .as_ref()
        .map_or(&field.name.value, |name| &name.value)
}

/// Returns the place of a field's type.
pub(super) fn type_span(field: &syntax::Field) -> Span {
    match (&field.ty, &field.reference) {
        (Some(ty), _) => ty.span,
        (None, Some(reference)) => reference.span,
        (None, None) => field.span,
    }
}

fn key_part(field: &syntax::Field) -> KeyPart {
    match field.key.as_ref().map(|key| key.value) {
        None => KeyPart::None,
        Some(Key::Given) => KeyPart::Given,
        Some(Key::Auto) => KeyPart::Auto {
            is_always: field
                .identity
                .as_ref()
                .is_some_and(|identity| identity.is_always),
        },
    }
}

/// Returns the keys of a field that may exclude others, and their places.
fn present_keys(field: &syntax::Field) -> Vec<(&'static str, Span)> {
    let keys = [
        ("ref", field.reference.as_ref().map(|it| it.span)),
        ("type", field.ty.as_ref().map(|it| it.span)),
        ("json", field.json.as_ref().map(|it| it.span)),
        ("key", field.key.as_ref().map(|it| it.span)),
        ("identity", field.identity.as_ref().map(|it| it.span)),
        ("generated", field.generated.as_ref().map(|it| it.span)),
        (
            "version",
            field
                .version
                .as_ref()
                .filter(|it| it.value)
                .map(|it| it.span),
        ),
        ("default", field.default.as_ref().map(|it| it.span)),
        ("on_update", field.on_update.as_ref().map(|it| it.span)),
        ("write", field.write.as_ref().map(|it| it.span)),
        ("unique", field.unique.as_ref().map(|it| it.span)),
        (
            "hidden",
            field
                .hidden
                .as_ref()
                .filter(|it| it.value)
                .map(|it| it.span),
        ),
        ("validate", field.validate.first().map(|it| it.span)),
    ];
    keys.into_iter()
        .filter_map(|(key, span)| Some((key, span?)))
        .collect()
}

/// Returns the literal of a version's first value.
pub(super) const fn first_version() -> Literal {
    Literal::Int(1)
}
