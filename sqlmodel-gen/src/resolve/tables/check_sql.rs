//! CHECK constraints made from rules: `check = true`, and columns of single-table children.

use std::collections::{BTreeMap, BTreeSet};

use sqlmodel_sql::{Check, Dialect, Literal, Object, PerDialect, Text, quote};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{
    self, Builtin, ColumnSource, DiscriminatorValue, EnumLiteral, Family, ModelId, Scalar, TableId,
    Validation,
};
use crate::resolve::tables::Builder;

/// The tags of a family's members.
pub(super) type Tags<'a> = BTreeMap<ModelId, &'a DiscriminatorValue>;

impl Builder<'_, '_> {
    /// Adds a check for each field that asks for its rules in the database.
    pub(super) fn build_field_checks(&mut self, model: ModelId) {
        for field in self.resolver.models[model].fields.clone() {
            let syntax = self.resolver.field_syntax(field);
            let Some(flag) = &syntax.check else { continue };
            let Some(resolved) = self
                .resolver
                .decl(self.resolver.fields[field].decl)
                .field
                .clone()
            else {
                continue;
            };
            let rules = self.rules_of(&resolved);
            let values = self.enum_values(&resolved);
            if rules.is_empty() && values.is_none() {
                // Reported with the field.
                continue;
            }
            for place in self.placements(model) {
                let Some(columns) = self.columns_in(place, &[field], flag.span) else {
                    break;
                };
                let Some(column) = columns.first() else { break };
                let condition = |dialect| {
                    let column = quote::identifier(dialect, column);
                    let ty = self.resolver.builtin_of(resolved.ty.scalar);
                    let mut parts: Vec<String> = rules
                        .iter()
                        .filter_map(|rule| condition(rule, &column, ty, dialect))
                        .collect();
                    parts.extend(
                        values
                            .as_ref()
                            .map(|values| is_in(&column, values, dialect)),
                    );
                    parts.join(" AND ")
                };
                let sql = PerDialect::from_fn(|dialect| Text::from(condition(dialect)));
                if sql.get(Dialect::Sqlite).is_none_or(|sql| sql.is_empty()) {
                    let message = format!(
                        "the rules of `{}` cannot be checked in SQL",
                        syntax.name.value
                    );
                    self.resolver.push(
                        Diagnostic::new(&codes::CHECK_WITHOUT_RULE, flag.span, message)
                            .help("remove `check`, or write the SQL in `[[model.*.checks]]`"),
                    );
                    break;
                }
                self.made_checks
                    .push((place.table, column.clone(), flag.span));
                let name = match &flag.name {
                    Some(name) => name.value.clone(),
                    None => self
                        .naming
                        .check(&self.tables[place.table].name.name, column),
                };
                self.add_check(
                    place.table,
                    Check {
                        name: name.into(),
                        sql,
                    },
                    flag.span,
                );
            }
        }
    }

    /// Returns the rules of a field and of its named type.
    fn rules_of(&self, field: &ir::Field) -> Vec<Validation> {
        let of_type = match field.ty.scalar {
            Scalar::Named(id) => self.resolver.types[id]
                .as_ref()
                .map(|ty| ty.validate.clone()),
            Scalar::Builtin(_) | Scalar::Enum(_) => None,
        };
        if field.ty.is_array {
            return Vec::new();
        }
        of_type
            .into_iter()
            .flatten()
            .chain(field.validate.iter().cloned())
            .collect()
    }

    fn enum_values(&self, field: &ir::Field) -> Option<Vec<Literal>> {
        let Scalar::Enum(id) = field.ty.scalar else {
            return None;
        };
        if field.ty.is_array {
            return None;
        }
        let enum_ = self.resolver.enums[id].as_ref()?;
        let literal = |value: &ir::EnumValue| match &value.value {
            EnumLiteral::Text(text) => Literal::Text(text.clone().into()),
            EnumLiteral::Int(int) => Literal::Int((*int).into()),
        };
        Some(enum_.values.iter().map(literal).collect())
    }

    /// Returns the tags of rows of a family's member and its children; `members` are the member and those that follow it.
    pub(super) fn tags_under(&self, members: &[ModelId], tags: &Tags<'_>) -> Vec<Literal> {
        let Some(member) = members.first() else {
            return Vec::new();
        };
        // The children of a model follow it in the order of members.
        let under = members
            .iter()
            .take_while(|model| self.resolver.is_under(**model, *member));
        under
            .filter_map(|model| self.tag_literal(tags.get(model)?))
            .collect()
    }

    /// Keeps rows with some tags from leaving a column empty that other rows of the table may.
    pub(super) fn add_presence_check(
        &mut self,
        table: TableId,
        tags: &[Literal],
        family: &Family,
        column: &Text,
    ) {
        let Some(discriminator) = &family.discriminator else {
            return;
        };
        if tags.is_empty() {
            return;
        }
        let sql = PerDialect::from_fn(|dialect| {
            let kind = quote::identifier(dialect, &discriminator.column);
            let column = quote::identifier(dialect, column);
            let tags = list(tags, dialect);
            Text::from(format!("{kind} NOT IN ({tags}) OR {column} IS NOT NULL"))
        });
        let name = format!("{column}_present");
        let check = Check {
            name: self
                .naming
                .check(&self.tables[table].name.name, &name)
                .into(),
            sql,
        };
        let span = self.tables[table]
            .origins
            .span(&Object::Column(column.clone()));
        self.made_checks.push((table, column.clone(), span));
        self.add_check(table, check, span);
    }

