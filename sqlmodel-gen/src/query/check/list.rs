//! Lists: what PostgreSQL's arrays hold, and what is put into them. A list has no place for NULL.

use sqlmodel_sql::Dialect;

use crate::diagnostic::codes;
use crate::ir::Builtin;
use crate::query::check::{Checker, Expected};
use crate::query::tree::{At, Expr, ExprKind, Quantified};
use crate::query::types::{Constant, Known, Typed};

impl Checker<'_> {
    /// Makes a list of texts as it is written one of texts with a length, as a column beside it has; PostgreSQL compares no others.
    pub(super) fn short_texts(&mut self, (left, a): (&Expr, &Typed), (right, b): (&Expr, &Typed)) {
        let is_short = |typed: &Typed| {
            let known = typed.known().filter(|it| it.is_array);
            let builtin = known.map(|it| it.builtin(self.schema));
            matches!(builtin, Some(Builtin::Text { max_len: Some(_) }))
        };
        let written = match (is_short(a), is_short(b)) {
            (true, false) => right,
            (false, true) => left,
            _ => return,
        };
        let last = self
            .variant
            .tokens
            .get(written.at.end.saturating_sub(1) as usize);
        if let (Dialect::Postgres, ExprKind::Array(_), Some(last)) =
            (self.dialect, &*written.kind, last)
        {
            self.after.insert(*last, "::varchar[]");
        }
    }

    /// `list || item`, `item || list` or `list || list`; parameters have not been looked at.
    pub(super) fn joined_lists(
        &mut self,
        known: Known,
        operands: [(Option<Typed>, &Expr); 2],
        at: At,
    ) -> Typed {
        if self.dialect != Dialect::Postgres {
            let message = format!("{} joins no lists: they are JSON there", self.dialect);
            self.error(&codes::SQL_DIALECT, at, message).help =
                Some("join them in the program".to_owned());
            return Typed::unknown("");
        }
        let mut has_missing = false;
        for (operand, expr) in operands {
            let Some(typed) = operand else {
                self.expr(expr, Some(Expected::of(item(known), "an item of a list")));
                self.loose(expr);
                continue;
            };
            let Some(found) = typed.known() else {
                has_missing = true;
                continue;
            };
            if let Some(Constant::Text(text)) = &typed.constant
                && !text.trim_start().starts_with('{')
            {
                let message = "PostgreSQL reads this text as a list";
                self.error(&codes::SQL_TYPES, expr.at, message).help =
                    Some("say that it is an item: `CAST('..' AS text)`".to_owned());
            }
            let is_item = !found.is_array;
            has_missing |= is_item && typed.is_nullable;
            let one = |ty| Typed::new(ty, false, typed.reason.clone());
            self.comparable(&one(item(known)), &one(item(found)), at, expr.at);
        }
        if has_missing {
            return Typed::unknown(
                "a list of values of which some may be NULL, for which a list has no place",
            );
        }
        let ty = Known {
            is_array: true,
            ..known
        };
        Typed::new(ty, true, "two lists, or a list and an item")
    }

    pub(super) fn quantified(&mut self, left: &Expr, list: &Quantified, at: At) -> Typed {
        let (typed, other) = match list {
            Quantified::Query(query) => {
                let typed = self.expr(left, None);
                let outputs = self.query(query, &[Expected::like(&typed)]);
                let first = outputs.into_iter().next();
                (typed, first.map(|it| it.typed))
            }
            // A parameter is an item of the list.
            Quantified::Expr(expr) if matches!(*left.kind, ExprKind::Param(_)) => {
                let list = self.expr(expr, None);
                let item = list.known().map(item);
                let hint = item.map(|it| Expected::of(it, "an item of a list"));
                let typed = self.expr(left, hint);
                let item = item.map(|it| Typed::new(it, true, "an item of a list"));
                (typed, item)
            }
            Quantified::Expr(expr) => {
                let typed = self.expr(left, None);
                let expected = Expected::like(&typed).map(|it| Expected {
                    ty: Known {
                        is_array: true,
                        ..it.ty
                    },
                    ..it
                });
                let list = self.expr(expr, expected);
                let item = list.known().map(item);
                let item = item.map(|it| Typed::new(it, true, "an item of a list"));
                (typed, item)
            }
        };
        if let Some(other) = &other {
            self.comparable(&typed, other, at, at);
        }
        Typed::new(Known::BOOL, true, "ANY and ALL: NULL when an operand is")
    }
}

/// The type of the items of a list.
fn item(list: Known) -> Known {
    Known {
        is_array: false,
        ..list
    }
}
