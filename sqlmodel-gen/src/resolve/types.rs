//! Pass 2: enums, named types, and the types of fields.

use std::collections::BTreeSet;

use sqlmodel_sql::Dialect;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Builtin, FieldType, NamedType, RustType, Scalar, TypeId};
use crate::resolve::case::{is_rust_path, is_rust_primitive};
use crate::resolve::names::Symbol;
use crate::resolve::{DeclId, MAX_BASES, Resolver, sql_text, sql_type};
use crate::syntax::{self, Name, RustPath, TypeExpr};

/// The names of built-in types, for suggestions.
const BUILTINS: &[&str] = &[
    "bool",
    "bytes",
    "date",
    "decimal",
    "duration",
    "f32",
    "f64",
    "i16",
    "i32",
    "i64",
    "json",
    "text",
    "time",
    "timestamp",
    "timestamptz",
    "uuid",
];

/// What other languages call our types.
const FOREIGN_NAMES: &[(&str, &str)] = &[
    ("bigint", "i64"),
    ("bigserial", "i64"),
    ("binary", "bytes"),
    ("blob", "bytes"),
    ("boolean", "bool"),
    ("bytea", "bytes"),
    ("char", "text(1)"),
    ("datetime", "timestamp"),
    ("double", "f64"),
    ("float", "f64"),
    ("i8", "i16"),
    ("int", "i32"),
    ("integer", "i32"),
    ("interval", "duration"),
    ("jsonb", "json"),
    ("long", "i64"),
    ("numeric", "decimal(12,2)"),
    ("real", "f32"),
    ("serial", "i32"),
    ("short", "i16"),
    ("smallint", "i16"),
    ("str", "text"),
    ("string", "text"),
    ("u16", "i32"),
    ("u32", "i64"),
    ("u64", "i64"),
    ("u8", "i16"),
    ("varbinary", "bytes"),
    ("varchar", "text"),
];

/// The most digits of a decimal, and the most after its point: what MySQL takes, the smallest of the three.
const MAX_DECIMAL: (u32, u32) = (65, 30);

/// The most characters that `text(n)` may ask for: the limit of PostgreSQL's varchar.
const MAX_TEXT_LEN: u32 = 10_485_760;

impl<'a> Resolver<'a> {
    pub(super) fn resolve_types(&mut self) {
        let enums: Vec<_> = self.names.enums.values().copied().collect();
        for (syntax, module) in enums {
            let enum_ = self.resolve_enum(syntax, module);
            self.enums.push(enum_);
        }
        let types: Vec<_> = self.names.types.values().copied().collect();
        for (syntax, module) in types {
            let ty = self.resolve_named_type(syntax, module);
            self.types.push(ty);
        }
    }

    /// Finds the type of every declared field that has one of its own.
    pub(super) fn resolve_field_types(&mut self) {
        for id in (0..self.decls.len()).map(DeclId) {
            let syntax = self.decl(id).syntax;
            let ty = match (&syntax.ty, &syntax.json, &syntax.reference) {
                (_, _, Some(_)) => None,
                (Some(ty), _, None) => self.resolve_type(ty),
                (None, Some(_), None) => Some(FieldType {
                    scalar: Scalar::Builtin(Builtin::Json),
                    is_array: false,
                    is_nullable: false,
                }),
                (None, None, None) => None,
            };
            self.decls[id.0].ty = ty;
        }
    }

    pub(super) fn resolve_type(&mut self, ty: &TypeExpr) -> Option<FieldType> {
        let scalar = match self.builtin(ty) {
            Some(builtin) => Scalar::Builtin(builtin?),
            None => self.named_scalar(ty)?,
        };
        Some(FieldType {
            scalar,
            is_array: ty.is_array,
            is_nullable: ty.is_nullable,
        })
    }

