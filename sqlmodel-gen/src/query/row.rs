//! What the caller gets: how many rows, and what each becomes.

use sqlmodel_sql::{Dialect, Generation, quote};

use crate::diagnostic::{Diagnostic, codes, nearest};
use crate::ir::{
    ModelId, PartKind, PartNumber, Piece, QueryColumn, Returns, Row, RowPart, Schema, Shape,
    SourceText, WrittenQuery,
};
use crate::query::check::{Action, Checked, Output};
use crate::query::one::{known_of, named};
use crate::source::Span;
use crate::syntax::list;

/// A query whose columns are known.
pub(super) struct Shaped<'a> {
    pub(super) schema: &'a Schema,
    pub(super) written: &'a WrittenQuery,
    pub(super) checked: &'a Checked,
    pub(super) columns: Vec<QueryColumn>,
    pub(super) returns: Returns,
}

type Found<T> = Result<T, Vec<Diagnostic>>;

const WORDS: &[(&str, Returns)] = &[
    ("one", Returns::One),
    ("optional", Returns::Optional),
    ("many", Returns::Many),
    ("stream", Returns::Many),
    ("exec", Returns::Exec),
    ("affected", Returns::Affected),
    ("last_id", Returns::LastId),
    ("scalar", Returns::Scalar),
    ("exists", Returns::Exists),
];

fn fail<T>(diagnostic: Diagnostic) -> Found<T> {
    Err(vec![diagnostic])
}

