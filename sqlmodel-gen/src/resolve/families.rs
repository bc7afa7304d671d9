//! Pass 3, continued: the families of inheritance, and what tells their members apart.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{
    Builtin, Discriminator, DiscriminatorValue, Family, FamilyId, FieldId, FieldType, ModelId,
    PolymorphicLoad, Scalar, Strategy, ValueSource,
};
use crate::resolve::Resolver;
use crate::resolve::case::to_snake_case;
use crate::resolve::fields::column_name;
use crate::resolve::names::check_snake_case;
use crate::resolve::tables::MAX_TAG_LEN;
use crate::source::Span;
use crate::syntax::{Inheritance, Node, Value};

/// A tag as databases compare it that know no blanks at the end of a text.
fn without_padding(value: &DiscriminatorValue) -> DiscriminatorValue {
    match value {
        DiscriminatorValue::Text(text) => {
            DiscriminatorValue::Text(text.trim_end_matches(' ').to_owned())
        }
        other => other.clone(),
    }
}

impl<'a> Resolver<'a> {
    pub(super) fn resolve_families(&mut self) {
        let mut by_root: BTreeMap<ModelId, Vec<ModelId>> = BTreeMap::new();
        for id in self.models.ids() {
            let root = self.chain(id).first().copied().unwrap_or(id);
            by_root.entry(root).or_default().push(id);
        }
        for (root, members) in by_root {
            if self.models[root].is_poisoned {
                continue;
            }
            match &self.models[root].syntax.inheritance {
                Some(inheritance) => self.build_family(root, inheritance, members),
                None => self.check_no_family(root, &members),
            }
        }
    }

    /// Checks the members of what is not a family: one model, or models whose root forgot to be one.
    fn check_no_family(&mut self, root: ModelId, members: &[ModelId]) {
        let syntax = self.models[root].syntax;
        let child = members.iter().copied().find(|member| *member != root);
        if let Some(child) = child {
            let Some(extends) = &self.models[child].syntax.extends else {
                return;
            };
            let message = format!("`{}` has no inheritance strategy", syntax.name.value);
            self.push(
                Diagnostic::new(&codes::NO_STRATEGY, extends.span, message)
                    .label("extended here")
                    .related(syntax.name.span, "the model at the root of the family")
                    .help("add `inheritance = { strategy = \"joined\", discriminator = \"kind\" }` to the root, or make it `[abstract.*]`"),
            );
            for member in members {
                self.models[*member].is_poisoned = true;
            }
            return;
        }
        if let Some(is_abstract) = syntax.is_abstract.as_ref().filter(|it| it.value) {
            let message = format!(
                "`{}` is abstract, and no model extends it",
                syntax.name.value
            );
            self.push(
                Diagnostic::new(&codes::ABSTRACT_ALONE, is_abstract.span, message).help(format!(
                    "for fields that models share, write `[abstract.{}]`",
                    syntax.name.value
                )),
            );
        }
        if let Some(tag) = &syntax.tag {
            self.misplaced_tag(
                tag.span,
                &syntax.name.value,
                "is in no family with a discriminator",
            );
        }
    }

