//! Keyset pages: the keys in the columns of the result, the proof that they tell rows apart, and the text around the user's.

use std::collections::BTreeSet;

use sqlmodel_sql::{Dialect, quote};

use crate::diagnostic::{Diagnostic, codes, nearest};
use crate::ir::{
    Page, PageKey, PartKind, PartNumber, Piece, QueryBlock, QueryColumn, QueryParam, Returns, Row,
    Schema, SourceText, WrittenPage, WrittenQuery,
};
use crate::query::catalog::{Catalog, Source};
use crate::query::check::{Action, Checked, Output};
use crate::query::one::{InDialect, known_of};
use crate::query::pieces::push;
use crate::query::tree::{
    Constraint, Expr, ExprKind, Factor, From, Item, JoinKind, Operator, Select, Statement, Term,
};
use crate::query::types::Class;
use crate::syntax::list;

type Found<T> = Result<T, Vec<Diagnostic>>;

/// A query whose row is known, and the page that is asked for.
pub(super) struct Paged<'a> {
    pub(super) schema: &'a Schema,
    pub(super) written: &'a WrittenQuery,
    pub(super) page: &'a WrittenPage,
    pub(super) columns: &'a [QueryColumn],
    pub(super) row: &'a Row,
}

/// What stands at the end of a SELECT, or makes it no table.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ending {
    pub(super) has_order: bool,
    pub(super) has_limit: bool,
}

impl Ending {
    pub(super) fn of(statement: &Statement) -> Self {
        match statement {
            Statement::Query(query) => Self {
                has_order: !query.order.is_empty(),
                has_limit: query.limit.is_some() || query.offset.is_some(),
            },
            Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => Self::default(),
        }
    }
}