    /// Returns the built-in type, `None` if it is not one, and `Some(None)` if its numbers are wrong.
    fn builtin(&mut self, ty: &TypeExpr) -> Option<Option<Builtin>> {
        let builtin = match ty.name.value.as_str() {
            "bool" => Builtin::Bool,
            "i16" => Builtin::I16,
            "i32" => Builtin::I32,
            "i64" => Builtin::I64,
            "f32" => Builtin::F32,
            "f64" => Builtin::F64,
            "bytes" => Builtin::Bytes,
            "uuid" => Builtin::Uuid,
            "date" => Builtin::Date,
            "time" => Builtin::Time,
            "timestamp" => Builtin::Timestamp,
            "timestamptz" => Builtin::TimestampTz,
            "duration" => Builtin::Duration,
            "json" => Builtin::Json,
            "text" => return Some(self.text_type(ty)),
            "decimal" => return Some(self.decimal_type(ty)),
            _ => return None,
        };
        Some(self.expect_no_args(ty).then_some(builtin))
    }

    fn text_type(&mut self, ty: &TypeExpr) -> Option<Builtin> {
        match ty.args.as_slice() {
            [] => Some(Builtin::Text { max_len: None }),
            [len] if (1..=MAX_TEXT_LEN).contains(&len.value) => Some(Builtin::Text {
                max_len: Some(len.value),
            }),
            [len] => {
                let message = format!("the length of `text({})` is out of range", len.value);
                self.push(
                    Diagnostic::new(&codes::TYPE_ARGUMENTS, len.span, message).help(format!(
                        "a length is from 1 to {MAX_TEXT_LEN} characters; `text` has no limit"
                    )),
                );
                None
            }
            _ => self.wrong_args(ty, "`text` or `text(80)`"),
        }
    }

    fn decimal_type(&mut self, ty: &TypeExpr) -> Option<Builtin> {
        let (precision, scale) = match ty.args.as_slice() {
            [precision] => (precision.value, 0),
            [precision, scale] => (precision.value, scale.value),
            _ => {
                return self.wrong_args(
                    ty,
                    "`decimal(12,2)`: the digits in all, and those after the point",
                );
            }
        };
        let (max_precision, max_scale) = MAX_DECIMAL;
        let fits = (1..=max_precision).contains(&precision) && scale <= precision.min(max_scale);
        let digits = u8::try_from(precision).ok().zip(u8::try_from(scale).ok());
        match digits.filter(|_| fits) {
            Some((precision, scale)) => Some(Builtin::Decimal { precision, scale }),
            None => {
                let message = format!("`decimal({precision},{scale})` is out of range");
                self.push(Diagnostic::new(&codes::TYPE_ARGUMENTS, ty.span, message).help(format!(
                    "a decimal has 1 to {max_precision} digits, at most {max_scale} of them after the point"
                )));
                None
            }
        }
    }

    fn expect_no_args(&mut self, ty: &TypeExpr) -> bool {
        if ty.args.is_empty() {
            return true;
        }
        let expected = format!("`{}` without numbers", ty.name.value);
        self.wrong_args::<()>(ty, &expected);
        false
    }

    fn wrong_args<T>(&mut self, ty: &TypeExpr, expected: &str) -> Option<T> {
        let message = format!("`{}` does not take these numbers", ty.name.value);
        self.push(
            Diagnostic::new(&codes::TYPE_ARGUMENTS, ty.span, message)
                .help(format!("write {expected}")),
        );
        None
    }

    fn named_scalar(&mut self, ty: &TypeExpr) -> Option<Scalar> {
        let name = &ty.name;
        match self.lookup(&name.value) {
            Some(Symbol::Type(id)) => self.expect_no_args(ty).then_some(Scalar::Named(id)),
            Some(Symbol::Enum(id)) => self.expect_no_args(ty).then_some(Scalar::Enum(id)),
            Some(Symbol::Model(_)) => {
                let message = format!("`{}` is a model, not a type", name.value);
                self.push(
                    Diagnostic::new(&codes::UNKNOWN_TYPE, name.span, message).help(format!(
                        "for a foreign key, write `{{ ref = \"{}\" }}`",
                        name.value
                    )),
                );
                None
            }
            Some(other) => {
                let message = format!("`{}` is {}, not a type", name.value, other.kind());
                let help = match other {
                    Symbol::Mixin(_) => format!(
                        "a model takes its fields with `mixins = [\"{}\"]`",
                        name.value
                    ),
                    Symbol::Abstract(_) => {
                        format!("a model extends it with `extends = \"{}\"`", name.value)
                    }
                    _ => "write a type such as `text(80)`, `decimal(12,2)` or `i64`".to_owned(),
                };
                self.error(&codes::UNKNOWN_TYPE, name.span, message, help);
                None
            }
            None => self.unknown_type(ty),
        }
    }

