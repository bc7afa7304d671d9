//! SQL that is part of a table: checks, generated columns, expressions and conditions of indexes, defaults.
//!
//! It goes to the database as it is written, so it may be anything that a dialect takes, and the parser does not know all of that.
//! What the parser reads to the end is held against the columns of the table; of the rest, only what is wrong in every dialect is
//! reported, such as a text that does not end.

mod circle;
mod condition;
mod refused;

use sqlmodel_sql::Dialect;

use self::circle::Link;
use crate::diagnostic::{Diagnostic, Diagnostics, codes, nearest};
use crate::ir::{Fragment, FragmentPlace, SourceText};
use crate::query::feature::Feature;
use crate::query::parse::{ParseError, ParseErrorKind, ParsedExpr, Variant, parse_expr};
use crate::query::text::{Text, TokenKind};
use crate::query::tree::{Expr, ExprKind, List, Name, OrderBy, Over, Quantified, Window};
use crate::query::variant::Layout;
use crate::source::{SourceMap, Span};
use crate::syntax::list;

/// Reports the mistakes in the SQL of tables that can be told without a database.
pub(crate) fn check_fragments(
    fragments: &[Fragment],
    dialects: &[Dialect],
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) {
    let mut links = Vec::new();
    for fragment in fragments {
        let sql = &fragment.sql;
        let own = [&sql.sqlite, &sql.postgres, &sql.mysql];
        let is_portable = |dialect: &&Dialect| sql.get(**dialect) == sql.portable.as_ref();
        if let Some(text) = &sql.portable {
            let dialects: Vec<Dialect> = dialects.iter().filter(is_portable).copied().collect();
            let checker = Checker {
                fragment,
                dialects: &dialects,
                is_portable: true,
            };
            checker.check(text, sources, &mut links, diagnostics);
        }
        for (text, dialect) in own.into_iter().zip(Dialect::ALL) {
            if let (Some(text), true) = (text, dialects.contains(&dialect)) {
                let checker = Checker {
                    fragment,
                    dialects: &[dialect],
                    is_portable: false,
                };
                checker.check(text, sources, &mut links, diagnostics);
            }
        }
    }
    let circles = circle::circles(links);
    circles.into_iter().for_each(|it| diagnostics.push(it));
}

/// One text of a fragment.
struct Checker<'a> {
    fragment: &'a Fragment,
    /// The dialects that the text is for.
    dialects: &'a [Dialect],
    /// Whether it is for all that have no text of their own.
    is_portable: bool,
}