impl Shaped<'_> {
    pub(super) fn finish(self) -> Found<Row> {
        let row = match self.returns {
            Returns::Exec | Returns::Affected | Returns::LastId => Row::None,
            Returns::Exists => Row::Ignored,
            Returns::Scalar => match self.columns.as_slice() {
                [column] => Row::Scalar(column.clone()),
                columns => {
                    let message = format!(
                        "`scalar` is one column, and the query has {}",
                        columns.len()
                    );
                    return fail(
                        Diagnostic::new(&codes::RETURNS, self.returns_span(), message)
                            .help("select one column, or write `returns = \"one\"`"),
                    );
                }
            },
            Returns::One | Returns::Optional | Returns::Many => self.row()?,
        };
        if matches!(row, Row::None | Row::Ignored | Row::Scalar(_)) {
            let unwanted = self
                .written
                .row
                .as_ref()
                .or_else(|| self.written.shape.first().map(|(name, _)| name));
            if let Some(text) = unwanted {
                let word = word(self.returns);
                let what = match row {
                    Row::Scalar(_) => "is one value",
                    Row::Ignored => "looks at no row",
                    Row::None
                    | Row::Model(_)
                    | Row::View(_)
                    | Row::Struct { .. }
                    | Row::Nested { .. } => "returns no rows",
                };
                let message = format!("`{word}` {what}, and nothing becomes `{}`", text.value);
                return fail(
                    Diagnostic::new(&codes::QUERY_ROW, text.span, message)
                        .help("remove `row` and `shape`, or write `returns = \"many\"`"),
                );
            }
        }
        Ok(row)
    }

    fn returns_span(&self) -> Span {
        self.written
            .returns
            .as_ref()
            .unwrap_or(&self.written.name)
            .span
    }

    fn row(&self) -> Found<Row> {
        if let (Some(name), [_, ..]) = (&self.written.row, self.written.shape.as_slice()) {
            let message = "a row is what `row` names, or made of the parts of `shape`";
            return fail(
                Diagnostic::new(&codes::QUERY_ROW, name.span, message)
                    .help("remove one of the two"),
            );
        }
        if !self.written.shape.is_empty() {
            return self.nested();
        }
        if let Some(name) = &self.written.row {
            return self.known_row(name);
        }
        self.struct_row(format!("{}Row", camel(&self.written.name.value)))
    }

    /// A struct of a name: that of an earlier query, whose columns are the same, or a new one.
    fn struct_row(&self, name: String) -> Found<Row> {
        named(&self.checked.places, &self.columns, &self.written.name)?;
        let mut queries = self.schema.queries.iter();
        let earlier = queries.find_map(|query| match &query.row {
            Row::Struct {
                name: other,
                columns,
                home: None,
            } if *other == name => Some((query, columns)),
            _ => None,
        });
        let Some((query, columns)) = earlier else {
            let columns = self.columns.clone();
            return Ok(Row::Struct {
                name,
                columns,
                home: None,
            });
        };
        let wanted: Vec<(String, QueryColumn)> = columns
            .iter()
            .map(|it| (it.name.clone(), it.clone()))
            .collect();
        let text = self.written.row.as_ref().unwrap_or(&self.written.name);
        let text = SourceText {
            value: name.clone(),
            span: text.span,
        };
        self.expect_columns(&wanted, &text).map_err(|mut found| {
            for it in &mut found {
                it.notes
                    .push(format!("`{name}` is the row of the query `{}`", query.name));
            }
            found
        })?;
        Ok(Row::Struct {
            name,
            columns: columns.clone(),
            home: Some(query.module),
        })
    }

    /// A struct that `row` gives a name to, and which other queries may share.
    fn named_struct(&self, name: &SourceText) -> Found<Row> {
        // Names that generated code uses of Rust's prelude.
        const TAKEN: &[&str] = &[
            "Box", "Clone", "Debug", "Err", "Iterator", "None", "Ok", "Option", "Result", "Self",
            "Some", "String", "Vec",
        ];
        let schema = self.schema;
        let kinds = [
            (
                "a type",
                schema.types.values().any(|it| it.name == name.value),
            ),
            (
                "an enum",
                schema.enums.values().any(|it| it.name == name.value),
            ),
            (
                "an abstract base",
                schema.abstracts.values().any(|it| it.name == name.value),
            ),
        ];
        let fail = |message: String, help: &str| {
            fail(Diagnostic::new(&codes::QUERY_ROW, name.span, message).help(help))
        };
        if let Some((kind, _)) = kinds.iter().find(|(_, is_it)| *is_it) {
            return fail(
                format!("`{}` is {kind}, and no row", name.value),
                "name a model, a view, or a struct of its own",
            );
        }
        if TAKEN.contains(&name.value.as_str()) {
            return fail(
                format!("`{}` is a name of Rust's", name.value),
                "call the row something else",
            );
        }
        let models = schema.models.values().map(|it| it.name.as_str());
        let views = schema.views.iter().map(|it| it.written.name.value.as_str());
        let is_upper = crate::resolve::is_model_name(&name.value);
        if nearest(&name.value, models.chain(views)).is_some() || !is_upper {
            return Err(vec![unknown_row(schema, name)]);
        }
        self.struct_row(name.value.clone())
    }

    /// A model or view whose columns are those of the query.
    fn known_row(&self, name: &SourceText) -> Found<Row> {
        if let Some((id, _)) = self
            .schema
            .models
            .iter()
            .find(|(_, it)| it.name == name.value)
        {
            self.expect_model(id, name)?;
            return Ok(Row::Model(id));
        }
        if let Some((at, view)) = self
            .schema
            .views
            .iter()
            .enumerate()
            .find(|(_, it)| it.written.name.value == name.value)
        {
            let wanted: Vec<(String, QueryColumn)> = view
                .columns
                .iter()
                .map(|it| (it.name.clone(), it.clone()))
                .collect();
            self.expect_columns(&wanted, name)?;
            return Ok(Row::View(at));
        }
        self.named_struct(name)
    }

    fn expect_model(&self, id: ModelId, name: &SourceText) -> Found<()> {
        if self.schema.models[id].family.is_some() {
            let message = format!(
                "`{}` is of an inheritance family, and a row of it is made of several tables",
                name.value
            );
            return fail(
                Diagnostic::new(&codes::QUERY_ROW, name.span, message)
                    .help("leave out `row`: the query has a struct of its own"),
            );
        }
        let wanted: Vec<(String, QueryColumn)> = model_columns(self.schema, id);
        self.expect_columns(&wanted, name)
    }

    fn expect_columns(&self, wanted: &[(String, QueryColumn)], name: &SourceText) -> Found<()> {
        if wanted.len() != self.columns.len() {
            let message = format!(
                "`{}` has {} columns, and the query {}",
                name.value,
                wanted.len(),
                self.columns.len()
            );
            return fail(
                Diagnostic::new(&codes::QUERY_ROW, name.span, message)
                    .help("select all of its columns, as `*` does"),
            );
        }
        for ((column_name, column), found) in wanted.iter().zip(&self.columns) {
            if *column_name != found.name {
                let message = format!(
                    "`{}` has the column `{column_name}` where the query has `{}`",
                    name.value, found.name
                );
                return fail(
                    Diagnostic::new(&codes::QUERY_ROW, name.span, message)
                        .help("select its columns in its order, as `*` does"),
                );
            }
            let is_same = known_of(&column.ty, column.rust)
                .is_same(known_of(&found.ty, found.rust), self.schema);
            if !is_same {
                let (left, right) = (
                    known_of(&column.ty, column.rust).name(self.schema),
                    known_of(&found.ty, found.rust).name(self.schema),
                );
                let message = format!(
                    "`{}.{column_name}` is `{left}`, and the query's is `{right}`",
                    name.value
                );
                return fail(
                    Diagnostic::new(&codes::QUERY_ROW, name.span, message).help(format!(
                        "cast the column, or remove `row`: the query then gets a struct of its own with a `{right}`"
                    )),
                );
            }
            if found.is_hidden && !column.is_hidden {
                let message = format!(
                    "`{}.{column_name}` is shown, and the query's is hidden",
                    name.value
                );
                return fail(
                    Diagnostic::new(&codes::QUERY_ROW, name.span, message)
                        .help("leave out `row`: the query has a struct of its own"),
                );
            }
            if found.ty.is_nullable && !column.ty.is_nullable {
                let message = format!(
                    "`{}.{column_name}` is never NULL, and the query's may be",
                    name.value
                );
                return fail(
                    Diagnostic::new(&codes::QUERY_ROW, name.span, message)
                        .note(found.reason.clone())
                        .help(format!(
                            "select `coalesce(..)`, or remove `row`: the query then gets a struct of its own with an `{column_name}` that may be NULL"
                        )),
                );
            }
        }
        Ok(())
    }

    /// A row of parts: `{ post = "p", tags = ["t"] }`.
    fn nested(&self) -> Found<Row> {
        let outputs = &self.checked.outputs;
        let base = camel(&self.written.name.value);
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(output) = outputs.get(at) {
            let alias = output.origin.as_ref().map(|it| it.alias.as_str());
            let shape = self.written.shape.iter().find(|(_, shape)| {
                let (Shape::One(wanted) | Shape::Many(wanted)) = shape;
                Some(wanted.value.as_str()) == alias
            });
            let Some((name, shape)) = shape else {
                parts.push(self.column_part(at)?);
                at += 1;
                continue;
            };
            let n = outputs
                .iter()
                .skip(at)
                .take_while(|it| it.origin.as_ref().map(|it| it.alias.as_str()) == alias)
                .count();
            if parts.iter().any(|it: &RowPart| it.name == name.value) {
                let message = format!(
                    "the columns of `{}` do not stand together",
                    alias.unwrap_or_default()
                );
                return fail(
                    Diagnostic::new(&codes::SHAPE, name.span, message)
                        .help("select them one after the other"),
                );
            }
            parts.push(self.alias_part(name, shape, at, n, &base)?);
            at += n;
        }
        for (name, shape) in &self.written.shape {
            if !parts.iter().any(|it| it.name == name.value) {
                let (Shape::One(alias) | Shape::Many(alias)) = shape;
                let alias = &alias.value;
                let mut aliases: Vec<&str> = outputs
                    .iter()
                    .filter_map(|it| Some(it.origin.as_ref()?.alias.as_str()))
                    .collect();
                aliases.dedup();
                let message = format!("the query selects no columns of a table `{alias}`");
                return fail(
                    Diagnostic::new(&codes::SHAPE, name.span, message)
                        .help(format!("it selects columns of {}", list(&aliases))),
                );
            }
        }
        let is_collecting = parts.iter().any(|it| it.number == PartNumber::Many);
        if is_collecting {
            self.check_keys(&parts)?;
        }
        Ok(Row::Nested {
            name: format!("{base}Row"),
            parts,
        })
    }

    fn shape_span(&self) -> Span {
        let first = self.written.shape.first();
        first.map_or(self.written.name.span, |(name, _)| name.span)
    }

    /// Where a column is written.
    fn place(&self, at: usize) -> Span {
        let place = self.checked.places.get(at).copied();
        place.unwrap_or(self.written.name.span)
    }

    fn column_part(&self, at: usize) -> Found<RowPart> {
        let column = self.columns.get(at).cloned();
        let Some(column) = column.filter(|it| is_name(&it.name)) else {
            let message = format!(
                "column {} of the query `{}` has no name",
                at + 1,
                self.written.name.value
            );
            return fail(
                Diagnostic::new(&codes::COLUMN_NAME, self.place(at), message)
                    .help("give it a name of its own: `AS name`"),
            );
        };
        if self
            .written
            .shape
            .iter()
            .any(|(name, _)| name.value == column.name)
        {
            let message = format!("two parts of the row are called `{}`", column.name);
            return fail(
                Diagnostic::new(&codes::COLUMN_NAME, self.place(at), message)
                    .help("give the column a name of its own: `AS name`"),
            );
        }
        Ok(RowPart {
            name: column.name.clone(),
            kind: PartKind::Column(column),
            number: PartNumber::One,
            at,
            key: Vec::new(),
        })
    }

    fn alias_part(
        &self,
        name: &SourceText,
        shape: &Shape,
        at: usize,
        n: usize,
        base: &str,
    ) -> Found<RowPart> {
        if !is_name(&name.value) {
            let message = format!("`{}` is no name of a field in Rust", name.value);
            return fail(
                Diagnostic::new(&codes::SHAPE, name.span, message)
                    .help("write a name in snake_case, such as `author`"),
            );
        }
        let outputs: Vec<&Output> = self.checked.outputs.iter().skip(at).take(n).collect();
        let origin = outputs.first().and_then(|it| it.origin.as_ref());
        let table = origin.and_then(|it| it.table);
        let is_missing = origin.is_some_and(|it| it.is_missing);
        let of_table = table.map(|table| {
            let table = &self.schema.tables[table];
            let columns = table.primary_key.iter().flat_map(|it| it.columns.iter());
            columns
                .filter_map(|name| table.columns.iter().position(|it| it.name == *name))
                .collect()
        });
        let columns: Vec<usize> =
            of_table.unwrap_or_else(|| origin.map_or_else(Vec::new, |it| it.key.clone()));
        let found = columns.iter().map(|column| {
            let mut outputs = outputs.iter();
            let of_key = |it: &Output| it.origin.as_ref().is_some_and(|it| it.column == *column);
            Some(at + outputs.position(|it| of_key(it))?)
        });
        let key: Vec<usize> = found.collect::<Option<Vec<_>>>().unwrap_or_default();
        if key.is_empty() && (is_missing || matches!(shape, Shape::Many(_))) {
            let alias = origin.map_or("", |it| it.alias.as_str());
            let message = format!(
                "the key of `{alias}` is not selected, and tells whether there is a row, and which"
            );
            return fail(
                Diagnostic::new(&codes::SHAPE, name.span, message)
                    .help(format!("select `{alias}.*`, or its key")),
            );
        }
        let number = match (shape, is_missing) {
            (Shape::Many(_), _) => PartNumber::Many,
            (Shape::One(_), true) => PartNumber::Optional,
            (Shape::One(_), false) => PartNumber::One,
        };
        let columns: Vec<QueryColumn> = self
            .columns
            .iter()
            .zip(&self.checked.outputs)
            .skip(at)
            .take(n)
            .map(|(column, output)| {
                let mut column = column.clone();
                // Within the part, a column is NULL only where its table has NULL.
                if let Some(origin) = &output.origin {
                    let is_stated = self
                        .written
                        .columns
                        .iter()
                        .any(|it| it.name.value == column.name && it.is_nullable.is_some());
                    if !is_stated {
                        column.ty.is_nullable = origin.is_nullable;
                    }
                }
                column
            })
            .collect();
        let model = table.and_then(|table| {
            let mut models = self.schema.models.iter();
            let (id, _) = models.find(|(id, it)| {
                it.family.is_none()
                    && self.schema.mappings[*id]
                        .tables
                        .iter()
                        .map(|it| it.table)
                        .eq([table])
            })?;
            let wanted = model_columns(self.schema, id);
            let is_whole = wanted.len() == columns.len()
                && wanted.iter().zip(&columns).all(|((name, wanted), found)| {
                    *name == found.name
                        && known_of(&wanted.ty, wanted.rust)
                            .is_same(known_of(&found.ty, found.rust), self.schema)
                });
            is_whole.then_some(id)
        });
        let kind = match model {
            Some(model) => PartKind::Model(model),
            None => {
                let places = self.checked.places.get(at..).unwrap_or_default();
                named(places, &columns, &self.written.name)?;
                PartKind::Struct {
                    name: format!("{base}{}", camel(&name.value)),
                    columns,
                }
            }
        };
        Ok(RowPart {
            name: name.value.clone(),
            kind,
            number,
            at,
            key,
        })
    }

    /// Rows are collected by the keys of what they are collected for.
    fn check_keys(&self, parts: &[RowPart]) -> Found<()> {
        let without = parts.iter().find(|it| {
            it.number == PartNumber::One
                && it.key.is_empty()
                && !matches!(it.kind, PartKind::Column(_))
        });
        let has_key = parts
            .iter()
            .any(|it| it.number == PartNumber::One && !it.key.is_empty());
        match (without, has_key) {
            (Some(part), _) => fail(
                Diagnostic::new(
                    &codes::SHAPE,
                    self.place(part.at),
                    format!(
                        "the key of `{}` is not selected, and rows are collected by it",
                        part.name
                    ),
                )
                .help("select its key"),
            ),
            (None, false) => fail(
                Diagnostic::new(
                    &codes::SHAPE,
                    self.shape_span(),
                    "nothing tells which rows belong together",
                )
                .help("nest the table that rows are collected for: `post = \"p\"`"),
            ),
            (None, true) => Ok(()),
        }
    }
}

