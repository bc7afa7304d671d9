//! From tokens to the text of one dialect.

use sqlmodel_core::{Dialect, Error, Executor, FieldInfo, Model, Statement, Tag, Value};
use sqlmodel_sql::quote;

use crate::expr::Token;
use crate::known::Pieces;
use crate::query::ModelColumns;
use crate::scope::EXCLUDED;
use crate::update::Assignment;

/// SQL text of one dialect, with the values of its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderedStatement<'a> {
    /// The text.
    pub sql: String,
    /// One value for each placeholder.
    pub params: Vec<Value<'a>>,
}

impl RenderedStatement<'_> {
    /// Returns the statement to run.
    pub fn statement(&self) -> Statement<'_> {
        Statement::new(&self.sql, &self.params)
    }

    /// Returns the same statement with values of its own.
    pub fn into_owned(self) -> RenderedStatement<'static> {
        RenderedStatement {
            sql: self.sql,
            params: self.params.into_iter().map(Value::into_owned).collect(),
        }
    }
}

/// Writes one statement, or lists the pieces that its text would be made of.
pub(crate) struct Writer<'a> {
    dialect: Dialect,
    output: Output,
    params: Vec<Value<'a>>,
    /// Values that have one placeholder wherever they stand.
    shared: Vec<Value<'static>>,
    refusal: Option<Error>,
    /// Whether the row that could not be inserted is called by MySQL's function.
    has_values_function: bool,
    /// What columns of some entities are written with here; the last one wins.
    renames: Vec<Rename>,
    /// The names that queries have here.
    pub(crate) common: Vec<&'static str>,
}

/// What a statement becomes.
enum Output {
    Text(String),
    Pieces(Pieces),
}

