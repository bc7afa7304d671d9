//! A SELECT without its types: what it says, and how that is written.

use sqlmodel_core::{
    Dialect, Error, FieldInfo, Inheritance, InheritanceStrategy, Model, Outcome, TablePart, Value,
};

use crate::PolymorphicLoad;
use crate::cte::{CommonQuery, write_common};
use crate::expr::Token;
use crate::render::{self, Rename, Writer, reads};
use crate::scope::Entity;

/// A SELECT.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) columns: Columns,
    pub(crate) from: Source,
    pub(crate) joins: Vec<Join>,
    pub(crate) conditions: Vec<Vec<Token>>,
    pub(crate) order: Vec<Order>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
    /// A query is moved with each step of its building, so what few have is elsewhere.
    rare: Option<Box<Rare>>,
}

/// What few queries have.
#[derive(Debug, Clone)]
pub(crate) struct Rare {
    pub(crate) common: Vec<CommonQuery>,
    pub(crate) is_distinct: bool,
    pub(crate) distinct_on: Vec<Vec<Token>>,
    pub(crate) groups: Vec<Vec<Token>>,
    pub(crate) group_conditions: Vec<Vec<Token>>,
    pub(crate) lock: Option<RowLock>,
    /// The positions of those expressions that are selected and are decimals.
    pub(crate) decimals: Vec<usize>,
    /// The models that extend the one selected from, where rows of all of them are loaded as what they are.
    pub(crate) parts: Vec<FamilyPart>,
    /// How the columns of those models are read.
    pub(crate) load: PolymorphicLoad,
    /// Whether a row is looked for by its key, and those of its bases after it: one that has lost its base is then found, and
    /// told of when it is read.
    pub(crate) is_by_key: bool,
}

impl Rare {
    const NONE: Self = Self {
        common: Vec::new(),
        is_distinct: false,
        distinct_on: Vec::new(),
        groups: Vec::new(),
        group_conditions: Vec::new(),
        lock: None,
        decimals: Vec::new(),
        parts: Vec::new(),
        load: PolymorphicLoad::Join,
        is_by_key: false,
    };
}

/// What a query selects.
#[derive(Debug, Clone)]
pub(crate) enum Columns {
    /// All columns of the model that is selected from, and of these.
    Models(Vec<ModelColumns>),
    /// One column for each expression.
    Expressions(Vec<Vec<Token>>),
    /// The number one, where only the rows matter.
    One,
}

/// The columns of a model, under its name in the query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ModelColumns {
    pub(crate) name: &'static str,
    /// Columns of the key that come before the fields.
    pub(crate) key: &'static [&'static str],
    pub(crate) fields: &'static [FieldInfo],
    /// The table of a model that extends the one selected from, where it has a table.
    pub(crate) part: Option<TablePart>,
}

/// A table in the FROM clause.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    of: &'static SourceModel,
    /// The table's name or its alias.
    name: &'static str,
}

/// The model of a table in the FROM clause: one of each, so that queries have but its address.
#[derive(Debug)]
struct SourceModel {
    schema: Option<&'static str>,
    table: &'static str,
    is_common_table: bool,
    key: &'static [&'static str],
    fields: fn() -> &'static [FieldInfo],
    inheritance: fn() -> &'static Inheritance,
}

/// The place of a model's [`SourceModel`].
trait HasSource: Model {
    const SOURCE: &'static SourceModel = &SourceModel {
        schema: Self::SCHEMA_NAME,
        table: Self::TABLE_NAME,
        is_common_table: Self::IS_COMMON_TABLE,
        key: Self::PRIMARY_KEY,
        fields: Self::fields,
        inheritance: Self::inheritance,
    };
}

impl<M: Model> HasSource for M {}

/// The column that tells of which table of a concrete family a row is.
const MEMBER: &str = "sqlmodel_member";

#[derive(Debug, Clone)]
pub(crate) struct Join {
    pub(crate) keyword: &'static str,
    pub(crate) source: Source,
    pub(crate) condition: Vec<Token>,
}

pub(crate) const FULL_JOIN: &str = " FULL JOIN ";

/// One expression to order by.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) tokens: Vec<Token>,
    pub(crate) is_descending: bool,
    pub(crate) nulls: Option<Nulls>,
}

/// Where NULLs go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    First,
    Last,
}

/// Which rows a query locks, and against what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowLock {
    pub(crate) is_shared: bool,
    /// The name of the only table whose rows are locked.
    pub(crate) only: Option<&'static str>,
    pub(crate) wait: Lock,
}

impl RowLock {
    /// Locks all rows that the query reads, against readers that lock and writers.
    pub(crate) const UPDATE: Self = Self {
        is_shared: false,
        only: None,
        wait: Lock::Wait,
    };
}

/// What to do about rows that somebody else has locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lock {
    /// Wait until they are free.
    Wait,
    /// Fail at once.
    NoWait,
    /// Leave them out.
    SkipLocked,
}

impl ModelColumns {
    pub(crate) fn of<E: Entity>() -> Self {
        Self {
            name: E::NAME,
            key: &[],
            fields: E::Model::fields(),
            part: None,
        }
    }
}

impl Source {
    /// All columns of the model.
    fn columns(&self) -> ModelColumns {
        ModelColumns {
            name: self.name,
            key: &[],
            fields: self.fields(),
            part: None,
        }
    }

