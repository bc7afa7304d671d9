//! INSERT, UPDATE and DELETE: what is written is of the column's type, and what must be written is there.

use crate::diagnostic::codes;
use crate::ir::TableId;
use crate::query::catalog::Source;
use crate::query::check::scope::{Relation, Scope};
use crate::query::check::{Checker, Expected, Output};
use crate::query::tree::{
    AssignedValue, Assignment, At, Conflict, ConflictTarget, Delete, Expr, ExprKind, From, Insert,
    InsertSource, Item, Name, Target, Update, With, WriteEnding,
};
use crate::query::types::{Clash, Class, Typed, adopt, unify};
use crate::syntax::list;
use sqlmodel_sql::{Column, Dialect, Generation, IdentityMode};

impl Checker<'_> {
    /// The table that a statement writes.
    pub(super) fn target_table(&self, target: &Target) -> Option<TableId> {
        self.catalog
            .find(
                target.schema.as_ref().map(|it| it.text.as_str()),
                &target.name.text,
            )?
            .table
    }

    fn with(&mut self, with: &With) {
        // The names stay known for the whole statement.
        for cte in &with.ctes {
            self.cte(cte, with.is_recursive);
        }
    }

    fn target(&mut self, target: &Target) -> Option<(Source, TableId)> {
        let source = self.source(target.schema.as_ref(), &target.name)?;
        match source.table {
            Some(table) => Some((source, table)),
            None => {
                self.error(
                    &codes::INSERT,
                    target.name.at,
                    format!("`{}` is no table, and cannot be written", target.name.text),
                )
                .help = Some("write the table of a model".to_owned());
                None
            }
        }
    }

    fn push_target(&mut self, name: &Name, source: Source) {
        self.scopes.push(Scope {
            relations: vec![Relation {
                name: Some(name.text.clone()),
                source,
                missing_in: Vec::new(),
                refined: Vec::new(),
                is_lost: false,
                is_value: false,
            }],
            no_aggregates: Some("a statement that writes looks at single rows"),
            ..Scope::default()
        });
    }

    /// What a column of a table wants to be given.
    fn wanted(&self, source: &Source, table: TableId, at: usize) -> Option<Expected> {
        let column = source.columns.get(at)?;
        let crate::query::types::Ty::Known(ty) = column.ty else {
            return None;
        };
        Some(Expected {
            ty,
            is_nullable: column.is_nullable,
            reason: format!(
                "written to `{}.{}`",
                self.schema.tables[table].name.name, column.name
            )
            .into(),
            is_weak: false,
        })
    }

    fn column_of(&self, table: TableId, at: usize) -> Option<&Column> {
        self.schema.tables[table].columns.get(at)
    }

    /// Finds a column to be written, or reports why it cannot be.
    fn written(&mut self, source: &Source, table: TableId, name: &Name) -> Option<usize> {
        let found = source.columns.iter().position(|it| name.is(&it.name));
        let Some(at) = found else {
            let columns: Vec<String> = source.columns.iter().map(|it| it.name.clone()).collect();
            let message = format!(
                "`{}` has no column `{}`",
                self.schema.tables[table].name.name, name.text
            );
            self.unknown_column(name, &message, &columns);
            return None;
        };
        let is_made = self
            .column_of(table, at)
            .is_some_and(|it| match &it.generation {
                Some(Generation::Computed(_)) => true,
                Some(Generation::Identity(identity)) => identity.mode == IdentityMode::Always,
                Some(Generation::AutoIncrement) | None => false,
            });
        if is_made {
            self.error(
                &codes::INSERT,
                name.at,
                format!(
                    "the database makes `{}`, and it cannot be written",
                    name.text
                ),
            )
            .help = Some("leave it out".to_owned());
            return None;
        }
        Some(at)
    }

    /// Checks a value that is written to a column.
    fn value(&mut self, value: &Expr, source: &Source, table: TableId, at: usize) {
        if matches!(*value.kind, ExprKind::Default) {
            return;
        }
        let Some(wanted) = self.wanted(source, table, at) else {
            return;
        };
        let typed = self.expr(value, Some(wanted.clone()));
        let target = Typed::new(wanted.ty, wanted.is_nullable, wanted.reason.clone());
        let mut pair = [target, typed];
        self.numbers_as_decimals(&mut pair, &[value, value]);
        let [_, typed] = pair;
        self.fits(&typed, &wanted, value.at);
        if matches!(*value.kind, ExprKind::Null) && !wanted.is_nullable {
            let diagnostic = self.error(&codes::INSERT, value.at, "this column is never NULL");
            diagnostic.label = wanted.reason.to_string();
            diagnostic.help = Some("write a value, or allow NULL in the model with `?`".to_owned());
        }
    }

    /// Reports a value whose type is not that of the column.
    fn fits(&mut self, typed: &Typed, wanted: &Expected, at: At) {
        let Some(known) = typed.known() else { return };
        let target = Typed::new(wanted.ty, wanted.is_nullable, wanted.reason.clone());
        if let Some(constant) = &typed.constant
            && let Some(fits) = adopt(constant, wanted.ty, self.schema, self.dialect)
        {
            if let Err(clash) = fits {
                self.clash(&clash, at, &target, typed);
            }
            return;
        }
        let (from, to) = (known.class(self.schema), wanted.ty.class(self.schema));
        // Numbers are turned into one another when they are written; into a decimal of SQLite, which is text, they are not.
        let is_decimal_text =
            self.dialect == Dialect::Sqlite && to == Class::Decimal && from == Class::Float;
        let is_number = from.is_number() && to.is_number() && !is_decimal_text;
        let is_time_text =
            from == Class::Text && to == Class::Time && self.dialect != Dialect::Postgres;
        if !is_number && !is_time_text && unify(&target, typed, self.schema, self.dialect).is_err()
        {
            self.clash(&Clash::Classes, at, &target, typed);
        }
    }

    pub(super) fn insert(&mut self, insert: &Insert) -> Vec<Output> {
        self.with(&insert.with);
        let Some((source, table)) = self.target(&insert.target) else {
            return Vec::new();
        };
        let columns: Vec<Option<usize>> = match insert.columns.as_slice() {
            [] => (0..source.columns.len())
                .filter(|at| {
                    self.column_of(table, *at)
                        .is_some_and(|it| !it.is_computed())
                })
                .map(Some)
                .collect(),
            names => names
                .iter()
                .map(|name| self.written(&source, table, name))
                .collect(),
        };
        for (at, name) in insert.columns.iter().enumerate() {
            if insert.columns.iter().take(at).any(|it| it == name) {
                self.error(
                    &codes::INSERT,
                    name.at,
                    format!("`{}` is given twice", name.text),
                );
            }
        }
        match &insert.source {
            InsertSource::Default => self.missing(&[], &source, table, insert.at),
            InsertSource::Values(rows) => {
                self.scopes.push(Scope::default());
                for row in rows {
                    self.row(row, &columns, &source, table);
                }
                self.scopes.pop();
                self.missing(&columns, &source, table, insert.target.name.at);
            }
            InsertSource::Query(query) => {
                let wanted: Vec<Option<Expected>> = columns
                    .iter()
                    .map(|at| at.and_then(|at| self.wanted(&source, table, at)))
                    .collect();
                let outputs = self.query(query, &wanted);
                if outputs.len() != columns.len() && !self.is_wrong() {
                    let message = format!(
                        "the query has {} columns, and {} are written",
                        outputs.len(),
                        columns.len()
                    );
                    self.error(&codes::INSERT, insert.target.name.at, message)
                        .help = Some("select a value for each column, in their order".to_owned());
                }
                for (output, wanted) in outputs.iter().zip(&wanted) {
                    if let Some(wanted) = wanted {
                        self.fits(&output.typed, wanted, output.at);
                    }
                }
                self.missing(&columns, &source, table, insert.target.name.at);
            }
        }
        let name = insert.target.alias.as_ref().unwrap_or(&insert.target.name);
        self.push_target(name, source.clone());
        self.conflict(&insert.conflict, &source, table);
        let outputs = self.returning(insert.returning.as_deref());
        self.scopes.pop();
        outputs
    }

    fn row(&mut self, row: &[Expr], columns: &[Option<usize>], source: &Source, table: TableId) {
        if row.len() != columns.len() {
            let at = row
                .iter()
                .map(|it| it.at)
                .reduce(At::to)
                .unwrap_or_default();
            self.error(
                &codes::INSERT,
                at,
                format!("{} values for {} columns", row.len(), columns.len()),
            );
        }
        for (value, at) in row.iter().zip(columns) {
            match at {
                Some(at) => self.value(value, source, table, *at),
                None => {
                    self.expr(value, None);
                }
            }
        }
    }

    /// Reports columns that an INSERT leaves out although they have no default.
    fn missing(&mut self, given: &[Option<usize>], source: &Source, table: TableId, at: At) {
        if given.contains(&None) {
            return;
        }
        let missing: Vec<&str> = source
            .columns
            .iter()
            .enumerate()
            .filter(|(at, _)| !given.contains(&Some(*at)))
            .filter(|(at, _)| {
                self.column_of(table, *at).is_some_and(|it| {
                    !it.is_nullable && it.default.is_none() && it.generation.is_none()
                })
            })
            .map(|(_, it)| it.name.as_str())
            .collect();
        if missing.is_empty() {
            return;
        }
        let message = format!("the new row has no value for {}", list(&missing));
        let reason = if missing.len() == 1 {
            "it is never NULL and has no default in the database"
        } else {
            "they are never NULL and have no default in the database"
        };
        let columns = missing.join(", ");
        let diagnostic = self.error(&codes::INSERT, at, message);
        diagnostic.label = reason.to_owned();
        diagnostic.help = Some(format!(
            "add `{columns}` with a value such as `:{}`, or give the field a default",
            missing.first().copied().unwrap_or_default()
        ));
    }

    fn conflict(&mut self, conflict: &Conflict, source: &Source, table: TableId) {
        let (target, sets, filter) = match conflict {
            Conflict::Fail | Conflict::Replace => return,
            Conflict::Ignore { target } => (target, &[][..], None),
            Conflict::Update {
                target,
                sets,
                filter,
            } => (target, sets.as_slice(), filter.as_ref()),
        };
        match target {
            ConflictTarget::Columns(names) => self.conflict_key(names, source, table),
            ConflictTarget::Constraint(name) => self.conflict_constraint(name, table),
            ConflictTarget::Any if !sets.is_empty() && self.dialect != Dialect::Mysql => {
                let first = sets.first().and_then(|it| it.columns.first());
                let at = first.map_or(At::default(), |it| it.at);
                self.error(
                    &codes::INSERT,
                    at,
                    "ON CONFLICT DO UPDATE needs the columns of the key",
                )
                .help = Some("write `ON CONFLICT (id) DO UPDATE ..`".to_owned());
            }
            ConflictTarget::Any => {}
        }
        if self.dialect != Dialect::Mysql {
            self.scope().relations.push(Relation {
                name: Some("excluded".to_owned()),
                source: source.clone(),
                missing_in: Vec::new(),
                refined: Vec::new(),
                is_lost: false,
                is_value: false,
            });
        }
        self.assignments(sets, source, table);
        if let Some(filter) = filter {
            self.condition(filter);
        }
        if self.dialect != Dialect::Mysql {
            self.scope().relations.pop();
        }
    }

    /// Checks that columns are a unique key.
    fn conflict_key(&mut self, target: &[Name], source: &Source, table: TableId) {
        let columns: Vec<Option<usize>> = target
            .iter()
            .map(|name| self.written(source, table, name))
            .collect();
        let (Some(first), Some(last), false) =
            (target.first(), target.last(), columns.contains(&None))
        else {
            return;
        };
        let is_key = source.keys.iter().any(|key| {
            key.len() == columns.len() && key.iter().all(|it| columns.contains(&Some(*it)))
        });
        if is_key {
            return;
        }
        let keys: Vec<String> = source
            .keys
            .iter()
            .map(|key| {
                let names: Vec<&str> = key
                    .iter()
                    .filter_map(|at| source.columns.get(*at))
                    .map(|it| it.name.as_str())
                    .collect();
                format!("({})", names.join(", "))
            })
            .collect();
        let at = first.at.to(last.at);
        self.error(
            &codes::INSERT,
            at,
            "these columns are no unique key of the table",
        )
        .help = Some(format!("its keys are {}", keys.join(", ")));
    }

    /// Checks that a constraint is a key of the table.
    fn conflict_constraint(&mut self, name: &Name, table: TableId) {
        let table = &self.schema.tables[table];
        let primary = table.primary_key.iter().map(|it| &it.name);
        let unique = table.unique_keys.iter().map(|it| &it.name);
        let names: Vec<&str> = primary.chain(unique).map(|it| &**it).collect();
        if names.iter().any(|it| name.is(it)) {
            return;
        }
        let message = format!("`{}` is no unique key of the table", name.text);
        let help = format!("its keys are {}", list(&names));
        self.error(&codes::INSERT, name.at, message).help = Some(help);
    }

    fn assignments(&mut self, sets: &[Assignment], source: &Source, table: TableId) {
        let mut seen: Vec<&Name> = Vec::new();
        for set in sets {
            let target = self
                .scope()
                .relations
                .first()
                .and_then(|it| it.name.clone());
            if let (Some(table), Some(target)) = (&set.table, target)
                && !table.is(&target)
            {
                let message = format!("the statement writes `{target}`, and not `{}`", table.text);
                self.error(&codes::UNKNOWN_TABLE, table.at, message);
            }
            let columns: Vec<Option<usize>> = set
                .columns
                .iter()
                .map(|it| self.written(source, table, it))
                .collect();
            self.assignment(set, &columns, source, table);
            for column in &set.columns {
                self.given_once(column, &mut seen);
            }
        }
    }

    fn given_once<'s>(&mut self, column: &'s Name, seen: &mut Vec<&'s Name>) {
        if seen.contains(&column) {
            let message = format!("`{}` is given twice", column.text);
            self.error(&codes::INSERT, column.at, message).help = Some("remove it".to_owned());
        }
        seen.push(column);
    }

    /// Checks what is written to columns, of which those that could not be found are `None`.
    fn assignment(
        &mut self,
        set: &Assignment,
        columns: &[Option<usize>],
        source: &Source,
        table: TableId,
    ) {
        let at = set
            .columns
            .iter()
            .map(|it| it.at)
            .reduce(At::to)
            .unwrap_or_default();
        let n_values = match &set.value {
            AssignedValue::Exprs(values) => {
                for (number, value) in values.iter().enumerate() {
                    match columns.get(number).copied().flatten() {
                        Some(column) => self.value(value, source, table, column),
                        None => {
                            self.expr(value, None);
                        }
                    }
                }
                values.len()
            }
            AssignedValue::Query(query, _) => {
                let wanted: Vec<Option<Expected>> = columns
                    .iter()
                    .map(|at| at.and_then(|at| self.wanted(source, table, at)))
                    .collect();
                let outputs = self.query(query, &wanted);
                for (output, wanted) in outputs.iter().zip(&wanted) {
                    if let Some(wanted) = wanted {
                        self.fits(&output.typed, wanted, output.at);
                    }
                }
                outputs.len()
            }
        };
        if n_values != columns.len() && !self.is_wrong() {
            let message = format!("{n_values} values for {} columns", columns.len());
            self.error(&codes::INSERT, at, message).help =
                Some("write a value for each column, in their order".to_owned());
        }
    }

    /// Checks what is written to tables that are joined: each column is of one of them.
    fn joined_assignments(&mut self, sets: &[Assignment]) {
        for set in sets {
            for column in &set.columns {
                let parts: Vec<Name> = set.table.iter().chain([column]).cloned().collect();
                // Reports what is no column, and what is one of several tables.
                let typed = self.column(&parts, column.at);
                let found = typed.column.and_then(|it| {
                    let source = self.relation(it)?.source.clone();
                    Some((it.column, source))
                });
                let Some((at, source)) = found else { continue };
                let Some(table) = source.table else {
                    let message =
                        format!("`{}` is of no table, and cannot be written", column.text);
                    self.error(&codes::INSERT, column.at, message).help =
                        Some("write a column of the table that is updated".to_owned());
                    continue;
                };
                if self.written(&source, table, column).is_some() {
                    self.assignment(set, &[Some(at)], &source, table);
                }
            }
        }
    }

    fn ending(&mut self, ending: &WriteEnding) {
        for order in &ending.order {
            self.expr(&order.expr, None);
        }
        if let Some(limit) = &ending.limit {
            self.count_of_rows(limit);
        }
    }

    fn returning(&mut self, items: Option<&[Item]>) -> Vec<Output> {
        let mut outputs = Vec::new();
        for item in items.unwrap_or_default() {
            self.item(item, None, &mut outputs);
        }
        outputs
    }

    fn others(&mut self, from: &[From]) {
        for from in from {
            self.from(from);
        }
    }

    pub(super) fn update(&mut self, update: &Update) -> Vec<Output> {
        self.with(&update.with);
        let Some((source, table)) = self.target(&update.target) else {
            return Vec::new();
        };
        if !update.joined.is_empty() {
            self.push_joined(&update.joined);
            if let Some(filter) = &update.filter {
                self.condition(filter);
            }
            self.joined_assignments(&update.sets);
            if let Some(first) = update.ending.order.first() {
                let at = first.expr.at;
                self.error(
                    &codes::SQL_DIALECT,
                    at,
                    "joined tables are updated in no order",
                );
            }
            self.scopes.pop();
            return Vec::new();
        }
        let name = update.target.alias.as_ref().unwrap_or(&update.target.name);
        self.push_target(name, source.clone());
        self.others(&update.from);
        if let Some(filter) = &update.filter {
            self.condition(filter);
        }
        self.assignments(&update.sets, &source, table);
        self.ending(&update.ending);
        // What RETURNING sees was written since: the condition says nothing of it. On SQLite it sees nothing else.
        let hidden = match self.dialect {
            Dialect::Sqlite => 1..self.scope().relations.len(),
            Dialect::Postgres | Dialect::Mysql => 0..0,
        };
        const WHY: &str = "SQLite returns columns of the written table alone";
        let outputs = self.without(hidden, WHY, |checker| {
            checker.returning(update.returning.as_deref())
        });
        self.scopes.pop();
        outputs
    }

    fn push_joined(&mut self, from: &[From]) {
        self.scopes.push(Scope {
            no_aggregates: Some("a statement that writes looks at single rows"),
            ..Scope::default()
        });
        self.others(from);
    }

    pub(super) fn delete(&mut self, delete: &Delete) -> Vec<Output> {
        self.with(&delete.with);
        if !delete.from_joined.is_empty() {
            self.push_joined(&delete.using);
            for name in &delete.from_joined {
                let relations = &self.scope().relations;
                let found = relations
                    .iter()
                    .find(|it| it.name.as_ref().is_some_and(|it| name.is(it)));
                let is_written = found.is_some_and(|it| it.source.table.is_some() || it.is_lost);
                if !is_written {
                    let message = format!("`{}` is no table of the statement", name.text);
                    self.error(&codes::UNKNOWN_TABLE, name.at, message).help =
                        Some("name a table of FROM, by its alias if it has one".to_owned());
                }
            }
            if let Some(filter) = &delete.filter {
                self.condition(filter);
            }
            self.scopes.pop();
            return Vec::new();
        }
        let Some((source, _)) = self.target(&delete.target) else {
            return Vec::new();
        };
        let name = delete.target.alias.as_ref().unwrap_or(&delete.target.name);
        self.push_target(name, source);
        self.others(&delete.using);
        if let Some(filter) = &delete.filter {
            self.condition(filter);
            self.refine(filter);
        }
        self.ending(&delete.ending);
        let outputs = self.returning(delete.returning.as_deref());
        self.scopes.pop();
        outputs
    }
}