/// What a statement returns in one dialect, as the user says or as it follows from the statement.
pub(super) fn returns(
    schema: &Schema,
    stated: Option<&SourceText>,
    checked: &Checked,
) -> Found<Returns> {
    let has_rows = !checked.outputs.is_empty();
    let Some(text) = stated else {
        return Ok(if has_rows {
            Returns::Many
        } else {
            Returns::Affected
        });
    };
    let Some((_, returns)) = WORDS.iter().find(|(word, _)| *word == text.value) else {
        let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        let message = format!("`{}` is not a value of `returns`", text.value);
        let diagnostic = Diagnostic::new(&codes::UNKNOWN_WORD, text.span, message)
            .help(format!("`returns` is one of {}", list(&words)));
        return fail(match nearest(&text.value, words) {
            Some(word) => diagnostic.label(format!("did you mean `{word}`?")),
            None => diagnostic,
        });
    };
    let wants_rows = matches!(
        returns,
        Returns::One | Returns::Optional | Returns::Many | Returns::Scalar | Returns::Exists
    );
    if wants_rows && !has_rows {
        let message = format!(
            "`{}` wants rows, and the statement returns none",
            text.value
        );
        return fail(
            Diagnostic::new(&codes::RETURNS, text.span, message)
                .help("write `affected`, or add RETURNING"),
        );
    }
    if !wants_rows && has_rows {
        let message = format!(
            "`{}` wants no rows, and the statement returns some",
            text.value
        );
        return fail(
            Diagnostic::new(&codes::RETURNS, text.span, message)
                .help("write `many`, `one` or `optional`"),
        );
    }
    if *returns == Returns::LastId && key_column(schema, checked).is_none() {
        let message =
            "`last_id` is the key of a new row whose table counts it up, and this is none";
        return fail(Diagnostic::new(&codes::RETURNS, text.span, message).help("write `affected`"));
    }
    if *returns == Returns::One && checked.may_skip {
        let message = "`one` wants a row, and a row that is there already returns none";
        return fail(Diagnostic::new(&codes::RETURNS, text.span, message).help("write `optional`"));
    }
    Ok(*returns)
}