impl Paged<'_> {
    fn fail<T>(&self, message: impl Into<String>, help: &str) -> Found<T> {
        Err(vec![
            Diagnostic::new(&codes::QUERY_OPTION, self.page.span, message).help(help),
        ])
    }

    /// Checks the statement, and adds the parameters of the page to those of the query.
    pub(super) fn finish(
        &self,
        returns: Returns,
        found: &[InDialect],
        params: &mut Vec<QueryParam>,
        blocks: &mut Vec<QueryBlock>,
    ) -> Found<Page> {
        let is_select =
            |it: &InDialect| it.checked.action == Action::Select && !it.checked.has_writes;
        if !found.iter().all(is_select) {
            return self.fail("a page is of a SELECT, and this writes", "remove `page`");
        }
        let is_gathered = matches!(self.row, Row::Nested { parts, .. } if parts.iter().any(|it| it.number == PartNumber::Many));
        if returns != Returns::Many {
            return self.fail("a page has many rows", "remove `page`, or `returns`");
        }
        if is_gathered {
            return self.fail(
                "a page counts rows, and a value here is collected from any number of them",
                "page the query of what they are collected for, and read the others by its keys: `WHERE post_id IN (:ids)`",
            );
        }
        let any = |is_so: fn(&Checked) -> bool| found.iter().any(|it| is_so(&it.checked));
        if !self.written.order.is_empty() {
            return self.fail(
                "a place in one order is none in another, and the orders of a page are not chosen",
                "remove `order`, and write a query with a page for each; they may share `row`",
            );
        }
        if any(|it| it.ending.has_order) {
            return self.fail(
                "a page has its own order",
                "remove ORDER BY from the SQL, and say it in `by`",
            );
        }
        if any(|it| it.ending.has_limit || it.is_locking) {
            return self.fail(
                "a page has its own LIMIT, and locks nothing",
                "remove what stands at the end of the SQL",
            );
        }
        if self.written.options.batch.is_some() {
            return self.fail("a batch has no pages", "remove `page` or `batch`");
        }
        let mut names = BTreeSet::new();
        if let Some(column) = self.columns.iter().find(|it| !names.insert(&it.name)) {
            return self.fail(
                format!("two columns of the page are called `{}`", column.name),
                "give each column a name of its own: `AS name`",
            );
        }
        let (mut keys, mut diagnostics) = (Vec::new(), Vec::new());
        for (name, is_descending) in &self.page.by {
            match self.key(name, *is_descending) {
                Ok(key) if keys.iter().any(|it: &PageKey| it.column == key.column) => {
                    let message = format!("`{}` is a key of the page twice", key.column.name);
                    diagnostics.push(
                        Diagnostic::new(&codes::QUERY_OPTION, name.span, message).help("remove it"),
                    );
                }
                Ok(key) => keys.push(key),
                Err(found) => diagnostics.push(*found),
            }
        }
        if !diagnostics.is_empty() {
            return Err(diagnostics);
        }
        if !self.page.is_unique && any(|it| !it.has_row_key) {
            return self.fail(
                "nothing proves that the keys of the page tell rows apart, and rows with equal keys would be lost between pages",
                "end `by` with a key of each table that a row is made of, or say `unique = true`",
            );
        }
        let block = blocks.len();
        let first_param = params.len();
        let of_page = |name: String, column: &QueryColumn, block, reason: String| QueryParam {
            name,
            ty: column.ty.clone(),
            rust: column.rust,
            is_list: false,
            block,
            reason,
        };
        for key in &keys {
            let name = format!("after_{}", key.column.name);
            let reason = format!("`{}` of the row before the page", key.column.name);
            params.push(of_page(name, &key.column, Some(block), reason));
        }
        let reason = "the rows of the page, and one that tells whether there are more";
        params.push(QueryParam {
            name: "page_size".to_owned(),
            ty: crate::ir::FieldType {
                scalar: crate::ir::Scalar::Builtin(crate::ir::Builtin::I64),
                is_array: false,
                is_nullable: false,
            },
            rust: None,
            is_list: false,
            block: None,
            reason: reason.to_owned(),
        });
        let mut names = BTreeSet::new();
        if let Some(param) = params.iter().find(|it| !names.insert(&it.name)) {
            let message = format!("the parameter `:{}` has a name of the page's", param.name);
            return self.fail(message, "call it something else");
        }
        blocks.push(QueryBlock {
            name: "after".to_owned(),
            params: (first_param..first_param + keys.len()).collect(),
        });
        Ok(Page {
            keys,
            size: self.page.size,
            first_param,
            derive: self.page.derive.clone(),
        })
    }

    fn key(&self, name: &SourceText, is_descending: bool) -> Result<PageKey, Box<Diagnostic>> {
        let at = |message| Diagnostic::new(&codes::QUERY_OPTION, name.span, message);
        let Some(column) = self.columns.iter().find(|it| it.name == name.value) else {
            let names: Vec<&str> = self.columns.iter().map(|it| it.name.as_str()).collect();
            let message = format!("the query has no column `{}`", name.value);
            let diagnostic = Diagnostic::new(&codes::UNKNOWN_COLUMN, name.span, message);
            return Err(Box::new(
                match nearest(&name.value, names.iter().copied()) {
                    Some(near) => diagnostic.meant(near),
                    None => diagnostic.help(format!("its columns are {}", list(&names))),
                },
            ));
        };
        if column.ty.is_nullable {
            let message = format!("`{}` may be NULL, and is behind no row", column.name);
            let help = format!(
                "order by another column, or say that it is never NULL: `columns = {{ {} = \"!\" }}`",
                column.name
            );
            return Err(Box::new(at(message).note(column.reason.clone()).help(help)));
        }
        match known_of(&column.ty, column.rust).class(self.schema) {
            Class::Float => {
                let message = format!("`{}` is a float, and equal to itself by luck", column.name);
                return Err(Box::new(at(message).help("order by something exact")));
            }
            Class::Json | Class::Array => {
                let message = format!("`{}` has no order", column.name);
                return Err(Box::new(
                    at(message).help("order by a number, a text or a time"),
                ));
            }
            Class::Bool
            | Class::Int
            | Class::Decimal
            | Class::Text
            | Class::Bytes
            | Class::Uuid
            | Class::Time
            | Class::Duration => {}
        }
        if self.is_optional(column) {
            let message = format!(
                "`{}` is never NULL in the query, and an `Option` in its row",
                column.name
            );
            return Err(Box::new(
                at(message).help("leave out `row`: the query has a struct of its own"),
            ));
        }
        let Some(path) = self.path(column) else {
            let message = format!("`{}` is in a part that a row may be without", column.name);
            return Err(Box::new(at(message)));
        };
        Ok(PageKey {
            column: column.clone(),
            is_descending,
            path,
        })
    }

    /// Whether the field of a column may be NULL in a row that is not the query's own.
    fn is_optional(&self, column: &QueryColumn) -> bool {
        let is_it = |name: &str, is_nullable: bool| name == column.name && is_nullable;
        match self.row {
            Row::Model(model) => {
                let mut fields = self.schema.fields_of(*model).into_iter();
                fields.any(|id| {
                    let field = &self.schema.fields[id];
                    is_it(&field.column, field.ty.is_nullable)
                })
            }
            Row::View(at) => {
                let mut views = self.schema.views.get(*at).into_iter();
                views.any(|view| {
                    view.columns
                        .iter()
                        .any(|it| is_it(&it.name, it.ty.is_nullable))
                })
            }
            Row::Struct { columns, .. } => {
                columns.iter().any(|it| is_it(&it.name, it.ty.is_nullable))
            }
            Row::Nested { .. } | Row::None | Row::Ignored | Row::Scalar(_) => false,
        }
    }

    /// Where a row has the value of a column, in Rust.
    fn path(&self, column: &QueryColumn) -> Option<String> {
        let of_model = |model| {
            let fields = self.schema.fields_of(model);
            let mut fields = fields.into_iter().map(|id| &self.schema.fields[id]);
            let field = fields.find(|it| it.column == column.name);
            field.map(|it| it.name.clone())
        };
        match self.row {
            Row::Model(model) => of_model(*model),
            Row::Struct { .. } | Row::View(_) => Some(column.name.clone()),
            Row::Nested { parts, .. } => parts.iter().find_map(|part| {
                let inside = match &part.kind {
                    PartKind::Column(it) => {
                        return (it.name == column.name).then(|| part.name.clone());
                    }
                    PartKind::Model(model) => of_model(*model),
                    PartKind::Struct { columns, .. } => columns
                        .iter()
                        .any(|it| it.name == column.name)
                        .then(|| column.name.clone()),
                };
                let inside = inside.filter(|_| part.number == PartNumber::One)?;
                Some(format!("{}.{inside}", part.name))
            }),
            Row::None | Row::Ignored | Row::Scalar(_) => None,
        }
    }
}