    fn unknown_type<T>(&mut self, ty: &TypeExpr) -> Option<T> {
        let name = &ty.name;
        if self.is_declared_in_other_case(name) {
            return None;
        }
        let lower = name.value.to_ascii_lowercase();
        let foreign = FOREIGN_NAMES
            .binary_search_by_key(&lower.as_str(), |(foreign, _)| foreign)
            .ok()
            .and_then(|at| FOREIGN_NAMES.get(at))
            .map(|(_, ours)| *ours);
        let is_type = |symbol| matches!(symbol, Symbol::Type(_) | Symbol::Enum(_));
        let candidates = BUILTINS.iter().copied().chain(self.names.all(is_type));
        let better = foreign.or_else(|| self.diagnostics.nearest(&name.value, candidates));
        let message = format!("unknown type `{}`", name.value);
        let diagnostic = Diagnostic::new(&codes::UNKNOWN_TYPE, name.span, message);
        self.push(match better {
            // Without its length it would say less, and many a `binary(16)` is a UUID.
            Some("bytes") if !ty.args.is_empty() => {
                let [len] = ty.args.as_slice() else {
                    return self.wrong_args(ty, "`bytes`");
                };
                let uuid = match len.value {
                    16 => "; for a UUID, write `uuid`",
                    _ => "",
                };
                diagnostic.label("did you mean `bytes`?").help(format!(
                    "write `bytes`; a length is a rule: `{{ type = \"bytes\", validate = {{ max_len = {} }} }}`{uuid}",
                    len.value
                ))
            }
            // How many digits were meant, nobody knows.
            Some(better @ "decimal(12,2)") if ty.args.is_empty() => diagnostic.meant(better),
            Some(better) if ty.args.is_empty() => diagnostic
                .label(format!("did you mean `{better}`?"))
                .rename(name, better, self.sources),
            Some(better) => {
                let better = with_args_of(better, ty);
                // The numbers may have to go, so the type is written anew as a whole.
                let written = self.sources.text(ty.span).trim_matches(['"', '\'']);
                let written = Name::new(written.to_owned(), ty.span);
                diagnostic
                    .label(format!("did you mean `{better}`?"))
                    .rename(&written, &better, self.sources)
            }
            None => diagnostic.help(format!(
                "the types are {}, and those declared as `[type.Name]` or `[enum.Name]`",
                syntax::list(BUILTINS)
            )),
        });
        None
    }

    fn resolve_named_type(
        &mut self,
        syntax: &'a syntax::NamedType,
        module: usize,
    ) -> Option<NamedType> {
        let (base, bases) = self.base_of(syntax)?;
        let mut validate = Vec::new();
        for ty in bases.into_iter().rev() {
            validate.extend(self.validations(&ty.validate, Scalar::Builtin(base), false));
        }
        self.check_sql_type(&syntax.sql_type);
        if syntax.rust.is_none() {
            self.check_derives_of_type(base, &syntax.derive);
        }
        Some(NamedType {
            name: syntax.name.value.clone(),
            module,
            doc: syntax.doc.clone(),
            base,
            rust: self.rust_type(syntax.rust.as_ref()),
            validate,
            sql_type: sql_text(&syntax.sql_type),
            derive: self.derives(&syntax.derive),
            span: syntax.name.span,
        })
    }

