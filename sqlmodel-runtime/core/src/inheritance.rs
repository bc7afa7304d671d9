//! A model's place in its inheritance family, and the check that a row is what its tables say.

use std::error::Error as StdError;
use std::fmt;

use crate::decode::{Decode, DecodeError, RowRead};
use crate::model::Model;
use crate::value::{Value, ValueKind};

/// A model's place in its inheritance family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inheritance {
    /// How the family is stored.
    pub strategy: InheritanceStrategy,
    /// The name of the model that this one extends.
    pub base: Option<&'static str>,
    /// The column that tells the members of the family apart.
    pub discriminator: Option<&'static str>,
    /// Whether no row is of exactly this model.
    pub is_abstract: bool,
    /// The discriminator's value for rows of exactly this model, if there are any.
    pub discriminator_value: Option<Tag>,
    /// The discriminator's values for rows of this model and of those that extend it.
    pub accepted: &'static [Tag],
    /// The number of the model's columns that it has from its base; they come first.
    pub n_inherited: usize,
    /// Whether the model's own columns are in the table of its base, with rows that it must be told apart from.
    pub is_without_table: bool,
    /// The tables above the model's; only where models have tables of their own. The root's is the first.
    pub bases: &'static [TablePart],
    /// The tables of the models that extend this one, each after those that extend its model.
    pub extensions: &'static [TablePart],
}

impl Inheritance {
    /// A model outside any family.
    pub const NONE: Self = Self {
        strategy: InheritanceStrategy::None,
        base: None,
        discriminator: None,
        is_abstract: false,
        discriminator_value: None,
        accepted: &[],
        n_inherited: 0,
        is_without_table: false,
        bases: &[],
        extensions: &[],
    };

    /// Describes a model at the root of a family.
    pub const fn new(strategy: InheritanceStrategy) -> Self {
        Self {
            strategy,
            ..Self::NONE
        }
    }

    /// Says that no row is of exactly this model.
    #[must_use]
    pub const fn is_abstract(mut self) -> Self {
        self.is_abstract = true;
        self
    }

    /// Sets the model that this one extends, and how many columns it has from it.
    #[must_use]
    pub const fn extends(mut self, base: &'static str, n_inherited: usize) -> Self {
        self.base = Some(base);
        self.n_inherited = n_inherited;
        self
    }

    /// Sets the column that tells the members of the family apart, and its values for rows of this model and of those that
    /// extend it.
    #[must_use]
    pub const fn discriminator(mut self, column: &'static str, accepted: &'static [Tag]) -> Self {
        self.discriminator = Some(column);
        self.accepted = accepted;
        self
    }

    /// Sets the discriminator's value for rows of exactly this model.
    #[must_use]
    pub const fn tag(mut self, tag: Tag) -> Self {
        self.discriminator_value = Some(tag);
        self
    }

    /// Says that the model's own columns are in the table of its base.
    #[must_use]
    pub const fn without_table(mut self) -> Self {
        self.is_without_table = true;
        self
    }

    /// Sets the tables above the model's, the root's first.
    #[must_use]
    pub const fn bases(mut self, bases: &'static [TablePart]) -> Self {
        self.bases = bases;
        self
    }

    /// Sets the tables of the models that extend this one, each after those that extend its model.
    #[must_use]
    pub const fn extensions(mut self, extensions: &'static [TablePart]) -> Self {
        self.extensions = extensions;
        self
    }

    /// Tells whether the model has no table, and its rows are in those of the models that extend it.
    pub const fn is_union(&self) -> bool {
        matches!(self.strategy, InheritanceStrategy::ConcreteTable) && self.is_abstract
    }

    /// Tells whether a row of the model, or of one that extends it, is in several tables.
    pub const fn is_joined(&self) -> bool {
        matches!(self.strategy, InheritanceStrategy::JoinedTable)
    }
}

/// How an inheritance family is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InheritanceStrategy {
    /// The model belongs to no family.
    None,
    /// One table for the whole family.
    SingleTable,
    /// One table for each model, joined by the key.
    JoinedTable,
    /// One table with all columns for each concrete model.
    ConcreteTable,
}

/// One of the tables that together hold a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TablePart {
    /// The database schema that the table lives in, where the model names one.
    pub schema: Option<&'static str>,
    /// The table's name, unquoted.
    pub table: &'static str,
    /// Its primary key's columns, in the order of the model's key.
    pub key: &'static [&'static str],
}

