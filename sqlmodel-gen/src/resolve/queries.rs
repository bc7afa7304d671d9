//! Pass 7: views and queries: their names, and the types that are stated. Their SQL is looked at when the schema is whole.

mod functions;
mod options;

use std::collections::BTreeMap;

use sqlmodel_sql::Dialect;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{QuerySql, Shape, SourceText, Statement, WrittenQuery, WrittenView};
use crate::resolve::Resolver;
use crate::resolve::case::to_snake_case;
use crate::resolve::names::check_snake_case;
use crate::source::Span;
use crate::syntax::{self, Name, Spanned, Sql, parse_type};

impl Resolver<'_> {
    pub(super) fn resolve_queries(&mut self) -> (Vec<WrittenView>, Vec<WrittenQuery>) {
        let views = self.names.views.clone();
        let views = views
            .into_iter()
            .map(|(syntax, module)| self.resolve_view(syntax, module));
        let views = views.collect();
        let mut names: BTreeMap<&str, Span> = BTreeMap::new();
        let mut queries = Vec::new();
        for (syntax, module) in self.names.queries.clone() {
            let Some(name) = &syntax.name else { continue };
            check_snake_case(name, "a query", self.diagnostics);
            if let Some(other) = names.insert(&name.value, name.span) {
                let message = format!("the query `{}` is declared twice", name.value);
                self.push(
                    Diagnostic::new(&codes::DUPLICATE_NAME, name.span, message)
                        .label("declared again here")
                        .related(other, "already here")
                        .help("rename one of the two"),
                );
            }
            queries.push(self.resolve_query(syntax, name, module));
        }
        for query in queries.iter().filter(|it| it.options.batch.is_some()) {
            let batch = format!("{}_batch", query.name.value);
            if let Some(other) = names.get(batch.as_str()) {
                let message = format!("the query `{batch}` is declared twice");
                self.push(
                    Diagnostic::new(&codes::DUPLICATE_NAME, *other, message)
                        .label("declared here")
                        .related(query.name.span, "and as the batch of this query")
                        .help("rename one of the two"),
                );
            }
        }
        (views, queries)
    }

    fn resolve_view(&mut self, syntax: &syntax::View, module: usize) -> WrittenView {
        for name in syntax.sql_name.iter().chain(&syntax.schema) {
            self.check_sql_name(name, "a view");
        }
        self.require_sql(&syntax.sql, syntax.name.span, "the view");
        WrittenView {
            name: source_text(&syntax.name),
            module,
            doc: syntax.doc.clone(),
            sql_name: match &syntax.sql_name {
                Some(name) => name.value.clone(),
                None => to_snake_case(&syntax.name.value),
            },
            sql_schema: syntax.schema.as_ref().map(|schema| schema.value.clone()),
            key: syntax.key.iter().map(source_text).collect(),
            sql: query_sql(&syntax.sql),
            columns: self.statements(&syntax.columns),
            derive: {
                self.derives(&syntax.derive);
                syntax.derive.iter().map(source_text).collect()
            },
        }
    }

    fn resolve_query(
        &mut self,
        syntax: &syntax::Query,
        name: &Name,
        module: usize,
    ) -> WrittenQuery {
        let dialects = syntax.dialects.as_ref().map(|dialects| dialects.value);
        let dialects: Vec<Dialect> = Dialect::ALL
            .into_iter()
            .filter(|dialect| self.options.dialects.contains(dialect))
            .filter(|dialect| dialects.is_none_or(|dialects| dialects.contains(*dialect)))
            .collect();
        let is_missing = |dialect: &&Dialect| syntax.sql.get(**dialect).is_none();
        if let Some(dialect) = dialects.iter().find(is_missing)
            && !syntax.sql.is_none()
        {
            let message = format!("the query `{}` has no SQL for {dialect}", name.value);
            self.push(
                Diagnostic::new(&codes::SQL_MISSING, name.span, message).help(format!(
                    "add `dialect.{0} = {{ sql = \"..\" }}`, or leave {0} out of `dialects`",
                    dialect.name()
                )),
            );
        }
        WrittenQuery {
            name: source_text(name),
            module,
            doc: syntax.doc.clone(),
            sql: query_sql(&syntax.sql),
            dialects,
            returns: syntax.returns.as_ref().map(source_text),
            dialect_returns: syntax
                .dialect_returns
                .iter()
                .map(|(dialect, text)| (*dialect, source_text(text)))
                .collect(),
            row: syntax.row.as_ref().map(source_text),
            params: self.statements(&syntax.params),
            columns: self.statements(&syntax.columns),
            shape: syntax
                .shape
                .iter()
                .map(|(name, shape)| {
                    let shape = match shape {
                        syntax::Shape::One(alias) => Shape::One(source_text(alias)),
                        syntax::Shape::Many(alias) => Shape::Many(source_text(alias)),
                    };
                    (source_text(name), shape)
                })
                .collect(),
            order: syntax
                .order
                .iter()
                .map(|(name, text)| (source_text(name), source_text(text)))
                .collect(),
            options: self.query_options(syntax),
            is_raw: syntax.raw,
            allow: syntax.allow.iter().map(source_text).collect(),
            page: syntax.page.as_ref().map(|page| self.page(page)),
            write: syntax.write.as_ref().map(|it| (it.value, it.span)),
            span: syntax.span,
        }
    }

    /// Reads `{ total = "Money!", note = "?" }`.
    fn statements(&mut self, pairs: &[(Name, Name)]) -> Vec<Statement> {
        let mut statements = Vec::new();
        for (name, text) in pairs {
            let (written, is_nullable) = match text.value.trim() {
                it if it.ends_with('!') => (it.trim_end_matches('!'), Some(false)),
                it if it.ends_with('?') => (it.trim_end_matches('?'), Some(true)),
                it => (it, None),
            };
            let ty = if written.is_empty() && is_nullable.is_some() {
                None
            } else {
                let written = Spanned::new(written.to_owned(), text.span);
                let parsed = parse_type(&written, self.sources, self.diagnostics);
                match parsed.and_then(|ty| self.resolve_type(&ty)) {
                    Some(ty) => Some(ty),
                    None => continue,
                }
            };
            statements.push(Statement {
                name: source_text(name),
                ty,
                is_nullable,
                text: source_text(text),
            });
        }
        statements
    }
}

fn source_text(name: &Name) -> SourceText {
    SourceText {
        value: name.value.clone(),
        span: name.span,
    }
}

pub(super) fn query_sql(sql: &Sql) -> QuerySql {
    let text = |name: &Option<Name>| name.as_ref().map(source_text);
    QuerySql {
        portable: text(&sql.portable),
        sqlite: text(&sql.sqlite),
        postgres: text(&sql.postgres),
        mysql: text(&sql.mysql),
    }
}
