//! Finds out what a statement means: which columns its names are, the types of its expressions, and what may be NULL.
//!
//! It is sound before it is precise: a type or a NULL that cannot be proved is reported or assumed, never guessed.

mod call;
mod column;
mod expr;
mod from;
mod list;
mod operator;
mod order;
mod refine;
mod scope;
mod select;
mod table_function;
mod time;
mod window;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use sqlmodel_sql::Dialect;

use self::scope::Scope;
use crate::diagnostic::{Code, Diagnostic, codes, nearest};
use crate::ir::Schema;
use crate::query::catalog::{Catalog, Source};
use crate::query::functions::Functions;
use crate::query::lint::Habits;
use crate::query::page::Ending;
use crate::query::params::{Param, Params};
use crate::query::parse::{TokenId, Variant};
use crate::query::tree::{At, Conflict, Expr, ExprKind, Name, Statement};
use crate::query::types::{Clash, ColumnAt, Constant, Known, Ty, Typed};
use crate::source::Span;
use crate::syntax::list;

pub(super) use self::scope::Origin;

/// How tall an expression may be that is looked at twice, so that such ones in one another take no time to speak of.
const MAX_HEIGHT: u32 = 12;

/// What a statement returns in one place.
#[derive(Debug, Clone)]
pub(super) struct Output {
    pub(super) name: Option<String>,
    pub(super) typed: Typed,
    pub(super) at: At,
    /// The table that the column is of, where it is one unchanged.
    pub(super) origin: Option<Origin>,
    /// The expression's tokens, where the statement's text has one for this column alone.
    pub(super) has_text: bool,
    /// Whether it is a column that must not be shown, of a table or through a subquery or view.
    pub(super) is_hidden: bool,
}

/// A change of the text on its way to the database; the key is the first token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Edit {
    /// `*` becomes these columns: of which table, and which.
    Star {
        n_tokens: u32,
        columns: Vec<(String, String)>,
    },
    /// `IN (:list)`.
    List {
        n_tokens: u32,
        name: String,
        is_negated: bool,
    },
    /// A type's name becomes the dialect's.
    Replace { n_tokens: u32, text: &'static str },
    /// A constant becomes a text, perhaps of a type.
    Constant {
        n_tokens: u32,
        text: String,
        cast: Option<String>,
    },
    /// A parameter is told its type.
    ParamCast(String),
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Select,
    Insert,
    Update,
    Delete,
}

/// What was found out.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) action: Action,
    /// Whether a SELECT writes in its WITH.
    pub(super) has_writes: bool,
    /// Nothing for a command.
    pub(super) outputs: Vec<Output>,
    /// Where the outputs are written; nothing where that is not known.
    pub(super) places: Vec<Span>,
    pub(super) params: Params,
    /// The parameters that are asked about NULL.
    pub(super) asked: BTreeSet<String>,
    pub(super) edits: BTreeMap<TokenId, Edit>,
    /// Text that follows a token.
    pub(super) after: BTreeMap<TokenId, &'static str>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether a row that is there already is left out, so that nothing may be returned.
    pub(super) may_skip: bool,
    /// The table of an INSERT.
    pub(super) table: Option<crate::ir::TableId>,
    /// Whether it locks the rows that it reads.
    pub(super) is_locking: bool,
    /// What stands at the end of a SELECT.
    pub(super) ending: Ending,
    /// Whether the columns that pages are ordered by were proved to tell rows apart.
    pub(super) has_row_key: bool,
    /// What the statement shows by itself.
    pub(super) habits: Habits,
}

/// What is known about a query before its text is looked at.
#[derive(Debug, Clone)]
pub(super) struct Declared {
    pub(super) params: Params,
    /// The columns whose types the user states.
    pub(super) columns: BTreeSet<String>,
    /// The columns that pages are ordered by.
    pub(super) page: Vec<String>,
    /// The parameters that the statement asks about NULL, and which therefore may be.
    pub(super) asked: BTreeSet<String>,
}

