//! UPDATE and DELETE of rows that are joined with others: what each dialect writes for them.
//!
//! | | PostgreSQL | SQLite | MySQL |
//! |---|---|---|---|
//! | update | `UPDATE t SET .. FROM u WHERE ..` | the same | `UPDATE t JOIN u ON .. SET ..` |
//! | delete | `DELETE FROM t USING u WHERE ..` | `DELETE FROM t WHERE EXISTS (SELECT 1 FROM u WHERE ..)` | `DELETE t FROM t JOIN u ON ..` |
//!
//! Joins are inner ones, so that ON and WHERE say the same.

use sqlmodel_core::{Dialect, Error, Model};

use crate::expr::{Level, Token};
use crate::family;
use crate::operators::Condition;
use crate::query::{Columns, Join, Query, RowLock, Source};
use crate::relation::{Relation, assert_other_table};
use crate::render::{Writer, reads};
use crate::scope::Entity;
use crate::update::Assignment;

const JOIN: &str = " JOIN ";

/// Adds the joins of a relation.
pub(crate) fn push_relation<L: Relation>(joins: &mut Vec<Join>, relation: &L) {
    const { assert_other_table(L::From::NAME, L::To::NAME) };
    for step in relation.steps() {
        joins.push(Join {
            keyword: JOIN,
            source: step.source(),
            condition: step.condition(),
        });
    }
}

/// Adds the join of a table by a condition.
pub(crate) fn push_table<E: Entity>(joins: &mut Vec<Join>, condition: impl Condition) {
    joins.push(Join {
        keyword: JOIN,
        source: Source::of::<E>(),
        condition: condition.into_condition().at_least(Level::And),
    });
}

/// Refuses a model whose rows are in several tables: no database joins the statement that writes them.
pub(crate) fn check_one_table<M: Model>() -> Result<(), Error> {
    if const { M::IN_FAMILY } && family::has_several_tables::<M>() {
        return Err(Error::unsupported(format!(
            "rows of `{}` are in several tables, which no join can change: filter by a relation (`any_where`), and assign \
             the value of a subquery (`scalar`)",
            M::ENTITY_NAME
        )));
    }
    Ok(())
}

/// Writes the UPDATE of the rows of `M` that have partners.
pub(crate) fn write_update<M: Model>(
    joins: &[Join],
    assignments: &[Assignment],
    conditions: &[Vec<Token>],
    writer: &mut Writer<'_>,
) {
    let dialect = writer.dialect();
    writer.text("UPDATE ");
    writer.model::<M>();
    if dialect == Dialect::Mysql
        && let Err(error) = check_independent(M::ENTITY_NAME, assignments)
    {
        writer.refuse(error);
    }
    writer.with_renames(family::own_name::<M>(), |writer| {
        if dialect == Dialect::Mysql {
            write_joins(joins, writer);
        }
        for (position, (column, value)) in assignments.iter().enumerate() {
            writer.text(if position == 0 { " SET " } else { ", " });
            // MySQL looks for the column in all tables; the others take no table here.
            if dialect == Dialect::Mysql {
                writer.qualified(M::ENTITY_NAME, None, column);
            } else {
                writer.identifier(column);
            }
            writer.text(" = ");
            writer.tokens(value);
        }
        if dialect == Dialect::Mysql {
            write_conditions::<M>(&[], conditions, writer);
        } else {
            write_sources(" FROM ", joins, writer);
            write_conditions::<M>(joins, conditions, writer);
        }
    });
}

/// The rows of an update with their old values.
const BEFORE: &str = "sqlmodel__before";

/// Writes the UPDATE of rows whose columns get each other's old values, for MySQL, which assigns from left to right: the rows
/// are joined with what they were.
pub(crate) fn write_exchange<M: Model>(
    assignments: Vec<Assignment>,
    conditions: &[Vec<Token>],
    writer: &mut Writer<'_>,
) {
    let key = M::PRIMARY_KEY.iter();
    let mut before: Vec<Vec<Token>> = key
        .map(|column| vec![Token::column(M::ENTITY_NAME, None, column)])
        .collect();
    let n_key = before.len();
    let columns: Vec<&'static str> = assignments.iter().map(|(column, _)| *column).collect();
    before.extend(assignments.into_iter().map(|(_, value)| value));
    let mut query = Query::new(Columns::Expressions(before), Source::of::<M>());
    query.conditions = conditions.to_vec();
    query.rare_mut().lock = Some(RowLock::UPDATE);
    writer.text("UPDATE ");
    writer.model::<M>();
    writer.text(" JOIN (");
    query.write(writer);
    writer.text(") AS ");
    writer.identifier(BEFORE);
    for (position, column) in M::PRIMARY_KEY.iter().enumerate() {
        writer.text(if position == 0 { " ON " } else { " AND " });
        writer.qualified(M::TABLE_NAME, None, column);
        write_before(position, writer);
    }
    for (position, column) in columns.into_iter().enumerate() {
        writer.text(if position == 0 { " SET " } else { ", " });
        writer.qualified(M::TABLE_NAME, None, column);
        write_before(n_key + position, writer);
    }
}

