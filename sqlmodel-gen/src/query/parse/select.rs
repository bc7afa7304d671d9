//! SELECT: what is selected, from where, in which groups and order.

use crate::query::feature::Feature;
use crate::query::parse::{Parse, ParseError, Parser};
use crate::query::text::TokenKind;
use crate::query::tree::{
    Alias, Call, Constraint, Cte, CteBody, Expr, ExprKind, Factor, Frame, FrameUnit, From, Ignored,
    Item, Join, JoinKind, Lock, Name, OrderBy, Query, Select, SetOperator, Statement, Term, Window,
    With,
};

/// Whose WITH it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WithPlace {
    /// That of the whole statement.
    Statement,
    /// That of a query in it.
    Inside,
}

impl Parser<'_> {
    /// Reads WITH; statements that write may stand in that of a whole statement alone.
    pub(super) fn with(&mut self, place: WithPlace) -> Parse<With> {
        let mut with = With::default();
        if !self.eat("with") {
            return Ok(with);
        }
        with.is_recursive = self.eat("recursive");
        loop {
            let name = self.name("a name")?;
            let columns = if self.peek_sign(0) == "(" {
                self.names("a column")?
            } else {
                Vec::new()
            };
            self.expect("as")?;
            let start = self.at;
            if self.eat("materialized") || self.eat("not materialized") {
                self.note(Feature::Materialized, start);
            }
            self.expect_sign("(")?;
            let body = match self.at_any(&["insert", "update", "delete"]) {
                true => CteBody::Write(Box::new(self.write_in_with(place)?)),
                false => CteBody::Query(self.query()?),
            };
            self.expect_sign(")")?;
            with.ctes.push(Cte {
                name,
                columns,
                body,
            });
            if !self.eat_sign(",") {
                return Ok(with);
            }
        }
    }

    fn write_in_with(&mut self, place: WithPlace) -> Parse<Statement> {
        let start = self.at;
        if place == WithPlace::Inside {
            self.at += 1;
            return Err(self.unsupported(start, "a write in the WITH of a subquery"));
        }
        let statement = self.write(With::default(), start)?;
        self.note(Feature::WriteInWith, start);
        Ok(statement)
    }

    /// Reads a SELECT with its WITH.
    pub(super) fn query(&mut self) -> Parse<Query> {
        self.deeper(|parser| {
            let with = parser.with(WithPlace::Inside)?;
            parser.query_after(with)
        })
    }

    pub(super) fn query_after(&mut self, with: With) -> Parse<Query> {
        let first = self.term()?;
        let mut rest = Vec::new();
        loop {
            let start = self.at;
            let operator = if self.eat("union") {
                SetOperator::Union
            } else if self.eat("intersect") {
                SetOperator::Intersect
            } else if self.eat("except") {
                SetOperator::Except
            } else {
                break;
            };
            if self.eat("all") {
                if operator != SetOperator::Union {
                    self.note(Feature::SetOperationAll, start);
                }
            } else {
                self.eat("distinct");
            }
            rest.push((operator, self.term()?));
        }
        let order = if self.eat("order by") {
            self.order_list()?
        } else {
            Vec::new()
        };
        let (limit, offset) = self.limit(!order.is_empty())?;
        let lock = self.lock()?;
        Ok(Query {
            with,
            first,
            rest,
            order,
            limit,
            offset,
            lock,
        })
    }

    fn limit(&mut self, is_ordered: bool) -> Parse<(Option<Expr>, Option<Expr>)> {
        let start = self.at;
        let (mut limit, mut offset) = (None, None);
        if self.eat("limit") {
            if !self.eat("all") {
                limit = Some(self.expr()?);
            }
            if self.eat_sign(",") {
                offset = limit.take();
                limit = Some(self.expr()?);
                self.note(Feature::CommaLimit, start);
            }
        }
        if self.eat("offset") {
            offset = Some(self.expr()?);
            self.eat("rows");
            self.eat("row");
            if limit.is_none() && !self.at_word("fetch") {
                self.note(Feature::OffsetAlone, start);
            }
        }
        let start = self.at;
        if self.eat("fetch") {
            if !(self.eat("first") || self.eat("next")) {
                return Err(self.unexpected("`FIRST` or `NEXT`"));
            }
            // Without a number it is one row.
            if !self.at_any(&["row", "rows"]) {
                limit = Some(self.expr()?);
            } else {
                limit = Some(self.node(ExprKind::Number("1".to_owned()), self.here(), &[])?);
            }
            let _ = self.eat("rows") || self.eat("row");
            let ties = self.at;
            if self.eat("with ties") {
                if !is_ordered {
                    return Err(ParseError {
                        at: self.since(ties),
                        ..self.error_here("rows tie by ORDER BY, and there is none")
                    });
                }
            } else if !self.eat("only") {
                return Err(self.unexpected("`ONLY` or `WITH TIES`"));
            }
            self.note(Feature::Fetch, start);
        }
        Ok((limit, offset))
    }

    fn lock(&mut self) -> Parse<Option<Lock>> {
        let start = self.at;
        if !self.eat("for") {
            return Ok(None);
        }
        if self.eat("no key update") || self.eat("key share") {
            self.note(Feature::LockOfKeys, start);
        } else if self.eat("share") {
            self.note(Feature::LockShared, start);
        } else if !self.eat("update") {
            return Err(self.unexpected("`UPDATE` or `SHARE`"));
        }
        let mut tables = Vec::new();
        let of_start = self.at;
        if self.eat("of") {
            tables.push(self.name("a table")?);
            while self.eat_sign(",") {
                tables.push(self.name("a table")?);
            }
            self.note(Feature::LockOfTables, of_start);
        }
        let _ = self.eat("nowait") || self.eat("skip locked");
        self.note(Feature::ForUpdate, start);
        Ok(Some(Lock {
            tables,
            at: Ignored(self.since(start)),
        }))
    }

    fn term(&mut self) -> Parse<Term> {
        let start = self.at;
        if self.eat_sign("(") {
            let query = self.query()?;
            self.expect_sign(")")?;
            return Ok(Term::Query(Box::new(query)));
        }
        if self.eat("values") {
            let mut rows = Vec::new();
            loop {
                self.expect_sign("(")?;
                rows.push(self.exprs()?);
                self.expect_sign(")")?;
                if !self.eat_sign(",") {
                    break;
                }
            }
            self.note(Feature::ValuesTable, start);
            return Ok(Term::Values(rows, Ignored(self.since(start))));
        }
        self.deeper(|parser| parser.select().map(|it| Term::Select(Box::new(it))))
    }

    fn select(&mut self) -> Parse<Select> {
        let start = self.at;
        self.expect("select")?;
        let mut select = Select {
            is_distinct: false,
            distinct_on: Vec::new(),
            items: Vec::new(),
            from: Vec::new(),
            filter: None,
            group: Vec::new(),
            has_totals: false,
            having: None,
            windows: Vec::new(),
            at: Ignored(self.here()),
        };
        if self.eat("distinct") {
            select.is_distinct = true;
            let on = self.at;
            if self.eat("on") {
                self.expect_sign("(")?;
                select.distinct_on = self.exprs()?;
                self.expect_sign(")")?;
                self.note(Feature::DistinctOn, on);
            }
        } else {
            self.eat("all");
        }
        select.items = self.items()?;
        if self.eat("from") {
            select.from = self.sources()?;
        }
        if self.eat("where") {
            select.filter = Some(self.expr()?);
        }
        if self.eat("group by") {
            self.group(&mut select)?;
        }
        if self.eat("having") {
            select.having = Some(self.expr()?);
        }
        if self.eat("window") {
            loop {
                let name = self.name("a name")?;
                self.expect("as")?;
                self.expect_sign("(")?;
                let window = self.window()?;
                select.windows.push((name, window));
                if !self.eat_sign(",") {
                    break;
                }
            }
        }
        select.at = Ignored(self.since(start));
        Ok(select)
    }

    fn group(&mut self, select: &mut Select) -> Parse<()> {
        loop {
            let start = self.at;
            if self.at_any(&["rollup", "cube"]) && self.peek_sign(1) == "(" {
                self.at += 2;
                select.group.extend(self.exprs()?);
                self.expect_sign(")")?;
                select.has_totals = true;
                self.note(Feature::GroupingSets, start);
            } else if self.eat("grouping sets") {
                self.expect_sign("(")?;
                loop {
                    if self.eat_sign("(") {
                        if self.peek_sign(0) != ")" {
                            select.group.extend(self.exprs()?);
                        }
                        self.expect_sign(")")?;
                    } else {
                        select.group.push(self.expr()?);
                    }
                    if !self.eat_sign(",") {
                        break;
                    }
                }
                self.expect_sign(")")?;
                select.has_totals = true;
                self.note(Feature::GroupingSets, start);
            } else {
                select.group.push(self.expr()?);
            }
            if !self.eat_sign(",") {
                break;
            }
        }
        let start = self.at;
        if self.eat("with rollup") {
            select.has_totals = true;
            self.note(Feature::WithRollup, start);
        }
        Ok(())
    }

    pub(super) fn items(&mut self) -> Parse<Vec<Item>> {
        let mut items = Vec::new();
        loop {
            items.push(self.item()?);
            if !self.eat_sign(",") {
                return Ok(items);
            }
        }
    }

    fn item(&mut self) -> Parse<Item> {
        let start = self.at;
        if self.eat_sign("*") {
            return Ok(Item::Star(None, Ignored(self.since(start))));
        }
        if self.peek_sign(1) == "." && self.peek_sign(2) == "*" {
            let name = self.name("a table")?;
            self.at += 2;
            return Ok(Item::Star(Some(name), Ignored(self.since(start))));
        }
        let expr = self.expr()?;
        let alias = self.alias()?;
        Ok(Item::Expr(expr, alias))
    }

    pub(super) fn sources(&mut self) -> Parse<Vec<From>> {
        let mut list = vec![self.from()?];
        while self.eat_sign(",") {
            list.push(self.from()?);
        }
        Ok(list)
    }

    fn from(&mut self) -> Parse<From> {
        let first = self.factor()?;
        let mut joins = Vec::new();
        loop {
            let start = self.at;
            let is_natural = self.eat("natural");
            let kind = if self.eat("join") || self.eat("inner join") {
                JoinKind::Inner
            } else if self.eat("left join") || self.eat("left outer join") {
                JoinKind::Left
            } else if self.eat("right join") || self.eat("right outer join") {
                JoinKind::Right
            } else if self.eat("full join") || self.eat("full outer join") {
                self.note(Feature::FullJoin, start);
                JoinKind::Full
            } else if self.eat("cross join") {
                JoinKind::Cross
            } else if is_natural {
                return Err(self.unexpected("`JOIN`"));
            } else {
                break;
            };
            let factor = self.factor()?;
            let constraint = if is_natural {
                Constraint::Natural
            } else if kind == JoinKind::Cross {
                Constraint::None
            } else if self.eat("on") {
                Constraint::On(self.expr()?)
            } else if self.eat("using") {
                Constraint::Using(self.names("a column")?)
            } else {
                return Err(self.unexpected("`ON` or `USING`"));
            };
            joins.push(Join {
                kind,
                factor,
                constraint,
                at: Ignored(self.since(start)),
            });
        }
        Ok(From { first, joins })
    }

    fn factor(&mut self) -> Parse<Factor> {
        let start = self.at;
        let is_lateral = self.eat("lateral");
        if is_lateral {
            self.note(Feature::Lateral, start);
        }
        if self.eat_sign("(") {
            let is_query = self.at_any(&["select", "with", "values"])
                || (self.peek_sign(0) == "(" && self.is_query_in_parentheses());
            if !is_query {
                let from = self.deeper(Self::from)?;
                self.expect_sign(")")?;
                return Ok(Factor::Nested(Box::new(from)));
            }
            let query = self.query()?;
            self.expect_sign(")")?;
            let at = self.since(start);
            let alias = self.table_alias()?;
            return Ok(Factor::Derived {
                query: Box::new(query),
                is_lateral,
                alias,
                at: Ignored(at),
            });
        }
        let mut name = self.name("a table")?;
        let mut schema = None;
        if self.eat_sign(".") {
            schema = Some(name);
            name = self.name("a table")?;
        }
        if self.peek_sign(0) == "(" {
            let call = self.table_function(name)?;
            let at = self.since(start);
            self.note(Feature::TableFunction, start);
            let has_ordinality = self.eat("with ordinality");
            if has_ordinality {
                self.note(Feature::Ordinality, start);
            }
            let alias = self.table_alias()?;
            return Ok(Factor::Function {
                call: Box::new(call),
                has_ordinality,
                alias,
                at: Ignored(at),
            });
        }
        let alias = self.table_alias()?;
        Ok(Factor::Table {
            schema,
            name,
            alias,
        })
    }

    fn table_function(&mut self, name: Name) -> Parse<Call> {
        self.expect_sign("(")?;
        let args = if self.peek_sign(0) == ")" {
            Vec::new()
        } else {
            self.exprs()?
        };
        self.expect_sign(")")?;
        Ok(Call {
            name,
            args,
            is_star: false,
            is_distinct: false,
            order: Vec::new(),
            is_within_group: false,
            filter: None,
            over: None,
        })
    }

    /// Whether the parentheses that open here hold a query and not a join.
    fn is_query_in_parentheses(&self) -> bool {
        let mut ahead = 0;
        while self.peek_sign(ahead) == "(" {
            ahead += 1;
        }
        ["select", "with", "values"]
            .iter()
            .any(|word| self.at_word_ahead(ahead, word))
    }

    fn table_alias(&mut self) -> Parse<Option<Alias>> {
        let Some(name) = self.alias()? else {
            return Ok(None);
        };
        let start = self.at;
        let columns = if self.peek_sign(0) == "(" {
            self.names("a column")?
        } else {
            Vec::new()
        };
        if !columns.is_empty() {
            self.note(Feature::DerivedColumns, start);
        }
        Ok(Some(Alias { name, columns }))
    }

    pub(super) fn order_list(&mut self) -> Parse<Vec<OrderBy>> {
        let mut order = Vec::new();
        loop {
            let expr = self.expr()?;
            let _ = self.eat("asc") || self.eat("desc");
            let start = self.at;
            if self.eat("nulls first") || self.eat("nulls last") {
                self.note(Feature::NullsOrder, start);
            }
            order.push(OrderBy { expr });
            if !self.eat_sign(",") {
                return Ok(order);
            }
        }
    }

    /// Reads a window up to and with its `)`.
    pub(super) fn window(&mut self) -> Parse<Window> {
        let mut window = Window {
            base: None,
            partition: Vec::new(),
            order: Vec::new(),
            frame: None,
            bounds: Vec::new(),
        };
        if !self.at_any(&["partition", "order", "rows", "range", "groups"])
            && self.peek_sign(0) != ")"
        {
            window.base = Some(self.name("a window")?);
        }
        if self.eat("partition by") {
            window.partition = self.exprs()?;
        }
        if self.eat("order by") {
            window.order = self.order_list()?;
        }
        let start = self.at;
        let unit = match () {
            () if self.eat("rows") => Some(FrameUnit::Rows),
            () if self.eat("range") => Some(FrameUnit::Range),
            () if self.eat("groups") => Some(FrameUnit::Groups),
            () => None,
        };
        if let Some(unit) = unit {
            self.frame(unit, start, &mut window)?;
        }
        self.expect_sign(")")?;
        Ok(window)
    }

    /// Reads the bounds of a frame, and what it leaves out.
    fn frame(&mut self, unit: FrameUnit, start: u32, window: &mut Window) -> Parse<()> {
        let mut frame = Frame {
            unit,
            has_distance: false,
            has_interval: false,
        };
        if unit == FrameUnit::Groups {
            self.note(Feature::FrameGroups, start);
        }
        let bounds_start = self.at;
        let (first, last) = if self.eat("between") {
            let first = self.frame_bound(window, &mut frame)?;
            self.expect("and")?;
            (first, self.frame_bound(window, &mut frame)?)
        } else {
            (self.frame_bound(window, &mut frame)?, Bound::Current)
        };
        if first > last || first == Bound::End || last == Bound::Start {
            return Err(ParseError {
                at: self.since(bounds_start),
                ..self.error_here("the frame ends before it begins")
            });
        }
        let start = self.at;
        if self.eat("exclude") {
            self.note(Feature::FrameExclude, start);
            if !(self.eat("current row")
                || self.eat("group")
                || self.eat("ties")
                || self.eat("no others"))
            {
                return Err(self.unexpected("`CURRENT ROW`, `GROUP`, `TIES` or `NO OTHERS`"));
            }
        }
        window.frame = Some(frame);
        Ok(())
    }

    fn frame_bound(&mut self, window: &mut Window, frame: &mut Frame) -> Parse<Bound> {
        if self.eat("current row") {
            return Ok(Bound::Current);
        }
        let is_far = self.eat("unbounded");
        if !is_far {
            frame.has_distance = true;
            match self.token(self.at) {
                Some((TokenKind::Number | TokenKind::String, _)) => self.at += 1,
                Some((TokenKind::Param, _)) => window.bounds.push(self.expr()?),
                Some((TokenKind::Word, _)) if self.at_word("interval") => {
                    frame.has_interval = true;
                    self.at += 2;
                }
                _ => return Err(self.unexpected("a bound of the frame")),
            }
        }
        match (self.eat("preceding"), is_far) {
            (true, true) => Ok(Bound::Start),
            (true, false) => Ok(Bound::Before),
            (false, _) if !self.eat("following") => {
                Err(self.unexpected("`PRECEDING` or `FOLLOWING`"))
            }
            (false, true) => Ok(Bound::End),
            (false, false) => Ok(Bound::After),
        }
    }
}

/// Where a frame begins or ends, in the order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bound {
    Start,
    Before,
    Current,
    After,
    End,
}
