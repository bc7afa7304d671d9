//! One query: checked for every dialect and every set of blocks, and held to one signature.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use sqlmodel_sql::Dialect;

use crate::diagnostic::{Diagnostic, Severity, codes};
use crate::ir::{
    Builtin, FieldType, Piece, Query, QueryBlock, QueryColumn, QueryParam, QuerySql, Returns,
    Schema, SourceText, Statement, WrittenPage, WrittenQuery,
};
use crate::query::catalog::Catalog;
use crate::query::check::{Action, Checked, Declared, Output, check};
use crate::query::feature::Feature;
use crate::query::lint::{self, Habits};
use crate::query::page::{Paged, identify};
use crate::query::params::{Param, Params};
use crate::query::parse::{ParseError, ParseErrorKind, Variant, parse};
use crate::query::pieces::Writer;
use crate::query::text::{MarkerKind, Text, TokenKind};
use crate::query::types::{Class, Known, Typed, cast_name};
use crate::query::variant::Layout;
use crate::query::{raw, row};
use crate::source::{SourceMap, Span};
use crate::syntax::list;

/// What queries are checked against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Analysis<'a> {
    pub(super) schema: &'a Schema,
    pub(super) catalog: &'a Catalog,
    pub(super) sources: &'a SourceMap,
}

type Found<T> = Result<T, Vec<Diagnostic>>;

/// What a SELECT returns, and its text.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) params: Vec<String>,
    pub(super) columns: Vec<QueryColumn>,
    pub(super) texts: Vec<(Dialect, Vec<Piece>)>,
}

/// What a query is in one dialect.
pub(super) struct InDialect {
    pub(super) dialect: Dialect,
    pub(super) checked: Checked,
    texts: Vec<Text>,
    layout: Layout,
    /// The casts that stated types make.
    around: Vec<(u32, u32, String, String)>,
    /// Whether the text goes to the database as it is written.
    is_raw: bool,
}

/// What is to be checked: a query, or the SELECT of a view.
struct Asked<'a> {
    name: &'a SourceText,
    sql: &'a QuerySql,
    dialects: &'a [Dialect],
    columns: &'a [Statement],
    /// The query, for what views have not.
    query: Option<&'a WrittenQuery>,
}

/// Reads a statement's text, and the texts of its orders.
fn read(
    text: &SourceText,
    orders: &[(SourceText, SourceText)],
    sources: &SourceMap,
) -> Found<Vec<Text>> {
    let all = std::iter::once(text).chain(orders.iter().map(|(_, text)| text));
    let texts = all.map(|text| {
        Text::read(text, sources).map_err(|(error, span)| {
            let diagnostic = Diagnostic::new(&codes::SQL_SYNTAX, span, error.message);
            let help = error.help.unwrap_or(match error.is_unclosed {
                true => "add the sign that it began with at its end",
                false => "remove it",
            });
            vec![diagnostic.help(help)]
        })
    });
    texts.collect()
}

/// Returns why a text with all its blocks is no statement, whatever its names mean.
pub(super) fn syntax(
    text: &SourceText,
    orders: &[(SourceText, SourceText)],
    sources: &SourceMap,
) -> Vec<Diagnostic> {
    let texts = match read(text, orders, sources) {
        Ok(texts) => texts,
        Err(found) => return found,
    };
    let mut diagnostics = Vec::new();
    let [main, ..] = texts.as_slice() else {
        return diagnostics;
    };
    let layout = Layout::read(main, &mut diagnostics);
    if diagnostics.is_empty() {
        let variant = layout.variant(main, &texts, u32::MAX, None);
        diagnostics.extend(
            parse(&variant)
                .err()
                .map(|error| parse_error(error, &variant)),
        );
    }
    diagnostics
}

/// Reports a block or a place of orders in a view, which nobody calls.
pub(super) fn switched(sql: &QuerySql, sources: &SourceMap) -> Option<Diagnostic> {
    let texts = [&sql.portable, &sql.sqlite, &sql.postgres, &sql.mysql];
    texts.into_iter().flatten().find_map(|text| {
        let text = Text::read(text, sources).ok()?;
        let marker = text.markers.iter().find_map(|it| match it.kind {
            MarkerKind::If(_) => Some((it, "blocks")),
            MarkerKind::Order => Some((it, "orders")),
            MarkerKind::End | MarkerKind::Slip(_) => None,
        });
        let (marker, what) = marker?;
        let message = format!("a view is the same for all, and has no {what}");
        Some(
            Diagnostic::new(&codes::SQL_BLOCK, text.span(marker.range.clone()), message)
                .help("take it out, and write it in queries of the view"),
        )
    })
}