    pub(crate) fn of<E: Entity>() -> Self {
        Self {
            of: <E::Model as HasSource>::SOURCE,
            name: E::NAME,
        }
    }

    fn inheritance(&self) -> &'static Inheritance {
        (self.of.inheritance)()
    }

    fn fields(&self) -> &'static [FieldInfo] {
        (self.of.fields)()
    }

    /// Returns the same table under another name.
    pub(crate) fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn key(&self) -> &'static [&'static str] {
        self.of.key
    }

    /// Whether each model of the family has a table with all columns.
    pub(crate) fn is_concrete(&self) -> bool {
        self.inheritance().strategy == InheritanceStrategy::ConcreteTable
    }

    /// Writes the model's own table, and joins those of its bases where they have the row.
    fn write_by_key(&self, writer: &mut Writer<'_>) {
        if self.inheritance().bases.is_empty() {
            return self.write(writer);
        }
        self.write_own(writer);
        for base in self.inheritance().bases {
            writer.text(" LEFT JOIN ");
            writer.table(base.schema, base.table);
            writer.text(" AS ");
            let name = self.base_name(base);
            writer.made_identifier(&name);
            write_key_match(&name, base.key, self.name, self.of.key, writer);
        }
    }

    /// Writes the table, and where a row is in several, those of the bases joined with it.
    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        if self.inheritance().is_union() {
            return self.write_union(None, writer);
        }
        let Some((root, others)) = self.inheritance().bases.split_first() else {
            return self.write_own(writer);
        };
        let root_name = self.base_name(root);
        writer.table(root.schema, root.table);
        writer.text(" AS ");
        writer.made_identifier(&root_name);
        for base in others {
            writer.text(" JOIN ");
            writer.table(base.schema, base.table);
            writer.text(" AS ");
            let name = self.base_name(base);
            writer.made_identifier(&name);
            write_key_match(&name, base.key, &root_name, root.key, writer);
        }
        writer.text(" JOIN ");
        self.write_own(writer);
        write_key_match(self.name, self.of.key, &root_name, root.key, writer);
    }

    /// Writes the table as the operand of a JOIN.
    pub(crate) fn write_joined(&self, writer: &mut Writer<'_>) {
        if self.inheritance().bases.is_empty() {
            self.write(writer);
        } else {
            writer.text("(");
            self.write(writer);
            writer.text(")");
        }
    }

    /// Writes the columns that the tables of a concrete family have in common, of the rows of all of them.
    ///
    /// Tables come in the order of `parts`, which a number tells in [`MEMBER`]; in any order without.
    fn write_union(&self, parts: Option<&[FamilyPart]>, writer: &mut Writer<'_>) {
        let inheritance = self.inheritance();
        let own = TablePart {
            schema: self.of.schema,
            table: self.of.table,
            key: self.of.key,
        };
        let own = (!inheritance.is_abstract).then_some(own);
        let tables: Vec<TablePart> = match parts {
            Some(parts) => parts.iter().map(FamilyPart::table).collect(),
            None => inheritance.extensions.to_vec(),
        };
        writer.text("(");
        for (number, table) in own.into_iter().chain(tables).enumerate() {
            writer.text(if number == 0 {
                "SELECT "
            } else {
                " UNION ALL SELECT "
            });
            writer.columns(self.fields().iter().map(|field| field.column));
            if parts.is_some() {
                writer.text(", ");
                writer.number(number as u64);
                writer.text(" AS ");
                writer.identifier(MEMBER);
            }
            writer.text(" FROM ");
            writer.table(table.schema, table.table);
        }
        writer.text(") AS ");
        writer.identifier(self.name);
    }

    fn write_own(&self, writer: &mut Writer<'_>) {
        if self.of.is_common_table && !writer.common.contains(&self.of.table) {
            writer.refuse(Error::usage(format!(
                "no query is named `{}` here: say what its rows are by `.with(..)`, in this query or in one around it",
                self.of.table
            )));
        }
        writer.table(self.of.schema, self.of.table);
        if self.name != self.of.table {
            writer.text(" AS ");
            writer.identifier(self.name);
        }
    }

    fn base_name(&self, base: &TablePart) -> String {
        render::base_name(self.name, base.table)
    }

    /// Returns the condition that tells the model's rows from others in its table.
    pub(crate) fn restriction(&self) -> Option<Vec<Token>> {
        if !self.inheritance().is_without_table {
            return None;
        }
        let root = self.inheritance().bases.first().map(|root| root.table);
        self.inheritance().discriminator.map(|discriminator| {
            let discriminator = Token::column(self.name, root, discriminator);
            is_accepted(discriminator, self.inheritance())
        })
    }
}

/// Returns the condition that the discriminator is that of a model or of one that extends it.
pub(crate) fn is_accepted(discriminator: Token, inheritance: &Inheritance) -> Vec<Token> {
    let mut tokens = vec![discriminator, Token::Text(" IN (")];
    for (position, tag) in inheritance.accepted.iter().enumerate() {
        if position > 0 {
            tokens.push(Token::Text(", "));
        }
        tokens.push(Token::Tag(*tag));
    }
    tokens.push(Token::Text(")"));
    tokens
}

