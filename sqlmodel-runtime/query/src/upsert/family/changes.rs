//! What an upsert assigns in each table of a model, where no table's values need another's.

use sqlmodel_core::{Dialect, FieldInfo, Model, TablePart};

use crate::expr::Token;
use crate::family::Level;
use crate::render::Writer;
use crate::scope::EXCLUDED;
use crate::update::{Assignment, SetList, automatic, is_stored};
use crate::upsert::conflict::{Action, Conflict};

/// What an upsert assigns in one table.
#[derive(Debug)]
pub(super) struct TableChange {
    pub(super) part: TablePart,
    pub(super) assignments: Vec<Assignment>,
}

/// Returns what is assigned in each table to rows that are there, the root's first, for rows that give values for some columns.
///
/// `None` where a value is computed from another table, which takes a look at each row.
pub(super) fn changes<M: Model>(
    conflict: &Conflict,
    levels: &[Level],
    given: &[&'static str],
) -> Option<Vec<TableChange>> {
    let change = |level: &Level| -> Option<TableChange> {
        let assigned = match conflict.action() {
            Action::Nothing => Vec::new(),
            Action::UpdateAll => {
                let stored = level.fields.iter().filter(|field| {
                    given.contains(&field.column)
                        && is_stored(field)
                        && field.on_update.is_none()
                        && !conflict.target().contains(&field.column)
                });
                stored
                    .map(|field| (field.column, vec![excluded(field.column)]))
                    .collect()
            }
            Action::Set(all) => {
                let is_here = |column: &str| level.fields.iter().any(|it| it.column == column);
                let own = all.iter().filter(|(column, _)| is_here(column));
                own.map(|(column, tokens)| Some((*column, local::<M>(tokens, &level.part)?)))
                    .collect::<Option<Vec<_>>>()?
            }
        };
        Some(TableChange {
            part: level.part,
            assignments: assigned,
        })
    };
    let mut changes = levels.iter().map(change).collect::<Option<Vec<_>>>()?;
    if changes.iter().all(|change| change.assignments.is_empty()) {
        return Some(changes);
    }
    for (position, (change, level)) in changes.iter_mut().zip(levels).enumerate() {
        if position == 0 || !change.assignments.is_empty() {
            change.add_automatic::<M>(&level.fields);
        }
    }
    Some(changes)
}

impl TableChange {
    /// Adds what every update of the table stores.
    fn add_automatic<M: Model>(&mut self, fields: &[&'static FieldInfo]) {
        for field in fields {
            let mut assigned = self.assignments.iter();
            let is_assigned = assigned.any(|(column, _)| *column == field.column);
            let value = automatic(M::ENTITY_NAME, field);
            let value = value.and_then(|value| local::<M>(&value, &self.part));
            if let (false, Some(value)) = (is_assigned, value) {
                self.assignments.push((field.column, value));
            }
        }
    }

    /// Writes what becomes of rows whose key is there already, of those for which the conditions are true.
    ///
    /// A row to which nothing is assigned is assigned its key, so that it is locked and returned.
    pub(super) fn write_on_conflict(
        &self,
        target: &[&'static str],
        conditions: &[Vec<Token>],
        writer: &mut Writer<'_>,
    ) {
        let table = self.part.table;
        let itself = self.part.key.first().map(|column| {
            let itself = Token::column(table, None, column);
            (*column, vec![itself])
        });
        let mut assignments = self.assignments.clone();
        if assignments.is_empty() {
            assignments.extend(itself);
        }
        if writer.dialect() == Dialect::Mysql {
            return writer.with_values_function(|writer| {
                writer.text(" ON DUPLICATE KEY UPDATE");
                let assignments = writer.in_order_of_evaluation(table, assignments);
                for (position, (column, value)) in assignments.iter().enumerate() {
                    writer.text(if position == 0 { " " } else { ", " });
                    writer.identifier(column);
                    writer.text(" = ");
                    writer.tokens(value);
                }
            });
        }
        writer.text(" ON CONFLICT (");
        writer.columns(target.iter().copied());
        writer.text(") DO UPDATE");
        SetList::write(&assignments, writer);
        writer.conditions(" WHERE ", conditions);
    }
}

/// Returns an expression as a statement over one table alone says it, if it reads no other.
pub(super) fn local<M: Model>(tokens: &[Token], part: &TablePart) -> Option<Vec<Token>> {
    let is_own = part.table == M::TABLE_NAME;
    let token = |token: &Token| match token {
        Token::Column { table, column } if *table == EXCLUDED => is_own.then(|| excluded(column)),
        Token::Column { table, column } if *table == M::ENTITY_NAME => {
            is_own.then(|| Token::column(part.table, None, column))
        }
        Token::Inherited {
            entity,
            table,
            column,
        } if *table == part.table => {
            if *entity == EXCLUDED {
                Some(excluded(column))
            } else {
                (*entity == M::ENTITY_NAME).then(|| Token::column(part.table, None, column))
            }
        }
        Token::Text(_)
        | Token::PerDialect(_)
        | Token::Param(_)
        | Token::Number(_)
        | Token::Tag(_)
        | Token::DecimalOrder
        | Token::Refused(..) => Some(token.clone()),
        _ => None,
    };
    tokens.iter().map(token).collect()
}

fn excluded(column: &'static str) -> Token {
    Token::Column {
        table: EXCLUDED,
        column,
    }
}
