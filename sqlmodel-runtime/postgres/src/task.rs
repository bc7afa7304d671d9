//! One statement of a unit: what is known of it, how it is said, and what came of it.

use std::sync::Arc;

use sqlmodel_core::{Done, Error, ErrorKind, Statement, Value};

use crate::protocol::Malformed;
use crate::protocol::backend::Column;
use crate::protocol::frontend;
use crate::statements::{Shape, Statements};
use crate::types::encode::{self, EncodeError};

/// What is to be done with a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    Run,
    /// Only prepare it.
    Prepare,
}

/// One statement of a unit.
#[derive(Debug)]
pub(crate) struct Task<'s> {
    pub(crate) statement: Statement<'s>,
    pub(crate) aim: Aim,
    /// What the server knows of it, once it is prepared.
    pub(crate) shape: Option<Arc<Shape>>,
    /// Its name until there is a shape.
    name: Box<str>,
    /// Whether it is parsed by this task, and described to it.
    is_new: bool,
    /// The types of its parameters, which the server tells before its columns.
    pub(crate) parameters: Vec<u32>,
    pub(crate) done: Done,
}

impl<'s> Task<'s> {
    /// Finds the statement among those that are prepared, or gives it a name.
    pub(crate) fn new(
        statement: Statement<'s>,
        aim: Aim,
        statements: &mut Statements,
    ) -> Result<Self, Error> {
        Self::with_shape(statement, aim, None, statements)
    }

    /// Does the same, for a statement that the server may know although it is not kept.
    pub(crate) fn with_shape(
        statement: Statement<'s>,
        aim: Aim,
        shape: Option<Arc<Shape>>,
        statements: &mut Statements,
    ) -> Result<Self, Error> {
        let Statement {
            sql,
            params,
            is_once,
        } = statement;
        if sql.contains('\0') {
            return Err(Error::usage("a statement with a zero character"));
        }
        if params.len() > MAX_PARAMETERS {
            return Err(Error::usage(format!(
                "a statement takes at most {MAX_PARAMETERS} parameters and was given {}",
                params.len()
            )));
        }
        // A statement without a name is planned for its values.
        let shape = match is_once {
            true => None,
            false => shape.or_else(|| statements.get(sql)),
        };
        let is_new = shape.is_none();
        let name = match is_new && !is_once {
            true => statements.new_name(),
            false => Box::default(),
        };
        let task = Self {
            statement,
            aim,
            shape,
            name,
            is_new,
            parameters: Vec::new(),
            done: Done::default(),
        };
        task.checked()
    }

    /// Runs its statement once more in the same unit, which parses it once.
    pub(crate) fn again(&self, statement: Statement<'s>) -> Result<Self, Error> {
        let task = Self {
            statement,
            aim: self.aim,
            shape: self.shape.clone(),
            name: self.name.clone(),
            is_new: false,
            parameters: Vec::new(),
            done: Done::default(),
        };
        task.checked()
    }

    fn checked(self) -> Result<Self, Error> {
        if let (Some(shape), Aim::Run) = (&self.shape, self.aim) {
            self.check_count(shape.parameters.len())?;
        }
        Ok(self)
    }

