//! What is legal in a query and probably not meant: warnings, each of which `allow` takes back by its name.

use crate::diagnostic::{Code, Diagnostic, codes, nearest};
use crate::ir::{Returns, Schema, WrittenQuery};
use crate::query::catalog::Catalog;
use crate::query::check::Checked;
use crate::query::one::{InDialect, known_of};
use crate::query::page::identify;
use crate::query::tree::{ExprKind, Statement};
use crate::source::Span;
use crate::syntax::list;

/// The warnings about queries.
const LINTS: &[&Code] = &[
    &codes::UNFILTERED_WRITE,
    &codes::LIMIT_WITHOUT_ORDER,
    &codes::ONE_ROW_AT_MOST,
    &codes::LOCK_OUTSIDE_TRANSACTION,
    &codes::REDUNDANT_COLUMN,
];

/// What a statement shows by itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Habits {
    /// Whether it writes all rows of a table.
    is_unfiltered: bool,
    /// Whether it takes some of many rows, whichever come first.
    is_some_of_many: bool,
    /// Whether it returns a row or none, because of a key or `LIMIT 1`.
    has_one_row: bool,
}

impl Habits {
    /// Looks at a statement that was found to be right.
    pub(super) fn of(statement: &Statement, catalog: &Catalog, checked: &Checked) -> Self {
        let is_row = identify(statement, catalog, &checked.outputs, &[]);
        match statement {
            Statement::Query(query) => {
                let limit = query.limit.as_ref().map(|it| &*it.kind);
                let is_one = matches!(limit, Some(ExprKind::Number(number)) if number == "1");
                Self {
                    is_unfiltered: false,
                    is_some_of_many: limit.is_some() && query.order.is_empty() && !is_row,
                    has_one_row: is_one || is_row,
                }
            }
            Statement::Update(update) => Self {
                is_unfiltered: update.filter.is_none() && update.from.is_empty(),
                ..Self::default()
            },
            Statement::Delete(delete) => Self {
                is_unfiltered: delete.filter.is_none() && delete.using.is_empty(),
                ..Self::default()
            },
            Statement::Insert(_) => Self::default(),
        }
    }

    /// Adds what another set of blocks shows.
    pub(super) fn merge(&mut self, other: Self) {
        self.is_unfiltered |= other.is_unfiltered;
        self.is_some_of_many |= other.is_some_of_many;
        self.has_one_row &= other.has_one_row;
    }
}

/// Returns the warnings about a query, without those that it allows.
pub(super) fn lint(
    schema: &Schema,
    written: &WrittenQuery,
    returns: Returns,
    found: &[InDialect],
) -> Vec<Diagnostic> {
    if written.is_raw {
        return allowed(written, Vec::new());
    }
    let name = &written.name.value;
    let any = |is_so: fn(&Habits) -> bool| found.iter().find(|it| is_so(&it.checked.habits));
    let place = |one: &InDialect| one.place().unwrap_or(written.name.span);
    let mut warnings = Vec::new();
    if let Some(one) = any(|it| it.is_unfiltered) {
        let message = format!("the query `{name}` writes all rows of its table");
        warnings.push(
            Diagnostic::new(&codes::UNFILTERED_WRITE, place(one), message)
                .label("there is no WHERE")
                .help("add WHERE; if all rows are meant: `allow = [\"unfiltered_write\"]`"),
        );
    }
    if let Some(one) = any(|it| it.is_some_of_many).filter(|_| returns != Returns::Exists) {
        let message = format!("the query `{name}` returns some of many rows, whichever come first");
        warnings.push(
            Diagnostic::new(&codes::LIMIT_WITHOUT_ORDER, place(one), message)
                .label("there is a LIMIT and no ORDER BY")
                .help("add `ORDER BY`; if any rows will do: `allow = [\"limit_without_order\"]`"),
        );
    }
    if returns == Returns::Many
        && written.returns.is_none()
        && written.shape.is_empty()
        && !found.is_empty()
        && found.iter().all(|it| it.checked.habits.has_one_row)
    {
        let message = format!("the query `{name}` has one row at most, and returns a list");
        warnings.push(
            Diagnostic::new(&codes::ONE_ROW_AT_MOST, written.name.span, message)
                .help("add `returns = \"optional\"`"),
        );
    }
    let mut locking = found.iter().filter(|it| it.checked.is_locking);
    if let Some(one) = locking
        .next()
        .filter(|_| !written.options.needs_transaction)
    {
        let message = format!(
            "the query `{name}` may run outside of a transaction, where its lock ends with it"
        );
        warnings.push(
            Diagnostic::new(&codes::LOCK_OUTSIDE_TRANSACTION, place(one), message)
                .help("add `tx = true`"),
        );
    }
    warnings.extend(redundant(schema, written, found));
    allowed(written, warnings)
}

/// Warns of columns for which nothing is stated but what was found out.
fn redundant<'a>(
    schema: &'a Schema,
    written: &'a WrittenQuery,
    found: &'a [InDialect],
) -> impl Iterator<Item = Diagnostic> + 'a {
    let is_found = |one: &InDialect, name: &str, at: usize| {
        let mut outputs = one.checked.outputs.iter();
        let output = outputs.find(|it| it.name.as_deref() == Some(name));
        let stated = written.columns.get(at);
        output.zip(stated).is_some_and(|(output, stated)| {
            let is_type = stated.ty.as_ref().is_none_or(|ty| {
                let known = output.typed.known();
                known.is_some_and(|it| it.is_same(known_of(ty, None), schema))
            });
            let is_nullable = stated.is_nullable;
            is_type && is_nullable.is_none_or(|it| it == output.typed.is_nullable)
        })
    };
    let columns = written.columns.iter().enumerate();
    columns
        .filter(move |(at, it)| found.iter().all(|one| is_found(one, &it.name.value, *at)))
        .map(|(_, it)| {
            let message = format!("the column `{}` is what is stated anyway", it.name.value);
            Diagnostic::new(&codes::REDUNDANT_COLUMN, it.text.span, message).help("remove it")
        })
}

/// Takes the warnings away that a query allows, and reports words of `allow` that allow nothing.
fn allowed(written: &WrittenQuery, mut warnings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    for word in &written.allow {
        let Some(lint) = LINTS.iter().find(|it| it.name == word.value) else {
            warnings.push(unknown(&word.value, word.span));
            continue;
        };
        let n_before = warnings.len();
        warnings.retain(|it| it.code != *lint);
        if warnings.len() == n_before {
            let message = format!("`{}` is allowed, and nothing is warned of", word.value);
            warnings.push(Diagnostic::new(&codes::UNUSED, word.span, message).help("remove it"));
        }
    }
    warnings
}

fn unknown(word: &str, span: Span) -> Diagnostic {
    let names: Vec<&str> = LINTS.iter().map(|it| it.name).collect();
    let message = format!("`{word}` is not a value of `allow`");
    let diagnostic = Diagnostic::new(&codes::UNKNOWN_WORD, span, message)
        .help(format!("`allow` is one of {}", list(&names)));
    match nearest(word, names) {
        Some(near) => diagnostic.meant(near),
        None => diagnostic,
    }
}
