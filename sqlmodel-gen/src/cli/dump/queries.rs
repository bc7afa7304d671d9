//! Views and queries in the dump.

use sqlmodel_sql::Dialect;

use super::{fact, module_name, objects, scalar_name, strings, text};
use crate::diagnostic::JsonWriter;
use crate::ir::{
    FieldId, FieldType, Page, PageKey, PartKind, PartNumber, Piece, Query, QueryBlock, QueryColumn,
    QueryOptions, QueryParam, Row, RowPart, Schema, View,
};
use crate::query;

pub(super) fn view(json: &mut JsonWriter, schema: &Schema, view: &View) {
    let View {
        written,
        columns,
        key,
        texts,
    } = view;
    json.key("name").string(&written.name.value);
    json.key("module")
        .string(module_name(schema, written.module));
    text(json, "doc", written.doc.as_deref());
    json.key("view").string(&written.sql_name);
    text(json, "schema", written.sql_schema.as_deref());
    let names = key.iter().filter_map(|at| columns.get(*at));
    strings(json, "key", names.map(|it| it.name.as_str()));
    objects(json, "columns", columns, |json, it| {
        column(json, schema, it);
    });
    per_dialect(json, texts.iter().map(|(it, text)| (*it, text.clone())));
}

pub(super) fn query(json: &mut JsonWriter, schema: &Schema, query: &Query) {
    let Query {
        name,
        module,
        doc,
        returns,
        params,
        blocks,
        orders,
        row: becomes,
        texts,
        columns,
        sql: _,
        options,
        is_write,
        page,
        span: _,
    } = query;
    json.key("name").string(name);
    json.key("module").string(module_name(schema, *module));
    text(json, "doc", doc.as_deref());
    json.key("returns").string(returns.name());
    fact(json, "write", *is_write);
    options_of(json, options);
    objects(json, "params", params, |json, it| {
        param(json, schema, query, it);
    });
    objects(json, "blocks", blocks, |json, it| {
        let QueryBlock { name, params: on } = it;
        json.key("name").string(name);
        let names = on.iter().filter_map(|at| params.get(*at));
        strings(json, "params", names.map(|it| it.name.as_str()));
    });
    objects(json, "orders", orders, |json, (name, order)| {
        json.key("name").string(name);
        json.key("sql").string(order);
    });
    objects(json, "columns", columns, |json, it| {
        column(json, schema, it);
    });
    if let Some(of_query) = page {
        json.key("page").object(|json| pages(json, of_query));
    }
    json.key("row").object(|json| row(json, schema, becomes));
    let written = |pieces: &[Piece]| query::text(query, pieces);
    per_dialect(
        json,
        texts.iter().map(|(it, pieces)| (*it, written(pieces))),
    );
}

fn pages(json: &mut JsonWriter, page: &Page) {
    let Page {
        keys,
        size,
        first_param,
        derive: _,
    } = page;
    let size = usize::try_from(*size).unwrap_or(usize::MAX);
    json.key("size").number(size);
    objects(json, "keys", keys, |json, it| {
        let PageKey {
            column,
            is_descending,
            path,
        } = it;
        json.key("name").string(&column.name);
        fact(json, "descending", *is_descending);
        json.key("path").string(path);
    });
    json.key("first_param").number(*first_param);
}

fn options_of(json: &mut JsonWriter, options: &QueryOptions) {
    let QueryOptions {
        attrs,
        deprecated,
        needs_transaction,
        timeout,
        is_once,
        batch,
    } = options;
    if !attrs.is_empty() {
        strings(json, "attrs", attrs.iter().map(String::as_str));
    }
    text(json, "deprecated", deprecated.as_deref());
    fact(json, "transaction", *needs_transaction);
    if let Some(timeout) = timeout {
        let millis = usize::try_from(timeout.as_millis()).unwrap_or(usize::MAX);
        json.key("timeout_ms").number(millis);
    }
    fact(json, "once", *is_once);
    fact(json, "batch", batch.is_some());
}

fn param(json: &mut JsonWriter, schema: &Schema, query: &Query, param: &QueryParam) {
    let QueryParam {
        name,
        ty,
        rust,
        is_list,
        block,
        reason,
    } = param;
    json.key("name").string(name);
    field_type(json, schema, ty, *rust);
    fact(json, "list", *is_list);
    let block = block.and_then(|at| query.blocks.get(at));
    text(json, "block", block.map(|it| it.name.as_str()));
    json.key("reason").string(reason);
}

fn column(json: &mut JsonWriter, schema: &Schema, column: &QueryColumn) {
    let QueryColumn {
        name,
        ty,
        rust,
        reason,
        is_hidden,
    } = column;
    json.key("name").string(name);
    field_type(json, schema, ty, *rust);
    fact(json, "hidden", *is_hidden);
    json.key("reason").string(reason);
}

fn field_type(json: &mut JsonWriter, schema: &Schema, ty: &FieldType, rust: Option<FieldId>) {
    json.key("type").string(&scalar_name(schema, ty.scalar));
    fact(json, "array", ty.is_array);
    fact(json, "nullable", ty.is_nullable);
    let path = rust.and_then(|id| schema.fields[id].rust.as_ref());
    text(json, "rust", path.map(|it| it.path.as_str()));
}

fn row(json: &mut JsonWriter, schema: &Schema, row: &Row) {
    let kind = match row {
        Row::None => "none",
        Row::Ignored => "ignored",
        Row::Scalar(_) => "scalar",
        Row::Model(_) => "model",
        Row::View(_) => "view",
        Row::Struct { .. } => "struct",
        Row::Nested { .. } => "nested",
    };
    json.key("kind").string(kind);
    match row {
        Row::None | Row::Ignored | Row::Scalar(_) => {}
        Row::Model(id) => json.key("name").string(&schema.models[*id].name),
        Row::View(at) => {
            let view = schema.views.get(*at);
            text(json, "name", view.map(|it| it.written.name.value.as_str()));
        }
        Row::Struct {
            name,
            columns: _,
            home: _,
        } => json.key("name").string(name),
        Row::Nested { name, parts } => {
            json.key("name").string(name);
            objects(json, "parts", parts, |json, it| part(json, schema, it));
        }
    }
}

fn part(json: &mut JsonWriter, schema: &Schema, part: &RowPart) {
    let RowPart {
        name,
        kind,
        number,
        at,
        key: _,
    } = part;
    json.key("name").string(name);
    json.key("number").string(match number {
        PartNumber::One => "one",
        PartNumber::Optional => "optional",
        PartNumber::Many => "many",
    });
    json.key("first_column").number(*at);
    let (kind, of) = match kind {
        PartKind::Column(_) => ("column", None),
        PartKind::Model(id) => ("model", Some(&schema.models[*id].name)),
        PartKind::Struct { name, columns: _ } => ("struct", Some(name)),
    };
    json.key("kind").string(kind);
    text(json, "of", of.map(String::as_str));
}

fn per_dialect(json: &mut JsonWriter, texts: impl Iterator<Item = (Dialect, String)>) {
    json.key("sql").object(|json| {
        for (dialect, sql) in texts {
            json.key(dialect.name()).string(&sql);
        }
    });
}