impl Page {
    /// Puts the text of a page around that of its rows: a table to select from, behind a row, in order, and so many.
    pub(super) fn wrap(
        &self,
        schema: &Schema,
        dialect: Dialect,
        block: usize,
        columns: &[QueryColumn],
        pieces: Vec<Piece>,
    ) -> Vec<Piece> {
        let name = |column: &QueryColumn| {
            let column = quote::identifier(dialect, &column.name);
            format!("{}.{column}", quote::identifier(dialect, "page"))
        };
        let compared = |key: &PageKey| {
            let class = known_of(&key.column.ty, key.column.rust).class(schema);
            let is_text = dialect == Dialect::Sqlite && class == Class::Decimal;
            let collation = if is_text {
                " COLLATE sqlmodel_decimal"
            } else {
                ""
            };
            format!("{}{collation}", name(&key.column))
        };
        let names: Vec<String> = columns.iter().map(name).collect();
        let mut out = vec![Piece::Text(format!("SELECT {} FROM (", names.join(", ")))];
        for piece in pieces {
            match piece {
                Piece::Text(text) => push(&mut out, &text),
                other => out.push(other),
            }
        }
        let page = quote::identifier(dialect, "page");
        push(&mut out, &format!(") AS {page} "));
        out.push(Piece::Block(block, self.behind(&compared)));
        let orders = self.keys.iter().map(|key| {
            let direction = if key.is_descending { " DESC" } else { "" };
            format!("{}{direction}", compared(key))
        });
        let orders: Vec<String> = orders.collect();
        out.push(Piece::Text(format!(
            " ORDER BY {} LIMIT ",
            orders.join(", ")
        )));
        out.push(Piece::Param(self.first_param + self.keys.len()));
        out
    }