/// Writes `ON a.id = b.id AND ..`.
pub(crate) fn write_key_match(
    name: &str,
    key: &[&'static str],
    other: &str,
    other_key: &[&'static str],
    writer: &mut Writer<'_>,
) {
    for (position, (column, other_column)) in key.iter().zip(other_key).enumerate() {
        writer.text(if position == 0 { " ON " } else { " AND " });
        writer.made_identifier(name);
        writer.text(".");
        writer.identifier(column);
        writer.text(" = ");
        writer.made_identifier(other);
        writer.text(".");
        writer.identifier(other_column);
    }
}

/// A model whose rows a query for one of its bases loads as what they are.
#[derive(Debug, Clone, Copy)]
pub struct FamilyPart {
    source: Source,
    fields: &'static [FieldInfo],
}

impl FamilyPart {
    pub(crate) fn of<M: Model>() -> Self {
        let inheritance = M::inheritance();
        Self {
            source: Source::of::<M>(),
            fields: M::fields()
                .get(inheritance.n_inherited..)
                .unwrap_or_default(),
        }
    }

    pub(crate) fn inheritance(&self) -> &'static Inheritance {
        self.source.inheritance()
    }

    /// The fields that the model's base has not.
    pub(crate) fn own_fields(&self) -> &'static [FieldInfo] {
        self.fields
    }

    pub(crate) fn table(&self) -> TablePart {
        TablePart {
            schema: self.source.of.schema,
            table: self.source.of.table,
            key: self.source.of.key,
        }
    }

    /// The name of the model's table in a query for `root`, where its own columns are in that of its base.
    fn table_of_base(&self, root: &Source) -> Option<&'static str> {
        let name = if self.source.of.table == root.of.table {
            root.name
        } else {
            self.source.of.table
        };
        self.source.inheritance().is_without_table.then_some(name)
    }

    /// The model's own columns, as a query for `root` selects them.
    fn columns(&self, root: &Source) -> ModelColumns {
        if let Some(name) = self.table_of_base(root) {
            let is_joined = self.source.of.table != root.of.table;
            return ModelColumns {
                name,
                key: &[],
                fields: self.fields,
                part: is_joined.then(|| self.table()),
            };
        }
        match self.source.inheritance().strategy {
            InheritanceStrategy::SingleTable | InheritanceStrategy::None => ModelColumns {
                name: root.name,
                key: &[],
                fields: self.fields,
                part: None,
            },
            InheritanceStrategy::JoinedTable => ModelColumns {
                name: self.source.name,
                key: self.source.of.key,
                fields: self.fields,
                part: Some(self.table()),
            },
            // Each table has all columns: those that the union has not are the model's own here.
            InheritanceStrategy::ConcreteTable => ModelColumns {
                name: self.source.name,
                key: self.source.of.key,
                fields: self
                    .source
                    .fields()
                    .get(root.fields().len()..)
                    .unwrap_or_default(),
                part: Some(self.table()),
            },
        }
    }

    /// Joins the model's table. `number` is that of the model among those of the query.
    fn write_join(&self, root: &Source, number: usize, writer: &mut Writer<'_>) {
        let strategy = self.source.inheritance().strategy;
        if self.source.inheritance().is_without_table {
            return;
        }
        writer.text(" LEFT JOIN ");
        self.source.write_own(writer);
        write_key_match(
            self.source.name,
            self.source.of.key,
            root.name,
            root.of.key,
            writer,
        );
        if strategy == InheritanceStrategy::ConcreteTable {
            let number = number + usize::from(!root.inheritance().is_abstract);
            writer.text(" AND ");
            writer.qualified(root.name, None, MEMBER);
            writer.text(" = ");
            writer.number(number as u64);
        }
    }

    /// The names that columns of the model, inherited ones too, are written with in a query for `root`.
    fn renames(&self, root: &Source) -> Vec<Rename> {
        let entity = self.source.name;
        let own = self.table_of_base(root).map(|name| Rename {
            entity,
            table: None,
            to: name.to_owned(),
        });
        if self.source.inheritance().strategy != InheritanceStrategy::JoinedTable {
            return own.into_iter().collect();
        }
        let is_above_root = |table: &str| {
            root.inheritance()
                .bases
                .iter()
                .any(|base| base.table == table)
        };
        let bases = self.source.inheritance().bases.iter();
        let rename = |base: &TablePart| Rename {
            entity,
            table: Some(base.table),
            to: if base.table == root.of.table {
                root.name.to_owned()
            } else if is_above_root(base.table) {
                root.base_name(base)
            } else {
                base.table.to_owned()
            },
        };
        bases.map(rename).chain(own).collect()
    }
}

impl Query {
    pub(crate) fn new(columns: Columns, from: Source) -> Self {
        Self {
            columns,
            from,
            joins: Vec::new(),
            conditions: Vec::new(),
            order: Vec::new(),
            limit: None,
            offset: 0,
            rare: None,
        }
    }

    pub(crate) fn of<E: Entity>() -> Self {
        Self::new(Columns::Models(Vec::new()), Source::of::<E>())
    }

    /// Tells whether the query is for all rows of a model, under its own name, and nothing else.
    pub(crate) fn is_of_all_rows(&self) -> bool {
        let Self {
            columns,
            from,
            joins,
            conditions,
            order,
            limit,
            offset,
            rare,
        } = self;
        matches!(columns, Columns::Models(others) if others.is_empty())
            && from.name.as_ptr() == from.of.table.as_ptr()
            && from.name.len() == from.of.table.len()
            && joins.is_empty()
            && conditions.is_empty()
            && order.is_empty()
            && limit.is_none()
            && *offset == 0
            && rare.is_none()
    }

