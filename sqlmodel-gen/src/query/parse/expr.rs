//! Expressions, by precedence.

use crate::query::feature::Feature;
use crate::query::parse::{MAX_DEPTH, Parse, Parser, unquote};
use crate::query::text::TokenKind;
use crate::query::tree::{
    At, Call, Expr, ExprKind, Ignored, List, Operator, Over, Quantified, Query,
};

impl Parser<'_> {
    pub(super) fn exprs(&mut self) -> Parse<Vec<Expr>> {
        let mut exprs = vec![self.expr()?];
        while self.eat_sign(",") {
            exprs.push(self.expr()?);
        }
        Ok(exprs)
    }

    pub(super) fn expr(&mut self) -> Parse<Expr> {
        self.deeper(Self::or)
    }

    /// Makes a node; the tree must not become deep even where the text is flat, as in `a + b + c`.
    pub(super) fn node(&mut self, kind: ExprKind, at: At, below: &[u32]) -> Parse<Expr> {
        let height = below.iter().copied().max().unwrap_or(0) + 1;
        // An operand counts less than a level of nesting, which takes several calls to read.
        if height > 2 * MAX_DEPTH {
            return Err(self.too_deep(at));
        }
        self.tallest = self.tallest.max(height);
        Ok(Expr {
            kind: Box::new(kind),
            at,
            height,
        })
    }

    /// Reads a query in an expression; also tells the height of its tallest expression.
    fn subquery(&mut self) -> Parse<(Box<Query>, u32)> {
        let outer = std::mem::replace(&mut self.tallest, 0);
        let query = self.query()?;
        let height = self.tallest;
        self.tallest = outer.max(height);
        Ok((Box::new(query), height))
    }

    fn or(&mut self) -> Parse<Expr> {
        self.chain("or", Self::and, ExprKind::Or)
    }

    fn and(&mut self) -> Parse<Expr> {
        self.chain("and", Self::not, ExprKind::And)
    }

    fn chain(
        &mut self,
        word: &str,
        operand: fn(&mut Self) -> Parse<Expr>,
        make: fn(Vec<Expr>) -> ExprKind,
    ) -> Parse<Expr> {
        let first = operand(self)?;
        if !self.at_word(word) {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.eat(word) {
            operands.push(operand(self)?);
        }
        let heights: Vec<u32> = operands.iter().map(|it| it.height).collect();
        let at = operands
            .iter()
            .map(|it| it.at)
            .reduce(At::to)
            .unwrap_or_default();
        self.node(make(operands), at, &heights)
    }

    fn not(&mut self) -> Parse<Expr> {
        let start = self.at;
        if self.at_word("not") && !self.at_word_ahead(1, "exists") {
            self.at += 1;
            let inner = self.deeper(Self::not)?;
            let height = inner.height;
            return self.node(ExprKind::Not(inner), self.since(start), &[height]);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Parse<Expr> {
        let mut left = self.other_operators()?;
        let mut is_compared = false;
        loop {
            let start = self.at;
            // After `a = b`, another comparison is one of `a = b` or of `b`, or none, by the database.
            if is_compared && self.at_comparison() {
                self.note(Feature::ComparisonChain, start);
            }
            let operator = match self.peek_sign(0) {
                "=" | "==" => Operator::Equal,
                "<>" | "!=" => Operator::NotEqual,
                "<" => Operator::Less,
                "<=" => Operator::LessOrEqual,
                ">" => Operator::Greater,
                ">=" => Operator::GreaterOrEqual,
                "<=>" => Operator::NullSafeEqual,
                _ => match self.predicate(left)? {
                    (after, true) => {
                        left = after;
                        is_compared = false;
                        continue;
                    }
                    (after, false) => return Ok(after),
                },
            };
            is_compared = true;
            if self.peek_sign(0) == "==" {
                self.note(Feature::DoubleEqual, start);
            }
            self.at += 1;
            if operator == Operator::NullSafeEqual {
                self.note(Feature::NullSafeEqual, start);
            }
            if self.at_any(&["any", "all", "some"]) && self.peek_sign(1) == "(" {
                left = self.quantified(left, operator)?;
                continue;
            }
            let right = self.other_operators()?;
            left = self.binary(operator, left, right)?;
        }
    }

    /// Whether an operator follows that compares what is before it; IS does so everywhere.
    fn at_comparison(&self) -> bool {
        let is_sign =
            ["=", "==", "<>", "!=", "<", "<=", ">", ">=", "<=>"].contains(&self.peek_sign(0));
        let words = [
            "in", "like", "ilike", "between", "regexp", "rlike", "glob", "similar",
        ];
        let ahead = u32::from(self.at_word("not"));
        is_sign || words.iter().any(|word| self.at_word_ahead(ahead, word))
    }

    fn quantified(&mut self, left: Expr, operator: Operator) -> Parse<Expr> {
        let start = self.at;
        self.at += 2;
        let (list, height) = if self.at_any(&["select", "with", "values"]) {
            self.note(Feature::QuantifiedQuery, start);
            let (query, height) = self.subquery()?;
            (Quantified::Query(query), height)
        } else {
            self.note(Feature::Arrays, start);
            let expr = self.expr()?;
            let height = expr.height;
            (Quantified::Expr(expr), height)
        };
        self.expect_sign(")")?;
        let at = left.at.to(self.since(start));
        let heights = [left.height, height];
        self.node(ExprKind::Quantified(operator, left, list), at, &heights)
    }

    fn binary(&mut self, operator: Operator, left: Expr, right: Expr) -> Parse<Expr> {
        let at = left.at.to(right.at);
        let heights = [left.height, right.height];
        self.node(ExprKind::Binary(operator, left, right), at, &heights)
    }

    /// Reads IS, IN, LIKE or BETWEEN after an operand; tells whether there was one.
    fn predicate(&mut self, left: Expr) -> Parse<(Expr, bool)> {
        let start = self.at;
        if self.eat("is") {
            return self.is(left).map(|it| (it, true));
        }
        if self.eat("isnull") || self.eat("notnull") {
            let is_negated = self.at > 0
                && self
                    .token(self.at - 1)
                    .is_some_and(|(_, word)| word.eq_ignore_ascii_case("notnull"));
            let (at, height) = (left.at.to(self.since(start)), left.height);
            return Ok((
                self.node(ExprKind::IsNull(left, is_negated), at, &[height])?,
                true,
            ));
        }
        let is_negated = self.at_word("not")
            && [
                "in", "like", "ilike", "between", "regexp", "rlike", "glob", "similar",
            ]
            .iter()
            .any(|word| self.at_word_ahead(1, word));
        self.at += u32::from(is_negated);
        let found = if self.eat("between") {
            if self.eat("symmetric") {
                self.note(Feature::Symmetric, start);
            }
            let low = self.other_operators()?;
            self.expect("and")?;
            let high = self.other_operators()?;
            let at = left.at.to(high.at);
            let heights = [left.height, low.height, high.height];
            let kind = ExprKind::Between {
                value: left,
                low,
                high,
                is_negated,
            };
            self.node(kind, at, &heights)?
        } else if self.eat("in") {
            self.in_list(left, is_negated, start)?
        } else if self.at_any(&["like", "ilike"]) {
            if self.at_word("ilike") {
                self.note(Feature::Ilike, start);
            }
            self.at += 1;
            self.like(left)?
        } else if self.at_any(&["regexp", "rlike", "glob"]) {
            self.note(
                if self.at_word("glob") {
                    Feature::Glob
                } else {
                    Feature::Regexp
                },
                start,
            );
            self.at += 1;
            let right = self.other_operators()?;
            self.binary(Operator::Matches, left, right)?
        } else if self.eat("similar to") {
            self.note(Feature::SimilarTo, start);
            self.like(left)?
        } else if self.at_any(&["similar", "match", "escape"]) {
            self.at += 1;
            return Err(self.unsupported(start, "the operator"));
        } else {
            return Ok((left, false));
        };
        Ok((found, true))
    }

    /// Reads a pattern, and the character that escapes in it.
    fn like(&mut self, left: Expr) -> Parse<Expr> {
        let right = self.other_operators()?;
        let escape = if self.eat("escape") {
            Some(self.other_operators()?)
        } else {
            None
        };
        let at = left.at.to(escape.as_ref().unwrap_or(&right).at);
        let heights = [
            left.height,
            right.height,
            escape.as_ref().map_or(0, |it| it.height),
        ];
        self.node(ExprKind::Like(left, right, escape), at, &heights)
    }

    fn is(&mut self, left: Expr) -> Parse<Expr> {
        let start = self.at - 1;
        let is_negated = self.eat("not");
        let height = left.height;
        if self.eat("null") {
            let at = left.at.to(self.since(start));
            return self.node(ExprKind::IsNull(left, is_negated), at, &[height]);
        }
        if self.eat("distinct from") {
            self.note(Feature::IsDistinct, start);
            let right = self.other_operators()?;
            let at = left.at.to(right.at);
            let heights = [height, right.height];
            return self.node(ExprKind::IsDistinct(left, right), at, &heights);
        }
        let is_unknown = self.eat("unknown");
        if is_unknown {
            self.note(Feature::Truth, start);
        } else if !(self.eat("true") || self.eat("false")) {
            return Err(self.unexpected("`NULL`, `TRUE`, `FALSE` or `DISTINCT FROM`"));
        }
        let at = left.at.to(self.since(start));
        let kind = ExprKind::IsTruth {
            value: left,
            accepts_null: is_unknown != is_negated,
        };
        self.node(kind, at, &[height])
    }

    fn in_list(&mut self, value: Expr, is_negated: bool, start: u32) -> Parse<Expr> {
        self.expect_sign("(")?;
        let mut height = value.height;
        let list = if self.at_any(&["select", "with", "values"]) {
            let (query, below) = self.subquery()?;
            height = height.max(below);
            List::Query(query)
        } else if let (Some((TokenKind::Param, name)), ")") =
            (self.token(self.at), self.peek_sign(1))
        {
            let at = self.here();
            self.at += 1;
            let whole = At {
                start,
                end: self.at + 1,
            };
            List::Param(name.trim_start_matches(':').to_owned(), at, Ignored(whole))
        } else {
            let exprs = self.exprs()?;
            height = exprs.iter().map(|it| it.height).fold(height, u32::max);
            List::Exprs(exprs)
        };
        self.expect_sign(")")?;
        let at = value.at.to(self.since(start));
        self.node(
            ExprKind::In {
                value,
                list,
                is_negated,
            },
            at,
            &[height],
        )
    }

    /// `||`, JSON and the like: all stronger than comparisons and weaker than `+`.
    fn other_operators(&mut self) -> Parse<Expr> {
        let mut left = self.additive()?;
        loop {
            let start = self.at;
            let (operator, feature) = match self.peek_sign(0) {
                "||" => (Operator::Concat, Some(Feature::ConcatSign)),
                "->" => (Operator::JsonGet, Some(Feature::JsonSign)),
                "->>" => (Operator::JsonText, Some(Feature::JsonSign)),
                "#>" => (Operator::JsonPath, Some(Feature::JsonPathSign)),
                "#>>" => (Operator::JsonPathText, Some(Feature::JsonPathSign)),
                "@>" => (Operator::Contains, Some(Feature::Contains)),
                "<@" => (Operator::ContainedBy, Some(Feature::Contains)),
                "&&" => (Operator::Overlaps, Some(Feature::Contains)),
                "~" | "~*" | "!~" | "!~*" => (Operator::Matches, Some(Feature::RegexSign)),
                "@@" => (Operator::TextSearch, Some(Feature::TextSearch)),
                "&" => (Operator::BitAnd, None),
                "|" => (Operator::BitOr, None),
                "^" => (Operator::BitXor, Some(Feature::BitXorCaret)),
                "#" => (Operator::BitXor, Some(Feature::BitXorHash)),
                "<<" => (Operator::ShiftLeft, None),
                ">>" => (Operator::ShiftRight, None),
                _ => return Ok(left),
            };
            self.at += 1;
            if let Some(feature) = feature {
                self.note(feature, start);
            }
            let right = self.additive()?;
            let is_early = matches!(
                operator,
                Operator::Concat | Operator::JsonGet | Operator::JsonText
            );
            if is_early && (is_bare_arithmetic(&left) || is_bare_arithmetic(&right)) {
                self.note(Feature::ConcatBeside, start);
            }
            left = self.binary(operator, left, right)?;
        }
    }

    fn additive(&mut self) -> Parse<Expr> {
        let mut left = self.multiplicative()?;
        loop {
            let operator = match self.peek_sign(0) {
                "+" => Operator::Add,
                "-" => Operator::Subtract,
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.multiplicative()?;
            left = self.binary(operator, left, right)?;
        }
    }

    fn multiplicative(&mut self) -> Parse<Expr> {
        let mut left = self.unary()?;
        loop {
            let start = self.at;
            let operator = match self.peek_sign(0) {
                "*" => Operator::Multiply,
                "/" => Operator::Divide,
                "%" => Operator::Modulo,
                _ if self.at_any(&["div", "mod"]) => {
                    self.note(Feature::DivWord, start);
                    Operator::Modulo
                }
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.unary()?;
            left = self.binary(operator, left, right)?;
        }
    }

    fn unary(&mut self) -> Parse<Expr> {
        let start = self.at;
        if self.peek_sign(0) == "+"
            && matches!(self.token(self.at + 1), Some((TokenKind::Number, _)))
        {
            self.at += 1;
            let number = self.postfix()?;
            let at = self.since(start);
            return Ok(Expr { at, ..number });
        }
        if self.eat_sign("-") || self.eat_sign("+") {
            let inner = self.deeper(Self::unary)?;
            let height = inner.height;
            return self.node(ExprKind::Negate(inner), self.since(start), &[height]);
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Parse<Expr> {
        let mut value = self.primary()?;
        loop {
            let start = self.at;
            let height = value.height;
            value = if self.eat_sign("::") {
                self.note(Feature::CastSign, start);
                let ty = self.type_name()?;
                let at = value.at.to(self.since(start));
                self.node(ExprKind::Cast(value, ty), at, &[height])?
            } else if self.eat_sign("[") {
                let index = self.expr()?;
                self.expect_sign("]")?;
                self.note(Feature::Arrays, start);
                let at = value.at.to(self.since(start));
                let heights = [height, index.height];
                self.node(ExprKind::Subscript(value, index), at, &heights)?
            } else if self.eat("collate") {
                self.take_name();
                if self.eat_sign(".") {
                    self.take_name();
                }
                let at = value.at.to(self.since(start));
                self.node(ExprKind::Collate(value), at, &[height])?
            } else if self.eat("at time zone") {
                self.note(Feature::AtTimeZone, start);
                let zone = self.unary()?;
                let at = value.at.to(self.since(start));
                let heights = [height, zone.height];
                self.node(ExprKind::AtTimeZone(value, zone), at, &heights)?
            } else {
                return Ok(value);
            };
        }
    }

    fn primary(&mut self) -> Parse<Expr> {
        let start = self.at;
        let Some((kind, text)) = self.token(self.at) else {
            return Err(self.unexpected("a value"));
        };
        let kind = match kind {
            TokenKind::Param => {
                self.at += 1;
                ExprKind::Param(text.trim_start_matches(':').to_owned())
            }
            TokenKind::Number => {
                self.at += 1;
                ExprKind::Number(text.to_owned())
            }
            TokenKind::String => {
                self.at += 1;
                ExprKind::Text(unquote(text))
            }
            TokenKind::Quoted => return self.column(),
            TokenKind::Sign if text == "(" => return self.parenthesized(),
            TokenKind::Sign => return Err(self.unexpected("a value")),
            TokenKind::Word => return self.word(text),
        };
        self.node(kind, self.since(start), &[])
    }

    fn parenthesized(&mut self) -> Parse<Expr> {
        let start = self.at;
        self.at += 1;
        if self.at_any(&["select", "with", "values"]) {
            let (query, height) = self.subquery()?;
            self.expect_sign(")")?;
            return self.node(ExprKind::Subquery(query), self.since(start), &[height]);
        }
        let mut exprs = self.exprs()?;
        self.expect_sign(")")?;
        if exprs.len() == 1
            && let Some(mut only) = exprs.pop()
        {
            only.at = self.since(start);
            return Ok(only);
        }
        let heights: Vec<u32> = exprs.iter().map(|it| it.height).collect();
        self.node(ExprKind::Row(exprs), self.since(start), &heights)
    }

    fn word(&mut self, word: &str) -> Parse<Expr> {
        let start = self.at;
        let is_call = self.peek_sign(1) == "(";
        let lower = word.to_ascii_lowercase();
        let kind = match lower.as_str() {
            "null" => ExprKind::Null,
            "default" if !is_call => ExprKind::Default,
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "case" => return self.case(),
            "exists" | "not" => {
                let is_negated = self.eat("not");
                self.expect("exists")?;
                self.expect_sign("(")?;
                let (query, height) = self.subquery()?;
                self.expect_sign(")")?;
                let exists = self.node(ExprKind::Exists(query), self.since(start), &[height])?;
                let height = exists.height;
                return match is_negated {
                    true => self.node(ExprKind::Not(exists), self.since(start), &[height]),
                    false => Ok(exists),
                };
            }
            "cast" if is_call => return self.cast(),
            "extract" if is_call => return self.extract(),
            "array" if self.peek_sign(1) == "[" || is_call => return self.array(),
            "interval" | "date" | "time" | "timestamp" | "timestamptz"
                if matches!(self.token(self.at + 1), Some((TokenKind::String, _))) =>
            {
                self.at += 2;
                self.note(
                    match lower == "interval" {
                        true => Feature::IntervalText,
                        false => Feature::TypedText,
                    },
                    start,
                );
                let value = self.token(self.at - 1).map_or("", |(_, text)| text);
                let kind = ExprKind::TypedText(lower, unquote(value));
                return self.node(kind, self.since(start), &[]);
            }
            "interval"
                if matches!(
                    self.token(self.at + 1),
                    Some((TokenKind::Number | TokenKind::Param, _))
                ) =>
            {
                return self.interval();
            }
            "current_timestamp" | "current_date" | "current_time" | "localtime"
            | "localtimestamp"
                if !is_call =>
            {
                let name = self.take_name();
                let call = Call {
                    name,
                    args: Vec::new(),
                    is_star: false,
                    is_distinct: false,
                    order: Vec::new(),
                    is_within_group: false,
                    filter: None,
                    over: None,
                };
                return self.node(ExprKind::Call(call), self.since(start), &[]);
            }
            "values" if is_call => return self.call(),
            "left" | "right" | "replace" | "if" if is_call => return self.call(),
            "substring" | "position" | "trim" | "overlay" if is_call => {
                return self.special_call(&lower);
            }
            _ if is_call => return self.call(),
            _ => return self.column(),
        };
        self.at += 1;
        self.node(kind, self.since(start), &[])
    }

    /// `INTERVAL 1 DAY`.
    fn interval(&mut self) -> Parse<Expr> {
        let start = self.at;
        self.at += 1;
        let number = self.unary()?;
        let Some((TokenKind::Word, _)) = self.token(self.at) else {
            return Err(self.unexpected("a unit of time"));
        };
        let unit = self.take_name().text.to_ascii_lowercase();
        self.note(Feature::IntervalUnit, start);
        let height = number.height;
        self.node(
            ExprKind::Interval(number, unit),
            self.since(start),
            &[height],
        )
    }

    fn column(&mut self) -> Parse<Expr> {
        let start = self.at;
        let mut parts = vec![self.name("a value")?];
        while self.peek_sign(0) == "." && parts.len() < 3 {
            self.at += 1;
            match self.token(self.at) {
                Some((TokenKind::Word | TokenKind::Quoted, _)) => parts.push(self.take_name()),
                _ => return Err(self.unexpected("a column")),
            }
        }
        if self.peek_sign(0) == "(" {
            self.at += 1;
            return Err(self.unsupported(start, "a function in a schema"));
        }
        self.node(ExprKind::Column(parts), self.since(start), &[])
    }

    fn case(&mut self) -> Parse<Expr> {
        let start = self.at;
        self.at += 1;
        let operand = if self.at_word("when") {
            None
        } else {
            Some(self.expr()?)
        };
        let mut branches = Vec::new();
        while self.eat("when") {
            let condition = self.expr()?;
            self.expect("then")?;
            branches.push((condition, self.expr()?));
        }
        if branches.is_empty() {
            return Err(self.unexpected("`WHEN`"));
        }
        let otherwise = if self.eat("else") {
            Some(self.expr()?)
        } else {
            None
        };
        self.expect("end")?;
        let inner = branches.iter().flat_map(|(a, b)| [a.height, b.height]);
        let heights: Vec<u32> = inner
            .chain(operand.iter().chain(&otherwise).map(|it| it.height))
            .collect();
        self.node(
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            },
            self.since(start),
            &heights,
        )
    }

    fn cast(&mut self) -> Parse<Expr> {
        let start = self.at;
        self.at += 2;
        let value = self.expr()?;
        self.expect("as")?;
        let ty = self.type_name()?;
        self.expect_sign(")")?;
        let height = value.height;
        self.node(ExprKind::Cast(value, ty), self.since(start), &[height])
    }

    fn extract(&mut self) -> Parse<Expr> {
        let start = self.at;
        self.at += 2;
        let field = self.take_name().text.to_ascii_lowercase();
        self.expect("from")?;
        let value = self.expr()?;
        self.expect_sign(")")?;
        self.note(Feature::Extract, start);
        let height = value.height;
        self.node(
            ExprKind::Extract(field, value),
            self.since(start),
            &[height],
        )
    }

    fn array(&mut self) -> Parse<Expr> {
        let start = self.at;
        self.at += 1;
        let mut below = 0;
        let kind = if self.eat_sign("(") {
            let (query, height) = self.subquery()?;
            below = height;
            self.expect_sign(")")?;
            ExprKind::ArrayQuery(query)
        } else {
            self.expect_sign("[")?;
            let items = if self.peek_sign(0) == "]" {
                Vec::new()
            } else {
                self.exprs()?
            };
            self.expect_sign("]")?;
            ExprKind::Array(items)
        };
        self.note(Feature::Arrays, start);
        let heights: Vec<u32> = match &kind {
            ExprKind::Array(items) => items.iter().map(|it| it.height).collect(),
            _ => vec![below],
        };
        self.node(kind, self.since(start), &heights)
    }

    /// Calls whose arguments are separated by words: `substring(a FROM 1 FOR 2)`, `trim(BOTH ' ' FROM a)`.
    fn special_call(&mut self, name: &str) -> Parse<Expr> {
        let start = self.at;
        let name_token = self.take_name();
        self.expect_sign("(")?;
        let _ = name == "trim" && (self.eat("both") || self.eat("leading") || self.eat("trailing"));
        let mut args = vec![self.other_operators()?];
        let mut has_words = false;
        loop {
            let is_word =
                self.eat("from") || self.eat("for") || self.eat("in") || self.eat("placing");
            has_words |= is_word;
            if !is_word && !self.eat_sign(",") {
                break;
            }
            args.push(self.other_operators()?);
        }
        self.expect_sign(")")?;
        if has_words && matches!(name, "position") {
            args.reverse();
        }
        let heights: Vec<u32> = args.iter().map(|it| it.height).collect();
        let call = Call {
            name: name_token,
            args,
            is_star: false,
            is_distinct: false,
            order: Vec::new(),
            is_within_group: false,
            filter: None,
            over: None,
        };
        self.node(ExprKind::Call(call), self.since(start), &heights)
    }

    fn call(&mut self) -> Parse<Expr> {
        let start = self.at;
        let name = self.take_name();
        self.expect_sign("(")?;
        let mut call = Call {
            name,
            args: Vec::new(),
            is_star: false,
            is_distinct: false,
            order: Vec::new(),
            is_within_group: false,
            filter: None,
            over: None,
        };
        call.is_distinct = self.eat("distinct");
        if self.eat_sign("*") {
            call.is_star = true;
        } else if self.peek_sign(0) != ")" {
            call.args = self.exprs()?;
        }
        let order_start = self.at;
        if self.eat("order by") {
            call.order = self.order_list()?;
            self.note(Feature::AggregateOrder, order_start);
        }
        let separator_start = self.at;
        if self.eat("separator") {
            self.note(Feature::Separator, separator_start);
            call.args.push(self.primary()?);
        }
        self.expect_sign(")")?;
        let within_start = self.at;
        if self.eat("within group") {
            self.expect_sign("(")?;
            self.expect("order by")?;
            call.order = self.order_list()?;
            call.is_within_group = true;
            self.expect_sign(")")?;
            self.note(Feature::WithinGroup, within_start);
        }
        let filter_start = self.at;
        if self.at_word("filter") && self.peek_sign(1) == "(" {
            self.at += 2;
            self.expect("where")?;
            call.filter = Some(self.expr()?);
            self.expect_sign(")")?;
            self.note(Feature::AggregateFilter, filter_start);
        }
        if self.eat("over") {
            call.over = Some(if self.eat_sign("(") {
                Over::Window(self.window()?)
            } else {
                Over::Named(self.name("a window")?)
            });
        }
        let heights: Vec<u32> = call
            .args
            .iter()
            .chain(&call.filter)
            .chain(call.order.iter().map(|it| &it.expr))
            .map(|it| it.height)
            .collect();
        self.node(ExprKind::Call(call), self.since(start), &heights)
    }
}

/// Whether an expression is `a + b` or the like, without parentheses around it.
fn is_bare_arithmetic(expr: &Expr) -> bool {
    match &*expr.kind {
        ExprKind::Binary(operator, left, _) => {
            operator.is_arithmetic() && expr.at.start == left.at.start
        }
        _ => false,
    }
}