    /// Tells whether it is to be parsed.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Tells whether another statement is run by what this one has parsed.
    pub(crate) fn is_like(&self, other: &Statement<'_>) -> bool {
        let types = |params| <[Value<'_>]>::iter(params).map(encode::declared_type);
        self.statement.sql == other.sql
            && self.statement.is_once == other.is_once
            && (self.has_name() || types(self.statement.params).eq(types(other.params)))
    }

    /// Tells whether what it parses is there for the rest of the unit, whatever is parsed after it.
    pub(crate) fn has_name(&self) -> bool {
        !self.name().is_empty()
    }

    /// Tells whether a value fits the statement, but not the type that its parameter had when the statement was prepared.
    #[cold]
    pub(crate) fn is_misfit(&self) -> bool {
        let Some(shape) = &self.shape else {
            return false;
        };
        let mut out = Vec::new();
        let mut params = self.statement.params.iter().zip(&shape.parameters);
        params.any(|(value, oid)| {
            encode::parameter(value, *oid, &mut out).is_err()
                && encode::parameter(value, 0, &mut out).is_ok()
        })
    }

    /// Compares the number of values with that of the parameters.
    pub(crate) fn check_count(&self, n_parameters: usize) -> Result<(), Error> {
        let n_values = self.statement.params.len();
        if n_parameters == n_values {
            return Ok(());
        }
        Err(Error::usage(format!(
            "the statement takes {n_parameters} parameters and was given {n_values}"
        )))
    }

    pub(crate) fn name(&self) -> &str {
        self.shape.as_ref().map_or(&self.name, |shape| &shape.name)
    }

    /// Appends the messages that prepare the statement, if it is not, and run it.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        let Statement { sql, params, .. } = self.statement;
        let name = self.name();
        if self.is_new {
            // A statement without a name is said as one unit, and nobody asks for its types first.
            let is_one_unit = name.is_empty() && self.aim == Aim::Run;
            let types: Vec<u32> = match is_one_unit {
                true => params.iter().map(encode::declared_type).collect(),
                false => Vec::new(),
            };
            frontend::parse(out, name, sql, &types);
            frontend::describe_statement(out, name);
        }
        match self.aim {
            Aim::Run => self.write_portion(out, 0),
            Aim::Prepare => Ok(()),
        }
    }

    /// Appends the messages that run the statement, up to a number of rows; 0 for all.
    pub(crate) fn write_portion(&self, out: &mut Vec<u8>, max_rows: u32) -> Result<(), Error> {
        let params = self.statement.params;
        let name = self.name();
        let n_parameters = u16::try_from(params.len())
            .map_err(|_| Error::usage("a statement with too many parameters"))?;
        frontend::bind(out, name, n_parameters, |at, out| {
            let at = usize::from(at);
            let oid = match &self.shape {
                Some(shape) => shape.parameters.get(at).copied().unwrap_or(0),
                None => 0,
            };
            let value = params.get(at).unwrap_or(&Value::Null);
            encode::parameter(value, oid, out).map_err(|refused| refusal(value, at, &refused))
        })?;
        frontend::execute(out, max_rows);
        Ok(())
    }

    /// Tells whether the parameters' types must be asked for before it runs: no text means the same for all of them.
    pub(crate) fn needs_types(&self) -> bool {
        self.is_new && self.aim == Aim::Run && has_types(self.statement.params)
    }

    /// Notes the columns, which end the description of a statement, and keeps it prepared.
    ///
    /// # Errors
    ///
    /// When nobody has asked for the description: it is that of another statement.
    pub(crate) fn describe(
        &mut self,
        columns: Vec<Column>,
        statements: &mut Statements,
    ) -> Result<(), Malformed> {
        if !std::mem::replace(&mut self.is_new, false) {
            return Err(Malformed);
        }
        let shape = Arc::new(Shape {
            name: std::mem::take(&mut self.name),
            parameters: std::mem::take(&mut self.parameters),
            columns,
        });
        if !self.statement.is_once {
            statements.keep(self.statement.sql, &shape);
        }
        self.shape = Some(shape);
        Ok(())
    }
}

/// Tells whether some of the values are said in the form of a type, which must be that of the parameter.
pub(crate) fn has_types(params: &[Value<'_>]) -> bool {
    params.iter().any(|value| encode::declared_type(value) != 0)
}

/// The most parameters that a statement takes: their number has 16 bits.
pub(crate) const MAX_PARAMETERS: usize = 65_535;

#[cold]
fn refusal(value: &Value<'_>, at: usize, refused: &EncodeError) -> Error {
    let message = match value {
        Value::Invalid(reason) => reason.to_string(),
        _ => format!("parameter ${} is {}", at + 1, refused.0),
    };
    Error::new(ErrorKind::Encode, message)
}
