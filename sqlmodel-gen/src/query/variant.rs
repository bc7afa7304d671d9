//! Optional blocks and orders: which tokens a statement has when some blocks are on, and others off.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, codes};
use crate::query::parse::{TokenId, Variant};
use crate::query::text::{MarkerKind, Text, TokenKind};
use crate::query::tree::At;
use crate::source::Span;

/// The most blocks of which all combinations are checked.
const MAX_ALL: usize = 6;
/// The most blocks of a query: a mask of them is a number.
const MAX_BLOCKS: usize = 32;

/// The blocks of a text.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The names of the blocks, in the order of their first places.
    pub(super) blocks: Vec<String>,
    /// Parts of the text that a block switches, by tokens: the block, and where it starts.
    pub(super) parts: Vec<(usize, Range<usize>, Span)>,
    /// The part that the orders replace.
    pub(super) order: Option<(Range<usize>, Span)>,
}

impl Layout {
    /// Reads the markers of a text.
    pub(super) fn read(text: &Text, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut layout = Self::default();
        if slips(text, diagnostics) {
            return layout;
        }
        let mut open: Option<(MarkerKind, usize, Span)> = None;
        // The blocks in the open one, which was told of.
        let (mut n_inside, mut is_told) = (0, false);
        for marker in &text.markers {
            let span = text.span(marker.range.clone());
            match (&marker.kind, open.take()) {
                (MarkerKind::End, outer @ Some(_)) if n_inside > 0 => {
                    n_inside -= 1;
                    open = outer;
                }
                (MarkerKind::End, Some((MarkerKind::If(name), start, at))) => {
                    let block = layout
                        .blocks
                        .iter()
                        .position(|it| *it == name)
                        .unwrap_or_else(|| {
                            layout.blocks.push(name);
                            layout.blocks.len() - 1
                        });
                    layout.parts.push((block, start..marker.before, at));
                    layout.check_part(text, start..marker.before, at, diagnostics);
                }
                (MarkerKind::End, Some((_, start, at))) => {
                    if layout.order.is_some() {
                        let message = "a query has one place for its order";
                        diagnostics.push(
                            Diagnostic::new(&codes::SQL_BLOCK, at, message)
                                .help("remove this `/*order*/ .. /*end*/`"),
                        );
                    }
                    check_order_place(text, start..marker.before, at, diagnostics);
                    layout.order = Some((start..marker.before, at));
                }
                (MarkerKind::End, None) => {
                    diagnostics.push(
                        Diagnostic::new(&codes::SQL_BLOCK, span, "no block ends here")
                            .help("a block starts with `/*if name*/`"),
                    );
                }
                (kind, None) => open = Some((kind.clone(), marker.before, span)),
                (_, Some((kind, start, at))) => {
                    if !is_told {
                        diagnostics.push(
                            Diagnostic::new(&codes::SQL_BLOCK, span, "a block in a block")
                                .related(at, "the outer block starts here")
                                .help("end the first with `/*end*/`; a condition of both is in a third block"),
                        );
                    }
                    is_told = true;
                    n_inside += 1;
                    open = Some((kind, start, at));
                }
            }
        }
        if let Some((_, _, span)) = open.filter(|_| !is_told) {
            diagnostics.push(
                Diagnostic::new(&codes::SQL_BLOCK, span, "the block does not end")
                    .help("add `/*end*/`"),
            );
        }
        if layout.blocks.len() > MAX_BLOCKS
            && let Some((_, _, span)) = layout.parts.last()
        {
            let message = format!("a query has at most {MAX_BLOCKS} blocks");
            diagnostics
                .push(Diagnostic::new(&codes::SQL_BLOCK, *span, message).help(
                    "give one name to blocks that are on together, or write several queries",
                ));
        }
        layout
    }

    /// Numbers the blocks as another text does, which has the same.
    pub(super) fn renumber(&mut self, names: &[String]) {
        let position = |name: &String| names.iter().position(|it| it == name);
        let numbers: Vec<Option<usize>> = self.blocks.iter().map(position).collect();
        for (block, _, _) in &mut self.parts {
            if let Some(number) = numbers.get(*block).copied().flatten() {
                *block = number;
            }
        }
        self.blocks = names.to_vec();
    }