/// Another name for a table of an entity, within a statement.
#[derive(Debug, Clone)]
pub(crate) struct Rename {
    /// The entity as its columns name it.
    pub(crate) entity: &'static str,
    /// The table of a base, or `None` for the entity's own.
    pub(crate) table: Option<&'static str>,
    /// The name in the statement.
    pub(crate) to: String,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self::to(dialect, Output::Text(String::with_capacity(512)))
    }

    /// Creates one that lists the pieces of a statement, and keeps the values of its parameters.
    pub(crate) fn of_pieces(dialect: Dialect, pieces: Pieces) -> Self {
        Self::to(dialect, Output::Pieces(pieces))
    }

    fn to(dialect: Dialect, output: Output) -> Self {
        Self {
            dialect,
            output,
            params: Vec::new(),
            shared: Vec::new(),
            refusal: None,
            has_values_function: false,
            renames: Vec::new(),
            common: Vec::new(),
        }
    }

    /// Writes something in which tables have other names.
    pub(crate) fn with_renames(&mut self, renames: Vec<Rename>, write: impl FnOnce(&mut Self)) {
        let n_outer = self.renames.len();
        self.renames.extend(renames);
        write(self);
        self.renames.truncate(n_outer);
    }

    /// Writes something in which expressions with these values are to be known again: PostgreSQL compares them with their
    /// placeholders, not with the values.
    pub(crate) fn with_shared(
        &mut self,
        values: Vec<Value<'static>>,
        write: impl FnOnce(&mut Self),
    ) {
        let n_outer = self.shared.len();
        if self.dialect == Dialect::Postgres {
            self.shared.extend(values);
        }
        write(self);
        self.shared.truncate(n_outer);
    }

    pub(crate) fn for_executor(executor: &impl Executor) -> Self {
        Self::new(executor.dialect())
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Makes an error of the statement, unless it is one already.
    pub(crate) fn refuse(&mut self, error: Error) {
        self.refusal.get_or_insert(error);
    }

    /// Returns a statement of which no part can be refused.
    pub(crate) fn finish(self) -> RenderedStatement<'a> {
        RenderedStatement {
            sql: self.output.into_text(),
            params: self.params,
        }
    }

    /// Returns the pieces and the values of the parameters, or `None` when a part was refused.
    pub(crate) fn into_pieces(self) -> Option<(Vec<u64>, Vec<Value<'a>>)> {
        match (self.output, self.refusal) {
            (Output::Pieces(pieces), None) => Some((pieces.into_words(), self.params)),
            _ => None,
        }
    }

    /// Returns the statement, or why it cannot be written.
    pub(crate) fn try_finish(mut self) -> Result<RenderedStatement<'a>, Error> {
        match self.refusal.take() {
            None => Ok(self.finish()),
            Some(error) => Err(error.with_sql(&self.output.into_text())),
        }
    }

    pub(crate) fn text(&mut self, text: &'static str) {
        match &mut self.output {
            Output::Text(sql) => sql.push_str(text),
            Output::Pieces(pieces) => pieces.text(text),
        }
    }

    pub(crate) fn identifier(&mut self, name: &'static str) {
        match &mut self.output {
            Output::Text(sql) => quote::push_identifier(self.dialect, name, sql),
            Output::Pieces(pieces) => pieces.name(name),
        }
    }

    /// Writes a name that was made for the statement.
    pub(crate) fn made_identifier(&mut self, name: &str) {
        match &mut self.output {
            Output::Text(sql) => quote::push_identifier(self.dialect, name, sql),
            Output::Pieces(pieces) => pieces.made_name(name),
        }
    }

    /// Writes a column of a table whose name was made for the statement.
    pub(crate) fn made_qualified(&mut self, table: &str, column: &'static str) {
        self.made_identifier(table);
        self.text(".");
        self.identifier(column);
    }

    /// Writes the name that a query gives to the column at a position: `c1` at 0.
    pub(crate) fn column_alias(&mut self, position: usize) {
        match &mut self.output {
            Output::Text(sql) => {
                let name = format!("c{}", position + 1);
                quote::push_identifier(self.dialect, &name, sql);
            }
            Output::Pieces(pieces) => pieces.alias(position),
        }
    }

    /// Writes the name that a table of an entity has in the statement, and the column.
    pub(crate) fn qualified(
        &mut self,
        entity: &'static str,
        table: Option<&'static str>,
        column: &'static str,
    ) {
        // The name outlives the look at it.
        let renames = std::mem::take(&mut self.renames);
        let rename = renames
            .iter()
            .rev()
            .find(|rename| rename.entity == entity && rename.table == table);
        match (rename, table) {
            (Some(rename), _) => self.made_identifier(&rename.to),
            (None, Some(table)) => self.made_identifier(&base_name(entity, table)),
            (None, None) => self.identifier(entity),
        }
        self.renames = renames;
        self.text(".");
        self.identifier(column);
    }

    /// Writes all columns of models.
    ///
    /// Columns of one table keep their names; those of several are told apart as `table__column`.
    pub(crate) fn models(&mut self, first: ModelColumns, others: &[ModelColumns]) {
        if self.renames.is_empty()
            && let Output::Pieces(pieces) = &mut self.output
        {
            // What is written follows from the models alone.
            return pieces.models(&first, others);
        }
        let is_alone = others.is_empty();
        let mut is_first = true;
        let mut alias = String::new();
        for ModelColumns {
            name,
            key,
            fields,
            part: _,
        } in std::iter::once(&first).chain(others)
        {
            let key = key.iter().map(|column| (None, *column));
            let fields = fields
                .iter()
                .map(|field| (field.inherited_from, field.column));
            for (table, column) in key.chain(fields) {
                if !std::mem::take(&mut is_first) {
                    self.text(", ");
                }
                self.qualified(name, table, column);
                if !is_alone {
                    self.text(" AS ");
                    alias.clear();
                    alias.extend([name, "__", column]);
                    self.made_identifier(&alias);
                }
            }
        }
    }

    pub(crate) fn table(&mut self, schema: Option<&'static str>, name: &'static str) {
        if let Some(schema) = schema {
            self.identifier(schema);
            self.text(".");
        }
        self.identifier(name);
    }

    pub(crate) fn model<M: Model>(&mut self) {
        self.table(M::SCHEMA_NAME, M::TABLE_NAME);
    }

    /// Writes a placeholder in the dialect's style and keeps the value.
    pub(crate) fn param(&mut self, value: Value<'a>) {
        if self.shared.contains(&value)
            && let Some(at) = self.params.iter().position(|other| *other == value)
        {
            self.text("$");
            return self.number(at as u64 + 1);
        }
        self.params.push(value);
        match &mut self.output {
            Output::Text(sql) => push_placeholder(self.dialect, self.params.len(), sql),
            Output::Pieces(pieces) => pieces.param(),
        }
    }

    /// Writes placeholders for rows of values, `(?, ?), (?, ?)`. The values are kept by what follows, [`keep_params`](Self::keep_params).
    pub(crate) fn param_rows(&mut self, n_rows: usize, n_columns: usize) {
        let sql = match &mut self.output {
            Output::Text(sql) => sql,
            Output::Pieces(pieces) => return pieces.param_rows(n_rows, n_columns),
        };
        let mut number = self.params.len();
        for row in 0..n_rows {
            sql.push_str(if row == 0 { "(" } else { ", (" });
            for column in 0..n_columns {
                if column > 0 {
                    sql.push_str(", ");
                }
                number += 1;
                push_placeholder(self.dialect, number, sql);
            }
            sql.push(')');
        }
    }

    /// Keeps the values of placeholders that are written already.
    pub(crate) fn keep_params(&mut self, values: impl IntoIterator<Item = Value<'a>>) {
        self.params.extend(values);
    }

    pub(crate) fn number(&mut self, number: u64) {
        match &mut self.output {
            Output::Text(sql) => push_number(sql, number),
            Output::Pieces(pieces) => pieces.number(number),
        }
    }

    pub(crate) fn tokens(&mut self, tokens: &[Token]) {
        for token in tokens {
            self.token(token);
        }
    }

    pub(crate) fn token(&mut self, token: &Token) {
        match token {
            Token::Text(text) => self.text(text),
            Token::PerDialect(texts) => self.text(of_dialect::<&str>(self.dialect, texts)),
            Token::Alternatives(alternatives) => {
                self.tokens(of_dialect::<Vec<Token>>(self.dialect, alternatives));
            }
            #[cfg(feature = "json")]
            Token::JsonPath(steps) => self.param(crate::json::path_value(steps, self.dialect)),
            Token::Column { table, column } if self.has_values_function && *table == EXCLUDED => {
                self.text("VALUES(");
                self.identifier(column);
                self.text(")");
            }
            Token::DecimalOrder if self.dialect == Dialect::Sqlite => {
                self.text(" COLLATE sqlmodel_decimal");
            }
            Token::DecimalOrder => {}
            Token::Column { table, column } => self.qualified(table, None, column),
            Token::Inherited {
                entity,
                table,
                column,
            } => self.qualified(entity, Some(table), column),
            Token::Tag(tag) => self.tag(*tag),
            Token::Param(value) => self.param(value.clone()),
            Token::Params(values) => {
                self.param_rows(1, values.len());
                self.keep_params(values.iter().cloned());
            }
            Token::Aggregate(call) => call.write(self),
            Token::Window(call) => call.write(self),
            Token::Selected(at) => self.column_alias(*at),
            Token::Number(number) => self.number(*number),
            Token::Query(query) => query.write(self),
            Token::Refused(dialect, reason) if *dialect == self.dialect => {
                self.refuse(Error::unsupported(*reason));
            }
            Token::Refused(..) => {}
        }
    }

    /// Writes something in which `excluded.a` becomes `VALUES(a)`, which both MySQL and MariaDB understand.
    pub(crate) fn with_values_function(&mut self, write: impl FnOnce(&mut Self)) {
        self.has_values_function = true;
        write(self);
        self.has_values_function = false;
    }

    /// Returns assignments in an order in which each sees the row as it was.
    ///
    /// MySQL assigns from left to right, and what stands further right sees the new values (8.4 manual, UPDATE statement).
    /// An order that none can have, as of an exchange of two columns, is refused.
    pub(crate) fn in_order_of_evaluation(
        &mut self,
        table: &str,
        mut assignments: Vec<Assignment>,
    ) -> Vec<Assignment> {
        if self.dialect != Dialect::Mysql {
            return assignments;
        }
        let mut ordered = Vec::with_capacity(assignments.len());
        while !assignments.is_empty() {
            let free = first_free(table, &assignments).unwrap_or_else(|| {
                self.refuse(Error::unsupported(
                    "MySQL assigns columns one after the other, and these need each other's old values: select the rows \
                     with `for_update` in a transaction, and update them one by one",
                ));
                0
            });
            ordered.push(assignments.remove(free));
        }
        ordered
    }

    /// Writes the value of a discriminator: text, so that one statement is the same wherever it is prepared.
    fn tag(&mut self, tag: Tag) {
        match tag {
            Tag::Text(text) => match &mut self.output {
                Output::Text(sql) => quote::push_string(self.dialect, text, sql),
                Output::Pieces(pieces) => pieces.literal(text),
            },
            Tag::Int(int) => match &mut self.output {
                Output::Text(sql) => sql.push_str(&int.to_string()),
                Output::Pieces(pieces) => pieces.integer(int),
            },
            Tag::Bool(bool) => self.text(if bool { "TRUE" } else { "FALSE" }),
        }
    }

    /// Writes `WHERE a AND b`, or nothing when there are no conditions; `keyword` comes with its spaces.
    pub(crate) fn conditions(&mut self, keyword: &'static str, conditions: &[Vec<Token>]) {
        for (position, condition) in conditions.iter().enumerate() {
            self.text(if position == 0 { keyword } else { " AND " });
            self.tokens(condition);
        }
    }

    /// Writes the names of columns, separated by commas.
    pub(crate) fn columns(&mut self, columns: impl IntoIterator<Item = &'static str>) {
        for (position, column) in columns.into_iter().enumerate() {
            if position > 0 {
                self.text(", ");
            }
            self.identifier(column);
        }
    }

    /// Writes `RETURNING` with all columns of a model.
    pub(crate) fn returning(&mut self, fields: &'static [FieldInfo]) {
        self.text(" RETURNING ");
        self.columns(fields.iter().map(|field| field.column));
    }
}