    /// The condition for rows behind another: `a >= x AND (a > x OR a = x AND b > y)`; its first half is there for indexes.
    fn behind(&self, compared: &impl Fn(&PageKey) -> String) -> Vec<Piece> {
        let mut out = vec![Piece::Text("WHERE ".to_owned())];
        let mut compare = |before: &str, at: usize, key: &PageKey, operator: [&str; 2]| {
            let operator = operator[usize::from(key.is_descending)];
            out.push(Piece::Text(format!(
                "{before}{} {operator} ",
                compared(key)
            )));
            out.push(Piece::Param(self.first_param + at));
        };
        let (beyond, equal) = ([">", "<"], ["=", "="]);
        if let [only] = self.keys.as_slice() {
            compare("", 0, only, beyond);
            return out;
        }
        for (at, key) in self.keys.iter().enumerate() {
            if at == 0 {
                compare("", 0, key, [">=", "<="]);
                compare(" AND (", 0, key, beyond);
                continue;
            }
            for (position, before) in self.keys.iter().take(at).enumerate() {
                compare(
                    if position == 0 { " OR " } else { " AND " },
                    position,
                    before,
                    equal,
                );
            }
            compare(" AND ", at, key, beyond);
        }
        out.push(Piece::Text(")".to_owned()));
        out
    }
}

/// Two operands that are equal in every row, or only tell which row of an outer join's table there is.
struct Equation<'a> {
    left: &'a Expr,
    right: &'a Expr,
    /// The position of the outer join's table: of no other does the equation say anything.
    into: Option<usize>,
}

/// A table of FROM.
struct Relation<'a> {
    name: &'a str,
    source: &'a Source,
}

/// Whether the values of some columns of the result are those of one row alone, as far as can be proved.
pub(super) fn identify(
    statement: &Statement,
    catalog: &Catalog,
    outputs: &[Output],
    by: &[usize],
) -> bool {
    let Statement::Query(query) = statement else {
        return false;
    };
    let Term::Select(select) = &query.first else {
        return false;
    };
    if !query.rest.is_empty() || !select.distinct_on.is_empty() || select.has_totals {
        return false;
    }
    if select.is_distinct && by.len() == outputs.len() {
        return true;
    }
    if !select.group.is_empty() {
        return has_groups(select, by);
    }
    if !query.with.ctes.is_empty() {
        return false;
    }
    let mut relations = Vec::new();
    let mut equal = Vec::new();
    for from in &select.from {
        if !collect(from, catalog, &mut relations, &mut equal) {
            return false;
        }
    }
    conjuncts(select.filter.as_ref(), None, &mut equal);
    // The columns that are known once those of the keys are.
    let mut known: BTreeSet<(usize, usize)> = BTreeSet::new();
    for origin in by.iter().filter_map(|at| outputs.get(*at)?.origin.as_ref()) {
        let mut found = relations.iter().enumerate();
        if let Some((at, _)) = found.find(|(_, it)| it.name.eq_ignore_ascii_case(&origin.alias)) {
            known.insert((at, origin.column));
        }
    }
    let mut determined = vec![false; relations.len()];
    loop {
        let before = known.len();
        for (at, relation) in relations.iter().enumerate() {
            let columns = &relation.source.columns;
            let is_key = |key: &&Vec<usize>| {
                key.iter().all(|column| {
                    let is_never_null = columns.get(*column).is_some_and(|it| !it.is_nullable);
                    is_never_null && known.contains(&(at, *column))
                })
            };
            if relation.source.keys.iter().any(|key| is_key(&key)) {
                determined[at] = true;
                known.extend((0..columns.len()).map(|column| (at, column)));
            }
        }
        for equation in &equal {
            let sides = [
                operand(equation.left, &relations),
                operand(equation.right, &relations),
            ];
            let is_known = sides.map(|it| match it {
                Some(Some(column)) => known.contains(&column),
                Some(None) => true,
                None => false,
            });
            for (side, is_other_known) in sides.into_iter().zip([is_known[1], is_known[0]]) {
                let told = side.flatten().filter(|(relation, _)| {
                    is_other_known && equation.into.is_none_or(|it| it == *relation)
                });
                known.extend(told);
            }
        }
        if known.len() == before {
            return determined.iter().all(|it| *it);
        }
    }
}

