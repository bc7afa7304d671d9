//! The SQL in a table that is looked into later: what it is, and which columns it may name.

use std::collections::BTreeSet;

use sqlmodel_sql::{
    Action, Column, ColumnDefault, Computed, ComputedStorage, Dialect, EnumValues, Generation,
    Object, ScalarType, SqlType, Text,
};

use crate::ir::{
    ColumnAction, ColumnKind, ColumnSource, FieldId, Fragment, FragmentColumn, FragmentPlace,
    ModelId, TableId,
};
use crate::resolve::queries::query_sql;
use crate::resolve::tables::{Builder, Placement};
use crate::source::Span;
use crate::syntax::{Default, IndexKey, Sql};

impl Builder<'_, '_> {
    /// Collects the SQL of all models; what a mixin or base says comes once, for the first table that it is in.
    pub(super) fn fragments(&self) -> Vec<Fragment> {
        let mut fragments = Vec::new();
        let mut seen = BTreeSet::new();
        for model in self.resolver.models.ids() {
            let Some(place) = self.placements(model).first().copied() else {
                continue;
            };
            for (kind, own, sql) in self.written(model) {
                let texts = [&sql.portable, &sql.sqlite, &sql.postgres, &sql.mysql];
                let spans: Vec<Span> = texts.into_iter().flatten().map(|text| text.span).collect();
                if spans.iter().any(|span| seen.insert(*span)) {
                    fragments.push(self.fragment(model, place, kind, own, sql));
                }
            }
        }
        fragments
    }

    /// Returns the SQL that a model says of its own fields, and the field whose value it gives.
    fn written(&self, model: ModelId) -> Vec<(FragmentPlace, Option<FieldId>, &Sql)> {
        let draft = &self.resolver.models[model];
        let mut all = Vec::new();
        for field in &draft.fields {
            let syntax = self.resolver.field_syntax(*field);
            if let Some(generated) = &syntax.generated {
                all.push((FragmentPlace::Generated, Some(*field), &generated.sql));
            }
            if let Some(Default::Sql(sql)) = syntax.default.as_ref().map(|it| &it.value) {
                all.push((FragmentPlace::Default, Some(*field), sql));
            }
            if let Some(Default::Sql(sql)) = syntax.on_update.as_ref().map(|it| &it.value) {
                all.push((FragmentPlace::OnUpdate, Some(*field), sql));
            }
        }
        for index in &draft.syntax.indexes {
            for part in &index.on {
                if let IndexKey::Sql(sql) = &part.key {
                    all.push((FragmentPlace::IndexKey, None, sql));
                }
            }
            all.push((FragmentPlace::IndexCondition, None, &index.predicate));
        }
        let checks = draft.syntax.checks.iter();
        all.extend(checks.map(|check| (FragmentPlace::Check, None, &check.sql)));
        all
    }

    fn fragment(
        &self,
        model: ModelId,
        place: Placement,
        kind: FragmentPlace,
        own: Option<FieldId>,
        sql: &Sql,
    ) -> Fragment {
        let table = &self.tables[place.table];
        let own = own.and_then(|field| self.column_in(place, field));
        let generation = own.and_then(|at| table.columns.get(at)?.generation.as_ref());
        let fields = self.resolver.fields_of(model).into_iter();
        Fragment {
            place: kind,
            sql: query_sql(sql),
            table: table.name.name.to_string(),
            columns: (!self.resolver.has_lost_fields(model))
                .then(|| self.fragment_columns(place.table)),
            own,
            is_stored: matches!(
                generation,
                Some(Generation::Computed(Computed {
                    storage: ComputedStorage::Stored,
                    ..
                }))
            ),
            fields: fields
                .map(|field| {
                    (
                        self.resolver.field_name(field).to_owned(),
                        self.column_name(field),
                    )
                })
                .collect(),
        }
    }

    /// Returns what is to be known of the columns of a table.
    pub(super) fn fragment_columns(&self, table: TableId) -> Vec<FragmentColumn> {
        let columns = self.tables[table].columns.iter();
        columns
            .map(|column| FragmentColumn {
                name: column.name.to_string(),
                kind: column_kind(column),
                source: match &column.generation {
                    None if matches!(column.default, Some(ColumnDefault::Sql(_))) => {
                        ColumnSource::Defaulted
                    }
                    None => ColumnSource::Given,
                    Some(Generation::AutoIncrement | Generation::Identity(_)) => {
                        ColumnSource::Counted
                    }
                    Some(Generation::Computed(_)) => ColumnSource::Computed,
                },
                actions: self.column_actions(table, &column.name),
            })
            .collect()
    }

    /// Returns what foreign keys do with a column when the referenced row changes.
    fn column_actions(&self, table: TableId, column: &Text) -> Vec<ColumnAction> {
        let draft = &self.tables[table];
        let keys = draft.foreign_keys.iter();
        let keys = keys.filter(|key| key.columns.contains(column));
        let of_key = keys.flat_map(|key| {
            let span = draft.origins.span(&Object::ForeignKey(key.name.clone()));
            let events = [("DELETE", key.on_delete), ("UPDATE", key.on_update)];
            let writing = events
                .into_iter()
                .filter(|(_, action)| !matches!(action, Action::NoAction | Action::Restrict));
            writing.map(move |(event, action)| ColumnAction {
                clause: format!("ON {event} {}", action.sql()),
                is_delete: event == "DELETE" && action == Action::Cascade,
                span,
            })
        });
        of_key.collect()
    }
}

fn column_kind(column: &Column) -> ColumnKind {
    if column.sql_type.get(Dialect::Postgres).is_some() {
        return ColumnKind::Unknown;
    }
    match &column.ty {
        SqlType::Scalar(ScalarType::Bool) => ColumnKind::Bool,
        SqlType::Scalar(ScalarType::Enum(enum_)) => match &enum_.values {
            EnumValues::Native(values) => {
                ColumnKind::Enum(values.iter().map(ToString::to_string).collect())
            }
            EnumValues::Text(_) | EnumValues::Int(_) => ColumnKind::Other,
        },
        SqlType::Scalar(_) | SqlType::Array(_) => ColumnKind::Other,
    }
}