    fn build_family(&mut self, root: ModelId, inheritance: &'a Inheritance, members: Vec<ModelId>) {
        let Some(strategy) = &inheritance.strategy else {
            for member in members {
                self.models[member].is_poisoned = true;
            }
            return;
        };
        let strategy = strategy.value;
        let id = self.families.next_id();
        let members = self.in_order(root, &members);
        let mut without_table: Vec<ModelId> = Vec::new();
        for member in &members {
            self.models[*member].family = Some(id);
            if *member == root {
                continue;
            }
            let base = self.models[*member].base;
            let is_single = strategy == Strategy::SingleTable
                || self.has_no_table(*member, strategy)
                || base.is_some_and(|base| without_table.contains(&base));
            if is_single {
                without_table.push(*member);
            }
            self.check_member(*member, strategy, is_single);
        }
        self.check_has_rows(root, &members);
        if let Some(union_view) = &inheritance.union_view
            && strategy != Strategy::Concrete
        {
            let message = "`union_view` is for the concrete strategy";
            self.push(
                Diagnostic::new(&codes::STRATEGY_OPTION, union_view.span, message)
                    .note("with one root table, every row of the family is in it already")
                    .help("remove it"),
            );
        }
        if let Some(polymorphic) = &inheritance.polymorphic
            && strategy == Strategy::SingleTable
        {
            let message = "`polymorphic` is for strategies with several tables";
            self.push(
                Diagnostic::new(&codes::STRATEGY_OPTION, polymorphic.span, message)
                    .note("rows of one table are loaded by one statement, which reads no other")
                    .help("remove it"),
            );
        }
        let column = self.discriminator_column(inheritance, strategy);
        self.families.push(Family {
            root,
            strategy,
            members,
            without_table,
            // The values wait for the fields: see `resolve_discriminators`.
            discriminator: column.map(|column| Discriminator {
                column,
                field: None,
                values: Vec::new(),
            }),
            polymorphic: inheritance
                .polymorphic
                .as_ref()
                .map_or(PolymorphicLoad::Join, |it| it.value),
            has_union_view: inheritance.union_view.as_ref().is_some_and(|it| it.value),
        });
    }

    /// Returns the members, each base before its children.
    fn in_order(&self, root: ModelId, members: &[ModelId]) -> Vec<ModelId> {
        let mut children: BTreeMap<ModelId, Vec<ModelId>> = BTreeMap::new();
        for member in members {
            if let Some(base) = self.models[*member].base {
                children.entry(base).or_default().push(*member);
            }
        }
        let mut order = Vec::new();
        let mut open = vec![root];
        while let Some(member) = open.pop() {
            order.push(member);
            open.extend(
                children
                    .remove(&member)
                    .unwrap_or_default()
                    .into_iter()
                    .rev(),
            );
        }
        order
    }

    /// Tells whether a child says that it has no table, where its family's models have one each.
    fn has_no_table(&self, member: ModelId, strategy: Strategy) -> bool {
        let inheritance = self.models[member].syntax.inheritance.as_ref();
        strategy == Strategy::Joined
            && inheritance.is_some_and(|it| {
                let is_single = it.strategy.as_ref().map(|it| it.value);
                is_single == Some(Strategy::SingleTable)
                    && it.discriminator.is_none()
                    && it.polymorphic.is_none()
                    && it.union_view.is_none()
            })
    }

    fn check_member(&mut self, member: ModelId, strategy: Strategy, is_single: bool) {
        let syntax = self.models[member].syntax;
        let name = &syntax.name.value;
        if let Some(inheritance) = &syntax.inheritance
            && !self.has_no_table(member, strategy)
        {
            let message = format!("`{name}` cannot choose a strategy: the root of its family does");
            let diagnostic = Diagnostic::new(&codes::STRATEGY_OF_CHILD, inheritance.span, message);
            self.push(match strategy {
                Strategy::Joined => diagnostic.help(
                    "remove `inheritance` here, or write `inheritance = { strategy = \"single_table\" }` to have its fields in the table of its base",
                ),
                Strategy::SingleTable | Strategy::Concrete => {
                    diagnostic.help("remove `inheritance` here")
                }
            });
        }
        let table = [&syntax.table, &syntax.schema, &syntax.key_name]
            .into_iter()
            .flatten()
            .next();
        if let Some(table) = table
            && is_single
        {
            let of = match strategy {
                Strategy::SingleTable => "root",
                Strategy::Joined | Strategy::Concrete => "base",
            };
            let message =
                format!("`{name}` has no table of its own: its rows are in its {of}'s table");
            let help = match strategy {
                Strategy::SingleTable => "name the table in the root of the family",
                Strategy::Joined | Strategy::Concrete => "name the table in the base",
            };
            self.push(Diagnostic::new(&codes::STRATEGY_OPTION, table.span, message).help(help));
        }
    }