/// Whether all that rows are grouped by is among some columns of the result.
fn has_groups(select: &Select, by: &[usize]) -> bool {
    let is_output = |group: &Expr| {
        by.iter().any(|at| match select.items.get(*at) {
            Some(Item::Expr(expr, alias)) => {
                let is_alias = match (&*group.kind, alias) {
                    (ExprKind::Column(names), Some(alias)) => names.as_slice() == [alias.clone()],
                    _ => false,
                };
                expr == group || is_alias || same_column(expr, group)
            }
            _ => false,
        })
    };
    let has_star = select.items.iter().any(|it| matches!(it, Item::Star(..)));
    !has_star && select.group.iter().all(is_output)
}

/// Whether one names a column with its table, and the other the same without: the text was found to be without doubt.
fn same_column(a: &Expr, b: &Expr) -> bool {
    match (&*a.kind, &*b.kind) {
        (ExprKind::Column(a), ExprKind::Column(b)) => {
            a.last() == b.last() && (a.len() == 1 || b.len() == 1)
        }
        _ => false,
    }
}

/// Collects the tables of a part of FROM, and what its joins say is equal; `false` where there is more than that.
fn collect<'a>(
    from: &'a From,
    catalog: &'a Catalog,
    relations: &mut Vec<Relation<'a>>,
    equal: &mut Vec<Equation<'a>>,
) -> bool {
    let first = relations.len();
    let factors = std::iter::once(&from.first).chain(from.joins.iter().map(|it| &it.factor));
    for factor in factors {
        let Factor::Table {
            schema,
            name,
            alias,
        } = factor
        else {
            return false;
        };
        let schema = schema.as_ref().map(|it| it.text.as_str());
        let Some(source) = catalog.find(schema, &name.text) else {
            return false;
        };
        let name = alias.as_ref().map_or(name, |it| &it.name);
        relations.push(Relation {
            name: &name.text,
            source,
        });
    }
    for (at, join) in from.joins.iter().enumerate() {
        match (join.kind, &join.constraint) {
            (JoinKind::Inner, Constraint::On(condition)) => {
                conjuncts(Some(condition), None, equal);
            }
            (JoinKind::Left, Constraint::On(condition)) => {
                conjuncts(Some(condition), Some(first + 1 + at), equal);
            }
            (JoinKind::Cross | JoinKind::Inner, Constraint::None) => {}
            _ => return false,
        }
    }
    true
}

/// Collects the equations that a condition is made of.
fn conjuncts<'a>(condition: Option<&'a Expr>, into: Option<usize>, equal: &mut Vec<Equation<'a>>) {
    let Some(condition) = condition else { return };
    match &*condition.kind {
        ExprKind::And(parts) => {
            for part in parts {
                conjuncts(Some(part), into, equal);
            }
        }
        ExprKind::Binary(Operator::Equal, left, right) => {
            equal.push(Equation { left, right, into });
        }
        _ => {}
    }
}

/// The column that an operand is, or `Some(None)` for what is the same in all rows; `None` for anything else.
fn operand(expr: &Expr, relations: &[Relation<'_>]) -> Option<Option<(usize, usize)>> {
    match &*expr.kind {
        ExprKind::Param(_) | ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Bool(_) => {
            Some(None)
        }
        ExprKind::Column(names) => {
            let column = names.last()?;
            let table = names.len().checked_sub(2).and_then(|at| names.get(at));
            let found = relations.iter().enumerate().filter_map(|(at, relation)| {
                let is_here = table.is_none_or(|it| it.is(relation.name));
                let columns = &relation.source.columns;
                let position = columns.iter().position(|it| column.is(&it.name))?;
                is_here.then_some((at, position))
            });
            let found: Vec<(usize, usize)> = found.collect();
            match found.as_slice() {
                [only] => Some(Some(*only)),
                _ => None,
            }
        }
        _ => None,
    }
}
