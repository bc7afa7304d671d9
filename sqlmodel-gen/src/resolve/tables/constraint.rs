//! Keys, indexes and checks.

use std::collections::BTreeMap;

use sqlmodel_sql::{
    Action, Check, Deferrable, Dialect, DialectSet, ForeignKey, Index, IndexKey, IndexPart, List,
    Object, Order, PerDialect, PrimaryKey, TableName, Text, UniqueKey,
};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{FieldId, ModelId, Strategy, TableId};
use crate::resolve::sql_text;
use crate::resolve::tables::{Builder, Draft, Placement};
use crate::source::Span;
use crate::syntax::{self, Key, Name};

impl Builder<'_, '_> {
    /// Gives every table its primary key, and tables of joined children the foreign key to their base's.
    pub(super) fn build_primary_keys(&mut self) {
        let models: Vec<ModelId> = self.resolver.models.ids().collect();
        for model in models {
            let family = self.resolver.models[model].family;
            let family = family.map(|family| &self.resolver.families[family]);
            if family.is_some_and(|family| family.is_without_table(model)) {
                continue;
            }
            let tables = self.mappings[model].tables.clone();
            let Some(own) = tables.last() else { continue };
            if self.tables[own.table].primary_key.is_some() || own.key.is_empty() {
                continue;
            }
            let columns = self.names(own.table, &own.key);
            let syntax = self.resolver.models[model].syntax;
            let draft = &self.tables[own.table];
            let name = match &syntax.key_name {
                Some(name) => name.value.clone(),
                None => self.naming.primary_key(&draft.name.name),
            };
            let span = syntax.key_name.as_ref().map(|name| name.span);
            let span = span.or_else(|| {
                let key = self.resolver.models[model].key.first()?;
                Some(self.resolver.field_syntax(*key).name.span)
            });
            if let Some(base) = tables.len().checked_sub(2).and_then(|at| tables.get(at)) {
                let key = ForeignKey {
                    name: self.foreign_key_name(own.table, &columns).into(),
                    columns: columns.clone().into(),
                    target: self.tables[base.table].name.clone(),
                    target_columns: self.names(base.table, &base.key).into(),
                    on_delete: Action::Cascade,
                    on_update: Action::NoAction,
                    deferrable: Deferrable::No,
                };
                self.add_object(
                    own.table,
                    Object::ForeignKey(key.name.clone()),
                    syntax.name.span,
                );
                self.tables[own.table].foreign_keys.push(key);
            }
            let draft = &mut self.tables[own.table];
            if let Some(span) = span {
                draft.origins.add(&Object::PrimaryKey, span);
            }
            draft.primary_key = Some(PrimaryKey {
                name: name.into(),
                columns: columns.into(),
            });
        }
    }

    pub(super) fn build_unique_keys(&mut self, model: ModelId) {
        for field in self.resolver.models[model].fields.clone() {
            let Some(flag) = &self.resolver.field_syntax(field).unique else {
                continue;
            };
            let key = &self.resolver.models[model].key;
            if key.as_slice() == [field] {
                // Beside `auto` it is an error, which was reported.
                let written = self.resolver.field_syntax(field).key.as_ref();
                if written.is_none_or(|key| key.value != Key::Auto) {
                    self.push_redundant(flag.span, "the key is unique already");
                }
                continue;
            }
            self.add_unique_key(model, &[field], flag.name.as_ref(), flag.span);
        }
        for unique in &self.resolver.models[model].syntax.uniques {
            let Some(fields) = self.resolver.expect_fields(model, &unique.on) else {
                continue;
            };
            if !self.check_distinct(&fields, &unique.on) || fields.is_empty() {
                continue;
            }
            let key = &self.resolver.models[model].key;
            if *key == fields {
                self.push_redundant(unique.span, "the key is unique already");
                continue;
            }
            self.add_unique_key(model, &fields, unique.name.as_ref(), unique.span);
        }
    }

    fn push_redundant(&mut self, span: Span, why: &str) {
        self.resolver.push(
            Diagnostic::new(&codes::REDUNDANT, span, format!("this adds nothing: {why}"))
                .help("remove it"),
        );
    }