    fn check_has_rows(&mut self, root: ModelId, members: &[ModelId]) {
        // What extends it may be in what could not be read.
        if self.models.values().any(|it| it.syntax.is_partial) {
            return;
        }
        if members
            .iter()
            .all(|member| self.models[*member].is_abstract)
        {
            let name = &self.models[root].syntax.name;
            let message = format!("every model of the family of `{}` is abstract", name.value);
            self.push(
                Diagnostic::new(&codes::ABSTRACT_ALONE, name.span, message)
                    .help("remove `abstract = true` where rows are stored"),
            );
        }
    }

    fn discriminator_column(
        &mut self,
        inheritance: &Inheritance,
        strategy: Strategy,
    ) -> Option<String> {
        match (&inheritance.discriminator, strategy) {
            (Some(column), Strategy::SingleTable | Strategy::Joined) => {
                check_snake_case(column, "a discriminator", self.diagnostics)
                    .then(|| column.value.clone())
            }
            (Some(column), Strategy::Concrete) => {
                let message = "the concrete strategy has no discriminator";
                self.push(
                    Diagnostic::new(&codes::STRATEGY_OPTION, column.span, message)
                        .note("each model has a table of its own, which tells what its rows are")
                        .help("remove it"),
                );
                None
            }
            (None, Strategy::Concrete) => None,
            (None, Strategy::SingleTable | Strategy::Joined) => {
                let message = "the strategy needs a discriminator";
                self.push(
                    Diagnostic::new(&codes::NO_DISCRIMINATOR, inheritance.span, message)
                        .help("add `discriminator = \"kind\"`, the column that tells which model a row is"),
                );
                None
            }
        }
    }

    pub(super) fn misplaced_tag(&mut self, span: Span, name: &str, why: &str) {
        let message = format!("`{name}` cannot have a tag: it {why}");
        self.push(Diagnostic::new(&codes::TAG, span, message).help("remove `tag`"));
    }

    pub(super) fn strategy(&self, family: Option<FamilyId>) -> Option<Strategy> {
        family.map(|family| self.families[family].strategy)
    }

    /// Gives every member of a family its discriminator's value.
    pub(super) fn resolve_discriminators(&mut self) {
        for id in self.families.ids() {
            let (root, members) = (self.families[id].root, self.families[id].members.clone());
            let Some(Discriminator { column, .. }) = self.families[id].discriminator.clone() else {
                let is_concrete = self.families[id].strategy == Strategy::Concrete;
                for member in members {
                    let syntax = self.models[member].syntax;
                    if let Some(tag) = syntax.tag.as_ref().filter(|_| is_concrete) {
                        self.misplaced_tag(
                            tag.span,
                            &syntax.name.value,
                            "is in a family without discriminator",
                        );
                    }
                }
                continue;
            };
            let root_fields = &self.models[root].fields;
            let field = root_fields
                .iter()
                .copied()
                .find(|field| column_name(self.field_syntax(*field)) == column);
            if let Some(field) = field
                && !self.check_discriminator_field(field)
            {
                continue;
            }
            let mut values: Vec<(ModelId, DiscriminatorValue)> = Vec::new();
            let mut taken: BTreeMap<DiscriminatorValue, ModelId> = BTreeMap::new();
            for member in members {
                let Some(value) = self.discriminator_value(member, field) else {
                    continue;
                };
                match taken.insert(without_padding(&value), member) {
                    Some(other) => self.push_same_tag(member, other),
                    None => values.push((member, value)),
                }
            }
            if let Some(discriminator) = &mut self.families[id].discriminator {
                discriminator.field = field;
                discriminator.values = values;
            }
        }
    }