    /// Returns what few queries have.
    pub(crate) fn rare(&self) -> &Rare {
        const NONE: &Rare = &Rare::NONE;
        self.rare.as_deref().unwrap_or(NONE)
    }

    /// Returns what few queries have, to be changed.
    pub(crate) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_with(|| Box::new(Rare::NONE))
    }

    /// Returns the models whose columns are selected.
    pub(crate) fn models(&self) -> impl Iterator<Item = ModelColumns> {
        let others = match &self.columns {
            Columns::Models(others) => Some(others),
            Columns::Expressions(_) | Columns::One => None,
        };
        let own = others.map(|_| self.from.columns());
        own.into_iter().chain(others.into_iter().flatten().copied())
    }

    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        if let Err(error) = self.check_groups().and_then(|()| self.check_distinct()) {
            writer.refuse(error);
        }
        let n_common = writer.common.len();
        write_common(&self.rare().common, writer);
        if self.rare().parts.is_empty() {
            self.write_clauses(writer);
        } else {
            let parts = self.rare().parts.iter();
            let renames = parts.flat_map(|part| part.renames(&self.from)).collect();
            writer.with_renames(renames, |writer| self.write_clauses(writer));
        }
        writer.common.truncate(n_common);
    }

    fn is_union_of_parts(&self) -> bool {
        let strategy = self.from.inheritance().strategy;
        strategy == InheritanceStrategy::ConcreteTable && !self.rare().parts.is_empty()
    }

    /// Selects rows of models that extend the one selected from as what they are.
    pub(crate) fn with_parts(mut self, parts: Vec<FamilyPart>, load: PolymorphicLoad) -> Self {
        let rare = self.rare_mut();
        rare.parts = parts;
        rare.load = load;
        let own = self.rare().parts.iter();
        let own = own.map(|part| part.columns(&self.from));
        let own: Vec<_> = own.collect();
        let member = self.is_union_of_parts().then_some(ModelColumns {
            name: self.from.name,
            key: &[MEMBER],
            fields: &[],
            part: None,
        });
        if let Columns::Models(models) = &mut self.columns {
            models.extend(member);
            models.extend(own);
        }
        self
    }

    fn write_clauses(&self, writer: &mut Writer<'_>) {
        let values = self.values_to_know_again();
        if values.is_empty() {
            self.write_all_clauses(writer);
        } else {
            writer.with_shared(values, |writer| self.write_all_clauses(writer));
        }
    }

    /// Returns the values in expressions that the database has to find again: those that are grouped by, and those that are
    /// selected where equal rows are dropped and the rest is ordered.
    fn values_to_know_again(&self) -> Vec<Value<'static>> {
        let mut values = Vec::new();
        let Some(rare) = &self.rare else {
            return values;
        };
        for group in &rare.groups {
            push_values(group, &mut values);
        }
        if let (true, false, Columns::Expressions(expressions)) =
            (rare.is_distinct, self.order.is_empty(), &self.columns)
        {
            for expression in expressions {
                push_values(expression, &mut values);
            }
        }
        values
    }

    fn write_all_clauses(&self, writer: &mut Writer<'_>) {
        writer.text("SELECT ");
        if let Some(rare) = &self.rare {
            if rare.is_distinct {
                writer.text("DISTINCT ");
            }
            write_distinct_on(&rare.distinct_on, writer);
        }
        match &self.columns {
            Columns::Models(others) => writer.models(self.from.columns(), others),
            Columns::Expressions(expressions) => write_expressions(expressions, writer),
            Columns::One => writer.text("1"),
        }
        writer.text(" FROM ");
        let parts = &*self.rare().parts;
        if self.is_union_of_parts() {
            self.from.write_union(Some(parts), writer);
        } else if self.rare().is_by_key {
            self.from.write_by_key(writer);
        } else {
            self.from.write(writer);
        }
        for (number, part) in parts.iter().enumerate() {
            part.write_join(&self.from, number, writer);
        }
        for Join {
            keyword,
            source,
            condition,
        } in &self.joins
        {
            if *keyword == FULL_JOIN && writer.dialect() == Dialect::Mysql {
                writer.refuse(Error::unsupported(
                    "MySQL has no full join: put the rows of a left join and those of a query without a partner together \
                     with `union_all`",
                ));
            }
            writer.text(keyword);
            source.write_joined(writer);
            writer.text(" ON ");
            writer.tokens(condition);
            if let Some(restriction) = source.restriction() {
                writer.text(" AND ");
                writer.tokens(&restriction);
            }
        }
        match self.from.restriction() {
            None => writer.conditions(" WHERE ", &self.conditions),
            Some(restriction) => {
                writer.text(" WHERE ");
                writer.tokens(&restriction);
                for condition in &self.conditions {
                    writer.text(" AND ");
                    writer.tokens(condition);
                }
            }
        }
        if let Some(rare) = &self.rare {
            for (position, group) in rare.groups.iter().enumerate() {
                writer.text(if position == 0 { " GROUP BY " } else { ", " });
                self.write_group(group, writer);
            }
            for (position, condition) in rare.group_conditions.iter().enumerate() {
                writer.text(if position == 0 { " HAVING " } else { " AND " });
                self.write_group_condition(condition, writer);
            }
        }
        self.write_order(writer);
        write_limit(self.limit, self.offset, writer);
        if let Some(lock) = self.rare().lock {
            self.write_lock(lock, writer);
        }
    }

    /// Returns a query with as many rows, which are of no use but to be counted.
    pub(crate) fn into_counted(mut self) -> Self {
        let rare = self.rare();
        let is_plain = !rare.is_distinct && rare.distinct_on.is_empty() && !self.is_grouped();
        if is_plain {
            self.columns = Columns::One;
        }
        self.unlock();
        if self.limit.is_none() && self.offset == 0 {
            self.order.clear();
        }
        self
    }

    /// Locks no rows.
    pub(crate) fn unlock(&mut self) {
        if let Some(rare) = &mut self.rare {
            rare.lock = None;
        }
    }

    /// Writes `SELECT count(*)` of the rows that the query has.
    pub(crate) fn write_count(&self, writer: &mut Writer<'_>) {
        writer.text("SELECT count(*) FROM (");
        self.write(writer);
        writer.text(") AS ");
        writer.identifier("counted");
    }

    /// Returns `EXISTS (..)`.
    pub(crate) fn into_exists(mut self) -> Vec<Token> {
        if !self.is_grouped() {
            self.columns = Columns::One;
        }
        if self.limit.is_none() && self.offset == 0 {
            self.order.clear();
        }
        self.unlock();
        vec![
            Token::Text("EXISTS ("),
            Token::Query(Box::new(self)),
            Token::Text(")"),
        ]
    }

    /// Tells whether the selected column at a position, counted from 0, is a decimal.
    pub(crate) fn is_decimal(&self, at: usize) -> bool {
        if let Columns::Expressions(_) = &self.columns {
            return self.rare().decimals.contains(&at);
        }
        let is_decimal = |field: &FieldInfo| field.decimal_scale.is_some();
        let mut columns = self.models().flat_map(|model| {
            let key = model.key.iter().map(|_| false);
            key.chain(model.fields.iter().map(is_decimal))
        });
        columns.nth(at).unwrap_or(false)
    }

    /// Returns the table and the column of each selected expression that is a column.
    pub(crate) fn column_names(&self) -> Vec<Option<(&'static str, &'static str)>> {
        let name = |tokens: &Vec<Token>| match &**tokens {
            [Token::Column { table, column }] => Some((*table, *column)),
            [Token::Inherited { entity, column, .. }] => Some((*entity, *column)),
            _ => None,
        };
        match &self.columns {
            Columns::Expressions(expressions) => expressions.iter().map(name).collect(),
            Columns::Models(_) | Columns::One => Vec::new(),
        }
    }

    /// Names the column of the result that could not be read.
    pub(crate) fn name_column<T>(&self, outcome: Outcome<T, Error>) -> Outcome<T, Error> {
        match outcome {
            Outcome::Err(error) => {
                let name = |at| self.column_names().get(at).copied().flatten();
                Outcome::Err(error.with_column_names(name))
            }
            other => other,
        }
    }

    /// Returns the expressions of all clauses.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &[Token]> {
        let selected = match &self.columns {
            Columns::Expressions(expressions) => expressions.as_slice(),
            Columns::Models(_) | Columns::One => &[],
        };
        selected
            .iter()
            .chain(&self.rare().distinct_on)
            .chain(self.joins.iter().map(|join| &join.condition))
            .chain(&self.conditions)
            .chain(&self.rare().groups)
            .chain(&self.rare().group_conditions)
            .chain(self.order.iter().map(|order| &order.tokens))
            .map(Vec::as_slice)
    }

    /// Tells whether the query, or one in it, reads a column.
    pub(crate) fn reads(&self, table: &str, column: &str) -> bool {
        self.parts().any(|tokens| reads(tokens, table, column))
            || self
                .rare()
                .common
                .iter()
                .flat_map(CommonQuery::queries)
                .any(|query| query.reads(table, column))
    }

    fn write_order(&self, writer: &mut Writer<'_>) {
        for (position, order) in self.order.iter().enumerate() {
            writer.text(if position == 0 { " ORDER BY " } else { ", " });
            order.write(writer);
        }
    }

    /// SQLite has no locks of rows: whoever may write holds the lock of the whole database.
    fn write_lock(&self, lock: RowLock, writer: &mut Writer<'_>) {
        if writer.dialect() == Dialect::Sqlite {
            return;
        }
        // MariaDB has no FOR SHARE, and MySQL takes no more words behind its older form.
        let is_old = lock.is_shared && writer.dialect() == Dialect::Mysql;
        if is_old && lock.wait != Lock::Wait {
            writer.refuse(Error::unsupported(
                "MySQL and MariaDB have no common form of a shared lock that does not wait: take it with `Lock::Wait`, or \
                 lock the rows with `for_update`",
            ));
        }
        writer.text(match lock.is_shared {
            false => " FOR UPDATE",
            true if is_old => " LOCK IN SHARE MODE",
            true => " FOR SHARE",
        });
        if writer.dialect() == Dialect::Postgres {
            self.write_locked_tables(lock.only, writer);
        } else if lock.only.is_some() {
            writer.refuse(Error::unsupported(
                "MySQL and MariaDB have no common form of a lock of one table: lock its rows in a query without joins",
            ));
        }
        writer.text(match lock.wait {
            Lock::Wait => "",
            Lock::NoWait => " NOWAIT",
            Lock::SkipLocked => " SKIP LOCKED",
        });
    }

    /// PostgreSQL refuses to lock rows that an outer join may not have, so there the other tables are named.
    fn write_locked_tables(&self, only: Option<&str>, writer: &mut Writer<'_>) {
        let mut sources = vec![&self.from];
        for Join {
            keyword, source, ..
        } in &self.joins
        {
            match *keyword {
                " LEFT JOIN " => {}
                " RIGHT JOIN " => sources = vec![source],
                FULL_JOIN => sources.clear(),
                _ => sources.push(source),
            }
        }
        if sources.is_empty() {
            writer.refuse(Error::unsupported(
                "PostgreSQL locks no rows of a full join, which may have none: lock them in a query of their own",
            ));
        }
        if let Some(only) = only {
            sources.retain(|source| source.name == only);
        } else if self.rare().parts.is_empty() && sources.len() == self.joins.len() + 1 {
            return;
        }
        for (position, source) in sources.into_iter().enumerate() {
            writer.text(if position == 0 { " OF " } else { ", " });
            writer.identifier(source.name);
            for base in source.inheritance().bases {
                writer.text(", ");
                writer.made_identifier(&source.base_name(base));
            }
        }
    }

    /// An expression with parameters is written once and then named by its position: PostgreSQL does not know that two
    /// parameters are equal.
    fn write_group(&self, group: &[Token], writer: &mut Writer<'_>) {
        let has_params = group.iter().any(has_params);
        let selected = match &self.columns {
            Columns::Expressions(expressions) if has_params => expressions
                .iter()
                .position(|expression| are_same(expression, group)),
            _ => None,
        };
        match selected {
            Some(position) => writer.number(position as u64 + 1),
            None => writer.tokens(group),
        }
    }

    /// Writes a condition about groups.
    ///
    /// MySQL does not find an expression with values again, and calls it by the name that the query gives it.
    fn write_group_condition(&self, mut tokens: &[Token], writer: &mut Writer<'_>) {
        if writer.dialect() != Dialect::Mysql {
            return writer.tokens(tokens);
        }
        let mut before = None;
        while let Some((first, rest)) = tokens.split_first() {
            let mut groups = self.rare().groups.iter();
            let group = groups.find(|group| {
                group.iter().any(has_params) && begins_with_whole(tokens, group, before)
            });
            let Some(group) = group else {
                writer.token(first);
                before = Some(first);
                tokens = rest;
                continue;
            };
            let selected = match &self.columns {
                Columns::Expressions(all) => all.iter().position(|it| are_same(it, group)),
                _ => None,
            };
            match selected {
                Some(position) => writer.column_alias(position),
                None => writer.refuse(Error::unsupported(
                    "MySQL finds an expression with values again in a condition about groups only where the query selects it: \
                     add it to the columns",
                )),
            }
            before = group.last();
            tokens = tokens.get(group.len()..).unwrap_or_default();
        }
    }

    fn is_grouped(&self) -> bool {
        let Rare {
            groups,
            group_conditions,
            ..
        } = self.rare();
        !groups.is_empty()
            || !group_conditions.is_empty()
            || matches!(&self.columns, Columns::Expressions(all) if all.iter().any(|tokens| has_aggregate(tokens)))
            || self.order.iter().any(|order| has_aggregate(&order.tokens))
    }

    /// Refuses a column that has many values in a group. PostgreSQL and MySQL refuse it, SQLite would take any of them.
    fn check_groups(&self) -> Result<(), Error> {
        if !self.is_grouped() {
            return Ok(());
        }
        match &self.columns {
            Columns::Models(_) => {
                for ModelColumns { name, fields, .. } in self.models() {
                    for field in fields {
                        self.check_column(name, field.column)?;
                    }
                }
            }
            Columns::Expressions(expressions) => {
                for expression in expressions {
                    self.check_expression(expression)?;
                }
            }
            Columns::One => {}
        }
        let conditions = self.rare().group_conditions.iter();
        conditions
            .chain(self.order.iter().map(|order| &order.tokens))
            .try_for_each(|tokens| self.check_expression(tokens))
    }

    fn check_expression(&self, mut tokens: &[Token]) -> Result<(), Error> {
        let mut before = None;
        while let Some((first, rest)) = tokens.split_first() {
            let mut groups = self.rare().groups.iter();
            let group = groups.find(|group| begins_with_whole(tokens, group, before));
            if let Some(group) = group {
                tokens = tokens.get(group.len()..).unwrap_or_default();
                before = group.last();
                continue;
            }
            self.check_token(first)?;
            before = Some(first);
            tokens = rest;
        }
        Ok(())
    }

    fn check_token(&self, token: &Token) -> Result<(), Error> {
        match token {
            Token::Window(call) => {
                let mut parts = call.parts();
                parts.try_for_each(|part| self.check_expression(part))
            }
            Token::Alternatives(alternatives) => {
                let mut parts = alternatives.iter();
                parts.try_for_each(|part| self.check_expression(part))
            }
            Token::Column { table, column }
            | Token::Inherited {
                entity: table,
                column,
                ..
            } => self.check_column(table, column),
            Token::Query(query) => self.check_subquery(query, &mut Vec::new()),
            _ => Ok(()),
        }
    }

    /// Checks the columns of this query that a query in it reads. Tables of the inner queries hide those of the same name.
    fn check_subquery(&self, query: &Self, hidden: &mut Vec<&'static str>) -> Result<(), Error> {
        let n_hidden = hidden.len();
        hidden.push(query.from.name);
        hidden.extend(query.joins.iter().map(|join| join.source.name));
        for tokens in query.parts() {
            self.check_correlated(tokens, hidden)?;
        }
        hidden.truncate(n_hidden);
        Ok(())
    }

    fn check_correlated(
        &self,
        tokens: &[Token],
        hidden: &mut Vec<&'static str>,
    ) -> Result<(), Error> {
        tokens.iter().try_for_each(|token| match token {
            Token::Window(call) => {
                let mut parts = call.parts();
                parts.try_for_each(|part| self.check_correlated(part, hidden))
            }
            Token::Aggregate(call) => {
                let mut parts = call.parts();
                parts.try_for_each(|part| self.check_correlated(part, hidden))
            }
            Token::Alternatives(alternatives) => {
                let mut parts = alternatives.iter();
                parts.try_for_each(|part| self.check_correlated(part, hidden))
            }
            Token::Query(query) => self.check_subquery(query, hidden),
            Token::Column { table, column }
            | Token::Inherited {
                entity: table,
                column,
                ..
            } if !hidden.contains(table) => self.check_column(table, column),
            _ => Ok(()),
        })
    }

    /// Refuses an order by what DISTINCT leaves no single value of. PostgreSQL refuses it, the others would take any.
    fn check_distinct(&self) -> Result<(), Error> {
        if !self.rare().is_distinct {
            return Ok(());
        }
        let is_selected = |order: &Order| {
            let tokens = match &*order.tokens {
                [tokens @ .., Token::DecimalOrder] => tokens,
                tokens => tokens,
            };
            match (&self.columns, tokens) {
                (Columns::Expressions(expressions), tokens) => expressions
                    .iter()
                    .any(|expression| are_same(expression, tokens)),
                (
                    Columns::Models(_),
                    [
                        Token::Column { table, column }
                        | Token::Inherited {
                            entity: table,
                            column,
                            ..
                        },
                    ],
                ) => self.models().any(|model| {
                    let mut fields = model.fields.iter();
                    model.name == *table
                        && (model.key.contains(column)
                            || fields.any(|field| field.column == *column))
                }),
                (Columns::Models(_), _) => false,
                (Columns::One, _) => true,
            }
        };
        match self.order.iter().all(is_selected) {
            true => Ok(()),
            false => Err(Error::usage(
                "equal rows are returned once, and what they are ordered by is not selected: select it, too, or group by what is \
                 selected and order by an aggregate",
            )),
        }
    }

    /// Passes a column that is grouped by, and every column of a table whose whole key is grouped by.
    fn check_column(&self, table: &str, column: &str) -> Result<(), Error> {
        let is_group = |column: &str| {
            self.rare().groups.iter().any(|group| {
                matches!(
                    &**group,
                    [Token::Column { table: of, column: grouped }
                        | Token::Inherited { entity: of, column: grouped, .. }]
                    if *of == table && *grouped == column
                )
            })
        };
        let sources = std::iter::once(&self.from).chain(self.joins.iter().map(|join| &join.source));
        let key = sources
            .filter(|source| source.name == table)
            .map(|source| source.of.key)
            .next();
        let has_key_of_table =
            |key: &[&str]| !key.is_empty() && key.iter().all(|column| is_group(column));
        // A column of no table of this query belongs to the query around it, which has one row at a time.
        if is_group(column) || key.is_none_or(has_key_of_table) {
            return Ok(());
        }
        Err(Error::usage(format!(
            "`{table}.{column}` has many values in a group: group by it, or select an aggregate of it"
        )))
    }
}

