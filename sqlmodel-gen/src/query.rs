//! Finds out what the SQL of views and queries means, with the schema and without a database.
//!
//! A statement is cut into tokens, read into a tree of our own, and checked for each dialect and each set of optional blocks. What
//! comes out is one signature: parameters, columns, what may be NULL, and the text for each dialect.

mod catalog;
mod check;
#[cfg(feature = "cli")]
mod explain;
mod feature;
mod fragment;
mod functions;
mod lint;
mod one;
mod page;
mod params;
mod parse;
mod pieces;
#[cfg(any(feature = "sqlite", feature = "live"))]
mod place;
mod raw;
mod row;
mod text;
mod tree;
mod types;
mod variant;

use std::collections::BTreeMap;
use std::rc::Rc;

use self::catalog::{Catalog, Column, Source};
#[cfg(feature = "cli")]
pub(crate) use self::explain::{explain, text};
pub(crate) use self::fragment::check_fragments;
use self::one::Analysis;
#[cfg(any(feature = "sqlite", feature = "live"))]
pub(crate) use self::place::place;
#[cfg(any(feature = "sqlite", feature = "live"))]
pub(crate) use self::place::place_of;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::ir::{
    PartKind, Piece, Query, QueryColumn, Row, Schema, View, WrittenQuery, WrittenView, needed_by,
};
use crate::query::types::{Known, Ty};
use crate::source::SourceMap;

/// Returns the name of a type as the schema language spells it.
#[cfg(feature = "live")]
pub(crate) fn name_of(schema: &Schema, ty: &crate::ir::FieldType) -> String {
    one::known_of(ty, None).name(schema)
}