    fn add_unique_key(
        &mut self,
        model: ModelId,
        fields: &[FieldId],
        name: Option<&Name>,
        span: Span,
    ) {
        for place in self.placements(model) {
            let Some(columns) = self.columns_in(place, fields, span) else {
                return;
            };
            let name = match name {
                Some(name) => name.value.clone(),
                None => {
                    let table = &self.tables[place.table].name.name;
                    self.naming
                        .unique_key(table, columns.iter().map(AsRef::as_ref))
                }
            };
            let name = Text::from(name);
            self.add_object(place.table, Object::UniqueKey(name.clone()), span);
            self.tables[place.table].unique_keys.push(UniqueKey {
                name,
                columns: columns.into(),
            });
        }
    }

    pub(super) fn build_foreign_keys(&mut self, model: ModelId) {
        for key in self.resolver.models[model].foreign_keys.clone() {
            let Some(target) = self.mappings[key.target].tables.last().map(|it| it.table) else {
                continue;
            };
            let target_place = Placement {
                table: target,
                member: key.target,
            };
            for place in self.placements(model) {
                let Some(columns) = self.columns_in(place, &key.fields, key.span) else {
                    break;
                };
                let Some((table, target_columns)) =
                    self.target_columns(target_place, &key.target_fields, key.span)
                else {
                    break;
                };
                let name = match &key.options.name {
                    Some(name) => name.clone(),
                    None => self.foreign_key_name(place.table, &columns),
                };
                let name = Text::from(name);
                self.add_object(place.table, Object::ForeignKey(name.clone()), key.span);
                let foreign_key = ForeignKey {
                    name,
                    columns: columns.into(),
                    target: self.tables[table].name.clone(),
                    target_columns: target_columns.into(),
                    on_delete: key.options.on_delete,
                    on_update: key.options.on_update,
                    deferrable: key.options.deferrable,
                };
                self.tables[place.table].foreign_keys.push(foreign_key);
            }
        }
    }

    /// Puts the columns of each foreign key into the order of the key that it references.
    ///
    /// The pairs stay what they are, so that the order means nothing; MySQL wants that of the key.
    pub(super) fn order_foreign_keys(&mut self) {
        let ids: BTreeMap<TableName, TableId> = self
            .tables
            .ids()
            .map(|id| (self.tables[id].name.clone(), id))
            .collect();
        for near in self.tables.ids().collect::<Vec<_>>() {
            for at in 0..self.tables[near].foreign_keys.len() {
                let Some(key) = self.tables[near].foreign_keys.get(at) else {
                    continue;
                };
                let Some(target) = ids.get(&key.target).map(|id| &self.tables[*id]) else {
                    continue;
                };
                let Some((columns, target_columns)) = in_order_of_key(key, target) else {
                    continue;
                };
                if let Some(key) = self.tables[near].foreign_keys.get_mut(at) {
                    key.columns = columns.into();
                    key.target_columns = target_columns.into();
                }
            }
        }
    }

    /// Returns the table that holds referenced fields, and their columns there: a joined child's field may be its base's.
    fn target_columns(
        &mut self,
        place: Placement,
        fields: &[FieldId],
        span: Span,
    ) -> Option<(TableId, Vec<Text>)> {
        let tables: Vec<TableId> = self.mappings[place.member]
            .tables
            .iter()
            .rev()
            .map(|it| it.table)
            .collect();
        for table in tables {
            let place = Placement { table, ..place };
            let columns = fields.iter().map(|field| self.column_in(place, *field));
            if let Some(columns) = columns.collect::<Option<Vec<_>>>() {
                return Some((table, self.names(table, &columns)));
            }
        }
        self.columns_in(place, fields, span);
        None
    }

    fn foreign_key_name(&self, table: TableId, columns: &[Text]) -> String {
        let table = &self.tables[table].name.name;
        self.naming
            .foreign_key(table, columns.iter().map(AsRef::as_ref))
    }