impl Checker<'_> {
    fn check(
        &self,
        text: &SourceText,
        sources: &SourceMap,
        links: &mut Vec<Link>,
        diagnostics: &mut Diagnostics,
    ) {
        // Strings of MySQL, and some of PostgreSQL, end elsewhere if there is a backslash.
        if self.dialects.is_empty() || text.value.contains('\\') {
            return;
        }
        let text = match Text::read(text, sources) {
            Ok(text) => text,
            Err((error, span)) => {
                if error.is_unclosed {
                    diagnostics.push(
                        Diagnostic::new(&codes::SQL_SYNTAX, span, error.message)
                            .help("add the sign that it began with at its end"),
                    );
                }
                return;
            }
        };
        if !text.markers.is_empty() {
            return;
        }
        let semicolon = (0..text.tokens.len()).find(|at| text.token(*at) == ";");
        if let Some(token) = semicolon.and_then(|at| text.tokens.get(at)) {
            let label = "this is one expression, and no statement";
            let help = "remove the semicolon, and what follows it";
            diagnostics.push(unreadable(text.span(token.range.clone()), label).help(help));
            return;
        }
        if let Some((at, label)) = unbalanced(&text) {
            let help = "each `(` has a `)`: add the other one, or remove this";
            diagnostics.push(unreadable(text.span(at), label).help(help));
            return;
        }
        let texts = [text];
        let [text] = &texts;
        let variant = Layout::default().variant(text, &texts, 0, None);
        let found = match parse_expr(&variant) {
            Ok(parsed) => self.parsed(&parsed, &variant, text, links),
            Err(error) if is_certain(&error, text) => {
                let label = error.label.replacen("the statement", "the SQL", 1);
                let help = error
                    .help
                    .unwrap_or_else(|| "write what the operator stands between".to_owned());
                vec![unreadable(variant.span(error.at), label).help(help)]
            }
            Err(_) => Vec::new(),
        };
        found.into_iter().for_each(|it| diagnostics.push(it));
    }

    fn parsed(
        &self,
        parsed: &ParsedExpr,
        variant: &Variant<'_>,
        text: &Text,
        links: &mut Vec<Link>,
    ) -> Vec<Diagnostic> {
        if parsed.end < text.tokens.len() {
            return misspelled(text, parsed.end).into_iter().collect();
        }
        let mut found = self.lacking(parsed, variant);
        each(&parsed.expr, &mut |expr| {
            let diagnostic = match &*expr.kind {
                ExprKind::Column(parts) => {
                    let refused = self.column(parts, variant);
                    let refused = refused.or_else(|| self.refused_column(parts, variant));
                    if refused.is_none() {
                        links.extend(self.link(parts, variant));
                    }
                    refused
                }
                ExprKind::Call(call) => self.refused_call(call, variant),
                ExprKind::Param(name) => Some(
                    self.misplaced(variant.span(expr.at), &format!("`:{name}` is a parameter")),
                ),
                ExprKind::Subquery(_) | ExprKind::Exists(_) | ExprKind::ArrayQuery(_)
                    if self.fragment.place != FragmentPlace::OnUpdate =>
                {
                    Some(self.misplaced(variant.span(expr.at), "this is a query"))
                }
                _ => self.refused_comparison(expr, variant),
            };
            // A column that is named twice is one mistake.
            let known = |it: &Diagnostic| found.iter().any(|other| other.message == it.message);
            if let Some(diagnostic) = diagnostic.filter(|it| !known(it)) {
                found.push(diagnostic);
            }
        });
        found.extend(self.refused_conditions(&parsed.expr, variant));
        found
    }

    /// Reports what the dialects of a portable text do not have, each once.
    fn lacking(&self, parsed: &ParsedExpr, variant: &Variant<'_>) -> Vec<Diagnostic> {
        if !self.is_portable {
            return Vec::new();
        }
        let mut seen: Vec<Feature> = Vec::new();
        let mut found = Vec::new();
        for (feature, at) in &parsed.features {
            let names = self.dialects.iter().filter(|it| is_lacking(*feature, **it));
            let names: Vec<&str> = names.map(|it| it.title()).collect();
            let [first, rest @ ..] = names.as_slice() else {
                continue;
            };
            if seen.contains(feature) {
                continue;
            }
            seen.push(*feature);
            let verb = if rest.is_empty() { "has" } else { "have" };
            let who = [&[*first], rest].concat().join(" and ");
            let message = format!("{who} {verb} no {}", feature.title());
            found.push(
                Diagnostic::new(&codes::SQL_DIALECT, variant.span(*at), message).help(format!(
                    "{}; or write a text for each database, such as `{{ sqlite = \"..\", postgres = \"..\" }}`",
                    feature.help()
                )),
            );
        }
        found
    }

    fn misplaced(&self, span: Span, what: &str) -> Diagnostic {
        let place = self.fragment.place.title();
        let message = format!("{what}, and {place} has none");
        Diagnostic::new(&codes::SQL_UNSUPPORTED, span, message)
            .note(format!("{place} is about the columns of one row"))
            .help("write a constant or an expression over columns of the table")
    }

    /// Returns the name of a column of the table.
    fn column_name<'n>(&self, parts: &'n [Name]) -> Option<&'n Name> {
        match parts {
            [name] => Some(name),
            // What else stands before the dot may be a column of several parts.
            [table, name] if table.is(&self.fragment.table) => Some(name),
            _ => None,
        }
    }

    /// Reports a name that is no column of the table.
    fn column(&self, parts: &[Name], variant: &Variant<'_>) -> Option<Diagnostic> {
        let fragment = self.fragment;
        let columns = fragment.columns.as_ref()?;
        let name = self.column_name(parts)?;
        let written = variant.written(name.at);
        let is_known = columns.iter().any(|it| name.is(&it.name))
            || self.is_default_without_columns()
            || name.is(&fragment.table)
            || (!written.starts_with(['"', '`']) && is_value_word(&name.text))
            // A text in the eyes of MySQL, and of SQLite where no column has the name.
            || (written.starts_with('"') && !self.dialects.contains(&Dialect::Postgres));
        if is_known {
            return None;
        }
        let message = format!(
            "the table `{}` has no column `{}`",
            fragment.table, name.text
        );
        let diagnostic = Diagnostic::new(&codes::UNKNOWN_COLUMN, variant.span(name.at), message);
        let field = fragment.fields.iter().find(|(field, _)| name.is(field));
        if let Some((_, column)) = field {
            let has_column = columns.iter().any(|it| it.name == *column);
            return Some(match has_column {
                true => diagnostic
                    .label(format!("the column of the field is `{column}`"))
                    .help(format!("write `{column}`")),
                false => diagnostic
                    .label("it is in the table of a base")
                    .help("a table knows its own columns: say it in the model that has the field"),
            });
        }
        let names: Vec<&str> = columns.iter().map(|it| it.name.as_str()).collect();
        Some(match nearest(&name.text, names.iter().copied()) {
            Some(column) => diagnostic.meant(column),
            None => diagnostic.help(format!("its columns are {}", list(&names))),
        })
    }
}