/// Says that there is no model or view of a name.
pub(super) fn unknown_row(schema: &Schema, name: &SourceText) -> Diagnostic {
    let models = schema.models.values().map(|it| it.name.as_str());
    let views = schema.views.iter().map(|it| it.written.name.value.as_str());
    let names: Vec<&str> = models.chain(views).collect();
    let message = format!("there is no model or view `{}`", name.value);
    let diagnostic = Diagnostic::new(&codes::QUERY_ROW, name.span, message);
    match nearest(&name.value, names.iter().copied()) {
        Some(near) => diagnostic.meant(near),
        None => diagnostic.help(format!("the models are {}", list(&names))),
    }
}

/// The columns of the model, view or named row of a name.
pub(super) fn named_columns(schema: &Schema, name: &str) -> Option<Vec<(String, QueryColumn)>> {
    if let Some((id, _)) = schema.models.iter().find(|(_, it)| it.name == name) {
        return Some(model_columns(schema, id));
    }
    let mut views = schema.views.iter();
    let view = views.find(|it| it.written.name.value == name);
    let mut queries = schema.queries.iter();
    let columns = view.map(|it| &it.columns).or_else(|| {
        queries.find_map(|it| match &it.row {
            Row::Struct {
                name: row, columns, ..
            } if row == name => Some(columns),
            _ => None,
        })
    })?;
    let columns = columns.iter();
    Some(columns.map(|it| (it.name.clone(), it.clone())).collect())
}