    pub(super) fn build_indexes(&mut self, model: ModelId) {
        for field in self.resolver.models[model].fields.clone() {
            let syntax = self.resolver.field_syntax(field);
            let Some(flag) = &syntax.index else { continue };
            if syntax.unique.is_some() || self.resolver.models[model].key.first() == Some(&field) {
                let why = "a key brings an index of its own";
                self.push_redundant(flag.span, why);
                continue;
            }
            for place in self.placements(model) {
                let Some(columns) = self.columns_in(place, &[field], flag.span) else {
                    break;
                };
                let parts = columns.iter().map(|column| IndexPart {
                    key: IndexKey::Column(column.clone()),
                    order: Order::Ascending,
                    nulls: None,
                });
                let name = match &flag.name {
                    Some(name) => name.value.clone(),
                    None => {
                        let table = &self.tables[place.table].name.name;
                        self.naming.index(table, columns.iter().map(AsRef::as_ref))
                    }
                };
                let index = Index {
                    name: name.into(),
                    parts: parts.collect::<Vec<_>>().into(),
                    ..Index::new("", &[])
                };
                self.add_index(place.table, index, flag.span);
            }
        }
        for index in &self.resolver.models[model].syntax.indexes {
            self.build_index(model, index);
        }
    }

    fn build_index(&mut self, model: ModelId, syntax: &syntax::Index) {
        let names: Vec<Name> = syntax
            .on
            .iter()
            .filter_map(|part| match &part.key {
                syntax::IndexKey::Field(name) => Some(name.clone()),
                syntax::IndexKey::Sql(_) => None,
            })
            .collect();
        let Some(fields) = self.resolver.expect_fields(model, &names) else {
            return;
        };
        if !self.check_distinct(&fields, &names) || syntax.on.is_empty() || syntax.has_mistakes {
            return;
        }
        let dialects = syntax
            .dialects
            .as_ref()
            .map_or(DialectSet::ALL, |it| it.value);
        let predicate = self.predicate(syntax, dialects);
        for place in self.placements(model) {
            let Some(columns) = self.columns_in(place, &fields, syntax.span) else {
                return;
            };
            let mut columns = columns.into_iter();
            let mut parts = Vec::new();
            let mut words = Vec::new();
            for part in &syntax.on {
                let key = match &part.key {
                    syntax::IndexKey::Field(_) => columns.next().map(IndexKey::Column),
                    syntax::IndexKey::Sql(sql) => Some(IndexKey::Expression(sql_text(sql))),
                };
                let Some(key) = key else { continue };
                words.push(match &key {
                    IndexKey::Column(column) => column.to_string(),
                    IndexKey::Expression(sql) => {
                        let texts = [&sql.portable, &sql.postgres, &sql.sqlite, &sql.mysql];
                        texts
                            .into_iter()
                            .flatten()
                            .next()
                            .map(ToString::to_string)
                            .unwrap_or_default()
                    }
                });
                parts.push(IndexPart {
                    key,
                    order: part.order,
                    nulls: part.nulls,
                });
            }
            let table = &self.tables[place.table].name.name;
            let name = match &syntax.name {
                Some(name) => name.value.clone(),
                None => self.naming.index(table, words.iter().map(String::as_str)),
            };
            let index = Index {
                name: name.into(),
                parts: parts.into(),
                is_unique: syntax.is_unique,
                predicate: predicate.clone(),
                method: sql_text(&syntax.method),
                dialects,
            };
            self.add_index(place.table, index, syntax.span);
        }
    }

    /// Returns the condition of an index, which MySQL has none of.
    ///
    /// An index of all rows there finds the same rows, so a portable condition is left out with a warning. A unique index of
    /// all rows would refuse rows that the condition leaves out: that is for the dialect's check to refuse.
    fn predicate(&mut self, syntax: &syntax::Index, dialects: DialectSet) -> PerDialect<Text> {
        let predicate = sql_text(&syntax.predicate);
        let for_mysql = dialects.contains(Dialect::Mysql)
            && self.resolver.options.dialects.contains(&Dialect::Mysql);
        let (Some(written), false, None) = (
            &syntax.predicate.portable,
            syntax.is_unique,
            &predicate.mysql,
        ) else {
            return predicate;
        };
        if for_mysql {
            let message = "MySQL has no index of some rows only: there it will hold all rows";
            self.resolver.push(
                Diagnostic::new(&codes::PARTIAL_INDEX, written.span, message).help(format!(
                    "say that it is meant: `where = {{ sqlite = \"{0}\", postgres = \"{0}\" }}`",
                    written.value
                )),
            );
        }
        PerDialect {
            portable: None,
            sqlite: predicate.sqlite.or(predicate.portable.clone()),
            postgres: predicate.postgres.or(predicate.portable),
            mysql: None,
        }
    }

    fn add_index(&mut self, table: TableId, index: Index, span: Span) {
        self.add_object(table, Object::Index(index.name.clone()), span);
        self.tables[table].indexes.push(index);
    }