fn unreadable(span: Span, label: impl Into<String>) -> Diagnostic {
    Diagnostic::new(&codes::SQL_SYNTAX, span, "the SQL cannot be read").label(label)
}

/// Returns the parenthesis that has no other, which no dialect takes.
fn unbalanced(text: &Text) -> Option<(std::ops::Range<usize>, &'static str)> {
    let mut open = Vec::new();
    for (at, token) in text.tokens.iter().enumerate() {
        match (token.kind, text.token(at)) {
            (TokenKind::Sign, "(") => open.push(token.range.clone()),
            (TokenKind::Sign, ")") if open.pop().is_none() => {
                return Some((token.range.clone(), "nothing is open here"));
            }
            _ => {}
        }
    }
    open.pop().map(|range| (range, "this is never closed"))
}

/// Whether what the parser does not understand is wrong in every dialect: an operator without its operand.
fn is_certain(error: &ParseError, text: &Text) -> bool {
    const NEVER_FIRST: &[&str] = &[
        ")", ",", "=", "<", ">", "<=", ">=", "<>", "!=", "*", "/", "%", "||",
    ];
    if error.kind != ParseErrorKind::Syntax {
        return false;
    }
    let at = error.at.start as usize;
    let is_at_end = error.at.end as usize >= text.tokens.len();
    if is_at_end && error.label.starts_with("the statement ends here") {
        return true;
    }
    let (Some(sign), Some(before)) = (
        text.tokens.get(at),
        at.checked_sub(1).and_then(|it| text.tokens.get(it)),
    ) else {
        return false;
    };
    // Signs side by side may be an operator of an extension, and `()` is a list of none.
    let is_alone = before.kind != TokenKind::Sign || before.range.end < sign.range.start;
    let is_empty_list = text.token(at) == ")" && text.token(at - 1) == "(";
    error.label == "expected a value"
        && NEVER_FIRST.contains(&text.token(at))
        && is_alone
        && !is_empty_list
}

/// Reports a word after an expression that is nearly one that goes on with it.
fn misspelled(text: &Text, at: usize) -> Option<Diagnostic> {
    const WORDS: &[&str] = &["and", "between", "like"];
    let token = text
        .tokens
        .get(at)
        .filter(|it| it.kind == TokenKind::Word)?;
    let word = text.token(at).to_lowercase();
    // `a any b` and `a end b` are as wrong, and shorter words are near too many.
    let meant = nearest(&word, WORDS.iter().copied()).filter(|_| word.len() > 2)?;
    let span = text.span(token.range.clone());
    Some(unreadable(span, "").meant(&meant.to_uppercase()))
}

/// Whether a dialect refuses a part of SQL in every version, or reads it as something else.
fn is_lacking(feature: Feature, dialect: Dialect) -> bool {
    let may_have = match feature {
        // MySQL has `->` and MariaDB not; with an extension, SQLite has REGEXP; `^` is a power in PostgreSQL.
        Feature::JsonSign | Feature::Truth => true,
        Feature::Regexp => dialect == Dialect::Sqlite,
        Feature::BitXorCaret => dialect == Dialect::Postgres,
        Feature::AtTimeZone => dialect == Dialect::Mysql,
        _ => false,
    };
    !may_have && !feature.is_in(dialect)
}

