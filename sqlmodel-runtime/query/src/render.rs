//! From tokens to the text of one dialect.

use sqlmodel_core::{Dialect, Error, Executor, FieldInfo, Model, Statement, Tag, Value};
use sqlmodel_sql::quote;

use crate::expr::Token;
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

/// Writes one statement.
pub(crate) struct Writer<'a> {
    dialect: Dialect,
    sql: String,
    params: Vec<Value<'a>>,
    refusal: Option<Error>,
    /// Whether the row that could not be inserted is called by MySQL's function.
    has_values_function: bool,
    /// What columns of some entities are written with here; the last one wins.
    renames: Vec<Rename>,
    /// The names that queries have here.
    pub(crate) common: Vec<&'static str>,
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
        Self {
            dialect,
            sql: String::with_capacity(512),
            params: Vec::new(),
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
            sql: self.sql,
            params: self.params,
        }
    }

    /// Returns the statement, or why it cannot be written.
    pub(crate) fn try_finish(mut self) -> Result<RenderedStatement<'a>, Error> {
        match self.refusal.take() {
            None => Ok(self.finish()),
            Some(error) => Err(error.with_sql(&self.sql)),
        }
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    pub(crate) fn identifier(&mut self, name: &str) {
        quote::push_identifier(self.dialect, name, &mut self.sql);
    }

    /// Writes the name that a table of an entity has in the statement, and the column.
    pub(crate) fn qualified(&mut self, entity: &str, table: Option<&str>, column: &str) {
        let rename = self
            .renames
            .iter()
            .rev()
            .find(|rename| rename.entity == entity && rename.table == table);
        match (rename, table) {
            (Some(rename), _) => {
                quote::push_identifier(self.dialect, &rename.to, &mut self.sql);
            }
            (None, Some(table)) => self.identifier(&base_name(entity, table)),
            (None, None) => self.identifier(entity),
        }
        self.text(".");
        self.identifier(column);
    }

    pub(crate) fn table(&mut self, schema: Option<&str>, name: &str) {
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
        self.params.push(value);
        match self.dialect {
            Dialect::Sqlite => self.numbered('?'),
            Dialect::Postgres => self.numbered('$'),
            Dialect::Mysql => self.sql.push('?'),
        }
    }

    fn numbered(&mut self, mark: char) {
        self.sql.push(mark);
        push_number(&mut self.sql, self.params.len() as u64);
    }

    pub(crate) fn number(&mut self, number: u64) {
        push_number(&mut self.sql, number);
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
            Token::Aggregate(call) => call.write(self),
            Token::Window(call) => call.write(self),
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
            let is_free = |at: &usize| {
                let column = assignments.get(*at).map_or("", |(column, _)| column);
                let mut others = assignments.iter().enumerate();
                !others.any(|(other, (_, value))| other != *at && reads(value, table, column))
            };
            let free = (0..assignments.len()).find(is_free).unwrap_or_else(|| {
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
            Tag::Text(text) => quote::push_string(self.dialect, text, &mut self.sql),
            Tag::Int(int) => self.sql.push_str(&int.to_string()),
            Tag::Bool(bool) => self.text(if bool { "TRUE" } else { "FALSE" }),
        }
    }

    /// Writes `WHERE a AND b`, or nothing when there are no conditions; `keyword` comes with its spaces.
    pub(crate) fn conditions(&mut self, keyword: &str, conditions: &[Vec<Token>]) {
        for (position, condition) in conditions.iter().enumerate() {
            self.text(if position == 0 { keyword } else { " AND " });
            self.tokens(condition);
        }
    }

    /// Writes the names of columns, separated by commas.
    pub(crate) fn columns<'n>(&mut self, columns: impl IntoIterator<Item = &'n str>) {
        for (position, column) in columns.into_iter().enumerate() {
            if position > 0 {
                self.text(", ");
            }
            self.identifier(column);
        }
    }

    /// Writes `RETURNING` with all columns of a model.
    pub(crate) fn returning(&mut self, fields: &[FieldInfo]) {
        self.text(" RETURNING ");
        self.columns(fields.iter().map(|field| field.column));
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
        | Token::Text(_)
        | Token::PerDialect(_)
        | Token::Param(_)
        | Token::Tag(_)
        | Token::Refused(..) => false,
    })
}

/// Returns the name that the table of a base has beside an entity's own.
pub(crate) fn base_name(entity: &str, table: &str) -> String {
    format!("{entity}__{table}")
}

pub(crate) fn push_number(sql: &mut String, number: u64) {
    if number >= 10 {
        push_number(sql, number / 10);
    }
    sql.push(char::from(b'0' + u8::try_from(number % 10).unwrap_or(0)));
}