    /// Reports made checks on columns that MySQL allows none on: those that it counts up, and those that foreign keys write.
    pub(super) fn check_made_checks(&mut self) {
        if !self.resolver.options.dialects.contains(&Dialect::Mysql) {
            return;
        }
        let mut reported = BTreeSet::new();
        for (table, column, span) in std::mem::take(&mut self.made_checks) {
            let columns = self.fragment_columns(table);
            let Some(known) = columns.into_iter().find(|it| it.name == column) else {
                continue;
            };
            let action = known.actions.iter().find(|it| !it.is_delete);
            let why = match (known.source, action) {
                (ColumnSource::Counted, _) => "it counts up",
                (_, Some(_)) => "a foreign key writes",
                (_, None) => continue,
            };
            // A field of a mixin or base is in several tables.
            if !reported.insert(span) {
                continue;
            }
            let message = format!("MySQL has no check on `{column}`, which {why}");
            let diagnostic = Diagnostic::new(&codes::UNSUPPORTED, span, message);
            self.resolver.push(match action {
                // The place is that of the foreign key if inheritance asks for the check.
                Some(action) if action.span == span => diagnostic
                    .label(action.clause.clone())
                    .note(
                        "rows of the model must have it, and those of others in the table need not",
                    )
                    .help("allow null with `?`, or choose `restrict`"),
                Some(action) => diagnostic
                    .related(action.span, action.clause.clone())
                    .help("remove `check`: the rules are checked in Rust; or choose `restrict`"),
                None => diagnostic.help("remove `check`: the rules are checked in Rust"),
            });
        }
    }

    fn tag_literal(&self, value: &DiscriminatorValue) -> Option<Literal> {
        Some(match value {
            DiscriminatorValue::Text(text) => Literal::Text(text.clone().into()),
            DiscriminatorValue::Int(int) => Literal::Int(*int),
            DiscriminatorValue::Bool(bool) => Literal::Bool(*bool),
            DiscriminatorValue::Enum(id, variant) => {
                match &self.resolver.enums[*id]
                    .as_ref()?
                    .values
                    .get(*variant)?
                    .value
                {
                    EnumLiteral::Text(text) => Literal::Text(text.clone().into()),
                    EnumLiteral::Int(int) => Literal::Int((*int).into()),
                }
            }
        })
    }
}

/// Returns the condition of a rule, `None` for rules that SQL does not know.
fn condition(
    rule: &Validation,
    column: &str,
    ty: Option<Builtin>,
    dialect: Dialect,
) -> Option<String> {
    // SQLite stores a decimal as text, which would be compared letter by letter.
    let number = match (ty, dialect) {
        (Some(Builtin::Decimal { .. }), Dialect::Sqlite) => format!("CAST({column} AS NUMERIC)"),
        _ => column.to_owned(),
    };
    let compare = |operator: &str, bound: &Literal| {
        Some(format!("{number} {operator} {}", literal(bound, dialect)))
    };
    let length = |operator: &str, len: u32| {
        let function = match (ty, dialect) {
            (_, Dialect::Sqlite) | (Some(Builtin::Bytes), Dialect::Mysql) => "length",
            (Some(Builtin::Bytes), Dialect::Postgres) => "octet_length",
            (_, Dialect::Postgres | Dialect::Mysql) => "char_length",
        };
        Some(format!("{function}({column}) {operator} {len}"))
    };
    match rule {
        Validation::Min(bound) => compare(">=", bound),
        Validation::Max(bound) => compare("<=", bound),
        Validation::Above(bound) => compare(">", bound),
        Validation::Below(bound) => compare("<", bound),
        Validation::MultipleOf(factor) => {
            Some(format!("{number} % {} = 0", literal(factor, dialect)))
        }
        Validation::MinLen(len) => length(">=", *len),
        Validation::MaxLen(len) => length("<=", *len),
        Validation::OneOf(values) => Some(is_in(&number, values, dialect)),
        Validation::Format(_) | Validation::Pattern(_) => None,
    }
}

fn is_in(column: &str, values: &[Literal], dialect: Dialect) -> String {
    format!("{column} IN ({})", list(values, dialect))
}

fn list(values: &[Literal], dialect: Dialect) -> String {
    let values: Vec<String> = values.iter().map(|value| literal(value, dialect)).collect();
    values.join(", ")
}

/// Returns a number or text as SQL; rules and tags have no other constants.
fn literal(literal: &Literal, dialect: Dialect) -> String {
    match literal {
        Literal::Bool(true) => "TRUE".to_owned(),
        Literal::Bool(false) => "FALSE".to_owned(),
        Literal::Int(int) => int.to_string(),
        Literal::Float(text) | Literal::Decimal(text) => text.to_string(),
        Literal::Text(text) => quote::string(dialect, text),
        _ => "NULL".to_owned(),
    }
}