/// Tells whether an expression is an aggregate of rows; one over a window is computed for each row.
fn has_aggregate(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| match token {
        Token::Aggregate(_) => true,
        Token::Window(call) => call.parts().any(has_aggregate),
        Token::Alternatives(alternatives) => alternatives.iter().any(|part| has_aggregate(part)),
        _ => false,
    })
}

const NO_DISTINCT_ON: [Token; 2] = [
    Token::Refused(Dialect::Sqlite, DISTINCT_ON_IS_POSTGRES),
    Token::Refused(Dialect::Mysql, DISTINCT_ON_IS_POSTGRES),
];

const DISTINCT_ON_IS_POSTGRES: &str = "only PostgreSQL has DISTINCT ON: number the rows with `row_number().over(..)` in a `cte!`, and keep those with \
     number 1";

/// Writes LIMIT and OFFSET.
pub(crate) fn write_limit(limit: Option<u64>, offset: u64, writer: &mut Writer<'_>) {
    // No database counts further than this, and SQLite refuses a larger number.
    let most = i64::MAX.unsigned_abs();
    if let Some(limit) = limit {
        writer.text(" LIMIT ");
        writer.number(limit.min(most));
    } else if offset > 0 {
        // SQLite and MySQL have no OFFSET without LIMIT; each manual names its number for "all".
        writer.token(&Token::PerDialect([
            " LIMIT -1",
            "",
            " LIMIT 18446744073709551615",
        ]));
    }
    if offset > 0 {
        writer.text(" OFFSET ");
        writer.number(offset.min(most));
    }
}

