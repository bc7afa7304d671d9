//! `raw = true`: SQL that is not analysed. What it takes and returns is declared, and held against its tokens alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Schema, WrittenQuery};
use crate::query::check::{Action, Checked, Edit, Output};
use crate::query::lint::Habits;
use crate::query::one::known_of;
use crate::query::page::Ending;
use crate::query::params::Params;
use crate::query::parse::TokenId;
use crate::query::row::{named_columns, unknown_row};
use crate::query::text::{Text, TokenKind};
use crate::query::types::{Ty, Typed};
use crate::source::Span;

type Found<T> = Result<T, Vec<Diagnostic>>;

/// Makes what was declared of a query what was found out about it.
pub(super) fn check(
    texts: &[Text],
    declared: &Params,
    schema: &Schema,
    written: &WrittenQuery,
) -> Found<Checked> {
    let mut diagnostics = refused_keys(written);
    let mut checked = Checked {
        action: action(texts),
        has_writes: has_writes(texts),
        outputs: outputs(schema, written, &mut diagnostics),
        places: Vec::new(),
        params: Params {
            by_name: declared.by_name.clone(),
            order: Vec::new(),
        },
        asked: BTreeSet::new(),
        edits: BTreeMap::new(),
        after: BTreeMap::new(),
        diagnostics: Vec::new(),
        may_skip: false,
        table: None,
        is_locking: is_locking(texts),
        ending: Ending::default(),
        has_row_key: false,
        habits: Habits::default(),
    };
    for (text_idx, text) in texts.iter().enumerate() {
        check_form(text, &mut diagnostics);
        params(text_idx, text, &mut checked, &mut diagnostics);
    }
    // What is declared as a list and stands outside of IN is one value: an array.
    let is_list = |name: &String| {
        let mut edits = checked.edits.values();
        edits.any(|it| matches!(it, Edit::List { name: list, .. } if list == name))
    };
    let arrays: Vec<String> = checked
        .params
        .order
        .iter()
        .filter(|it| !is_list(it))
        .cloned()
        .collect();
    for name in arrays {
        if let Some(param) = checked.params.by_name.get_mut(&name)
            && std::mem::take(&mut param.is_list)
            && let Some(ty) = &mut param.ty
        {
            ty.is_array = true;
        }
    }
    if diagnostics.is_empty() {
        Ok(checked)
    } else {
        Err(diagnostics)
    }
}

/// Reports keys whose meaning needs an analysis.
fn refused_keys(written: &WrittenQuery) -> Vec<Diagnostic> {
    let shape = written.shape.first().map(|(name, _)| name.span);
    let page = written.page.as_ref().map(|it| it.span);
    let keys = [("shape", shape), ("page", page)];
    keys.into_iter()
        .filter_map(|(key, span)| {
            let message = format!("`{key}` needs SQL that is analysed, and this is raw");
            Some(
                Diagnostic::new(&codes::QUERY_OPTION, span?, message).help("remove one of the two"),
            )
        })
        .collect()
}

/// What the words say: a SELECT reads, and anything that is not known may write.
fn action(texts: &[Text]) -> Action {
    let Some(text) = texts.first() else {
        return Action::Update;
    };
    match text.token(0).to_ascii_lowercase().as_str() {
        "select" | "values" | "table" | "show" | "explain" | "with" | "(" => Action::Select,
        "insert" | "replace" => Action::Insert,
        "delete" => Action::Delete,
        _ => Action::Update,
    }
}

/// Whether a statement that begins as a query writes after all: in WITH, by INTO, or behind EXPLAIN ANALYZE.
fn has_writes(texts: &[Text]) -> bool {
    const WRITES: &[&str] = &["insert", "update", "delete", "merge", "replace", "into"];
    texts.iter().any(|text| {
        (0..text.tokens.len()).any(|at| {
            let is_name = text.token(at + 1) == "(" || at > 0 && text.token(at - 1) == ".";
            let is_word = text.tokens[at].kind == TokenKind::Word;
            is_word && !is_name && is(text, at, WRITES) && !is_lock(text, at)
        })
    })
}

/// Whether rows are locked: `FOR UPDATE`, `FOR NO KEY UPDATE`, `LOCK IN SHARE MODE`.
fn is_locking(texts: &[Text]) -> bool {
    const LOCKS: &[&str] = &["update", "share"];
    texts
        .iter()
        .any(|text| (1..text.tokens.len()).any(|at| is(text, at, LOCKS) && is_lock(text, at)))
}

/// Whether a word stands where the strength of a lock does.
fn is_lock(text: &Text, at: usize) -> bool {
    at > 0 && is(text, at - 1, &["for", "key", "in"])
}

fn is(text: &Text, at: usize, words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| text.token(at).eq_ignore_ascii_case(word))
}

