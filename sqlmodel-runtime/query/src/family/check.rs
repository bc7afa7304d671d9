//! Looks for rows of a family that disagree with themselves, which queries for one model leave out or cannot read.
//!
//! For every table: rows whose row in the table above is gone, and rows that are marked as another model. For every model: rows
//! that are marked as it and have no row in its table, or NULL where it has a value. One statement for each.

use sqlmodel_core::{
    Cx, Error, Executor, FieldInfo, Inheritance, Outcome, TablePart, Value, ok, ok_result,
};

use crate::expr::Token;
use crate::family::{Parts, Polymorphic, shown, shown_key};
use crate::query::{FamilyPart, is_accepted};
use crate::render::Writer;

/// A row of a family that disagrees with itself.
#[derive(Debug, Clone, PartialEq)]
pub struct FamilyFault {
    /// The table that has the row.
    pub table: &'static str,
    /// The values of its key.
    pub key: Vec<Value<'static>>,
    /// What is the matter, with all names and values: ``the row of `keeper` with id = 7 has no row in `person` ``.
    pub problem: String,
}

impl std::fmt::Display for FamilyFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.problem)
    }
}

/// Returns the rows of `M`, and of all models that extend it, that disagree with themselves.
///
/// Such rows come of statements that know nothing of the family, where foreign keys and checks do not hold.
/// `check_family::<Person, _>(cx, connection)` finds them although queries do not, reading each table a few times.
///
/// # Errors
///
/// Those of the database.
pub async fn check_family<M: Polymorphic, E: Executor>(
    cx: &Cx,
    executor: &mut E,
) -> Outcome<Vec<FamilyFault>, Error> {
    let mut members = vec![FamilyPart::of::<M>()];
    M::Parts::push(&mut members);
    let mut faults = Vec::new();
    for question in members.iter().flat_map(questions) {
        let mut writer = Writer::for_executor(executor);
        question.write(&mut writer);
        let rendered = ok_result!(writer.try_finish());
        let rows = executor.query_rows(cx, &rendered.sql, &rendered.params);
        for row in ok!(rows.await) {
            faults.push(question.fault(row.values()));
        }
    }
    Outcome::Ok(faults)
}

/// What is asked of all rows of a table.
struct Question {
    table: TablePart,
    /// The table that is joined, if there is one. It may lack the row where the problem is that it does.
    other: Option<TablePart>,
    /// The table with the discriminator, and its column, where that is told.
    mark: Option<(TablePart, &'static str)>,
    inheritance: &'static Inheritance,
    problem: Problem,
}

enum Problem {
    /// The other table has no row.
    NoRow,
    /// The row is marked as none of the models that the table is for.
    OtherMark,
    /// The row is marked as one of the models that the other table is for, which has no row.
    NoPart,
    /// The row is marked as the model, and these columns have NULL.
    Null(Vec<&'static str>),
}

/// Returns what is asked about the rows of a model.
fn questions(member: &FamilyPart) -> Vec<Question> {
    let inheritance = member.inheritance();
    let own = member.table();
    let root = inheritance.bases.first().copied().unwrap_or(own);
    let Some(column) = inheritance.discriminator else {
        return Vec::new();
    };
    let question = |table, other, problem| Question {
        table,
        other,
        mark: Some((root, column)),
        inheritance,
        problem,
    };
    let joined = (root != own).then_some(root);
    if inheritance.is_without_table {
        let is_full = |field: &&FieldInfo| !field.is_nullable && !field.is_primary_key;
        let columns = member.own_fields().iter().filter(is_full);
        let columns: Vec<_> = columns.map(|field| field.column).collect();
        return match &*columns {
            [] => Vec::new(),
            _ => vec![question(own, joined, Problem::Null(columns))],
        };
    }
    let mut questions = Vec::new();
    if let Some(base) = inheritance.bases.last() {
        questions.push(Question {
            mark: None,
            ..question(own, Some(*base), Problem::NoRow)
        });
        questions.push(question(root, Some(own), Problem::NoPart));
    }
    questions.push(question(own, joined, Problem::OtherMark));
    questions
}

impl Question {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.text("SELECT ");
        for (position, column) in self.table.key.iter().enumerate() {
            writer.text(if position == 0 { "" } else { ", " });
            writer.qualified(self.table.table, None, column);
        }
        if let Some((table, column)) = self.mark {
            writer.text(", ");
            writer.qualified(table.table, None, column);
        }
        writer.text(" FROM ");
        writer.table(self.table.schema, self.table.table);
        if let Some(other) = self.other {
            writer.text(match self.problem {
                Problem::NoRow | Problem::NoPart => " LEFT JOIN ",
                Problem::OtherMark | Problem::Null(_) => " JOIN ",
            });
            writer.table(other.schema, other.table);
            for (position, (column, own)) in other.key.iter().zip(self.table.key).enumerate() {
                writer.text(if position == 0 { " ON " } else { " AND " });
                writer.qualified(other.table, None, column);
                writer.text(" = ");
                writer.qualified(self.table.table, None, own);
            }
        }
        writer.text(" WHERE ");
        match (&self.problem, self.other) {
            (Problem::NoRow, Some(other)) => write_has_no_row(other, writer),
            (Problem::NoPart, Some(other)) => {
                self.write_mark(writer);
                writer.text(" AND ");
                write_has_no_row(other, writer);
            }
            (Problem::OtherMark | Problem::NoRow | Problem::NoPart, _) => {
                writer.text("NOT (");
                self.write_mark(writer);
                writer.text(")");
                if let Some((table, column)) = self.mark {
                    writer.text(" OR ");
                    writer.qualified(table.table, None, column);
                    writer.text(" IS NULL");
                }
            }
            (Problem::Null(columns), _) => {
                self.write_mark(writer);
                for (position, column) in columns.iter().enumerate() {
                    writer.text(if position == 0 { " AND (" } else { " OR " });
                    writer.qualified(self.table.table, None, column);
                    writer.text(" IS NULL");
                }
                writer.text(")");
            }
        }
    }

    /// Writes that the row is marked as one of the models.
    fn write_mark(&self, writer: &mut Writer<'_>) {
        if let Some((table, column)) = self.mark {
            let column = Token::column(table.table, None, column);
            writer.tokens(&is_accepted(column, self.inheritance));
        }
    }

    fn fault(&self, values: &[Value<'static>]) -> FamilyFault {
        let (key, mark) = values.split_at(self.table.key.len().min(values.len()));
        let table = self.table.table;
        let row = format!(
            "the row of `{table}` with {}",
            shown_key(self.table.key, key)
        );
        let mark = mark.first().map(shown).unwrap_or_default();
        let other = self.other.map_or("", |other| other.table);
        let problem = match &self.problem {
            Problem::NoRow => format!("{row} has no row in `{other}`"),
            Problem::NoPart => format!("{row} is marked as {mark}, and it has no row in `{other}`"),
            Problem::OtherMark => {
                let tags = self.inheritance.accepted.iter().map(ToString::to_string);
                let tags: Vec<_> = tags.collect();
                let tags = tags.join(", ");
                format!("{row} is marked as {mark}, and one of {tags} is expected")
            }
            Problem::Null(columns) => format!(
                "{row} is marked as {mark}, and it has NULL in `{}`",
                columns.join("` or `")
            ),
        };
        FamilyFault {
            table,
            key: key.to_vec(),
            problem,
        }
    }
}

fn write_has_no_row(table: TablePart, writer: &mut Writer<'_>) {
    writer.qualified(table.table, None, table.key.first().copied().unwrap_or(""));
    writer.text(" IS NULL");
}