    fn check_discriminator_field(&mut self, field: FieldId) -> bool {
        let Some(ty) = self.field_type(field) else {
            return false;
        };
        let fits = match ty.scalar {
            Scalar::Builtin(
                Builtin::Text { .. } | Builtin::I16 | Builtin::I32 | Builtin::I64 | Builtin::Bool,
            ) => true,
            Scalar::Enum(_) => true,
            Scalar::Builtin(_) | Scalar::Named(_) => false,
        };
        let syntax = self.field_syntax(field);
        let is_plain = !ty.is_array
            && !ty.is_nullable
            && syntax.default.is_none()
            && syntax.generated.is_none();
        if fits && is_plain {
            return true;
        }
        let message = format!("`{}` cannot be a discriminator", syntax.name.value);
        self.push(
            Diagnostic::new(&codes::DISCRIMINATOR_FIELD, syntax.name.span, message)
                .note("a discriminator is text, an integer, a bool or an enum, not nullable, and without default")
                .help(format!(
                    "write `{} = \"text(20)\"`, or leave the field out: the column is then made for you",
                    syntax.name.value
                )),
        );
        false
    }

    fn discriminator_value(
        &mut self,
        member: ModelId,
        field: Option<FieldId>,
    ) -> Option<DiscriminatorValue> {
        let syntax = self.models[member].syntax;
        let name = &syntax.name.value;
        if self.models[member].is_abstract {
            if let Some(tag) = &syntax.tag {
                self.misplaced_tag(tag.span, name, "is abstract, and no row is of it");
            }
            return None;
        }
        let default = Node::new(Value::String(to_snake_case(name)), syntax.name.span);
        let tag = syntax.tag.as_ref().unwrap_or(&default);
        let ty = match field {
            Some(field) => self.field_type(field)?.clone(),
            None => FieldType {
                scalar: Scalar::Builtin(Builtin::Text {
                    max_len: Some(MAX_TAG_LEN),
                }),
                is_array: false,
                is_nullable: false,
            },
        };
        let help = match ty.scalar {
            Scalar::Builtin(Builtin::I16 | Builtin::I32 | Builtin::I64) => {
                Some("the discriminator is a number: add `tag = 1`")
            }
            Scalar::Builtin(Builtin::Bool) => {
                Some("the discriminator is true or false: add `tag = true` or `tag = false`")
            }
            _ => None,
        };
        if let (None, Some(help)) = (&syntax.tag, help) {
            let message = format!("`{name}` has no tag");
            self.push(Diagnostic::new(&codes::TAG, syntax.name.span, message).help(help));
            return None;
        }
        match self.constant(tag, &ty, "the tag")? {
            ValueSource::Variant(enum_, variant) => Some(DiscriminatorValue::Enum(enum_, variant)),
            ValueSource::Literal(sqlmodel_sql::Literal::Int(int)) => {
                Some(DiscriminatorValue::Int(int))
            }
            ValueSource::Literal(sqlmodel_sql::Literal::Bool(bool)) => {
                Some(DiscriminatorValue::Bool(bool))
            }
            ValueSource::Literal(sqlmodel_sql::Literal::Text(text)) => {
                Some(DiscriminatorValue::Text(text.into_owned()))
            }
            ValueSource::Literal(_) | ValueSource::Function(_) | ValueSource::Sql(_) => None,
        }
    }

    fn push_same_tag(&mut self, member: ModelId, other: ModelId) {
        let place = |model: ModelId| {
            let syntax = self.models[model].syntax;
            syntax.tag.as_ref().map_or(syntax.name.span, |tag| tag.span)
        };
        let (name, other_name) = (self.model_name(member), self.model_name(other));
        let message = format!("`{name}` has the same tag as `{other_name}`");
        let (span, other_span) = (place(member), place(other));
        self.push(
            Diagnostic::new(&codes::TAG, span, message)
                .related(other_span, "the other model")
                .help("each model of a family needs a tag of its own"),
        );
    }
}