fn write_expressions(expressions: &[Vec<Token>], writer: &mut Writer<'_>) {
    for (position, expression) in expressions.iter().enumerate() {
        if position > 0 {
            writer.text(", ");
        }
        writer.tokens(expression);
        writer.text(" AS ");
        writer.column_alias(position);
    }
}

fn write_distinct_on(expressions: &[Vec<Token>], writer: &mut Writer<'_>) {
    for (position, expression) in expressions.iter().enumerate() {
        if position == 0 {
            writer.token(&NO_DISTINCT_ON[0]);
            writer.token(&NO_DISTINCT_ON[1]);
        }
        writer.text(if position == 0 { "DISTINCT ON (" } else { ", " });
        writer.tokens(expression);
    }
    if !expressions.is_empty() {
        writer.text(") ");
    }
}

impl Order {
    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        let Self {
            tokens,
            is_descending,
            nulls,
        } = self;
        // MySQL has no NULLS FIRST, and orders false before true. Where it has them there by itself, an index serves the order.
        let is_natural = (*nulls == Some(Nulls::Last)) == *is_descending;
        if let (Some(nulls), Dialect::Mysql, false) = (nulls, writer.dialect(), is_natural) {
            writer.text("(");
            writer.tokens(tokens);
            writer.text(match nulls {
                Nulls::First => ") IS NOT NULL, ",
                Nulls::Last => ") IS NULL, ",
            });
        }
        writer.tokens(tokens);
        if *is_descending {
            writer.text(" DESC");
        }
        if let (Some(nulls), Dialect::Sqlite | Dialect::Postgres) = (nulls, writer.dialect()) {
            writer.text(match nulls {
                Nulls::First => " NULLS FIRST",
                Nulls::Last => " NULLS LAST",
            });
        }
    }
}