impl Analysis<'_> {
    /// Checks a SELECT that is no function: a view.
    pub(super) fn select(
        &self,
        name: &SourceText,
        sql: &QuerySql,
        dialects: &[Dialect],
        columns: &[Statement],
    ) -> Found<Signature> {
        let (mut found, columns) = self.in_dialects(&Asked {
            name,
            sql,
            dialects,
            columns,
            query: None,
        })?;
        let [first, ..] = found.as_slice() else {
            return Err(Vec::new());
        };
        if first.checked.action != Action::Select {
            return Err(vec![
                Diagnostic::new(&codes::RETURNS, name.span, "a view is a SELECT")
                    .help("write a SELECT, or make it a `[[query]]`"),
            ]);
        }
        named(&first.checked.places, &columns, name)?;
        let params = first.checked.params.order.clone();
        Ok(Signature {
            params,
            texts: found
                .iter_mut()
                .map(|it| {
                    (
                        it.dialect,
                        self.write(it, &BTreeMap::new(), &BTreeMap::new()),
                    )
                })
                .collect(),
            columns,
        })
    }

    /// Checks a query, and returns it with what is probably not meant.
    pub(super) fn query(&self, written: &WrittenQuery) -> Found<(Query, Vec<Diagnostic>)> {
        let (found, columns) = self.in_dialects(&Asked {
            name: &written.name,
            sql: &written.sql,
            dialects: &written.dialects,
            columns: &written.columns,
            query: Some(written),
        })?;
        let Some(first) = found.first() else {
            let names = self.schema.dialects.iter().map(|it| it.name());
            return Err(vec![
                Diagnostic::new(
                    &codes::SQL_MISSING,
                    written.name.span,
                    "the query is for no dialect of the schema",
                )
                .help(format!(
                    "the schema is for {}: name one of them in `dialects`, or remove the query",
                    list(&names.collect::<Vec<_>>())
                )),
            ]);
        };
        let (mut params, mut blocks) = self.params(written, &found)?;
        let (returns, each) = self.returns(written, &found)?;
        let shape = row::Shaped {
            schema: self.schema,
            written,
            checked: &first.checked,
            columns: columns.clone(),
            returns,
        };
        let row = shape.finish()?;
        check_batch(written, &params)?;
        let page = match &written.page {
            None => None,
            Some(page) => {
                let paged = Paged {
                    schema: self.schema,
                    written,
                    page,
                    columns: &columns,
                    row: &row,
                };
                Some(paged.finish(returns, &found, &mut params, &mut blocks)?)
            }
        };
        let positions: BTreeMap<String, usize> = params
            .iter()
            .enumerate()
            .map(|(at, it)| (it.name.clone(), at))
            .collect();
        let classes: BTreeMap<String, Class> = params
            .iter()
            .map(|it| {
                (
                    it.name.clone(),
                    known_of(&it.ty, it.rust).class(self.schema),
                )
            })
            .collect();
        let mut texts: Vec<(Dialect, Vec<Piece>)> = found
            .iter()
            .map(|it| (it.dialect, self.write(it, &positions, &classes)))
            .collect();
        for ((one, returns), text) in found.iter().zip(&each).zip(&mut texts) {
            if *returns == Returns::LastId {
                row::return_key(self.schema, &one.checked, text);
            }
        }
        if let Some(page) = &page {
            let block = blocks.len() - 1;
            for (dialect, pieces) in &mut texts {
                let rows = std::mem::take(pieces);
                *pieces = page.wrap(self.schema, *dialect, block, &columns, rows);
            }
        }
        let query = Query {
            name: written.name.value.clone(),
            module: written.module,
            doc: written.doc.clone(),
            returns,
            params,
            blocks,
            orders: written
                .order
                .iter()
                .map(|(name, text)| (row::camel(&name.value), text.value.clone()))
                .collect(),
            row,
            texts,
            columns,
            sql: written.sql.clone(),
            page,
            options: written.options.clone(),
            is_write: is_write(written, &found)?,
            span: written.span,
        };
        let warnings = lint::lint(self.schema, written, returns, &found);
        match warnings.iter().any(|it| it.severity() == Severity::Error) {
            true => Err(warnings),
            false => Ok((query, warnings)),
        }
    }

    /// What the caller gets, the same in all dialects, and what the statement of each returns for that.
    fn returns(
        &self,
        written: &WrittenQuery,
        found: &[InDialect],
    ) -> Found<(Returns, Vec<Returns>)> {
        let mut each: Vec<(Dialect, Returns)> = Vec::new();
        for one in found {
            let returns = row::returns(self.schema, written.returns_in(one.dialect), &one.checked)?;
            each.push((one.dialect, returns));
        }
        let is_key = each.iter().any(|(_, it)| *it == Returns::LastId);
        let meant = |returns: Returns, one: &InDialect| match returns {
            Returns::Exec => Returns::Affected,
            Returns::One | Returns::Optional | Returns::Scalar if is_key && self.is_key(one) => {
                Returns::LastId
            }
            other => other,
        };
        let mut all = each
            .iter()
            .zip(found)
            .map(|((dialect, it), one)| (*dialect, meant(*it, one)));
        let Some((first, returns)) = all.next() else {
            return Err(Vec::new());
        };
        if let Some((dialect, other)) = all.find(|(_, it)| *it != returns) {
            let stated = written.returns_in(dialect).or(written.returns_in(first));
            let span = stated.map_or(written.name.span, |it| it.span);
            let message = format!(
                "the query `{}` returns `{}` on {first} and `{}` on {dialect}",
                written.name.value,
                row::word(returns),
                row::word(other),
            );
            return Err(vec![
                Diagnostic::new(&codes::DIALECTS_DIFFER, span, message)
                    .help("the function is one for all databases: its result is the same"),
            ]);
        }
        Ok((returns, each.into_iter().map(|(_, it)| it).collect()))
    }

    /// Whether a statement returns one integer, as a key that the database counts up is.
    fn is_key(&self, one: &InDialect) -> bool {
        match one.checked.outputs.as_slice() {
            [only] => {
                let known = only.typed.known();
                known.is_some_and(|it| it.class(self.schema) == Class::Int && !it.is_array)
            }
            _ => false,
        }
    }

    fn write(
        &self,
        found: &InDialect,
        params: &BTreeMap<String, usize>,
        classes: &BTreeMap<String, Class>,
    ) -> Vec<Piece> {
        let is_expanded =
            |name: &str| matches!(classes.get(name), Some(Class::Bytes | Class::Uuid));
        let writer = Writer {
            texts: &found.texts,
            layout: &found.layout,
            edits: &found.checked.edits,
            after: &found.checked.after,
            dialect: found.dialect,
            params,
            is_expanded: &is_expanded,
            around: &found.around,
            is_raw: found.is_raw,
        };
        writer.write()
    }

    /// Checks a text in every dialect, and that it returns the same in all of them.
    fn in_dialects(&self, asked: &Asked<'_>) -> Found<(Vec<InDialect>, Vec<QueryColumn>)> {
        let (name, columns) = (asked.name, asked.columns);
        let params = asked.query.map_or(&[][..], |it| &it.params);
        let page = asked.query.and_then(|it| it.page.as_ref());
        let declared = self.declared(params, columns, page);
        let mut found: Vec<InDialect> = Vec::new();
        let mut all: Vec<Vec<QueryColumn>> = Vec::new();
        for dialect in asked.dialects {
            let Some(text) = asked.sql.get(*dialect) else {
                continue;
            };
            let (one, columns) = self
                .with_columns(*dialect, text, asked, &declared)
                .map_err(|found| self.told_of_dialects(found, *dialect, text, asked, &declared))?;
            all.push(columns);
            found.push(one);
        }
        let mut diagnostics = Vec::new();
        if let Some(one) = found.first() {
            self.unused(one, params, columns, &mut diagnostics);
        }
        // The key of a new row is told by some databases, and asked for as a column of others.
        let is_key = asked.query.is_some_and(|query| {
            let mut dialects = asked.dialects.iter();
            dialects.any(|it| {
                query
                    .returns_in(*it)
                    .is_some_and(|it| it.value == "last_id")
            })
        });
        let mut all = all.into_iter();
        let mut united = all.next().filter(|_| !is_key).unwrap_or_default();
        for (one, columns) in found.iter().skip(1).zip(all) {
            if let (false, Some(first)) = (is_key, found.first()) {
                self.same_columns(name, (first, &mut united), (one, columns), &mut diagnostics);
            }
            self.same_params(name, &found, one, &mut diagnostics);
            if let Some(first) = found.first() {
                same_blocks(first, one, &mut diagnostics)?;
            }
            if !diagnostics.is_empty() {
                break;
            }
        }
        if diagnostics.is_empty() {
            if let [first, others @ ..] = found.as_mut_slice() {
                for one in others {
                    one.layout.renumber(&first.layout.blocks);
                }
            }
            Ok((found, united))
        } else {
            Err(diagnostics)
        }
    }

    fn with_columns(
        &self,
        dialect: Dialect,
        text: &SourceText,
        asked: &Asked<'_>,
        declared: &Declared,
    ) -> Found<(InDialect, Vec<QueryColumn>)> {
        let mut one = self.in_dialect(dialect, text, asked.query, declared)?;
        let columns = self.columns(text, &mut one, asked.columns)?;
        Ok((one, columns))
    }

    /// Says of mistakes which of the dialects with the same text they are for, unless they are for all.
    fn told_of_dialects(
        &self,
        mut found: Vec<Diagnostic>,
        dialect: Dialect,
        text: &SourceText,
        asked: &Asked<'_>,
        declared: &Declared,
    ) -> Vec<Diagnostic> {
        let has_text = |it: &Dialect| asked.sql.get(*it).is_some_and(|it| it.span == text.span);
        let others = asked.dialects.iter().copied();
        let others = others.filter(|it| *it != dialect && has_text(it));
        let others: Vec<(Dialect, Vec<Diagnostic>)> = others
            .map(|it| {
                let found = self.with_columns(it, text, asked, declared).err();
                (it, found.unwrap_or_default())
            })
            .collect();
        for diagnostic in &mut found {
            let mut same = vec![dialect];
            same.extend(others.iter().filter_map(|(other, found)| {
                let is_same = |it: &Diagnostic| {
                    it.code == diagnostic.code
                        && it.span == diagnostic.span
                        && it.message.replacen(other.title(), dialect.title(), 1)
                            == diagnostic.message
                };
                found.iter().any(is_same).then_some(*other)
            }));
            let one = format!("{dialect} has no ");
            if let (true, Some(rest)) = (same.len() > 1, diagnostic.message.strip_prefix(&one)) {
                diagnostic.message = format!("{} have no {rest}", titles(&same));
                let own = format!("give {dialect} a text of its own: ");
                let each = "give each a text of its own, such as ";
                diagnostic.help = diagnostic.help.take().map(|it| it.replace(&own, each));
                continue;
            }
            // Where another dialect has something else against the same place, or the whole text, nothing is said of it.
            let is_right_elsewhere = others.iter().any(|(_, found)| found.is_empty());
            if is_right_elsewhere && !diagnostic.message.contains(dialect.title()) {
                let blamed = others.iter().filter(|(_, found)| {
                    let mut found = found.iter();
                    found.any(|it| overlap(it.span, diagnostic.span))
                });
                let mut blamed: Vec<Dialect> = blamed.map(|(it, _)| *it).collect();
                blamed.insert(0, dialect);
                let note = format!("this is so on {}", titles(&blamed));
                diagnostic.notes.push(note);
            }
        }
        found
    }

    fn declared(
        &self,
        params: &[Statement],
        columns: &[Statement],
        page: Option<&WrittenPage>,
    ) -> Declared {
        let by_name = params.iter().filter_map(|it| {
            let ty = it.ty.as_ref()?;
            let param = Param {
                ty: Some(known_of(ty, None)),
                is_list: ty.is_array,
                is_nullable: it.is_nullable == Some(true),
                reason: "stated in `params`".into(),
                first: it.name.span,
                typed_at: it.text.span,
                is_cast: true,
                is_declared: true,
            };
            // `i64[]` is a list for IN, of values of the type.
            let param = Param {
                ty: param.ty.map(|it| Known {
                    is_array: false,
                    ..it
                }),
                ..param
            };
            Some((it.name.value.clone(), param))
        });
        Declared {
            params: Params {
                by_name: by_name.collect(),
                order: Vec::new(),
            },
            columns: columns
                .iter()
                .filter(|it| it.ty.is_some())
                .map(|it| it.name.value.clone())
                .collect(),
            page: page.map_or_else(Vec::new, |page| {
                page.by.iter().map(|(name, _)| name.value.clone()).collect()
            }),
            asked: BTreeSet::new(),
        }
    }

    fn in_dialect(
        &self,
        dialect: Dialect,
        text: &SourceText,
        query: Option<&WrittenQuery>,
        declared: &Declared,
    ) -> Found<InDialect> {
        let orders = query.map_or(&[][..], |it| &it.order);
        let texts = read(text, orders, self.sources)?;
        let mut diagnostics = Vec::new();
        let Some(main) = texts.first() else {
            return Err(diagnostics);
        };
        let layout = Layout::read(main, &mut diagnostics);
        if diagnostics.is_empty() {
            self.check_orders(&layout, orders, text.span, &mut diagnostics);
        }
        for (text, (name, _)) in texts.iter().skip(1).zip(orders) {
            diagnostics.extend(check_order(text, name));
        }
        if !diagnostics.is_empty() {
            return Err(diagnostics);
        }
        if let Some(written) = query.filter(|it| it.is_raw) {
            let checked = raw::check(&texts, &declared.params, self.schema, written)?;
            return Ok(InDialect {
                dialect,
                checked,
                texts,
                layout,
                around: Vec::new(),
                is_raw: true,
            });
        }
        let masks = layout.masks();
        let all = masks.first().copied().unwrap_or(0);
        let mut variants: Vec<(u32, Option<usize>)> =
            masks.into_iter().map(|mask| (mask, None)).collect();
        variants.extend((1..texts.len()).map(|order| (all, Some(order))));
        let mut merged: Option<Checked> = None;
        for (mask, order) in variants {
            let variant = layout.variant(main, &texts, mask, order);
            let checked = self
                .variant(&variant, dialect, declared)
                .map_err(|mut found| {
                    if mask != all {
                        let off: Vec<&str> = layout
                            .blocks
                            .iter()
                            .enumerate()
                            .filter(|(at, _)| mask & (1 << at) == 0)
                            .map(|(_, it)| it.as_str())
                            .collect();
                        let blocks = if off.len() == 1 { "block" } else { "blocks" };
                        found.iter_mut().for_each(|it| {
                            let note = format!("this is so without the {blocks} {}", list(&off));
                            it.notes.push(note);
                        });
                    }
                    found
                })?;
            match &mut merged {
                None => merged = Some(checked),
                Some(merged) => self.merge(merged, checked, &variant, &layout)?,
            }
        }
        let Some(checked) = merged else {
            return Err(Vec::new());
        };
        Ok(InDialect {
            dialect,
            checked,
            texts,
            layout,
            around: Vec::new(),
            is_raw: false,
        })
    }

    fn check_orders(
        &self,
        layout: &Layout,
        orders: &[(SourceText, SourceText)],
        span: Span,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        match (&layout.order, orders) {
            (None, [(name, _), ..]) => {
                diagnostics.push(
                    Diagnostic::new(
                        &codes::QUERY_ORDER,
                        name.span,
                        "the SQL has no place for an order",
                    )
                    .related(span, "in this text")
                    .help("write `ORDER BY /*order*/ id /*end*/`"),
                );
            }
            (Some((_, span)), []) => {
                diagnostics.push(
                    Diagnostic::new(
                        &codes::QUERY_ORDER,
                        *span,
                        "there are no orders to choose from",
                    )
                    .help("add `order = { newest = \"id DESC\" }`"),
                );
            }
            _ => {}
        }
        let mut names: BTreeSet<String> = BTreeSet::new();
        for (name, _) in orders {
            if !row::is_name(&name.value) {
                let message = format!("`{}` is no name for an order", name.value);
                diagnostics.push(
                    Diagnostic::new(&codes::QUERY_ORDER, name.span, message)
                        .help("use snake_case, and no keyword of Rust"),
                );
            } else if !names.insert(row::camel(&name.value)) {
                let variant = row::camel(&name.value);
                let message = format!("two orders are called `{variant}` in Rust");
                diagnostics.push(
                    Diagnostic::new(&codes::QUERY_ORDER, name.span, message)
                        .help("rename one of the two"),
                );
            }
        }
    }

    /// Parses and checks one set of tokens.
    fn variant(
        &self,
        variant: &Variant<'_>,
        dialect: Dialect,
        declared: &Declared,
    ) -> Found<Checked> {
        let parsed = parse(variant).map_err(|error| vec![parse_error(error, variant)])?;
        let missing: Vec<Diagnostic> = parsed
            .features
            .iter()
            .filter(|(feature, _)| !feature.is_in(dialect))
            .map(|(feature, at)| {
                Diagnostic::new(
                    &codes::SQL_DIALECT,
                    variant.span(*at),
                    format!("{dialect} has no {}", feature.title()),
                )
                .help(format!(
                    "{}; or give {dialect} a text of its own: `dialect.{} = {{ sql = \"..\" }}`",
                    feature.help(),
                    dialect.name()
                ))
            })
            .collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        let check = |declared: &Declared| {
            let statement = &parsed.statement;
            check(
                statement,
                self.schema,
                self.catalog,
                dialect,
                variant,
                declared,
            )
        };
        let mut checked = check(declared);
        let mut declared = Cow::Borrowed(declared);
        // What is asked about NULL may be NULL wherever else it stands, and may be beside another parameter there.
        while !checked.asked.is_subset(&declared.asked) {
            declared.to_mut().asked.extend(checked.asked);
            checked = check(&declared);
        }
        checked.is_locking = parsed
            .features
            .iter()
            .any(|(feature, _)| *feature == Feature::ForUpdate);
        let positions = declared.page.iter().filter_map(|name| {
            let mut outputs = checked.outputs.iter();
            outputs.position(|it| it.name.as_ref() == Some(name))
        });
        let by: Vec<usize> = positions.collect();
        checked.has_row_key = identify(&parsed.statement, self.catalog, &checked.outputs, &by);
        checked.habits = Habits::of(&parsed.statement, self.catalog, &checked);
        if checked.diagnostics.is_empty() {
            Ok(checked)
        } else {
            Err(checked.diagnostics)
        }
    }

    /// Adds what another set of blocks says of the same statement.
    fn merge(
        &self,
        merged: &mut Checked,
        other: Checked,
        variant: &Variant<'_>,
        layout: &Layout,
    ) -> Found<()> {
        let differs = merged.outputs.len() != other.outputs.len()
            || merged
                .outputs
                .iter()
                .zip(&other.outputs)
                .any(|(a, b)| a.name != b.name || !self.is_same(&a.typed, &b.typed));
        if differs {
            let span = layout
                .parts
                .first()
                .map_or(variant.span(Default::default()), |(_, _, span)| *span);
            let message = "the columns of the result depend on the block";
            return Err(vec![
                Diagnostic::new(&codes::SQL_BLOCK, span, message)
                    .help("select the same columns always, or write two queries"),
            ]);
        }
        for (output, more) in merged.outputs.iter_mut().zip(other.outputs) {
            if more.typed.is_nullable && !output.typed.is_nullable {
                output.typed.is_nullable = true;
                output.typed.reason = format!("with other blocks: {}", more.typed.reason).into();
            }
            output.is_hidden |= more.is_hidden;
            if let (Some(origin), Some(more)) = (&mut output.origin, more.origin) {
                origin.is_missing |= more.is_missing;
                origin.is_nullable |= more.is_nullable;
            }
        }
        for (at, edit) in other.edits {
            merged.edits.entry(at).or_insert(edit);
        }
        merged.after.extend(other.after);
        merged.has_row_key &= other.has_row_key;
        merged.habits.merge(other.habits);
        for name in &other.params.order {
            let Some(param) = other.params.by_name.get(name) else {
                continue;
            };
            match merged.params.by_name.get_mut(name) {
                Some(known) => match (known.ty, param.ty) {
                    (None, Some(_)) => *known = param.clone(),
                    (Some(a), Some(b)) if !a.is_same(b, self.schema) => {
                        return Err(vec![
                            Diagnostic::new(
                                &codes::PARAM_TYPE,
                                param.typed_at,
                                format!("`:{name}` has two types"),
                            )
                            .label(format!("`{}` here", b.name(self.schema)))
                            .related(known.typed_at, format!("`{}` here", a.name(self.schema)))
                            .help("write two parameters with names of their own, or cast one of the two"),
                        ]);
                    }
                    _ => known.is_nullable &= param.is_nullable || known.is_declared,
                },
                None => {
                    merged.params.by_name.insert(name.clone(), param.clone());
                }
            }
            if !merged.params.order.contains(name) {
                merged.params.order.push(name.clone());
            }
        }
        merged.asked.extend(other.asked);
        for name in &merged.asked {
            if let Some(param) = merged.params.by_name.get_mut(name) {
                param.is_nullable |= !param.is_declared;
            }
        }
        Ok(())
    }

    fn is_same(&self, a: &Typed, b: &Typed) -> bool {
        match (a.known(), b.known()) {
            (Some(a), Some(b)) => a.is_same(b, self.schema),
            (a, b) => a.is_none() && b.is_none(),
        }
    }

    /// The columns as the user has them, with the types that are stated.
    fn columns(
        &self,
        text: &SourceText,
        one: &mut InDialect,
        stated: &[Statement],
    ) -> Found<Vec<QueryColumn>> {
        let mut columns = Vec::new();
        let mut diagnostics = Vec::new();
        for output in &one.checked.outputs {
            let name = output.name.clone().unwrap_or_default();
            let statement = stated.iter().find(|it| it.name.value == name);
            let stated_ty = statement.and_then(|it| it.ty.as_ref());
            let known = match (stated_ty, output.typed.known()) {
                (Some(ty), inferred) => {
                    let ty = known_of(ty, None);
                    let around = inferred.and_then(|it| self.cast(it, ty, output, one.dialect));
                    if let (Some(inferred), None, Some(statement)) = (inferred, &around, statement)
                        && !is_readable(inferred, ty, self.schema, one.dialect)
                    {
                        diagnostics.push(self.unreadable(inferred, ty, statement, one, output));
                    }
                    one.around.extend(around);
                    ty
                }
                (None, Some(known)) => known,
                (None, None) => {
                    let span = one.span(output).unwrap_or(text.span);
                    let shown = if name.is_empty() {
                        "name".to_owned()
                    } else {
                        name.clone()
                    };
                    diagnostics.push(
                        Diagnostic::new(
                            &codes::COLUMN_TYPE,
                            span,
                            format!("the type of the column `{shown}` cannot be found out"),
                        )
                        .label(output.typed.reason.to_string())
                        .help(format!(
                            "say what it is: `columns = {{ {shown} = \"text?\" }}`"
                        )),
                    );
                    continue;
                }
            };
            let is_nullable = statement
                .and_then(|it| it.is_nullable)
                .unwrap_or(output.typed.is_nullable);
            let reason = match statement {
                Some(_) if one.is_raw => "stated in `columns`".to_owned(),
                Some(_) => format!("stated in `columns`; found: {}", output.typed.reason),
                None => output.typed.reason.to_string(),
            };
            columns.push(QueryColumn {
                name,
                ty: FieldType {
                    scalar: known.scalar,
                    is_array: known.is_array,
                    is_nullable,
                },
                rust: known.rust,
                reason,
                is_hidden: output.is_hidden,
            });
        }
        if diagnostics.is_empty() {
            Ok(columns)
        } else {
            Err(diagnostics)
        }
    }

    /// The text around a column that makes a number of it the number that is stated.
    fn cast(
        &self,
        from: Known,
        to: Known,
        output: &Output,
        dialect: Dialect,
    ) -> Option<(u32, u32, String, String)> {
        let (class, other) = (from.class(self.schema), to.class(self.schema));
        let is_same = match dialect {
            // SQLite has one kind of each.
            Dialect::Sqlite => class == other,
            _ => {
                from.builtin(self.schema) == to.builtin(self.schema)
                    || (class == other && class != Class::Float)
            }
        };
        if is_same || !class.is_number() || !other.is_number() || !output.has_text {
            return None;
        }
        let name = match (dialect, other) {
            (Dialect::Sqlite, Class::Int) => "INTEGER".to_owned(),
            (Dialect::Sqlite, Class::Float) => "REAL".to_owned(),
            (Dialect::Sqlite, _) => return None,
            (Dialect::Mysql, Class::Decimal) => match to.builtin(self.schema) {
                Builtin::Decimal { precision, scale } => format!("DECIMAL({precision}, {scale})"),
                _ => return None,
            },
            _ => cast_name(to, self.schema, dialect)?,
        };
        // The tokens of the statement with all blocks on are those of the text.
        Some((
            output.at.start,
            output.at.end - 1,
            "CAST(".to_owned(),
            format!(" AS {name})"),
        ))
    }

    /// Says that a column cannot be read as what it is stated to be.
    fn unreadable(
        &self,
        from: Known,
        to: Known,
        statement: &Statement,
        one: &InDialect,
        output: &Output,
    ) -> Diagnostic {
        let (from, to) = (from.name(self.schema), to.name(self.schema));
        let name = &statement.name.value;
        let message = format!(
            "the column `{name}` is `{from}` on {}, and cannot be read as `{to}`",
            one.dialect
        );
        let diagnostic = Diagnostic::new(&codes::SQL_TYPES, statement.text.span, message)
            .label(output.typed.reason.to_string())
            .help("cast it in the SQL: `CAST(value AS type)`");
        match one.span(output) {
            Some(span) => diagnostic.related(span, "the column"),
            None => diagnostic,
        }
    }

    /// Reports stated parameters and columns that are not there.
    fn unused(
        &self,
        one: &InDialect,
        params: &[Statement],
        columns: &[Statement],
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        for it in params
            .iter()
            .filter(|it| !one.checked.params.order.contains(&it.name.value))
        {
            let names: Vec<&str> = one
                .checked
                .params
                .order
                .iter()
                .map(String::as_str)
                .collect();
            diagnostics.push(stated_nothing(it, "parameter", &names));
        }
        let names: Vec<&str> = one
            .checked
            .outputs
            .iter()
            .filter_map(|it| it.name.as_deref())
            .collect();
        for it in columns
            .iter()
            .filter(|it| !names.contains(&it.name.value.as_str()))
        {
            diagnostics.push(stated_nothing(it, "column", &names));
        }
    }

    fn same_columns(
        &self,
        name: &SourceText,
        (first, united): (&InDialect, &mut Vec<QueryColumn>),
        (one, columns): (&InDialect, Vec<QueryColumn>),
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let (first_dialect, dialect) = (first.dialect, one.dialect);
        let place = |it: &InDialect, at: usize| it.checked.places.get(at).copied();
        if united.len() != columns.len()
            || united.iter().zip(&columns).any(|(a, b)| a.name != b.name)
        {
            let names = |columns: &[QueryColumn]| {
                columns
                    .iter()
                    .map(|it| it.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let message = format!(
                "the query `{}` returns other columns on {dialect} than on {first_dialect}",
                name.value
            );
            let mut pairs = united.iter().zip(&columns);
            let at = pairs.position(|(a, b)| a.name != b.name);
            let at = at.unwrap_or(united.len().min(columns.len()));
            let span = place(one, at).or(place(first, at)).unwrap_or(name.span);
            diagnostics.push(
                Diagnostic::new(&codes::DIALECTS_DIFFER, span, message)
                    .note(format!("{first_dialect}: {}", names(united)))
                    .note(format!("{dialect}: {}", names(&columns)))
                    .help("select the same columns in the same order, with `AS name` where they are called otherwise"),
            );
            return;
        }
        for (at, (a, b)) in united.iter_mut().zip(columns).enumerate() {
            let (known, other) = (known_of(&a.ty, a.rust), known_of(&b.ty, b.rust));
            let wider = wider_integer(known, other, self.schema);
            a.is_hidden |= b.is_hidden;
            if known.is_same(other, self.schema) {
                a.ty.is_nullable |= b.ty.is_nullable;
            } else if let Some(wider) = wider {
                a.ty.scalar = wider.scalar;
                a.ty.is_nullable |= b.ty.is_nullable;
            } else {
                let (left, right) = (known.name(self.schema), other.name(self.schema));
                let message = format!(
                    "the column `{}` is `{left}` on {first_dialect} and `{right}` on {dialect}",
                    a.name
                );
                let best = if known.class(self.schema) == Class::Int {
                    &left
                } else {
                    "f64"
                };
                let span = place(one, at).unwrap_or(name.span);
                diagnostics.push(
                    Diagnostic::new(&codes::DIALECTS_DIFFER, span, message)
                        .note(format!("{first_dialect}: {}", a.reason))
                        .note(format!("{dialect}: {}", b.reason))
                        .help(format!("say which, and it is cast where it is another: `columns = {{ {} = \"{best}\" }}`", a.name)),
                );
                return;
            }
        }
    }

    fn same_params(
        &self,
        name: &SourceText,
        found: &[InDialect],
        one: &InDialect,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let Some(first) = found.first() else { return };
        let names: BTreeSet<&String> = first.checked.params.order.iter().collect();
        let others: BTreeSet<&String> = one.checked.params.order.iter().collect();
        if let Some(only) = names.symmetric_difference(&others).next() {
            let (has, lacks) = if names.contains(*only) {
                (first.dialect, one.dialect)
            } else {
                (one.dialect, first.dialect)
            };
            let message = format!(
                "the query `{}` has the parameter `:{only}` on {has} and not on {lacks}",
                name.value
            );
            let mut params = [first, one]
                .into_iter()
                .map(|it| &it.checked.params.by_name);
            let param = params.find_map(|it| it.get(*only));
            let span = param.map_or(name.span, |it| it.first);
            diagnostics.push(
                Diagnostic::new(&codes::DIALECTS_DIFFER, span, message).help(format!(
                    "use `:{only}` in the text for {lacks} too, or write two queries with `dialects`"
                )),
            );
            return;
        }
        for param in &first.checked.params.order {
            let get = |one: &InDialect| one.checked.params.by_name.get(param).cloned();
            let (Some(a), Some(b)) = (get(first), get(one)) else {
                continue;
            };
            if a.is_list != b.is_list {
                let (list, value) = match a.is_list {
                    true => (first.dialect, one.dialect),
                    false => (one.dialect, first.dialect),
                };
                let message =
                    format!("the parameter `:{param}` is a list on {list} and a value on {value}");
                diagnostics.push(
                    Diagnostic::new(&codes::DIALECTS_DIFFER, b.first, message)
                        .help("use the list with IN on each, or two parameters"),
                );
                continue;
            }
            if let (Some(left), Some(right)) = (a.ty, b.ty)
                && !left.is_same(right, self.schema)
                && wider_integer(left, right, self.schema).is_none()
            {
                let (left, right) = (left.name(self.schema), right.name(self.schema));
                let message = format!(
                    "the parameter `:{param}` is `{left}` on {} and `{right}` on {}",
                    first.dialect, one.dialect
                );
                diagnostics.push(
                    Diagnostic::new(&codes::DIALECTS_DIFFER, b.typed_at, message)
                        .help(format!("say which: `params = {{ {param} = \"{left}\" }}`")),
                );
            }
        }
    }

    /// The parameters of the function.
    fn params(
        &self,
        written: &WrittenQuery,
        found: &[InDialect],
    ) -> Found<(Vec<QueryParam>, Vec<QueryBlock>)> {
        let Some(first) = found.first() else {
            return Err(Vec::new());
        };
        let mut diagnostics = Vec::new();
        let mut params = Vec::new();
        let mut blocks: Vec<QueryBlock> = first
            .layout
            .blocks
            .iter()
            .map(|name| QueryBlock {
                name: name.clone(),
                params: Vec::new(),
            })
            .collect();
        for name in first.in_order() {
            let Some(param) = first.checked.params.by_name.get(name) else {
                continue;
            };
            if !row::is_name(name) {
                diagnostics.push(
                    Diagnostic::new(
                        &codes::COLUMN_NAME,
                        param.first,
                        format!("the parameter `:{name}` is no name in Rust"),
                    )
                    .help("use snake_case, and no keyword"),
                );
                continue;
            }
            let others = found
                .iter()
                .filter_map(|it| it.checked.params.by_name.get(name));
            let mut known = None;
            for other in others.clone() {
                known = match (known, other.ty) {
                    (None, ty) => ty,
                    (Some(a), Some(b)) => Some(wider_integer(a, b, self.schema).unwrap_or(a)),
                    (known, None) => known,
                };
            }
            let Some(known) = known else {
                diagnostics.push(
                    Diagnostic::new(
                        &codes::PARAM_TYPE,
                        param.first,
                        format!("the type of `:{name}` cannot be found out"),
                    )
                    .label("nothing beside it tells")
                    .help(format!(
                        "say what it is: `params = {{ {name} = \"text{}\" }}`",
                        if param.is_list { "[]" } else { "" }
                    )),
                );
                continue;
            };
            let block = first.block_of(name)?;
            if let Some(block) = block.and_then(|it| blocks.get_mut(it)) {
                block.params.push(params.len());
            }
            let stated = written.params.iter().find(|it| it.name.value == *name);
            let is_nullable = stated
                .and_then(|it| it.is_nullable)
                .unwrap_or_else(|| others.clone().all(|it| it.is_nullable));
            params.push(QueryParam {
                name: name.clone(),
                ty: FieldType {
                    scalar: known.scalar,
                    is_array: known.is_array,
                    is_nullable,
                },
                rust: known.rust,
                is_list: param.is_list,
                block,
                reason: param.reason.to_string(),
            });
        }
        for (at, block) in blocks.iter().enumerate() {
            if !block.params.is_empty() {
                continue;
            }
            let name = &block.name;
            let message = if params.iter().any(|it| it.name == *name) {
                format!(
                    "the parameter `:{name}` is used outside of the block `{name}`, and does not switch it"
                )
            } else if !row::is_name(name) {
                format!("`{name}` cannot be the name of an argument in Rust")
            } else {
                continue;
            };
            let span = first.layout.place(at).unwrap_or(written.name.span);
            diagnostics.push(Diagnostic::new(&codes::SQL_BLOCK, span, message).help(
                "a block without a parameter of its own is switched by a `bool` of its name: call it something else",
            ));
        }
        if diagnostics.is_empty() {
            Ok((params, blocks))
        } else {
            Err(diagnostics)
        }
    }
}

impl InDialect {
    /// Where the statement begins.
    pub(super) fn place(&self) -> Option<Span> {
        let text = self.texts.first()?;
        Some(text.span(text.tokens.first()?.range.clone()))
    }

    /// Where a column is written, with all blocks on.
    fn span(&self, output: &Output) -> Option<Span> {
        let main = self.texts.first()?;
        Some(
            self.layout
                .variant(main, &self.texts, u32::MAX, None)
                .span(output.at),
        )
    }

    /// The names of the parameters in the order of the text; those that only an order has come last.
    fn in_order(&self) -> Vec<&String> {
        let written = |name: &&String| {
            let tokens = self.texts.iter().enumerate().flat_map(|(text, it)| {
                it.tokens
                    .iter()
                    .enumerate()
                    .map(move |(at, token)| (text, at, it, token))
            });
            let mut places = tokens.filter(|(_, at, text, token)| {
                token.kind == TokenKind::Param
                    && text.token(*at).trim_start_matches(':') == name.as_str()
            });
            places
                .next()
                .map_or((usize::MAX, 0), |(text, at, ..)| (text, at))
        };
        let mut names: Vec<&String> = self.checked.params.order.iter().collect();
        names.sort_by_key(written);
        names
    }

    /// The block that a parameter is in and nowhere else.
    fn block_of(&self, name: &str) -> Found<Option<usize>> {
        let Some(text) = self.texts.first() else {
            return Ok(None);
        };
        let is_param = |text: &Text, at: usize, kind: TokenKind| {
            kind == TokenKind::Param && text.token(at).trim_start_matches(':') == name
        };
        let in_an_order = self.texts.iter().skip(1).any(|text| {
            let mut tokens = text.tokens.iter().enumerate();
            tokens.any(|(at, token)| is_param(text, at, token.kind))
        });
        if in_an_order {
            return Ok(None);
        }
        let mut block: Option<Option<usize>> = None;
        for (at, token) in text.tokens.iter().enumerate() {
            if !is_param(text, at, token.kind) {
                continue;
            }
            let inside = self
                .layout
                .parts
                .iter()
                .find(|(_, part, _)| part.contains(&at))
                .map(|(block, ..)| *block);
            block = match (block, inside) {
                (None, inside) => Some(inside),
                (Some(None), _) | (_, None) => Some(None),
                (Some(Some(before)), Some(inside)) if before != inside => {
                    let span = text.span(token.range.clone());
                    return Err(vec![
                        Diagnostic::new(
                            &codes::SQL_BLOCK,
                            span,
                            format!("`:{name}` is in two blocks"),
                        )
                        .help("give both blocks one name, or use two parameters"),
                    ]);
                }
                (before, _) => before,
            };
        }
        Ok(block.flatten())
    }
}

/// Whether two places have text in common.
fn overlap(a: Span, b: Span) -> bool {
    a.source == b.source && a.range().start < b.range().end && b.range().start < a.range().end
}

/// Returns the names of dialects, as a sentence has them.
fn titles(dialects: &[Dialect]) -> String {
    let names: Vec<&str> = dialects.iter().map(|it| it.title()).collect();
    match names.split_last() {
        Some((last, rest @ [_, ..])) => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// Reports blocks that only one of two dialects has, and parameters that switch a block in only one.
fn same_blocks(first: &InDialect, one: &InDialect, diagnostics: &mut Vec<Diagnostic>) -> Found<()> {
    const HELP: &str = "the function is one for all databases: give each text the same blocks";
    for (has, lacks) in [(first, one), (one, first)] {
        let mut blocks = has.layout.blocks.iter().enumerate();
        if let Some((at, name)) = blocks.find(|(_, it)| !lacks.layout.blocks.contains(it)) {
            let message = format!(
                "the block `{name}` is in the text for {} and not in that for {}",
                has.dialect, lacks.dialect
            );
            let span = has.layout.place(at).or(has.place());
            let Some(span) = span else { continue };
            diagnostics.push(Diagnostic::new(&codes::DIALECTS_DIFFER, span, message).help(HELP));
            return Ok(());
        }
    }
    let block_in = |it: &InDialect, param: &str| -> Found<Option<String>> {
        let block = it.block_of(param)?;
        Ok(block.and_then(|at| it.layout.blocks.get(at).cloned()))
    };
    for param in &first.checked.params.order {
        let (a, b) = (block_in(first, param)?, block_in(one, param)?);
        if a == b {
            continue;
        }
        let part = |block: Option<String>| match block {
            Some(name) => format!("in the block `{name}`"),
            None => "always there".to_owned(),
        };
        let message = format!(
            "the parameter `:{param}` is {} on {} and {} on {}",
            part(a),
            first.dialect,
            part(b),
            one.dialect
        );
        let span = one.checked.params.by_name.get(param).map(|it| it.first);
        let Some(span) = span else { continue };
        diagnostics.push(Diagnostic::new(&codes::DIALECTS_DIFFER, span, message).help(HELP));
    }
    Ok(())
}

/// Reports the text of an order that is more or less than what stands behind ORDER BY.
fn check_order(text: &Text, name: &SourceText) -> Option<Diagnostic> {
    let at =
        |range, message: String| Diagnostic::new(&codes::QUERY_ORDER, text.span(range), message);
    if let Some(marker) = text.markers.first() {
        let message = "an order has no blocks of its own".to_owned();
        return Some(at(marker.range.clone(), message).help(
            "the caller chooses an order as a whole; add another for what the block is about",
        ));
    }
    if text.tokens.is_empty() {
        let message = format!("the order `{}` is empty", name.value);
        return Some(
            Diagnostic::new(&codes::QUERY_ORDER, name.span, message)
                .help("write what stands behind ORDER BY, such as `id DESC`"),
        );
    }
    let mut depth = 0i32;
    for (index, token) in text.tokens.iter().enumerate() {
        let word = text.token(index).to_ascii_lowercase();
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            "limit" | "offset" | "fetch" | "for" | "union" | "intersect" | "except"
            | "returning"
                if depth == 0 && token.kind == TokenKind::Word =>
            {
                let message = format!(
                    "the order `{}` goes on with `{}`",
                    name.value,
                    word.to_uppercase()
                );
                return Some(
                    at(token.range.clone(), message)
                        .help("an order is what stands behind ORDER BY, and no more"),
                );
            }
            _ => {}
        }
    }
    None
}

/// Reports a batch of what cannot be run many times.
fn check_batch(written: &WrittenQuery, params: &[QueryParam]) -> Found<()> {
    let Some(span) = written.options.batch else {
        return Ok(());
    };
    let problem = if params.is_empty() {
        "a batch is a run for each set of parameters, and there are none"
    } else if !written.order.is_empty() {
        "the runs of a batch have no order to choose"
    } else {
        return Ok(());
    };
    Err(vec![
        Diagnostic::new(&codes::QUERY_OPTION, span, problem).help("remove `batch`"),
    ])
}

/// Whether a query writes or locks in any dialect, or is said to.
fn is_write(written: &WrittenQuery, found: &[InDialect]) -> Found<bool> {
    let writes = |it: &&InDialect| {
        let checked = &it.checked;
        checked.action != Action::Select || checked.is_locking || checked.has_writes
    };
    match (written.write, found.iter().find(writes)) {
        // Of raw SQL, the first word is all that is known.
        (Some((false, span)), Some(one)) if !written.is_raw => {
            let what = match one.checked.action {
                Action::Select if !one.checked.has_writes => "locks rows",
                Action::Select | Action::Insert | Action::Update | Action::Delete => "writes",
            };
            let message = format!("the query `{}` {what}", written.name.value);
            Err(vec![
                Diagnostic::new(&codes::QUERY_OPTION, span, message)
                    .label("and is said not to write")
                    .help("remove `write`"),
            ])
        }
        (Some((is_write, _)), _) => Ok(is_write),
        (None, found) => Ok(found.is_some()),
    }
}

pub(super) fn known_of(ty: &FieldType, rust: Option<crate::ir::FieldId>) -> Known {
    Known {
        scalar: ty.scalar,
        is_array: ty.is_array,
        rust,
    }
}

/// Whether the values of one type can be read as those of another, as the drivers do.
fn is_readable(from: Known, to: Known, schema: &Schema, dialect: Dialect) -> bool {
    let (is_sqlite, is_postgres) = (dialect == Dialect::Sqlite, dialect == Dialect::Postgres);
    if from.is_array || to.is_array {
        let item = |known: Known| Known {
            is_array: false,
            ..known
        };
        // Where there are no arrays, they are JSON.
        let other = if to.is_array { from } else { to };
        let is_json = matches!(other.class(schema), Class::Json)
            || (!is_postgres && other.class(schema) == Class::Text);
        return match from.is_array && to.is_array {
            true => is_readable(item(from), item(to), schema, dialect),
            false => is_json && (to.is_array || !is_postgres),
        };
    }
    let (a, b) = (from.builtin(schema), to.builtin(schema));
    match (from.class(schema), to.class(schema)) {
        (Class::Time, Class::Time) => {
            let is_stamp = |it| matches!(it, Builtin::Timestamp | Builtin::TimestampTz);
            a == b || (is_stamp(a) && is_stamp(b))
        }
        // SQLite has texts of both.
        (Class::Text, Class::Time | Class::Decimal)
        | (Class::Time | Class::Decimal, Class::Text) => is_sqlite,
        (Class::Text, Class::Json) | (Class::Json, Class::Text) => !is_postgres,
        (Class::Bool, Class::Int | Class::Decimal) | (Class::Int, Class::Bool) => !is_postgres,
        (Class::Bytes, Class::Uuid) | (Class::Uuid, Class::Bytes) => !is_postgres,
        (Class::Int, Class::Duration) => true,
        (Class::Duration, Class::Int) => is_sqlite,
        (Class::Int, Class::Decimal) => true,
        (Class::Decimal, Class::Int) => !is_sqlite,
        (class, other) => class == other,
    }
}

/// The wider of two integers: a number of any width is read as a wider one.
fn wider_integer(a: Known, b: Known, schema: &Schema) -> Option<Known> {
    let rank = |known: Known| match (known.scalar, known.is_array) {
        (crate::ir::Scalar::Builtin(builtin), false) => match builtin {
            Builtin::I16 => Some(0),
            Builtin::I32 => Some(1),
            Builtin::I64 => Some(2),
            _ => None,
        },
        _ => None,
    };
    let _ = schema;
    let (left, right) = (rank(a)?, rank(b)?);
    Some(if left >= right { a } else { b })
}

fn stated_nothing(it: &Statement, what: &str, names: &[&str]) -> Diagnostic {
    let message = format!("the query has no {what} `{}`", it.name.value);
    let diagnostic = Diagnostic::new(&codes::STATED, it.name.span, message);
    match crate::diagnostic::nearest(&it.name.value, names.iter().copied()) {
        Some(near) => diagnostic.meant(near),
        None if names.is_empty() => diagnostic.help("remove it"),
        None => diagnostic.help(format!("there are {}", list(names))),
    }
}

fn parse_error(error: ParseError, variant: &Variant<'_>) -> Diagnostic {
    let (code, message) = match error.kind {
        ParseErrorKind::Syntax => (&codes::SQL_SYNTAX, "the SQL cannot be read"),
        ParseErrorKind::Unsupported => (&codes::SQL_UNSUPPORTED, "this SQL is not understood"),
        ParseErrorKind::TooDeep => (&codes::TOO_DEEP, "the SQL is nested too deeply"),
    };
    let diagnostic = Diagnostic::new(code, variant.span(error.at), message).label(error.label);
    let help = match error.kind {
        ParseErrorKind::Syntax => {
            "mend it; if a database takes it as it is: `raw = true`, with `params` and `columns`"
        }
        ParseErrorKind::Unsupported => {
            "write it otherwise, or send it as it is: `raw = true`, with `params` and `columns`"
        }
        ParseErrorKind::TooDeep => "take parentheses away, or write several queries",
    };
    diagnostic.help(error.help.unwrap_or_else(|| help.to_owned()))
}

/// Reports columns without a name of their own, and two of one name.
pub(super) fn named(places: &[Span], columns: &[QueryColumn], query: &SourceText) -> Found<()> {
    let mut diagnostics = Vec::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, column) in columns.iter().enumerate() {
        let problem = if column.name.is_empty() {
            format!(
                "column {} of the query `{}` has no name",
                at + 1,
                query.value
            )
        } else if seen.contains_key(column.name.as_str()) {
            format!(
                "two columns of the query `{}` are called `{}`",
                query.value, column.name
            )
        } else if !row::is_name(&column.name) {
            format!(
                "the column `{}` of the query `{}` is no name in Rust",
                column.name, query.value
            )
        } else {
            seen.insert(&column.name, at);
            continue;
        };
        diagnostics.push(
            Diagnostic::new(
                &codes::COLUMN_NAME,
                places.get(at).copied().unwrap_or(query.span),
                problem,
            )
            .help("give it a name of its own: `AS name`"),
        );
    }
    if diagnostics.is_empty() {
        Ok(())
    } else {
        Err(diagnostics)
    }
}