impl TablePart {
    /// Describes a table.
    pub const fn new(table: &'static str, key: &'static [&'static str]) -> Self {
        Self {
            schema: None,
            table,
            key,
        }
    }

    /// Sets the database schema that the table lives in.
    #[must_use]
    pub const fn in_schema(mut self, schema: &'static str) -> Self {
        self.schema = Some(schema);
        self
    }
}

/// The value of a discriminator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// Text, or the text of an enum's value.
    Text(&'static str),
    /// A whole number.
    Int(i64),
    /// A truth value.
    Bool(bool),
}

impl Tag {
    /// Returns the tag as a value.
    pub const fn value(self) -> Value<'static> {
        match self {
            Self::Text(text) => Value::Text(std::borrow::Cow::Borrowed(text)),
            Self::Int(int) => Value::I64(int),
            Self::Bool(bool) => Value::Bool(bool),
        }
    }

    /// Tells whether a column holds this tag. NULL is no tag.
    fn is_in<R: RowRead>(self, row: &R, at: usize) -> Result<bool, DecodeError> {
        match self {
            Self::Text(text) => Ok(row.text(at)? == text),
            Self::Int(int) => Ok(row.i64(at)? == int),
            Self::Bool(bool) => Ok(row.bool(at)? == bool),
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Int(int) => write!(f, "{int}"),
            Self::Bool(bool) => write!(f, "{bool}"),
        }
    }
}

/// A model that extends another and embeds it.
///
/// Generated by the compiler.
pub trait Child: Sized {
    /// The model that it extends.
    type Base: Decode;

    /// Reads the model's own fields from the columns that start at position `at`, and adds them to its base.
    ///
    /// # Errors
    ///
    /// When a column holds what its field cannot take.
    fn extend<R: RowRead>(base: Self::Base, row: &R, at: usize) -> Result<Self, DecodeError>;
}

/// Reads a model that extends another: the base's columns, then its own.
///
/// # Errors
///
/// When a column holds what its field cannot take, or the discriminator is that of another model.
pub fn child_from_row<M, R>(row: &R, at: usize) -> Result<M, DecodeError>
where
    M: Model + Child,
    R: RowRead,
{
    let inheritance = M::inheritance();
    let discriminator = M::fields().iter().position(|field| field.is_discriminator);
    if let Some(position) = discriminator {
        check_accepted::<M, R>(row, at, position, inheritance)?;
    }
    let decode = || {
        let base = M::Base::decode(row, at)?;
        M::extend(base, row, at + M::Base::WIDTH)
    };
    decode().map_err(|refused: DecodeError| {
        refused.or_cause(|| {
            let key = key_of(row, M::PRIMARY_KEY, M::KEY_POSITIONS, at);
            let mark = discriminator.map(|position| shown(row, at + position));
            let mark = mark.map(|mark| format!(" is marked as {mark}"));
            Box::new(Disagreement(format!(
                "the row of `{}` with {key}{}",
                M::TABLE_NAME,
                mark.unwrap_or_default()
            )))
        })
    })
}

/// Refuses a row that is in the tables of a model and says that it is of another.
fn check_accepted<M: Model, R: RowRead>(
    row: &R,
    at: usize,
    position: usize,
    inheritance: &Inheritance,
) -> Result<(), DecodeError> {
    let found = at + position;
    if !row.is_null(found) {
        for tag in inheritance.accepted {
            if tag.is_in(row, found)? {
                return Ok(());
            }
        }
    }
    let key = key_of(row, M::PRIMARY_KEY, M::KEY_POSITIONS, at);
    // The discriminator is never NULL: what is missing is the row that has it.
    if let (true, Some(root)) = (row.is_null(found), inheritance.bases.first()) {
        let text = format!(
            "the row of `{}` with {key} has no row in `{}`",
            M::TABLE_NAME,
            root.table
        );
        return Err(disagreement(row, found, text));
    }
    let expected = inheritance.accepted.iter().map(Tag::to_string);
    Err(disagreement(
        row,
        found,
        format!(
            "the row with {key} has a row in `{}`, where {} is expected, and is marked as {}",
            M::TABLE_NAME,
            expected.collect::<Vec<_>>().join(" or "),
            shown(row, found),
        ),
    ))
}