impl Output {
    /// Returns the text; pieces have none.
    fn into_text(self) -> String {
        match self {
            Self::Text(sql) => sql,
            Self::Pieces(_) => String::new(),
        }
    }
}

fn of_dialect<T>(dialect: Dialect, [sqlite, postgres, mysql]: &[T; 3]) -> &T {
    match dialect {
        Dialect::Sqlite => sqlite,
        Dialect::Postgres => postgres,
        Dialect::Mysql => mysql,
    }
}

/// Tells whether an expression reads a column.
pub(crate) fn reads(tokens: &[Token], table: &str, column: &str) -> bool {
    tokens.iter().any(|token| match token {
        Token::Column {
            table: of,
            column: read,
        }
        | Token::Inherited {
            entity: of,
            column: read,
            ..
        } => *of == table && *read == column,
        Token::Aggregate(call) => call.parts().any(|tokens| reads(tokens, table, column)),
        Token::Window(call) => call.parts().any(|tokens| reads(tokens, table, column)),
        Token::Query(query) => query.reads(table, column),
        Token::Alternatives(alternatives) => alternatives
            .iter()
            .any(|tokens| reads(tokens, table, column)),
        #[cfg(feature = "json")]
        Token::JsonPath(_) => false,
        Token::DecimalOrder
        | Token::Number(_)
        | Token::Selected(_)
        | Token::Text(_)
        | Token::PerDialect(_)
        | Token::Param(_)
        | Token::Params(_)
        | Token::Tag(_)
        | Token::Refused(..) => false,
    })
}