/// Tells whether tokens begin with an expression that is a whole there, by what stands before and after it.
fn begins_with_whole(tokens: &[Token], expression: &[Token], before: Option<&Token>) -> bool {
    /// Binds less than any expression that stands without parentheses beside it.
    const WEAK: [&str; 12] = [
        " = ",
        " <> ",
        " < ",
        " > ",
        " <= ",
        " >= ",
        " IS ",
        " IN ",
        " BETWEEN ",
        " AND ",
        " OR ",
        ", ",
    ];
    let Some((beginning, rest)) = tokens.split_at_checked(expression.len()) else {
        return false;
    };
    let is_open = match before {
        None => true,
        Some(Token::Text(text)) => text.ends_with('(') || WEAK.iter().any(|it| text.ends_with(it)),
        Some(_) => false,
    };
    let is_closed = match rest.first() {
        None => true,
        Some(Token::Text(text)) => {
            text.starts_with([')', ',']) || WEAK.iter().any(|it| text.starts_with(it))
        }
        Some(_) => false,
    };
    is_open && is_closed && are_same(beginning, expression)
}

/// Adds the values of the parameters in an expression.
fn push_values(tokens: &[Token], values: &mut Vec<Value<'static>>) {
    for token in tokens {
        match token {
            Token::Param(value) => values.push(value.clone()),
            #[cfg(feature = "json")]
            Token::JsonPath(steps) => {
                values.push(crate::json::path_value(steps, Dialect::Postgres));
            }
            Token::Alternatives(alternatives) => {
                for tokens in alternatives.iter() {
                    push_values(tokens, values);
                }
            }
            _ => {}
        }
    }
}

