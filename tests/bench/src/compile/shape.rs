//! The models that all peers declare: ten columns, the last of which refers to another model.
//!
//! References form a tree: along a chain of hundreds, toasty's types nest deeper than rustc follows.

use std::fmt;

use crate::models::{self, Name};

/// The columns of each model.
pub(crate) const N_COLUMNS: usize = 10;

/// Whether models are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    /// They are declared and that is all.
    None,
    /// Each has one function that selects by a filter, and one that inserts and returns the stored row.
    Once,
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "unused",
            Self::Once => "each selected once and inserted once",
        })
    }
}

/// What changed since the last compilation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edit {
    /// Nothing.
    None,
    /// The model in the middle has one nullable column more.
    OneModel,
}

/// A model.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) name: Name,
    /// The model that the last column refers to; the first model has none.
    pub(crate) parent: Option<Name>,
    pub(crate) columns: Vec<Column>,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) is_nullable: bool,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The primary key, made by the database.
    Key,
    Bool,
    F64,
    I32,
    I64,
    Text,
    /// The key of the parent.
    Parent,
}

impl Column {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            is_nullable: false,
        }
    }

    const fn nullable(mut self) -> Self {
        self.is_nullable = true;
        self
    }

    /// The type of the field in Rust.
    pub(crate) fn rust_type(self) -> String {
        let rust_type = match self.kind {
            Kind::Key | Kind::I64 | Kind::Parent => "i64",
            Kind::Bool => "bool",
            Kind::F64 => "f64",
            Kind::I32 => "i32",
            Kind::Text => "String",
        };
        if self.is_nullable {
            return format!("Option<{rust_type}>");
        }
        rust_type.to_owned()
    }

    /// An expression for a value to insert.
    pub(crate) fn sample(self) -> &'static str {
        match self.kind {
            _ if self.is_nullable => "None",
            Kind::Key | Kind::I32 | Kind::I64 | Kind::Parent => "1",
            Kind::Bool => "true",
            Kind::F64 => "0.5",
            Kind::Text => "\"text\".to_owned()",
        }
    }
}

const COLUMNS: [Column; N_COLUMNS] = [
    Column::new("id", Kind::Key),
    Column::new("name", Kind::Text),
    Column::new("email", Kind::Text),
    Column::new("note", Kind::Text).nullable(),
    Column::new("age", Kind::I32).nullable(),
    Column::new("position", Kind::I32),
    Column::new("visits", Kind::I64),
    Column::new("score", Kind::F64),
    Column::new("is_active", Kind::Bool),
    Column::new("parent_id", Kind::Parent).nullable(),
];

const ADDED: Column = Column::new("added", Kind::Text).nullable();

/// Returns so many models.
pub(crate) fn models(n_models: usize) -> Vec<Model> {
    let model = |position: usize| Model {
        name: models::name(position),
        parent: position
            .checked_sub(1)
            .map(|before| models::name(before / 2)),
        columns: COLUMNS.to_vec(),
    };
    (0..n_models).map(model).collect()
}

/// Returns the models with an edit.
pub(crate) fn edited(models: &[Model], edit: Edit) -> Vec<Model> {
    let mut models = models.to_vec();
    if edit == Edit::OneModel {
        let middle = models.len() / 2;
        if let Some(model) = models.get_mut(middle) {
            model.columns.push(ADDED);
        }
    }
    models
}