/// The columns that are declared, or those of the model or view that a row becomes.
fn outputs(
    schema: &Schema,
    written: &WrittenQuery,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Output> {
    let output = |name: &str, ty, is_nullable, reason: &'static str| Output {
        name: Some(name.to_owned()),
        typed: Typed {
            ty: Ty::Known(ty),
            is_nullable,
            constant: None,
            reason: reason.into(),
            column: None,
        },
        at: Default::default(),
        origin: None,
        has_text: false,
        is_hidden: false,
    };
    if written.columns.is_empty()
        && let Some(row) = &written.row
    {
        let Some(columns) = named_columns(schema, &row.value) else {
            diagnostics.push(unknown_row(schema, row));
            return Vec::new();
        };
        return columns
            .iter()
            .map(|(name, it)| {
                let known = known_of(&it.ty, it.rust);
                output(
                    name,
                    known,
                    it.ty.is_nullable,
                    "a column of what the row becomes",
                )
            })
            .collect();
    }
    let mut outputs = Vec::new();
    for column in &written.columns {
        let Some(ty) = &column.ty else {
            let name = &column.name.value;
            let message = format!("the type of the column `{name}` is not stated");
            diagnostics.push(
                Diagnostic::new(&codes::COLUMN_TYPE, column.text.span, message)
                    .label("raw SQL is not analysed")
                    .help(format!(
                        "say what it is: `columns = {{ {name} = \"text?\" }}`"
                    )),
            );
            continue;
        };
        let is_nullable = column.is_nullable == Some(true);
        outputs.push(output(
            &column.name.value,
            known_of(ty, None),
            is_nullable,
            "raw SQL",
        ));
    }
    outputs
}

/// Reports a text that is not one statement.
fn check_form(text: &Text, diagnostics: &mut Vec<Diagnostic>) {
    let mut open: Vec<(&str, Span)> = Vec::new();
    let brackets = "each bracket has another: add it, or remove this one";
    let mut error = |span, message: &str, help: &str| {
        diagnostics.push(Diagnostic::new(&codes::SQL_SYNTAX, span, message).help(help));
    };
    let n_tokens = text.tokens.len();
    for (at, token) in text.tokens.iter().enumerate() {
        let span = text.span(token.range.clone());
        match (token.kind, text.token(at)) {
            (TokenKind::Sign, "(") => open.push((")", span)),
            (TokenKind::Sign, "[") => open.push(("]", span)),
            (TokenKind::Sign, sign @ (")" | "]")) => match open.pop() {
                Some((wanted, _)) if wanted == sign => {}
                _ => return error(span, "this closes nothing", brackets),
            },
            (TokenKind::Sign, ";") if at + 1 < n_tokens => {
                let help = "remove the semicolon, and write what follows it as another query";
                return error(span, "a query is one statement", help);
            }
            _ => {}
        }
    }
    if let Some((_, span)) = open.pop() {
        error(span, "this is not closed", brackets);
    }
    if (0..n_tokens).all(|at| text.token(at) == ";") {
        let span = text.span(0..text.value.len());
        error(
            span,
            "there is no statement",
            "write one, such as `SELECT 1`",
        );
    }
}

/// Takes note of the parameters of a text, and of the lists among them.
fn params(text_idx: usize, text: &Text, checked: &mut Checked, diagnostics: &mut Vec<Diagnostic>) {
    for (at, token) in text.tokens.iter().enumerate() {
        if token.kind != TokenKind::Param {
            continue;
        }
        let name = text.token(at).trim_start_matches(':').to_owned();
        let span = text.span(token.range.clone());
        let Some(param) = checked.params.by_name.get_mut(&name) else {
            let message = format!("the type of `:{name}` is not stated");
            diagnostics.push(
                Diagnostic::new(&codes::PARAM_TYPE, span, message)
                    .label("raw SQL is not analysed")
                    .help(format!(
                        "say what it is: `params = {{ {name} = \"text\" }}`"
                    )),
            );
            continue;
        };
        if !checked.params.order.contains(&name) {
            param.first = span;
            checked.params.order.push(name.clone());
        }
        let word = |back: usize| at.checked_sub(back).map_or("", |it| text.token(it));
        let is_in =
            word(1) == "(" && word(2).eq_ignore_ascii_case("in") && text.token(at + 1) == ")";
        if is_in && param.is_list {
            let is_negated = word(3).eq_ignore_ascii_case("not");
            let start = at - 2 - usize::from(is_negated);
            let id = TokenId {
                text: u16::try_from(text_idx).unwrap_or(u16::MAX),
                index: u32::try_from(start).unwrap_or(u32::MAX),
            };
            let edit = Edit::List {
                n_tokens: u32::try_from(at + 2 - start).unwrap_or(u32::MAX),
                name,
                is_negated,
            };
            checked.edits.insert(id, edit);
        }
    }
}