    /// Returns where a block begins first.
    pub(super) fn place(&self, block: usize) -> Option<Span> {
        let mut parts = self.parts.iter();
        parts
            .find(|(it, ..)| *it == block)
            .map(|(_, _, span)| *span)
    }

    /// Reports a block with what no block may take away: columns of the result, tables and joins.
    fn check_part(
        &self,
        text: &Text,
        part: Range<usize>,
        span: Span,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let is_word = |at: usize, words: &[&str]| {
            let token = text.tokens.get(at);
            token.is_some_and(|it| it.kind == TokenKind::Word)
                && words
                    .iter()
                    .any(|it| it.eq_ignore_ascii_case(text.token(at)))
        };
        if part.is_empty() {
            diagnostics.push(
                Diagnostic::new(&codes::SQL_BLOCK, span, "there is nothing in the block")
                    .help("remove it"),
            );
            return;
        }
        let mut depth = 0i32;
        for at in part.clone() {
            match text.token(at) {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            if depth == 0
                && is_word(
                    at,
                    &[
                        "join",
                        "from",
                        "select",
                        "union",
                        "intersect",
                        "except",
                        "returning",
                        "group",
                    ],
                )
            {
                let message = format!("a block cannot switch `{}`", text.token(at).to_uppercase());
                diagnostics.push(
                    Diagnostic::new(&codes::SQL_BLOCK, text.tokens.get(at).map_or(span, |it| text.span(it.range.clone())), message)
                        .related(span, "in this block")
                        .help("tables and columns are the same whatever the caller gives; write two queries"),
                );
                return;
            }
        }
        if depth != 0 {
            let message = "a block with one half of a pair of parentheses";
            diagnostics.push(
                Diagnostic::new(&codes::SQL_BLOCK, span, message)
                    .help("move `/*end*/` so that the block has both or none"),
            );
            return;
        }
        // Between SELECT and FROM, a block would take columns away, and after FROM tables.
        let mut at_select = false;
        let mut at_from = false;
        let mut depth = 0i32;
        for at in (0..part.start).rev() {
            // What stands in parentheses or in a CASE is part of one column.
            match text.token(at) {
                ")" => depth += 1,
                "(" => depth -= 1,
                _ if is_word(at, &["end"]) => depth += 1,
                _ if is_word(at, &["case"]) => depth -= 1,
                _ => {}
            }
            if depth > 0 {
                continue;
            }
            if is_word(at, &["from"]) {
                at_from = depth == 0;
                break;
            }
            if is_word(
                at,
                &["where", "set", "having", "values", "on", "by", "limit"],
            ) {
                break;
            }
            if is_word(at, &["select", "returning"]) {
                at_select = depth == 0;
                break;
            }
        }
        if at_from && text.token(part.start) == "," {
            diagnostics.push(
                Diagnostic::new(&codes::SQL_BLOCK, span, "a block cannot switch a table").help(
                    "tables and columns are the same whatever the caller gives; write two queries",
                ),
            );
        }
        if at_select {
            diagnostics.push(
                Diagnostic::new(
                    &codes::SQL_BLOCK,
                    span,
                    "a block cannot switch columns of the result",
                )
                .help("select the column always, or write two queries"),
            );
        }
    }

    /// The sets of blocks whose statements are checked: all of them where they are few.
    pub(super) fn masks(&self) -> Vec<u32> {
        let n = self.blocks.len();
        if n <= MAX_ALL {
            let mut masks: Vec<u32> = (0..1u32 << n).collect();
            // The whole text first: what is wrong in it is wrong in the others too.
            masks.reverse();
            return masks;
        }
        let all = if n >= 32 { u32::MAX } else { (1u32 << n) - 1 };
        let mut masks = vec![all, 0];
        masks.extend((0..n.min(32)).map(|it| 1u32 << it));
        masks.extend((0..n.min(32)).map(|it| all & !(1u32 << it)));
        masks
    }

    /// The tokens of the statement with the blocks of a mask, and with an order in place of the one written.
    pub(super) fn variant<'t>(
        &self,
        main: &'t Text,
        texts: &'t [Text],
        mask: u32,
        order: Option<usize>,
    ) -> Variant<'t> {
        let n_tokens = texts.first().map_or(0, |it| it.tokens.len());
        let id = |text: usize, index: usize| TokenId {
            text: u16::try_from(text).unwrap_or(u16::MAX),
            index: u32::try_from(index).unwrap_or(u32::MAX),
        };
        let mut tokens = Vec::with_capacity(n_tokens);
        let mut has_order = false;
        for at in 0..n_tokens {
            let is_off = self
                .parts
                .iter()
                .any(|(block, part, _)| part.contains(&at) && mask & (1 << block) == 0);
            if is_off {
                continue;
            }
            if let (Some((part, _)), Some(order)) = (&self.order, order)
                && part.contains(&at)
            {
                if !has_order {
                    has_order = true;
                    let n = texts.get(order).map_or(0, |it| it.tokens.len());
                    tokens.extend((0..n).map(|index| id(order, index)));
                }
                continue;
            }
            tokens.push(id(0, at));
        }
        Variant {
            main,
            texts,
            tokens,
        }
    }
}