pub(super) struct Checker<'a> {
    schema: &'a Schema,
    catalog: &'a Catalog,
    dialect: Dialect,
    variant: &'a Variant<'a>,
    declared: &'a Declared,
    params: Params,
    edits: BTreeMap<TokenId, Edit>,
    after: BTreeMap<TokenId, &'static str>,
    diagnostics: Vec<Diagnostic>,
    /// The queries that WITH names, the innermost last.
    ctes: Vec<(Name, Source)>,
    /// The scopes around the place that is looked at, the innermost last.
    scopes: Vec<Scope>,
    /// The scope of the SELECT that was looked at last.
    left_scope: Scope,
    n_joins: u32,
    /// Whether a function that is not known may stand here, since the user states the type.
    is_stated: bool,
    /// Whether WITH writes.
    has_writes: bool,
    /// Parameters at places that tell no type: the name, and the token.
    loose: Vec<(String, TokenId)>,
    /// The parameters that were asked about NULL.
    asked: BTreeSet<String>,
    /// The columns that were read, while somebody wants to know.
    reads: Option<Vec<ColumnAt>>,
}

/// Checks a statement.
pub(super) fn check(
    statement: &Statement,
    schema: &Schema,
    catalog: &Catalog,
    dialect: Dialect,
    variant: &Variant<'_>,
    declared: &Declared,
) -> Checked {
    let mut checker = Checker {
        schema,
        catalog,
        dialect,
        variant,
        declared,
        params: declared.params.clone(),
        edits: BTreeMap::new(),
        after: BTreeMap::new(),
        diagnostics: Vec::new(),
        ctes: Vec::new(),
        scopes: Vec::new(),
        left_scope: Scope::default(),
        n_joins: 0,
        is_stated: false,
        has_writes: false,
        loose: Vec::new(),
        asked: BTreeSet::new(),
        reads: None,
    };
    let mut table = None;
    let mut may_skip = false;
    let (action, outputs) = match statement {
        Statement::Query(query) => (Action::Select, checker.query(query, &[])),
        Statement::Insert(insert) => {
            table = checker.target_table(&insert.target);
            may_skip = match &insert.conflict {
                Conflict::Fail | Conflict::Replace => false,
                Conflict::Ignore { .. } => true,
                Conflict::Update { filter, .. } => filter.is_some(),
            };
            (Action::Insert, checker.insert(insert))
        }
        Statement::Update(update) => (Action::Update, checker.update(update)),
        Statement::Delete(delete) => (Action::Delete, checker.delete(delete)),
    };
    checker.cast_loose();
    Checked {
        action,
        places: outputs.iter().map(|it| variant.span(it.at)).collect(),
        has_writes: checker.has_writes,
        outputs,
        params: checker.params,
        asked: checker.asked,
        edits: checker.edits,
        after: checker.after,
        diagnostics: checker.diagnostics,
        table,
        may_skip,
        is_locking: false,
        ending: Ending::of(statement),
        has_row_key: false,
        habits: Habits::default(),
    }
}