/// How rows of a model and of all that extend it are selected together.
#[derive(Debug, Clone, Copy)]
pub struct FamilyLayout {
    /// The root's table, for messages.
    pub table: &'static str,
    /// The key's columns.
    pub key: &'static [&'static str],
    /// The positions of the key's columns.
    pub key_positions: &'static [usize],
    /// The position of the discriminator.
    pub discriminator: usize,
    /// The tables that are joined for the models that extend this one, with the position of a column of their key.
    pub parts: &'static [(&'static str, usize)],
    /// The models that rows can be of.
    pub members: &'static [Member],
}

/// A model that a row can be of.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// The discriminator's value.
    pub tag: Tag,
    /// Which of the layout's parts hold a row of the model.
    pub parts: &'static [usize],
}

impl FamilyLayout {
    /// Reads a row as the member that it is of, whose number `read` is given. Its errors tell which row it is.
    ///
    /// # Errors
    ///
    /// Those of [`member`](Self::member) and of `read`.
    pub fn read<R: RowRead, T>(
        &self,
        row: &R,
        at: usize,
        read: impl FnOnce(usize) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let number = self.member(row, at)?;
        read(number).map_err(|refused| {
            refused.or_cause(|| {
                let key = key_of(row, self.key, self.key_positions, at);
                let mark = shown(row, at + self.discriminator);
                let table = self.table;
                let text = format!("the row of `{table}` with {key} is marked as {mark}");
                Box::new(Disagreement(text))
            })
        })
    }

    /// Returns the number of the member that a row is of.
    ///
    /// # Errors
    ///
    /// When the discriminator is NULL or that of no member, or the row is in other tables than the member's.
    pub fn member<R: RowRead>(&self, row: &R, at: usize) -> Result<usize, DecodeError> {
        let found = at + self.discriminator;
        let mut number = None;
        if !row.is_null(found) {
            for (position, member) in self.members.iter().enumerate() {
                if member.tag.is_in(row, found)? {
                    number = Some((position, member));
                    break;
                }
            }
        }
        let Some((number, member)) = number else {
            let tags = self.members.iter().map(|member| member.tag.to_string());
            let tags: Vec<_> = tags.collect();
            return Err(self.refuse(row, at, &format!("one of {} is expected", tags.join(", "))));
        };
        for (part, (table, position)) in self.parts.iter().enumerate() {
            let is_there = !row.is_null(at + position);
            if is_there == member.parts.contains(&part) {
                continue;
            }
            let problem = if is_there {
                format!("it has a row in `{table}` as well")
            } else {
                format!("it has no row in `{table}`")
            };
            return Err(self.refuse(row, at, &problem));
        }
        Ok(number)
    }

    #[cold]
    fn refuse<R: RowRead>(&self, row: &R, at: usize, problem: &str) -> DecodeError {
        let found = at + self.discriminator;
        let key = key_of(row, self.key, self.key_positions, at);
        let text = format!(
            "the row of `{}` with {key} is marked as {}, and {problem}",
            self.table,
            shown(row, found)
        );
        disagreement(row, found, text)
    }
}

/// Returns `id = 7`, for messages.
fn key_of<R: RowRead>(row: &R, key: &[&str], positions: &[usize], at: usize) -> String {
    let parts = key.iter().zip(positions);
    let parts = parts.map(|(column, position)| format!("{column} = {}", shown(row, at + position)));
    parts.collect::<Vec<_>>().join(", ")
}

/// Returns a key or a discriminator as people write it.
fn shown<R: RowRead>(row: &R, at: usize) -> String {
    match row.value(at) {
        Ok(Value::Null) => "NULL".to_owned(),
        Ok(Value::Bool(bool)) => bool.to_string(),
        Ok(Value::I16(int)) => int.to_string(),
        Ok(Value::I32(int)) => int.to_string(),
        Ok(Value::I64(int)) => int.to_string(),
        Ok(Value::Text(text)) => format!("'{text}'"),
        Ok(Value::Uuid(_)) => match row.uuid(at) {
            Ok(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            Err(_) => "a UUID".to_owned(),
        },
        Ok(other) => format!("{other:?}"),
        Err(_) => "an unreadable value".to_owned(),
    }
}

fn disagreement<R: RowRead>(row: &R, at: usize, text: String) -> DecodeError {
    let kind = row.value(at).map_or(ValueKind::Null, |value| value.kind());
    DecodeError::new(at, "the mark of a model that its tables agree with", kind)
        .with_cause(Disagreement(text))
}

/// Which row it is, and in what way it disagrees with its discriminator.
#[derive(Debug)]
struct Disagreement(String);

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Disagreement {}