/// Reports a place for orders that is empty, or not behind ORDER BY.
fn check_order_place(
    text: &Text,
    part: Range<usize>,
    span: Span,
    diagnostics: &mut Vec<Diagnostic>,
) {
    const HELP: &str =
        "write `ORDER BY /*order*/ id /*end*/`, with an order that the others stand in for";
    if part.is_empty() {
        let message = "there is no order in the place of the orders";
        diagnostics.push(Diagnostic::new(&codes::QUERY_ORDER, span, message).help(HELP));
        return;
    }
    let mut depth = 0i32;
    for at in (0..part.start).rev() {
        let word = text.token(at).to_ascii_lowercase();
        match word.as_str() {
            ")" => depth += 1,
            "(" if depth == 0 => break,
            "(" => depth -= 1,
            "by" if depth == 0 => {
                let before = at.checked_sub(1).map_or("", |it| text.token(it));
                if before.eq_ignore_ascii_case("order") {
                    return;
                }
                break;
            }
            "select" | "from" | "where" | "on" | "having" | "limit" | "offset" | "set"
            | "values"
                if depth == 0 =>
            {
                break;
            }
            _ => {}
        }
    }
    let message = "the place of the orders is not behind ORDER BY";
    diagnostics.push(Diagnostic::new(&codes::QUERY_ORDER, span, message).help(HELP));
}

/// Reports comments that are nearly markers, and tells whether there are any: what a block is cannot be known then.
fn slips(text: &Text, diagnostics: &mut Vec<Diagnostic>) -> bool {
    let n_before = diagnostics.len();
    for marker in &text.markers {
        let MarkerKind::Slip(slip) = &marker.kind else {
            continue;
        };
        let span = text.span(marker.range.clone());
        let mut diagnostic = Diagnostic::new(&codes::SQL_BLOCK, span, slip.message.clone());
        if let Some(meant) = &slip.meant {
            diagnostic = diagnostic.meant(meant);
        }
        if let Some(help) = slip.help {
            diagnostic = diagnostic.help(help);
        }
        diagnostics.push(diagnostic);
    }
    diagnostics.len() > n_before
}

impl Variant<'_> {
    /// Returns where a part of a variant is written.
    pub(super) fn span(&self, at: At) -> Span {
        let last = self.tokens.len().saturating_sub(1);
        let token = |position: u32| {
            let id = self.tokens.get((position as usize).min(last))?;
            let text = self.texts.get(usize::from(id.text))?;
            Some((
                id.text,
                text,
                text.tokens.get(id.index as usize)?.range.clone(),
            ))
        };
        let (Some((text_id, text, start)), Some((end_id, _, end))) =
            (token(at.start), token(at.end.max(at.start + 1) - 1))
        else {
            return self.whole();
        };
        let end = if text_id == end_id && end.end >= start.start {
            end.end
        } else {
            start.end
        };
        text.span(start.start..end)
    }

    fn whole(&self) -> Span {
        self.main.span(0..self.main.value.len())
    }

    /// Returns a part of a variant as it is written.
    pub(super) fn written(&self, at: At) -> &str {
        let id = self.tokens.get(at.start as usize);
        let text = id.and_then(|id| self.texts.get(usize::from(id.text)));
        match (id, text) {
            (Some(id), Some(text)) => text.token(id.index as usize),
            _ => "",
        }
    }
}