/// Writes `= ` and the old value at a position.
fn write_before(position: usize, writer: &mut Writer<'_>) {
    writer.text(" = ");
    writer.identifier(BEFORE);
    writer.text(".");
    writer.column_alias(position);
}

/// Writes the DELETE of the rows of `M` that have partners.
pub(crate) fn write_delete<M: Model>(
    joins: &[Join],
    conditions: &[Vec<Token>],
    writer: &mut Writer<'_>,
) {
    let dialect = writer.dialect();
    writer.text("DELETE ");
    if dialect == Dialect::Mysql {
        writer.model::<M>();
        writer.text(" ");
    }
    writer.text("FROM ");
    writer.model::<M>();
    writer.with_renames(family::own_name::<M>(), |writer| match dialect {
        Dialect::Mysql => {
            write_joins(joins, writer);
            write_conditions::<M>(&[], conditions, writer);
        }
        Dialect::Postgres => {
            write_sources(" USING ", joins, writer);
            write_conditions::<M>(joins, conditions, writer);
        }
        Dialect::Sqlite => write_conditions::<M>(&[], &[has_partner(joins, conditions)], writer),
    });
}

/// Adds RETURNING with all columns of the model, which others of the statement may have the names of.
pub(crate) fn write_returning<M: Model>(writer: &mut Writer<'_>) {
    writer.with_renames(family::own_name::<M>(), |writer| {
        for (position, field) in M::fields().iter().enumerate() {
            writer.text(if position == 0 { " RETURNING " } else { ", " });
            writer.qualified(M::ENTITY_NAME, None, field.column);
        }
    });
}

/// MySQL assigns in no certain order where several tables are joined (8.4 manual, UPDATE statement).
fn check_independent(table: &str, assignments: &[Assignment]) -> Result<(), Error> {
    for (position, (column, _)) in assignments.iter().enumerate() {
        let mut others = assignments.iter().enumerate();
        if others.any(|(other, (_, value))| other != position && reads(value, table, column)) {
            return Err(Error::unsupported(format!(
                "MySQL assigns joined columns in no certain order, and another value is made of `{column}`: select the \
                 rows with `for_update` in a transaction, and update them one by one"
            )));
        }
    }
    Ok(())
}

fn write_joins(joins: &[Join], writer: &mut Writer<'_>) {
    for join in joins {
        writer.text(join.keyword);
        join.source.write_joined(writer);
        writer.text(" ON ");
        writer.tokens(&join.condition);
        if let Some(restriction) = join.source.restriction() {
            writer.text(" AND ");
            writer.tokens(&restriction);
        }
    }
}

fn write_sources(keyword: &'static str, joins: &[Join], writer: &mut Writer<'_>) {
    for (position, join) in joins.iter().enumerate() {
        writer.text(if position == 0 { keyword } else { ", " });
        join.source.write_joined(writer);
    }
}

fn write_conditions<M: Model>(joins: &[Join], conditions: &[Vec<Token>], writer: &mut Writer<'_>) {
    let of_joins = joins.iter().flat_map(|join| {
        let condition = Some(join.condition.clone());
        condition.into_iter().chain(join.source.restriction())
    });
    let own = Source::of::<M>().restriction();
    let all: Vec<_> = of_joins
        .chain(conditions.iter().cloned())
        .chain(own)
        .collect();
    writer.conditions(" WHERE ", &all);
}

/// Returns the condition that the partners of a row exist.
fn has_partner(joins: &[Join], conditions: &[Vec<Token>]) -> Vec<Token> {
    let Some((first, others)) = joins.split_first() else {
        return vec![Token::Text("TRUE")];
    };
    let mut query = Query::new(Columns::One, first.source);
    query.joins = others.to_vec();
    query.conditions = vec![first.condition.clone()];
    query.conditions.extend_from_slice(conditions);
    query.into_exists()
}