    /// Returns the built-in type under a named one, and the named ones on the way, itself first.
    fn base_of(
        &mut self,
        syntax: &'a syntax::NamedType,
    ) -> Option<(Builtin, Vec<&'a syntax::NamedType>)> {
        let mut way: Vec<&syntax::NamedType> = Vec::new();
        let mut at = syntax;
        loop {
            way.push(at);
            let base = at.base.as_ref()?;
            if base.is_nullable || base.is_array {
                // A mistake of the type where it is written, not of those built on it.
                if way.len() == 1 {
                    self.lookup(&base.name.value);
                    let message = format!(
                        "the base of `{}` is neither nullable nor a list",
                        at.name.value
                    );
                    self.push(
                        Diagnostic::new(&codes::TYPE_BASE, base.span, message)
                            .help("write `?` and `[]` where the type is used"),
                    );
                }
                return None;
            }
            if let Some(builtin) = self.builtin(base) {
                return builtin.map(|builtin| (builtin, way));
            }
            let next = match self.lookup(&base.name.value) {
                Some(Symbol::Type(id)) => id,
                _ if way.len() > 1 => return None,
                Some(Symbol::Enum(_)) => {
                    let message =
                        format!("`{}` is an enum, not a base for a type", base.name.value);
                    let help = format!(
                        "write `{}` as the type of fields, or a built-in type such as `base = \"text(80)\"`",
                        base.name.value
                    );
                    self.error(&codes::TYPE_BASE, base.name.span, message, help);
                    return None;
                }
                _ => {
                    self.named_scalar(base);
                    return None;
                }
            };
            at = self.named_type_syntax(next);
            if way.len() > MAX_BASES {
                self.push_long_way(&way);
                return None;
            }
            if way.iter().any(|seen| std::ptr::eq(*seen, at)) {
                // Reported once for the whole circle, at its first member.
                if way.iter().all(|seen| syntax.name.span <= seen.name.span)
                    && std::ptr::eq(at, syntax)
                {
                    self.push_cycle(&way);
                }
                return None;
            }
        }
    }