impl<'a> Checker<'a> {
    /// The functions that may be called.
    fn functions(&self) -> Functions<'a> {
        self.catalog.functions(self.dialect)
    }

    /// Looks at a statement that writes, and returns what it returns.
    fn write(&mut self, statement: &Statement) -> Vec<Output> {
        match statement {
            Statement::Query(query) => self.query(query, &[]),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
        }
    }

    /// Notes a parameter at a place that tells PostgreSQL no type, or another one than elsewhere.
    fn loose(&mut self, expr: &Expr) {
        if let (ExprKind::Param(name), Some(token)) =
            (&*expr.kind, self.variant.tokens.get(expr.at.start as usize))
        {
            self.loose.push((name.clone(), *token));
        }
    }

    /// Notes that a parameter is asked about NULL, so that NULL is a value of it.
    fn asked(&mut self, expr: &Expr) {
        match &*expr.kind {
            ExprKind::Param(name) => {
                self.asked.insert(name.clone());
            }
            ExprKind::Cast(inner, _) => self.asked(inner),
            _ => {}
        }
    }

    /// Notes a parameter beside what may be NULL, in a comparison that knows NULL.
    fn asked_beside(&mut self, (left, a): (&Expr, &Typed), (right, b): (&Expr, &Typed)) {
        if a.is_nullable {
            self.asked(right);
        }
        if b.is_nullable {
            self.asked(left);
        }
    }

    /// Looks at a part of the statement, and returns the columns of this query and those around it that it reads as well.
    fn reading<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> (T, Vec<ColumnAt>) {
        let n_scopes = self.scopes.len();
        let outer = self.reads.replace(Vec::new());
        let result = look(self);
        let mut found = std::mem::replace(&mut self.reads, outer).unwrap_or_default();
        if let Some(reads) = &mut self.reads {
            reads.extend(&found);
        }
        found.retain(|it| it.scope < n_scopes);
        (result, found)
    }

    /// Tells PostgreSQL the types of parameters where it does not find them out.
    fn cast_loose(&mut self) {
        if self.dialect != Dialect::Postgres {
            return;
        }
        for (name, token) in std::mem::take(&mut self.loose) {
            let Some(param) = self.params.by_name.get(&name) else {
                continue;
            };
            let cast = param
                .ty
                .filter(|_| !param.is_list)
                .and_then(|ty| crate::query::types::cast_name(ty, self.schema, self.dialect));
            if let Some(cast) = cast {
                self.edits.entry(token).or_insert(Edit::ParamCast(cast));
            }
        }
    }

    fn span(&self, at: At) -> Span {
        self.variant.span(at)
    }

    fn error(
        &mut self,
        code: &'static Code,
        at: At,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let span = self.span(at);
        self.push(Diagnostic::new(code, span, message))
    }

    fn push(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        // One mistake, one diagnostic: a part that is looked at twice says the same twice.
        let known = self
            .diagnostics
            .iter()
            .position(|it| it.span == diagnostic.span && it.message == diagnostic.message);
        let at = known.unwrap_or(self.diagnostics.len());
        if known.is_none() {
            self.diagnostics.push(diagnostic);
        }
        &mut self.diagnostics[at]
    }

    fn is_wrong(&self) -> bool {
        !self.diagnostics.is_empty()
    }

    /// Reports that two expressions have no type in common.
    fn clash(&mut self, clash: &Clash, at: At, a: &Typed, b: &Typed) {
        let name = |typed: &Typed, schema: &Schema| {
            typed
                .known()
                .map_or_else(|| "NULL".to_owned(), |it| it.name(schema))
        };
        let (left, right) = (name(a, self.schema), name(b, self.schema));
        match clash {
            Clash::Classes => {
                let label = format!("{} and {}", self.described(a), self.described(b));
                let message = format!("`{left}` and `{right}` do not go together");
                let is_made_text = self.dialect == Dialect::Mysql
                    && [a, b]
                        .iter()
                        .any(|it| matches!(it.constant, Some(Constant::Text(_))));
                let diagnostic = self.error(&codes::SQL_TYPES, at, message);
                diagnostic.label = label;
                diagnostic.help = Some(match is_made_text {
                    true => {
                        "MySQL makes a text of the two: write `DATE '2024-01-01'`, or cast the text"
                            .to_owned()
                    }
                    false => "convert one of the two: `CAST(a AS text)`".to_owned(),
                });
            }
            Clash::NotInEnum => {
                let enum_ = [a, b].into_iter().find_map(|it| match it.known()?.scalar {
                    crate::ir::Scalar::Enum(id) => Some(&self.schema.enums[id]),
                    _ => None,
                });
                let (message, values) = match enum_ {
                    Some(enum_) => {
                        let values: Vec<String> = enum_
                            .values
                            .iter()
                            .map(|it| match &it.value {
                                crate::ir::EnumLiteral::Text(text) => format!("'{text}'"),
                                crate::ir::EnumLiteral::Int(int) => int.to_string(),
                            })
                            .collect();
                        (
                            format!("this is no value of the enum `{}`", enum_.name),
                            values,
                        )
                    }
                    None => ("this is no value of the enum".to_owned(), Vec::new()),
                };
                let written = self.variant.written(at).to_owned();
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                let label = nearest(&written, values.iter().copied())
                    .map(|it| format!("did you mean {it}?"));
                let help = format!("its values are {}", list(&values));
                let diagnostic = self.error(&codes::NOT_IN_ENUM, at, message);
                diagnostic.label = label.unwrap_or_default();
                diagnostic.help = Some(help);
            }
            Clash::NotA(known) => self.clash_text(*known, at),
        }
    }

    fn clash_text(&mut self, known: Known, at: At) {
        let name = known.name(self.schema);
        let message = format!("this text is no value of the type `{name}`");
        self.error(&codes::SQL_TYPES, at, message).help =
            Some("write a text of that form, or compare with something else".to_owned());
    }

    fn described(&self, typed: &Typed) -> String {
        match typed.known() {
            Some(known) => known.class(self.schema).title().to_owned(),
            None => "NULL".to_owned(),
        }
    }

    /// Notes a use of a parameter, and returns what it is there.
    fn param(&mut self, name: &str, at: At, expected: Option<Expected>, is_list: bool) -> Typed {
        let span = self.span(at);
        let is_asked = self.declared.asked.contains(name);
        let param = match self.params.by_name.get_mut(name) {
            Some(param) => param,
            None => {
                let fresh = Param {
                    ty: None,
                    is_list,
                    is_nullable: is_asked,
                    reason: "".into(),
                    first: span,
                    typed_at: span,
                    is_cast: false,
                    is_declared: false,
                };
                self.params.by_name.entry(name.to_owned()).or_insert(fresh)
            }
        };
        if !self.params.order.iter().any(|it| it == name) {
            self.params.order.push(name.to_owned());
            param.first = span;
            param.is_list |= is_list;
        }
        if param.is_list != is_list {
            let first = param.first;
            self.push(
                Diagnostic::new(
                    &codes::PARAM_TYPE,
                    span,
                    format!("`:{name}` is a list in one place and a value in another"),
                )
                .related(first, "the other place")
                .help(format!(
                    "give one of them another name; a list stands in `IN (:{name})`"
                )),
            );
            return Typed::unknown("");
        }
        if param.is_declared {
            if let Some(token) = self.variant.tokens.get(at.start as usize)
                && let Some(cast) = param
                    .ty
                    .and_then(|ty| crate::query::types::cast_name(ty, self.schema, self.dialect))
                && self.dialect == Dialect::Postgres
                && !is_list
            {
                self.edits.insert(*token, Edit::ParamCast(cast));
            }
        } else if let Some(expected) = expected {
            match param.ty {
                None => {
                    param.ty = Some(expected.ty);
                    param.is_nullable = expected.is_nullable || is_asked;
                    param.reason = match is_asked {
                        true => format!("{}; asked about NULL", expected.reason).into(),
                        false => expected.reason,
                    };
                    param.typed_at = span;
                    if expected.is_weak
                        && let Some(cast) =
                            crate::query::types::cast_name(expected.ty, self.schema, self.dialect)
                        && let Some(token) = self.variant.tokens.get(at.start as usize)
                        && self.dialect == Dialect::Postgres
                    {
                        param.is_cast = true;
                        self.edits.insert(*token, Edit::ParamCast(cast));
                    }
                }
                Some(ty) if ty.is_same(expected.ty, self.schema) => {
                    param.is_nullable &= expected.is_nullable || is_asked;
                }
                // A constant beside it says less than a column.
                Some(_) if expected.is_weak => {}
                Some(ty) => {
                    let (before, now) = (ty.name(self.schema), expected.ty.name(self.schema));
                    let typed_at = param.typed_at;
                    self.push(
                        Diagnostic::new(&codes::PARAM_TYPE, span, format!("`:{name}` has two types"))
                            .label(format!("`{now}` here"))
                            .related(typed_at, format!("`{before}` here"))
                            .help(format!("say which: `params = {{ {name} = \"{before}\" }}`, or use two parameters")),
                    );
                    return Typed::unknown("");
                }
            }
        }
        let Some(param) = self.params.by_name.get(name) else {
            return Typed::unknown("");
        };
        Typed {
            ty: param.ty.map_or(Ty::Null, Ty::Known),
            is_nullable: param.is_nullable,
            constant: None,
            reason: format!("parameter `:{name}`").into(),
            column: None,
        }
    }
}

/// What the place of an expression wants it to be.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    pub(super) ty: Known,
    /// Whether NULL may be written there.
    pub(super) is_nullable: bool,
    pub(super) reason: crate::query::types::Reason,
    /// Whether nothing but a constant tells the type.
    pub(super) is_weak: bool,
}

impl Expected {
    pub(super) fn of(ty: Known, reason: impl Into<crate::query::types::Reason>) -> Self {
        Self {
            ty,
            is_nullable: false,
            reason: reason.into(),
            is_weak: false,
        }
    }

    /// What an expression tells of the one beside it.
    pub(super) fn like(typed: &Typed) -> Option<Self> {
        Some(Self {
            is_weak: typed.constant.is_some() && !typed.is_interval(),
            ..Self::of(typed.known()?, format!("compared with {}", typed.reason))
        })
    }
}
