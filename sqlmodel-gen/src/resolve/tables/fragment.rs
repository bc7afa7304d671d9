//! The SQL in a table that is looked into later: what it is, and which columns it may name.

use std::collections::BTreeSet;

use crate::ir::{Fragment, FragmentPlace, ModelId};
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
            for (kind, sql) in self.written(model) {
                let texts = [&sql.portable, &sql.sqlite, &sql.postgres, &sql.mysql];
                let spans: Vec<Span> = texts.into_iter().flatten().map(|text| text.span).collect();
                if spans.iter().any(|span| seen.insert(*span)) {
                    fragments.push(self.fragment(model, place, kind, sql));
                }
            }
        }
        fragments
    }

    /// Returns the SQL that a model says of its own fields.
    fn written(&self, model: ModelId) -> Vec<(FragmentPlace, &Sql)> {
        let draft = &self.resolver.models[model];
        let mut all = Vec::new();
        for field in &draft.fields {
            let syntax = self.resolver.field_syntax(*field);
            if let Some(generated) = &syntax.generated {
                all.push((FragmentPlace::Generated, &generated.sql));
            }
            if let Some(Default::Sql(sql)) = syntax.default.as_ref().map(|it| &it.value) {
                all.push((FragmentPlace::Default, sql));
            }
            if let Some(Default::Sql(sql)) = syntax.on_update.as_ref().map(|it| &it.value) {
                all.push((FragmentPlace::OnUpdate, sql));
            }
        }
        for index in &draft.syntax.indexes {
            for part in &index.on {
                if let IndexKey::Sql(sql) = &part.key {
                    all.push((FragmentPlace::IndexKey, sql));
                }
            }
            all.push((FragmentPlace::IndexCondition, &index.predicate));
        }
        let checks = draft.syntax.checks.iter();
        all.extend(checks.map(|check| (FragmentPlace::Check, &check.sql)));
        all
    }

    fn fragment(
        &self,
        model: ModelId,
        place: Placement,
        kind: FragmentPlace,
        sql: &Sql,
    ) -> Fragment {
        let table = &self.tables[place.table];
        // MySQL lets a default name other columns, and the others do not.
        let is_known = kind != FragmentPlace::Default && !self.resolver.has_lost_fields(model);
        let columns = table.columns.iter().map(|it| it.name.to_string());
        let fields = self.resolver.fields_of(model).into_iter();
        Fragment {
            place: kind,
            sql: query_sql(sql),
            table: table.name.name.to_string(),
            columns: is_known.then(|| columns.collect()),
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
}