    fn named_type_syntax(&self, id: TypeId) -> &'a syntax::NamedType {
        self.names.types[id].0
    }

    /// Reports types that stand on too many others; once, since what stands on them does so, too.
    fn push_long_way(&mut self, way: &[&syntax::NamedType]) {
        let (Some(first), Some(last)) = (way.first(), way.last()) else {
            return;
        };
        let mut known = self.diagnostics.into_iter();
        if known.any(|it| *it.code == codes::BASE_CYCLE) {
            return;
        }
        let message = format!(
            "`{}` has more than {MAX_BASES} types below one another as base",
            first.name.value
        );
        self.push(
            Diagnostic::new(&codes::BASE_CYCLE, first.name.span, message)
                .related(last.name.span, "as far as this one is followed")
                .help("let one of them have a built-in type as base"),
        );
    }

    fn push_cycle(&mut self, way: &[&syntax::NamedType]) {
        let Some(first) = way.first() else { return };
        let path: Vec<&str> = way
            .iter()
            .chain([first])
            .map(|ty| ty.name.value.as_str())
            .collect();
        let message = format!(
            "`{}` is made of itself: {}",
            first.name.value,
            path.join(" -> ")
        );
        self.push(
            Diagnostic::new(&codes::BASE_CYCLE, first.name.span, message)
                .help("let one of them have a built-in type as base"),
        );
    }

    /// Checks a Rust path that replaces a type.
    pub(super) fn rust_type(&mut self, rust: Option<&RustPath>) -> Option<RustType> {
        let rust = rust?;
        self.check_rust_type(&rust.path);
        Some(RustType {
            path: rust.path.value.clone(),
            is_copy: rust.is_copy,
        })
    }

    /// Checks the path of a type: one word alone names a type of no crate.
    pub(super) fn check_rust_type(&mut self, path: &Name) {
        if !is_word(&path.value) || !is_rust_path(&path.value) {
            self.check_rust_path(path);
        } else if !is_rust_primitive(&path.value) {
            self.push_of_no_crate(path, "a type");
        }
    }

    fn push_of_no_crate(&mut self, path: &Name, what: &str) {
        let name = &path.value;
        let message = format!("`{name}` is {what} of no crate");
        let home = match name.as_str() {
            "Serialize" | "Deserialize" => "serde",
            _ => "crate",
        };
        self.push(
            Diagnostic::new(&codes::RUST_PATH, path.span, message)
                .note("generated code stands in modules of its own, and imports nothing")
                .help(format!(
                    "write `{home}::{name}`, or the crate that it is in"
                )),
        );
    }

    fn check_rust_path(&mut self, path: &Name) {
        if is_rust_path(&path.value) {
            return;
        }
        let message = format!("`{}` is not a Rust path", path.value);
        let diagnostic = Diagnostic::new(&codes::RUST_PATH, path.span, message);
        self.push(match path.value.contains('<') {
            true => diagnostic.help(format!(
                "give the type a name in your crate, such as `pub type Tags = {};`, and write `crate::Tags`",
                path.value
            )),
            false => diagnostic.help(
                "write a path that is valid everywhere, such as `crate::Money` or `rust_decimal::Decimal`",
            ),
        });
    }

    pub(super) fn derives(&mut self, derive: &[Name]) -> Vec<String> {
        const OF_PRELUDE: &[&str] = &[
            "Clone",
            "Copy",
            "Debug",
            "Default",
            "Eq",
            "Hash",
            "Ord",
            "PartialEq",
            "PartialOrd",
        ];
        let mut seen = BTreeSet::new();
        for path in derive {
            if !seen.insert(&path.value) {
                let message = format!("`{}` is derived twice", path.value);
                self.error(&codes::DUPLICATE_VALUE, path.span, message, "remove it");
            } else if !is_word(&path.value) || !is_rust_path(&path.value) {
                self.check_rust_path(path);
            } else if !OF_PRELUDE.contains(&path.value.as_str()) {
                self.push_of_no_crate(path, "a derive");
            }
        }
        derive.iter().map(|path| path.value.clone()).collect()
    }

    /// Checks that types of databases are only given for dialects, and are types.
    pub(super) fn check_sql_type(&mut self, sql_type: &syntax::Sql) {
        let own = [&sql_type.sqlite, &sql_type.postgres, &sql_type.mysql];
        for (dialect, text) in Dialect::ALL.into_iter().zip(own) {
            if let Some(text) = text {
                self.check_is_sql_type(dialect, text);
            }
        }
        let is_of_one = self.check_names_dialect(sql_type, "SQL type");
        if let (Some(text), true, [dialect]) = (
            &sql_type.portable,
            is_of_one,
            self.options.dialects.as_slice(),
        ) {
            self.check_is_sql_type(*dialect, text);
        }
    }

    /// Reports a type or collation that is for all dialects at once; true if there is none.
    pub(super) fn check_names_dialect(&mut self, sql: &syntax::Sql, what: &str) -> bool {
        let Some(portable) = &sql.portable else {
            return true;
        };
        if self.options.dialects.len() > 1 {
            let message = format!("one {what} for all dialects cannot be right for each");
            self.push(
                Diagnostic::new(&codes::SQL_MISSING, portable.span, message).help(format!(
                    "write `{{ mysql = \"{}\" }}` with the dialect it is for",
                    portable.value
                )),
            );
            return false;
        }
        true
    }

    /// Reports a text that would be more or less than a type where it stands in `CREATE TABLE`.
    fn check_is_sql_type(&mut self, dialect: Dialect, text: &Name) {
        if text.value.trim().is_empty() {
            // Reported where it was read.
            return;
        }
        if let Err(error) = sql_type::parse(dialect, &text.value) {
            let span = text.part(self.sources, error.range);
            let message = format!("`{}` is not a type of {dialect}", text.value);
            let diagnostic = Diagnostic::new(&codes::SQL_TYPE, span, message).label(error.label);
            let help = error.help.unwrap_or(
                "write a type and nothing else, such as `varchar(80)`: defaults, checks and keys have keys of their own",
            );
            self.push(diagnostic.help(help));
        }
    }
}

/// Returns whether a path is one word.
fn is_word(path: &str) -> bool {
    path.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Writes a type with the numbers of another, if it takes numbers: `text(20)` for `varchar(20)`, `i32` for `int(11)`.
fn with_args_of(better: &str, ty: &TypeExpr) -> String {
    let name = better.split('(').next().unwrap_or(better);
    let args: Vec<String> = ty.args.iter().map(|arg| arg.value.to_string()).collect();
    let mut text = name.to_owned();
    if matches!(name, "text" | "decimal") {
        text.push_str(&format!("({})", args.join(",")));
    }
    if ty.is_array {
        text.push_str("[]");
    }
    if ty.is_nullable {
        text.push('?');
    }
    text
}
