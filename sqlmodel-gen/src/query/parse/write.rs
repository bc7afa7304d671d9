//! INSERT, UPDATE and DELETE.

use crate::query::feature::Feature;
use crate::query::parse::{Parse, Parser};
use crate::query::tree::{
    AssignedValue, Assignment, Conflict, ConflictTarget, Delete, Expr, ExprKind, Factor, From,
    Ignored, Insert, InsertSource, Item, Name, Statement, Target, Update, With, WriteEnding,
};

impl Parser<'_> {
    /// Reads an INSERT, UPDATE or DELETE, whose WITH is read already.
    pub(super) fn write(&mut self, with: With, start: u32) -> Parse<Statement> {
        if self.at_word("update") {
            let update = self.update(with, start)?;
            return Ok(Statement::Update(Box::new(update)));
        }
        if self.at_word("delete") {
            let delete = self.delete(with, start)?;
            return Ok(Statement::Delete(Box::new(delete)));
        }
        let insert = self.insert(with, start)?;
        Ok(Statement::Insert(Box::new(insert)))
    }

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

    fn insert(&mut self, with: With, start: u32) -> Parse<Insert> {
        self.note_with(&with, start);
        let start = self.at;
        let mut conflict = Conflict::Fail;
        if self.eat("replace") {
            conflict = Conflict::Replace;
            self.note(Feature::Replace, start);
        } else {
            self.expect("insert")?;
            if self.eat("ignore") {
                conflict = Conflict::Ignore {
                    target: ConflictTarget::Any,
                };
                self.note(Feature::InsertIgnore, start);
            } else if self.eat("or ignore") {
                conflict = Conflict::Ignore {
                    target: ConflictTarget::Any,
                };
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
                ConflictTarget::Columns(self.names("a column")?)
            } else if self.eat("on constraint") {
                self.note(Feature::OnConstraint, start);
                ConflictTarget::Constraint(self.name("a key")?)
            } else {
                ConflictTarget::Any
            };
            if self.at_word("where") {
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
                target: ConflictTarget::Any,
                sets,
                filter: None,
            };
            self.note(Feature::OnDuplicateKey, start);
        }
        Ok(())
    }

    fn assignments(&mut self) -> Parse<Vec<Assignment>> {
        let mut sets = vec![self.assignment()?];
        while self.eat_sign(",") {
            sets.push(self.assignment()?);
        }
        Ok(sets)
    }

    fn assignment(&mut self) -> Parse<Assignment> {
        if self.peek_sign(0) == "(" {
            return self.assigned_list();
        }
        let start = self.at;
        let mut table = None;
        let mut column = self.name("a column")?;
        if self.eat_sign(".") {
            self.note(Feature::QualifiedSet, start);
            table = Some(column);
            column = self.name("a column")?;
        }
        self.expect_sign("=")?;
        let value = self.expr()?;
        Ok(Assignment {
            table,
            columns: vec![column],
            value: AssignedValue::Exprs(vec![value]),
        })
    }

    /// Reads `(a, b) = (1, 2)` or `(a, b) = (SELECT ..)`.
    fn assigned_list(&mut self) -> Parse<Assignment> {
        let start = self.at;
        let columns = self.names("a column")?;
        self.expect_sign("=")?;
        self.eat("row");
        let value_start = self.at;
        let value = self.expr()?;
        let at = Ignored(self.since(value_start));
        let value = match *value.kind {
            ExprKind::Row(values) => {
                self.note(Feature::SetList, start);
                AssignedValue::Exprs(values)
            }
            ExprKind::Subquery(query) => {
                self.note(Feature::SetQuery, start);
                AssignedValue::Query(query, at)
            }
            _ => return Err(self.unsupported(value_start, "one value for a list of columns")),
        };
        Ok(Assignment {
            table: None,
            columns,
            value,
        })
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

    fn update(&mut self, with: With, start: u32) -> Parse<Update> {
        self.note_with(&with, start);
        let start = self.at;
        self.expect("update")?;
        let joined = self.sources()?;
        let target = match joined.first() {
            Some(From {
                first:
                    Factor::Table {
                        schema,
                        name,
                        alias,
                    },
                joins: _,
            }) => Target {
                schema: schema.clone(),
                name: name.clone(),
                alias: alias.as_ref().map(|it| it.name.clone()),
            },
            _ => return Err(self.unsupported(start, "an UPDATE of what is no table")),
        };
        let is_joined = joined.len() > 1 || joined.iter().any(|it| !it.joins.is_empty());
        if is_joined {
            self.note(Feature::JoinedUpdate, start);
        }
        let joined = if is_joined { joined } else { Vec::new() };
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
        let ending = self.write_ending()?;
        let returning = self.returning()?;
        Ok(Update {
            with,
            target,
            joined,
            sets,
            from,
            filter,
            ending,
            returning,
        })
    }

    fn delete(&mut self, with: With, start: u32) -> Parse<Delete> {
        self.note_with(&with, start);
        self.expect("delete")?;
        let delete_start = self.at;
        // `DELETE a, b FROM ..`, MySQL's.
        let mut from_joined = match self.at_word("from") {
            true => Vec::new(),
            false => self.tables_of_delete()?,
        };
        self.expect("from")?;
        if !from_joined.is_empty() {
            let using = self.sources()?;
            return self.joined_delete(with, from_joined, using, delete_start);
        }
        let target = self.target()?;
        if self.peek_sign(0) == "," {
            // `DELETE FROM a, b USING ..`, MySQL's.
            from_joined.push(target.name);
            self.at += 1;
            from_joined.extend(self.tables_of_delete()?);
            self.expect("using")?;
            let using = self.sources()?;
            return self.joined_delete(with, from_joined, using, delete_start);
        }
        let using_start = self.at;
        let using = if self.eat("using") {
            let using = self.sources()?;
            // On MySQL the target is one of the tables after USING.
            let is_among = |from: &From| {
                let joined = from.joins.iter().map(|it| &it.factor);
                std::iter::once(&from.first)
                    .chain(joined)
                    .any(|it| shown_name(it).is_some_and(|it| *it == target.name))
            };
            if using.iter().any(is_among) {
                return self.joined_delete(with, vec![target.name], using, delete_start);
            }
            self.note(Feature::DeleteUsing, using_start);
            using
        } else {
            Vec::new()
        };
        let filter = self.filter()?;
        let ending = self.write_ending()?;
        let returning = self.returning()?;
        Ok(Delete {
            with,
            target,
            from_joined,
            using,
            filter,
            ending,
            returning,
        })
    }

    fn tables_of_delete(&mut self) -> Parse<Vec<Name>> {
        let mut tables = Vec::new();
        loop {
            tables.push(self.name("a table")?);
            // `a.*` is `a`.
            if self.peek_sign(0) == "." && self.peek_sign(1) == "*" {
                self.at += 2;
            }
            if !self.eat_sign(",") {
                return Ok(tables);
            }
        }
    }

    fn joined_delete(
        &mut self,
        with: With,
        from_joined: Vec<Name>,
        using: Vec<From>,
        start: u32,
    ) -> Parse<Delete> {
        self.note(Feature::JoinedDelete, start);
        let Some(name) = from_joined.first().cloned() else {
            return Err(self.unexpected("a table"));
        };
        let filter = self.filter()?;
        Ok(Delete {
            with,
            target: Target {
                schema: None,
                name,
                alias: None,
            },
            from_joined,
            using,
            filter,
            ending: WriteEnding::default(),
            returning: None,
        })
    }

    /// Reads MySQL's ORDER BY and LIMIT of a write.
    fn write_ending(&mut self) -> Parse<WriteEnding> {
        let start = self.at;
        let mut ending = WriteEnding::default();
        if self.eat("order by") {
            ending.order = self.order_list()?;
        }
        if self.eat("limit") {
            ending.limit = Some(self.expr()?);
        }
        if self.at > start {
            self.note(Feature::OrderedWrite, start);
        }
        Ok(ending)
    }
}

/// The name by which a table of FROM is known.
fn shown_name(factor: &Factor) -> Option<&Name> {
    match factor {
        Factor::Table { name, alias, .. } => Some(alias.as_ref().map_or(name, |it| &it.name)),
        Factor::Derived { alias, .. } | Factor::Function { alias, .. } => {
            alias.as_ref().map(|it| &it.name)
        }
        Factor::Nested(_) => None,
    }
}
