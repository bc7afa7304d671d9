//! What an INSERT does about rows that are there already, as SQL.

use std::collections::HashSet;

use sqlmodel_core::{Dialect, Error, FieldInfo, Model, Value};

use crate::expr::Token;
use crate::insert::Plan;
use crate::key::{KeyBytes, pick};
use crate::render::Writer;
use crate::scope::EXCLUDED;
use crate::update::{
    Assignment, SetList, assign, check_assigned_values, is_stored, with_automatic,
};

/// What follows the values to insert.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    target: Vec<&'static str>,
    action: Action,
    conditions: Vec<Vec<Token>>,
    table: &'static str,
    fields: &'static [FieldInfo],
    primary_key: &'static [&'static str],
    unique_keys: &'static [&'static [&'static str]],
}

/// What an upsert does to a row that is there.
pub(super) struct Change {
    pub(super) assignments: Vec<Assignment>,
    pub(super) conditions: Vec<Vec<Token>>,
}

/// Returns a value that was to be inserted.
fn given(value: Value<'static>, column: &str) -> Result<Token, Error> {
    match value {
        Value::Default => Err(Error::unsupported(format!(
            "`{column}` is left to its default, which is known to the database alone: give a value to use it in an update"
        ))),
        value => Ok(Token::Param(value)),
    }
}

#[derive(Debug, Clone)]
pub(super) enum Action {
    Nothing,
    /// Stores what was to be inserted, in all columns that an update stores.
    UpdateAll,
    Set(Vec<Assignment>),
}

impl Conflict {
    pub(super) fn of<M: Model>(target: Vec<&'static str>, action: Action) -> Self {
        Self {
            target,
            action,
            conditions: Vec::new(),
            table: M::TABLE_NAME,
            fields: M::fields(),
            primary_key: M::PRIMARY_KEY,
            unique_keys: M::UNIQUE_KEYS,
        }
    }

    /// Checks the schema's rules about single fields for what is assigned as a value.
    pub(super) fn check_values<M: Model>(&self) -> Result<(), Error> {
        match &self.action {
            Action::Set(assignments) => check_assigned_values::<M>(assignments),
            Action::Nothing | Action::UpdateAll => Ok(()),
        }
    }

    pub(super) fn target(&self) -> &[&'static str] {
        &self.target
    }

    pub(super) fn action(&self) -> &Action {
        &self.action
    }

    pub(super) fn conditions(&self) -> &[Vec<Token>] {
        &self.conditions
    }

    pub(super) fn assign(&mut self, column: &'static str, value: Vec<Token>) {
        match &mut self.action {
            Action::Set(assignments) => assign(assignments, column, value),
            Action::Nothing | Action::UpdateAll => {
                self.action = Action::Set(vec![(column, value)]);
            }
        }
    }

    pub(super) fn add_condition(&mut self, condition: Vec<Token>) {
        self.conditions.push(condition);
    }

    pub(super) fn does_nothing(&self) -> bool {
        matches!(self.action, Action::Nothing)
    }