/// Analyzes the views and queries of a schema; `None` if there is an error in one.
pub(crate) fn analyze(
    mut schema: Schema,
    views: Vec<WrittenView>,
    queries: &[WrittenQuery],
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Option<Schema> {
    if views.is_empty() && queries.is_empty() {
        return (!diagnostics.has_errors()).then_some(schema);
    }
    let mut catalog = Catalog::new(&schema);
    for written in views {
        let view = view(&schema, &mut catalog, sources, written, diagnostics);
        schema.views.extend(view);
    }
    for written in queries {
        let analysis = Analysis {
            schema: &schema,
            catalog: &catalog,
            sources,
        };
        match analysis.query(written) {
            Ok((query, warnings)) => {
                schema.queries.push(query);
                warnings.into_iter().for_each(|it| diagnostics.push(it));
            }
            Err(found) => found.into_iter().for_each(|it| diagnostics.push(it)),
        }
    }
    check_type_names(&schema, diagnostics);
    (!diagnostics.has_errors()).then_some(schema)
}

/// Reports types of one name among those that a module's queries have.
fn check_type_names(schema: &Schema, diagnostics: &mut Diagnostics) {
    let mut seen: BTreeMap<(usize, String), &Query> = BTreeMap::new();
    for query in &schema.queries {
        for name in type_names(query) {
            let Some(other) = seen.insert((query.module, name.clone()), query) else {
                continue;
            };
            let message = format!("two types of the queries are called `{name}` in Rust");
            let diagnostic = Diagnostic::new(&codes::DUPLICATE_NAME, query.span, message);
            diagnostics.push(match std::ptr::eq(other, query) {
                true => diagnostic
                    .label("both are made for this query")
                    .help("give the part of `shape` another name"),
                false => diagnostic
                    .label("made for this query")
                    .related(other.span, "and for this one")
                    .help("give one of them another name"),
            });
        }
    }
}

/// The names of the types that are written for a query.
fn type_names(query: &Query) -> Vec<String> {
    let base = row::camel(&query.name);
    let mut names = Vec::new();
    match &query.row {
        Row::Struct {
            name, home: None, ..
        } => names.push(name.clone()),
        Row::Nested { name, parts } => {
            names.push(name.clone());
            names.extend(parts.iter().filter_map(|it| match &it.kind {
                PartKind::Struct { name, .. } => Some(name.clone()),
                PartKind::Column(_) | PartKind::Model(_) => None,
            }));
        }
        Row::Struct { home: Some(_), .. }
        | Row::None
        | Row::Ignored
        | Row::Scalar(_)
        | Row::Model(_)
        | Row::View(_) => {}
    }
    let others = [
        (!query.orders.is_empty(), "Order"),
        (query.page.is_some(), "Cursor"),
        (query.options.batch.is_some(), "Params"),
    ];
    let others = others.iter().filter(|(is_there, _)| *is_there);
    names.extend(others.map(|(_, end)| format!("{base}{end}")));
    names
}

/// Reports what cannot be read in views and queries of a schema with mistakes, where their names mean nothing yet.
pub(crate) fn check_syntax(
    views: &[WrittenView],
    queries: &[WrittenQuery],
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) {
    let of_views = views.iter().map(|view| (&view.sql, [].as_slice()));
    let of_queries = queries
        .iter()
        .filter(|query| !query.is_raw)
        .map(|query| (&query.sql, query.order.as_slice()));
    for (sql, orders) in of_views.chain(of_queries) {
        let texts = [&sql.portable, &sql.sqlite, &sql.postgres, &sql.mysql];
        for text in texts.into_iter().flatten() {
            one::syntax(text, orders, sources)
                .into_iter()
                .for_each(|it| diagnostics.push(it));
        }
    }
}

/// Reports derives that the row of a view cannot have.
fn check_derives(
    schema: &Schema,
    view: &WrittenView,
    columns: &[QueryColumn],
    diagnostics: &mut Diagnostics,
) {
    for derive in &view.derive {
        // Nothing is known of a type of the user's.
        let is_known = |column: &&QueryColumn| {
            let field = column.rust.map(|field| &schema.fields[field]);
            field.is_none_or(|field| field.rust.is_none())
        };
        let mut lacking = columns.iter().filter(is_known);
        let lacking = lacking.find(|column| !schema.has(&column.ty, &derive.value));
        let is_asked = |name: &&str| view.derive.iter().any(|it| it.value == **name);
        let needed = needed_by(&derive.value).iter();
        let missing = needed.copied().find(|name| !is_asked(name));
        let (why, help) = match (missing, lacking) {
            (Some(missing), _) => (
                format!("it needs `{missing}` beside it"),
                format!("add `\"{missing}\"`"),
            ),
            (None, Some(column)) => (
                format!("the type of `{}` does not have it", column.name),
                "remove it".to_owned(),
            ),
            (None, None) => continue,
        };
        let message = format!("`{}` cannot be derived: {why}", derive.value);
        diagnostics
            .push(Diagnostic::new(&codes::CONFLICTING_KEYS, derive.span, message).help(help));
    }
}

/// Analyzes a view and makes it known to what comes after it.
fn view(
    schema: &Schema,
    catalog: &mut Catalog,
    sources: &SourceMap,
    written: WrittenView,
    diagnostics: &mut Diagnostics,
) -> Option<View> {
    let analysis = Analysis {
        schema,
        catalog,
        sources,
    };
    if let Some(found) = one::switched(&written.sql, sources) {
        diagnostics.push(found);
        return None;
    }
    let found = analysis.select(
        &written.name,
        &written.sql,
        &schema.dialects,
        &written.columns,
    );
    let signature = match found {
        Ok(signature) => signature,
        Err(found) => {
            found.into_iter().for_each(|it| diagnostics.push(it));
            // What reads the view is not blamed for it.
            return None;
        }
    };
    if let Some(name) = signature.params.first() {
        let message = format!("a view has no parameters, and this one has `:{name}`");
        diagnostics.push(
            Diagnostic::new(&codes::PARAM_TYPE, written.name.span, message).help(
                "select the column that it is compared with, and let queries of the view filter it",
            ),
        );
        return None;
    }
    check_derives(schema, &written, &signature.columns, diagnostics);
    let mut key = Vec::new();
    for name in &written.key {
        match signature
            .columns
            .iter()
            .position(|it| it.name == name.value)
        {
            Some(at) => {
                if let Some(column) = signature.columns.get(at).filter(|it| it.ty.is_nullable) {
                    let message = format!("`{}` may be NULL, and identifies no row", column.name);
                    diagnostics.push(
                        Diagnostic::new(&codes::NULLABLE_KEY, name.span, message)
                            .note(column.reason.clone())
                            .help(format!(
                                "name another column, or say that it is never NULL: `columns = {{ {} = \"!\" }}`",
                                column.name
                            )),
                    );
                }
                key.push(at);
            }
            None => {
                let names: Vec<&str> = signature
                    .columns
                    .iter()
                    .map(|it| it.name.as_str())
                    .collect();
                let message = format!(
                    "the view `{}` has no column `{}`",
                    written.name.value, name.value
                );
                diagnostics.push(
                    Diagnostic::new(&codes::UNKNOWN_COLUMN, name.span, message)
                        .help(format!("its columns are {}", crate::syntax::list(&names))),
                );
            }
        }
    }
    let columns = signature.columns.iter().map(|it| Column {
        name: it.name.clone(),
        ty: Ty::Known(Known {
            scalar: it.ty.scalar,
            is_array: it.ty.is_array,
            rust: it.rust,
        }),
        is_nullable: it.ty.is_nullable,
        is_hidden: it.is_hidden,
        reason: format!(
            "column `{}.{}`, {}",
            written.sql_name,
            it.name,
            if it.ty.is_nullable {
                "nullable"
            } else {
                "not null"
            }
        )
        .into(),
    });
    catalog.add(
        written.sql_schema.as_deref(),
        &written.sql_name,
        Source {
            columns: Rc::new(columns.collect()),
            table: None,
            keys: Rc::new(match key.is_empty() {
                true => Vec::new(),
                false => vec![key.clone()],
            }),
        },
    );
    let text = |pieces: &[Piece]| -> String {
        let texts = pieces.iter().map(|it| {
            if let Piece::Text(text) = it {
                text.as_str()
            } else {
                ""
            }
        });
        texts.collect()
    };
    Some(View {
        columns: signature.columns,
        key,
        texts: signature
            .texts
            .iter()
            .map(|(dialect, pieces)| (*dialect, text(pieces)))
            .collect(),
        written,
    })
}
