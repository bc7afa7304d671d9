//! INSERT, UPDATE and DELETE.

use crate::query::feature::Feature;
use crate::query::parse::{Parse, Parser};
use crate::query::tree::{
    Assignment, Conflict, Delete, Expr, Insert, InsertSource, Item, Target, Update, With,
};

impl Parser<'_> {
    fn note_with(&mut self, with: &With, start: u32) {
        if !with.ctes.is_empty() {
            self.note(Feature::WriteWith, start);
        }
    }

    fn target(&mut self) -> Parse<Target> {
        let mut name = self.name("a table")?;
        let mut schema = None;
        if self.eat_sign(".") {
            schema = Some(name);
            name = self.name("a table")?;
        }
        let alias = self.alias()?;
        Ok(Target {
            schema,
            name,
            alias,
        })
    }

    pub(super) fn insert(&mut self, with: With, start: u32) -> Parse<Insert> {
        self.note_with(&with, start);
        let start = self.at;
        let mut conflict = Conflict::Fail;
        if self.eat("replace") {
            conflict = Conflict::Replace;
            self.note(Feature::Replace, start);
        } else {
            self.expect("insert")?;
            if self.eat("ignore") {
                conflict = Conflict::Ignore { target: Vec::new() };
                self.note(Feature::InsertIgnore, start);
            } else if self.eat("or ignore") {
                conflict = Conflict::Ignore { target: Vec::new() };
                self.note(Feature::InsertOr, start);
            } else if self.eat("or replace") {
                conflict = Conflict::Replace;
                self.note(Feature::InsertOr, start);
            }
        }
        self.expect("into")?;
        let target = self.target()?;
        let has_columns = self.peek_sign(0) == "("
            && !self.at_word_ahead(1, "select")
            && self.peek_sign(1) != ")";
        let columns = if has_columns {
            self.names("a column")?
        } else {
            Vec::new()
        };
        let start_source = self.at;
        let source = if self.eat("default values") {
            self.note(Feature::InsertDefault, start_source);
            InsertSource::Default
        } else if self.eat("values") {
            let mut rows = Vec::new();
            loop {
                self.expect_sign("(")?;
                rows.push(self.exprs()?);
                self.expect_sign(")")?;
                if !self.eat_sign(",") {
                    break;
                }
            }
            InsertSource::Values(rows)
        } else {
            InsertSource::Query(self.query()?)
        };
        self.conflict(&mut conflict)?;
        let returning = self.returning()?;
        Ok(Insert {
            with,
            target,
            columns,
            source,
            conflict,
            returning,
            at: self.since(start),
        })
    }

    fn conflict(&mut self, conflict: &mut Conflict) -> Parse<()> {
        let start = self.at;
        if self.eat("on conflict") {
            let target = if self.peek_sign(0) == "(" {
                self.names("a column")?
            } else {
                Vec::new()
            };
            if self.at_word("where") || self.at_word("on") {
                self.at += 1;
                return Err(self.unsupported(start, "a conflict target other than columns"));
            }
            self.expect("do")?;
            *conflict = if self.eat("nothing") {
                Conflict::Ignore { target }
            } else {
                self.expect("update set")?;
                let sets = self.assignments()?;
                let filter = self.filter()?;
                Conflict::Update {
                    target,
                    sets,
                    filter,
                }
            };
            self.note(Feature::OnConflict, start);
        } else if self.eat("on duplicate key update") {
            let sets = self.assignments()?;
            *conflict = Conflict::Update {
                target: Vec::new(),
                sets,
                filter: None,
            };
            self.note(Feature::OnDuplicateKey, start);
        }
        Ok(())
    }

    fn assignments(&mut self) -> Parse<Vec<Assignment>> {
        let mut sets = Vec::new();
        loop {
            let start = self.at;
            if self.peek_sign(0) == "(" {
                self.at += 1;
                return Err(self.unsupported(start, "a list of columns in SET"));
            }
            let mut column = self.name("a column")?;
            if self.eat_sign(".") {
                column = self.name("a column")?;
            }
            self.expect_sign("=")?;
            let value = self.expr()?;
            sets.push(Assignment { column, value });
            if !self.eat_sign(",") {
                return Ok(sets);
            }
        }
    }

    fn filter(&mut self) -> Parse<Option<Expr>> {
        if self.eat("where") {
            self.expr().map(Some)
        } else {
            Ok(None)
        }
    }

    fn returning(&mut self) -> Parse<Option<Vec<Item>>> {
        let start = self.at;
        if !self.eat("returning") {
            return Ok(None);
        }
        let items = self.items()?;
        self.note(Feature::Returning, start);
        Ok(Some(items))
    }

    pub(super) fn update(&mut self, with: With, start: u32) -> Parse<Update> {
        self.note_with(&with, start);
        let start = self.at;
        self.expect("update")?;
        let target = self.target()?;
        if self.at_any(&["join", "left", "inner", "cross"]) || self.peek_sign(0) == "," {
            self.at += 1;
            return Err(self.unsupported(start, "an UPDATE of joined tables"));
        }
        self.expect("set")?;
        let sets = self.assignments()?;
        let from_start = self.at;
        let from = if self.eat("from") {
            let from = self.sources()?;
            self.note(Feature::UpdateFrom, from_start);
            from
        } else {
            Vec::new()
        };
        let filter = self.filter()?;
        let returning = self.returning()?;
        Ok(Update {
            with,
            target,
            sets,
            from,
            filter,
            returning,
        })
    }

    pub(super) fn delete(&mut self, with: With, start: u32) -> Parse<Delete> {
        self.note_with(&with, start);
        self.expect("delete")?;
        self.expect("from")?;
        let target = self.target()?;
        let using_start = self.at;
        let using = if self.eat("using") {
            let using = self.sources()?;
            self.note(Feature::DeleteUsing, using_start);
            using
        } else {
            Vec::new()
        };
        let filter = self.filter()?;
        let returning = self.returning()?;
        Ok(Delete {
            with,
            target,
            using,
            filter,
            returning,
        })
    }
}
