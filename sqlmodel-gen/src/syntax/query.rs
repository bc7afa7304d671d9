//! Reads views and queries. Their SQL is not looked into here.

use sqlmodel_sql::Dialect;

use crate::source::Span;
use crate::syntax::reader::{Context, Reader};
use crate::syntax::{
    Name, Node, Page, Query, Shape, Spanned, Sql, SqlFunction, Table, Value, View, slot,
};

pub(super) fn parse_view(cx: &mut Context<'_>, name: &Name, table: &Table, span: Span) -> View {
    let mut reader = Reader::new(cx, table, span, "a view");
    let view = View {
        name: name.clone(),
        doc: reader.doc(),
        sql_name: reader.string("table"),
        schema: reader.string("schema"),
        key: reader.strings("key").unwrap_or_default(),
        sql: parse_statement(&mut reader, None),
        columns: reader.string_map("columns"),
        derive: reader.strings("derive").unwrap_or_default(),
    };
    reader.finish();
    view
}

pub(super) fn parse_function(
    cx: &mut Context<'_>,
    name: &Name,
    table: &Table,
    span: Span,
) -> SqlFunction {
    let mut reader = Reader::new(cx, table, span, "a function");
    // Documentation is for readers of the schema: nothing is generated.
    reader.doc();
    let function = SqlFunction {
        name: name.clone(),
        args: reader.strings("args").unwrap_or_default(),
        optional: reader.integer("optional"),
        variadic: reader.is_true("variadic"),
        returns: reader.string("returns"),
        strict: reader.boolean("strict"),
        aggregate: reader.is_true("aggregate"),
        dialects: reader.dialects("dialects"),
    };
    if reader.get("returns").is_none() {
        reader.missing(&["returns"], "returns = \"i64\"");
    }
    reader.finish();
    function
}

pub(super) fn parse_query(cx: &mut Context<'_>, table: &Table, span: Span) -> Query {
    let mut reader = Reader::new(cx, table, span, "a query");
    let name = reader.string("name");
    if reader.get("name").is_none() {
        reader.missing(&["name"], "name = \"all_heroes\"");
    }
    let mut dialect_returns = Vec::new();
    let query = Query {
        name,
        doc: reader.doc(),
        sql: parse_statement(&mut reader, Some(&mut dialect_returns)),
        dialect_returns,
        dialects: reader.dialects("dialects"),
        returns: reader.string("returns"),
        row: reader.string("row"),
        params: reader.string_map("params"),
        columns: reader.string_map("columns"),
        shape: parse_shape(&mut reader),
        order: reader.string_map("order"),
        attrs: reader.strings("attrs").unwrap_or_default(),
        deprecated: reader.flag("deprecated"),
        write: reader.boolean("write"),
        tx: reader.is_true("tx"),
        timeout: reader.string("timeout"),
        cache: reader.boolean("cache"),
        batch: reader.boolean("batch"),
        page: parse_page(&mut reader),
        raw: reader.is_true("raw"),
        allow: reader.strings("allow").unwrap_or_default(),
        span,
    };
    reader.finish();
    query
}

/// Reads `sql`, and the replacements in `dialect`.
fn parse_statement(reader: &mut Reader<'_, '_>, returns: Option<&mut Vec<(Dialect, Name)>>) -> Sql {
    let mut sql = reader.sql("sql");
    if let Some(node) = reader.get("dialect") {
        match &node.value {
            Value::Table(table) => {
                parse_replacements(reader.cx, table, node.span, &mut sql, returns);
            }
            _ => {
                reader.cx.wrong_kind::<()>(node, "dialect", "a table");
            }
        }
    }
    if sql.is_none() && reader.get("sql").is_none() {
        reader.missing(&["sql"], "sql = \"SELECT ..\"");
    }
    sql
}

/// Reads the texts of single dialects, and of queries what those return.
fn parse_replacements(
    cx: &mut Context<'_>,
    table: &Table,
    span: Span,
    sql: &mut Sql,
    mut returns: Option<&mut Vec<(Dialect, Name)>>,
) {
    let mut reader = Reader::new(cx, table, span, "`dialect`");
    for dialect in Dialect::ALL {
        let Some(node) = reader.get(dialect.name()) else {
            continue;
        };
        let Value::Table(table) = &node.value else {
            reader
                .cx
                .wrong_kind::<()>(node, dialect.name(), "a table such as `{ sql = \"..\" }`");
            continue;
        };
        let mut reader = Reader::new(reader.cx, table, node.span, "a dialect's query");
        if let Some(text) = reader.string("sql") {
            *slot(sql, dialect) = Some(text);
        }
        if let Some(returns) = &mut returns {
            returns.extend(reader.string("returns").map(|it| (dialect, it)));
        }
        reader.finish();
    }
    reader.finish();
}

fn parse_page(reader: &mut Reader<'_, '_>) -> Option<Page> {
    let node = reader.get("page")?;
    let Value::Table(table) = &node.value else {
        let expected = "a table such as `{ by = [\"id\"], size = 50 }`";
        return reader.cx.wrong_kind(node, "page", expected);
    };
    let mut reader = Reader::new(reader.cx, table, node.span, "`page`");
    let by = reader.get("by");
    if by.is_none() {
        reader.missing(&["by"], "by = [\"id\"]");
    }
    let page = Page {
        by: reader.strings("by").unwrap_or_default(),
        size: reader.integer("size"),
        unique: reader.is_true("unique"),
        derive: reader.strings("derive").unwrap_or_default(),
        span: node.span,
    };
    if let Some(by) = by.filter(|_| page.by.is_empty()) {
        reader.cx.empty(by.span, "by");
    }
    reader.finish();
    Some(page)
}

fn parse_shape(reader: &mut Reader<'_, '_>) -> Vec<(Name, Shape)> {
    let entries = reader.entries("shape");
    let parse = |cx: &mut Context<'_>, node: &Node| match &node.value {
        Value::String(alias) => Some(Shape::One(Spanned::new(alias.clone(), node.span))),
        Value::Array(items) => {
            let [item] = items.as_slice() else {
                return cx.wrong_kind(node, "shape", "an alias, or a list with one");
            };
            Some(Shape::Many(cx.string(item, "shape")?))
        }
        _ => cx.wrong_kind(node, "shape", "an alias, or a list with one"),
    };
    entries
        .iter()
        .filter_map(|(name, node)| Some((name.clone(), parse(reader.cx, node)?)))
        .collect()
}