/// Returns the position of an assignment whose column no other reads.
fn first_free(table: &str, assignments: &[Assignment]) -> Option<usize> {
    let is_free = |at: &usize| {
        let column = assignments.get(*at).map_or("", |(column, _)| column);
        let mut others = assignments.iter().enumerate();
        !others.any(|(other, (_, value))| other != *at && reads(value, table, column))
    };
    (0..assignments.len()).find(is_free)
}

/// Tells whether no order of assignments lets each see the row as it was, as of an exchange of two columns.
pub(crate) fn is_exchange(table: &str, assignments: &[Assignment]) -> bool {
    let mut left = assignments.to_vec();
    while let Some(free) = first_free(table, &left) {
        left.remove(free);
    }
    !left.is_empty()
}

/// Returns the name that the table of a base has beside an entity's own.
pub(crate) fn base_name(entity: &str, table: &str) -> String {
    format!("{entity}__{table}")
}

/// Writes the placeholder of a parameter, counted from 1.
fn push_placeholder(dialect: Dialect, number: usize, sql: &mut String) {
    match dialect {
        Dialect::Sqlite => sql.push('?'),
        Dialect::Postgres => sql.push('$'),
        Dialect::Mysql => return sql.push('?'),
    }
    push_number(sql, number as u64);
}

pub(crate) fn push_number(sql: &mut String, number: u64) {
    if number >= 10 {
        push_number(sql, number / 10);
    }
    sql.push(char::from(b'0' + u8::try_from(number % 10).unwrap_or(0)));
}