/// The columns of a model, as its rows are read.
fn model_columns(schema: &Schema, id: ModelId) -> Vec<(String, QueryColumn)> {
    let fields = schema.fields_of(id);
    fields
        .into_iter()
        .map(|id| {
            let field = &schema.fields[id];
            let column = QueryColumn {
                name: field.column.clone(),
                ty: field.ty.clone(),
                rust: field.rust.is_some().then_some(id),
                reason: String::new(),
                is_hidden: field.is_hidden,
            };
            (field.column.clone(), column)
        })
        .collect()
}

/// The column that the database counts up, of the table that an INSERT writes.
fn key_column<'s>(schema: &'s Schema, checked: &Checked) -> Option<&'s str> {
    if checked.action != Action::Insert {
        return None;
    }
    let table = &schema.tables[checked.table?];
    let column = table.columns.iter().find(|it| {
        matches!(
            it.generation,
            Some(Generation::AutoIncrement | Generation::Identity(_))
        )
    })?;
    Some(&column.name)
}

/// Adds what returns the key, where the database does not tell it anyway.
pub(super) fn return_key(schema: &Schema, checked: &Checked, text: &mut (Dialect, Vec<Piece>)) {
    let (dialect, pieces) = text;
    if let Some(column) = key_column(schema, checked).filter(|_| *dialect != Dialect::Mysql) {
        let column = quote::identifier(*dialect, column);
        pieces.push(Piece::Text(format!(" RETURNING {column}")));
    }
}

/// How the schema calls what the caller gets.
pub(super) fn word(returns: Returns) -> &'static str {
    let mut words = WORDS.iter();
    words
        .find(|(_, it)| *it == returns)
        .map_or("", |(word, _)| word)
}

/// Turns `search_posts` into `SearchPosts`.
pub(super) fn camel(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut chars = word.chars();
        let first = chars.next().map(|it| it.to_ascii_uppercase());
        first.into_iter().chain(chars).collect::<String>()
    });
    words.collect()
}

/// Whether a name is one of a field or parameter in Rust.
pub(super) fn is_name(name: &str) -> bool {
    crate::resolve::is_field_name(name)
}