/// Whether a word without quotes is a value in some dialect, or a column that no model declares.
fn is_value_word(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "_rowid_",
        "current_catalog",
        "current_role",
        "current_schema",
        "current_user",
        "oid",
        "rowid",
        "session_user",
        "system_user",
        "tableoid",
        "user",
        "utc_date",
        "utc_time",
        "utc_timestamp",
    ];
    WORDS
        .binary_search(&word.to_ascii_lowercase().as_str())
        .is_ok()
}

/// Whether a function takes words that look like columns: `timestampdiff(DAY, a, b)`, `convert(a, SIGNED)`, `normalize(a, NFC)`.
fn takes_words(function: &Name) -> bool {
    const FUNCTIONS: &[&str] = &[
        "convert",
        "get_format",
        "normalize",
        "timestampadd",
        "timestampdiff",
        "weight_string",
    ];
    FUNCTIONS.iter().any(|it| function.is(it))
}

/// Visits an expression and what is in it, but not inside of queries.
fn each(expr: &Expr, visit: &mut impl FnMut(&Expr)) {
    visit(expr);
    let mut all = |exprs: &[&Expr]| exprs.iter().for_each(|it| each(it, visit));
    match &*expr.kind {
        ExprKind::Column(_)
        | ExprKind::Param(_)
        | ExprKind::Null
        | ExprKind::Default
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Text(_)
        | ExprKind::TypedText(..)
        | ExprKind::Exists(_)
        | ExprKind::Subquery(_)
        | ExprKind::ArrayQuery(_) => {}
        ExprKind::And(exprs)
        | ExprKind::Or(exprs)
        | ExprKind::Row(exprs)
        | ExprKind::Array(exprs) => {
            all(&exprs.iter().collect::<Vec<_>>());
        }
        ExprKind::Not(inner)
        | ExprKind::Interval(inner, _)
        | ExprKind::Negate(inner)
        | ExprKind::IsNull(inner, _)
        | ExprKind::IsTruth { value: inner, .. }
        | ExprKind::Cast(inner, _)
        | ExprKind::Extract(_, inner)
        | ExprKind::Collate(inner) => all(&[inner]),
        ExprKind::Binary(_, left, right)
        | ExprKind::IsDistinct(left, right)
        | ExprKind::Subscript(left, right)
        | ExprKind::AtTimeZone(left, right) => all(&[left, right]),
        ExprKind::Between {
            value, low, high, ..
        } => all(&[value, low, high]),
        ExprKind::Like(left, right, escape) => {
            all(&[left, right]);
            escape.iter().for_each(|it| all(&[it]));
        }
        ExprKind::In { value, list, .. } => {
            all(&[value]);
            if let List::Exprs(exprs) = list {
                all(&exprs.iter().collect::<Vec<_>>());
            }
        }
        ExprKind::Quantified(_, value, list) => {
            all(&[value]);
            if let Quantified::Expr(expr) = list {
                all(&[expr]);
            }
        }
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => {
            let pairs = branches.iter().flat_map(|(when, then)| [when, then]);
            all(&operand
                .iter()
                .chain(pairs)
                .chain(otherwise)
                .collect::<Vec<_>>());
        }
        ExprKind::Call(call) => {
            let args = call
                .args
                .iter()
                .filter(|it| !(takes_words(&call.name) && is_word(it)));
            let order = call.order.iter().map(|OrderBy { expr }| expr);
            let over = call.over.iter().flat_map(|over| match over {
                Over::Named(_) => Vec::new(),
                Over::Window(Window {
                    partition, order, ..
                }) => partition
                    .iter()
                    .chain(order.iter().map(|it| &it.expr))
                    .collect(),
            });
            all(&args
                .chain(order)
                .chain(&call.filter)
                .chain(over)
                .collect::<Vec<_>>());
        }
    }
}

fn is_word(expr: &Expr) -> bool {
    matches!(&*expr.kind, ExprKind::Column(parts) if parts.len() == 1)
}