    /// Returns what is assigned to the row that is there, with the values that were to be inserted in their places;
    /// `None` when it is left alone.
    pub(super) fn for_row(
        &self,
        columns: &[&'static str],
        values: &[Value<'_>],
    ) -> Result<Option<Change>, Error> {
        let value_of = |column: &str| {
            let position = columns.iter().position(|name| *name == column);
            let value = position.and_then(|position| values.get(position));
            value.cloned().unwrap_or(Value::Default).into_owned()
        };
        let replaced = |tokens: &[Token]| -> Result<Vec<Token>, Error> {
            let replace = |token: &Token| match token {
                Token::Column { table, column } if *table == EXCLUDED => {
                    given(value_of(column), column)
                }
                Token::Inherited { entity, column, .. } if *entity == EXCLUDED => {
                    given(value_of(column), column)
                }
                other => Ok(other.clone()),
            };
            tokens.iter().map(replace).collect()
        };
        let assignments = match &self.action {
            Action::Nothing => return Ok(None),
            Action::Set(assignments) => assignments
                .iter()
                .map(|(column, tokens)| Ok((*column, replaced(tokens)?)))
                .collect::<Result<Vec<_>, Error>>()?,
            Action::UpdateAll => {
                let is_updated = |field: &&FieldInfo| {
                    is_stored(field)
                        && field.on_update.is_none()
                        && !self.target.contains(&field.column)
                        && !matches!(value_of(field.column), Value::Default)
                };
                let fields = self.fields.iter().filter(is_updated);
                let assign =
                    |field: &FieldInfo| (field.column, vec![Token::Param(value_of(field.column))]);
                fields.map(assign).collect()
            }
        };
        let conditions = self.conditions.iter().map(|tokens| replaced(tokens));
        Ok(Some(Change {
            assignments,
            conditions: conditions.collect::<Result<Vec<_>, Error>>()?,
        }))
    }

    /// Tells whether a row that is there may be left alone.
    pub(super) fn may_skip(&self) -> bool {
        matches!(self.action, Action::Nothing) || !self.conditions.is_empty()
    }

    pub(super) fn assigns_target(&self) -> bool {
        matches!(&self.action, Action::Set(all) if all.iter().any(|(column, _)| self.target.contains(column)))
    }

    /// Returns the primary key's column where it has one.
    pub(crate) fn only_key_column(&self) -> Option<&'static str> {
        match self.primary_key {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Writes `ON CONFLICT (..) DO ..`, or what MySQL has for it, behind the values of these columns.
    pub(crate) fn write(&self, given: &[&'static str], writer: &mut Writer<'_>) {
        let assignments = self.assignments(given);
        if writer.dialect() == Dialect::Mysql {
            return writer.with_values_function(|writer| self.write_mysql(assignments, writer));
        }
        writer.text(" ON CONFLICT (");
        writer.columns(self.target.iter().copied());
        writer.text(") DO ");
        if assignments.is_empty() {
            return writer.text("NOTHING");
        }
        writer.text("UPDATE");
        SetList::write(&assignments, writer);
        writer.conditions(" WHERE ", &self.conditions);
    }

    /// MySQL has no DO NOTHING and no WHERE: a column is assigned itself instead.
    fn write_mysql(&self, mut assignments: Vec<Assignment>, writer: &mut Writer<'_>) {
        if !self.conditions.is_empty() {
            for (column, value) in &mut assignments {
                let mut guarded = vec![Token::Text("IF(")];
                for (position, condition) in self.conditions.iter().enumerate() {
                    if position > 0 {
                        guarded.push(Token::Text(" AND "));
                    }
                    guarded.extend(condition.iter().cloned());
                }
                guarded.push(Token::Text(", "));
                guarded.append(value);
                guarded.push(Token::Text(", "));
                guarded.push(self.column(column));
                guarded.push(Token::Text(")"));
                *value = guarded;
            }
        }
        let itself = self.primary_key.first().or(self.target.first());
        if let (true, Some(column)) = (assignments.is_empty(), itself) {
            assignments.push((column, vec![self.column(column)]));
        }
        writer.text(" ON DUPLICATE KEY UPDATE");
        let assignments = writer.in_order_of_evaluation(self.table, assignments);
        for (position, (column, value)) in assignments.iter().enumerate() {
            writer.text(if position == 0 { " " } else { ", " });
            writer.identifier(column);
            writer.text(" = ");
            writer.tokens(value);
        }
    }

    fn column(&self, column: &'static str) -> Token {
        Token::Column {
            table: self.table,
            column,
        }
    }

    /// Returns what is assigned to a row that is there, with what every update assigns; nothing when it is left alone.
    fn assignments(&self, given: &[&'static str]) -> Vec<Assignment> {
        let assignments = match &self.action {
            Action::Nothing => Vec::new(),
            Action::Set(assignments) => assignments.clone(),
            Action::UpdateAll => {
                let stored = self.fields.iter().filter(|field| {
                    given.contains(&field.column)
                        && is_stored(field)
                        && field.on_update.is_none()
                        && !self.target.contains(&field.column)
                });
                let excluded = stored.map(|field| {
                    let token = Token::Column {
                        table: EXCLUDED,
                        column: field.column,
                    };
                    (field.column, vec![token])
                });
                excluded.collect()
            }
        };
        if assignments.is_empty() {
            return assignments;
        }
        with_automatic(self.table, self.fields, assignments)
    }

    pub(super) fn n_parameters(&self, dialect: Dialect) -> usize {
        let columns: Vec<_> = self.fields.iter().map(|field| field.column).collect();
        let mut writer = Writer::new(dialect);
        self.write(&columns, &mut writer);
        writer.finish().params.len()
    }

    /// Refuses what would not mean the same on every dialect.
    pub(super) fn check(&self, plan: &Plan<'_>, dialect: Dialect) -> Result<(), Error> {
        self.check_target(dialect)?;
        if matches!(self.action, Action::Nothing) {
            return Ok(());
        }
        self.refuse_equal_keys(plan)
    }

    fn keys(&self) -> impl Iterator<Item = &'static [&'static str]> {
        std::iter::once(self.primary_key).chain(self.unique_keys.iter().copied())
    }

    fn is_target(&self, key: &[&str]) -> bool {
        key.len() == self.target.len() && self.target.iter().all(|column| key.contains(column))
    }

    /// Refuses a key with a condition, which not all rows have: what a family looks for by the values alone could be another row.
    pub(super) fn check_whole_key(&self) -> Result<(), Error> {
        if self.keys().any(|key| self.is_target(key)) {
            return Ok(());
        }
        Err(Error::usage(format!(
            "`{}` is no unique key of `{}` without a condition",
            self.target.join("`, `"),
            self.table
        )))
    }

    pub(super) fn check_target(&self, dialect: Dialect) -> Result<(), Error> {
        // A key with a condition or an expression is known to the database alone.
        let may_be_unknown = dialect != Dialect::Mysql && self.unique_keys.contains(&&[][..]);
        if may_be_unknown || self.keys().any(|key| self.is_target(key)) {
            return Ok(());
        }
        Err(Error::usage(format!(
            "`{}` is no unique key of `{}`",
            self.target.join("`, `"),
            self.table
        )))
    }

    /// Returns a unique key beside the target that a row may share with another one: MySQL takes any for the one that is meant.
    pub(super) fn other_key(&self, plan: &Plan<'_>) -> Option<&'static [&'static str]> {
        let mut others = self.keys().filter(|key| !self.is_target(key));
        others.find(|key| (0..plan.n_rows()).any(|row| self.may_conflict(key, plan, row)))
    }

    /// Refuses a statement with which MySQL might update another row than the one that is meant.
    pub(super) fn refuse_other_keys(&self, plan: &Plan<'_>) -> Result<(), Error> {
        let Some(key) = self.other_key(plan) else {
            return Ok(());
        };
        let named = match key {
            [] => "an index with an expression".to_owned(),
            key => format!("`{}`", key.join("`, `")),
        };
        Err(Error::unsupported(format!(
            "MySQL would take a row with the same {named} for the one to update, so this is no single statement there: running \
             it looks for the row first, unless it assigns `{}`",
            self.target.join("`, `")
        )))
    }

    /// Tells whether a row may have the same key as another one: all its values are given, or have defaults.
    fn may_conflict(&self, key: &[&'static str], plan: &Plan<'_>, row: usize) -> bool {
        let is_primary = key == self.primary_key;
        key.iter().all(|column| {
            let position = plan.columns().iter().position(|name| name == column);
            match position.and_then(|position| plan.row(row).get(position)) {
                Some(Value::Null) => false,
                Some(Value::Default) | None => {
                    let mut fields = self.fields.iter();
                    let field = fields.find(|field| field.column == *column);
                    // The database assigns a primary key that nobody else has.
                    !is_primary
                        && field.is_some_and(|field| field.has_default || field.is_generated)
                }
                Some(_) => true,
            }
        })
    }

    /// PostgreSQL refuses to update a row twice in a statement, SQLite lets the last one win: neither is left to chance.
    fn refuse_equal_keys(&self, plan: &Plan<'_>) -> Result<(), Error> {
        let mut seen = HashSet::new();
        for row in 0..plan.n_rows() {
            let key = KeyBytes::of(&pick(&self.target, plan.columns(), plan.row(row)));
            if key.is_some_and(|key| !seen.insert(key)) {
                return Err(Error::usage(
                    "two of the rows have the same unique key and would update each other",
                ));
            }
        }
        Ok(())
    }
}