fn has_params(token: &Token) -> bool {
    match token {
        Token::Param(_) | Token::Params(_) => true,
        #[cfg(feature = "json")]
        Token::JsonPath(_) => true,
        Token::Alternatives(alternatives) => alternatives.iter().flatten().any(has_params),
        _ => false,
    }
}

/// Tells whether two expressions are written alike. Aggregates and subqueries never are.
fn are_same(a: &[Token], b: &[Token]) -> bool {
    let is_same = |pair: (&Token, &Token)| match pair {
        (Token::Text(a), Token::Text(b)) => a == b,
        (Token::PerDialect(a), Token::PerDialect(b)) => a == b,
        (
            Token::Column { table, column },
            Token::Column {
                table: other_table,
                column: other_column,
            },
        ) => table == other_table && column == other_column,
        (
            Token::Inherited {
                entity,
                table,
                column,
            },
            Token::Inherited {
                entity: other_entity,
                table: other_table,
                column: other_column,
            },
        ) => entity == other_entity && table == other_table && column == other_column,
        (Token::Tag(a), Token::Tag(b)) => a == b,
        (Token::Param(a), Token::Param(b)) => a == b,
        (Token::Params(a), Token::Params(b)) => a == b,
        (Token::Number(a), Token::Number(b)) => a == b,
        (Token::Alternatives(a), Token::Alternatives(b)) => {
            a.iter().zip(b.iter()).all(|(a, b)| are_same(a, b))
        }
        #[cfg(feature = "json")]
        (Token::JsonPath(a), Token::JsonPath(b)) => a == b,
        _ => false,
    };
    a.len() == b.len() && a.iter().zip(b).all(is_same)
}