    pub(super) fn build_checks(&mut self, model: ModelId) {
        self.build_field_checks(model);
        for syntax in &self.resolver.models[model].syntax.checks {
            let Some(name) = &syntax.name else { continue };
            self.resolver.check_sql_name(name, "a check");
            if syntax.sql.is_none() {
                continue;
            }
            for place in self.placements(model) {
                let check = Check {
                    name: self
                        .naming
                        .check(&self.tables[place.table].name.name, &name.value)
                        .into(),
                    sql: sql_text(&syntax.sql),
                };
                self.add_check(place.table, check, name.span);
            }
        }
    }

    pub(super) fn add_check(&mut self, table: TableId, check: Check, span: Span) {
        let texts = [
            &check.sql.portable,
            &check.sql.sqlite,
            &check.sql.postgres,
            &check.sql.mysql,
        ];
        let len: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
        let Some(rest) = self.check_len.checked_sub(len) else {
            if std::mem::take(&mut self.check_len) > 0 {
                let message = "the checks of the schema are too long together";
                let help = "split the family, or write shorter checks";
                self.resolver.error(&codes::TOO_LARGE, span, message, help);
            }
            return;
        };
        self.check_len = rest;
        self.add_object(table, Object::Check(check.name.clone()), span);
        self.tables[table].checks.push(check);
    }

    fn add_object(&mut self, table: TableId, object: Object, span: Span) {
        self.tables[table].origins.add(&object, span);
    }

    /// Returns the columns of fields in one table, or reports that a base's table has some of them.
    pub(super) fn columns_in(
        &mut self,
        place: Placement,
        fields: &[FieldId],
        span: Span,
    ) -> Option<Vec<Text>> {
        let mut columns = Vec::new();
        for field in fields {
            let Some(column) = self.column_in(place, *field) else {
                let name = self.resolver.field_name(*field);
                let family = self.resolver.models[place.member].family;
                if self.resolver.strategy(family) == Some(Strategy::Joined) {
                    let message = format!("`{name}` is in the table of another model");
                    self.resolver.push(
                        Diagnostic::new(&codes::SPLIT_KEY, span, message)
                            .note("a key, index or foreign key has all its columns in one table")
                            .help("declare it in the model that has the field"),
                    );
                }
                return None;
            };
            columns.push(column);
        }
        Some(self.names(place.table, &columns))
    }

    fn names(&self, table: TableId, columns: &[usize]) -> Vec<Text> {
        let all = &self.tables[table].columns;
        columns
            .iter()
            .filter_map(|at| all.get(*at))
            .map(|column| column.name.clone())
            .collect()
    }

    /// Reports a field that a key or index names twice; true if there is none.
    fn check_distinct(&mut self, fields: &[FieldId], names: &[Name]) -> bool {
        for (at, (field, name)) in fields.iter().zip(names).enumerate() {
            if let Some(first) = fields.iter().take(at).position(|it| it == field) {
                let message = format!("`{}` is named twice", name.value);
                let diagnostic =
                    Diagnostic::new(&codes::DUPLICATE_VALUE, name.span, message).help("remove it");
                let diagnostic = match names.get(first) {
                    Some(first) => diagnostic.related(first.span, "already here"),
                    None => diagnostic,
                };
                self.resolver.push(diagnostic);
                return false;
            }
        }
        true
    }
}

/// Returns the columns of a foreign key in the order of a key of the target, `None` if they have one's order.
fn in_order_of_key(key: &ForeignKey, target: &Draft) -> Option<(Vec<Text>, Vec<Text>)> {
    let primary = target.primary_key.iter().map(|it| &it.columns);
    let keys = primary.chain(target.unique_keys.iter().map(|it| &it.columns));
    let is_same = |columns: &&List<Text>| {
        columns.len() == key.target_columns.len()
            && columns.iter().all(|it| key.target_columns.contains(it))
    };
    let keys: Vec<&List<Text>> = keys.filter(is_same).collect();
    if keys.contains(&&key.target_columns) {
        return None;
    }
    let order = keys.first()?;
    let pair = |far: &Text| {
        let at = key.target_columns.iter().position(|it| it == far)?;
        Some((key.columns.get(at)?.clone(), far.clone()))
    };
    order.iter().map(pair).collect()
}
