//! From what was written to what was meant: files in, the [`ir`] out.
//!
//! The passes, in order; each takes what the ones before it left, and reports its own kind of mistake:
//!
//! 1. `names`: every declaration gets an id, and every name one meaning.
//! 2. `types`: enums, named types, and the types of fields.
//! 3. `bases`, `families`, `sizes`: mixins, abstract bases, inheritance; each model gets its fields.
//! 4. `keys`: primary keys; a reference takes its type from the key it leads to.
//! 5. `fields`: defaults, rules and options, against the types.
//! 6. `relations`: both sides of each.
//! 7. `variants`, `queries`: what is derived from models, what is only carried along.
//! 8. `tables`: tables and the mapping.
//! 9. `checks`: what only the whole schema shows.
//!
//! Fields of mixins and abstract bases are looked at once, where they are written, and not in each model that takes them.
//! What a pass could not make out is `None` afterwards, and later passes pass over it in silence.

mod bases;
mod case;
mod checks;
mod derives;
mod enums;
mod expr;
mod families;
mod fields;
mod keys;
mod literal;
mod names;
mod queries;
mod relations;
mod sizes;
mod sql_type;
mod tables;
mod types;
mod validate;
mod variants;

use std::collections::BTreeSet;

use sqlmodel_sql::{Dialect, DialectSet, PerDialect, Text};

use self::names::{Names, Symbol};
use crate::config::Options;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::ir::{
    self, AbstractId, Arena, EnumId, FamilyId, FieldId, FieldType, ModelId, RelationId, TypeId,
};
use crate::source::{SourceMap, Span};
use crate::syntax::{self, File, Name, Sql};

/// Returns whether a name may be that of a field: in snake_case, and no keyword.
pub(crate) fn is_field_name(name: &str) -> bool {
    case::is_snake_case(name) && !case::is_rust_keyword(name)
}

/// Returns whether a name may be that of a model: in UpperCamelCase, and no keyword.
pub(crate) fn is_model_name(name: &str) -> bool {
    case::is_upper_camel_case(name) && !case::is_rust_keyword(name)
}

/// Returns the words of a name as the name of a model, `None` if they make none.
#[cfg(feature = "cli")]
pub(crate) fn to_model_name(name: &str) -> Option<String> {
    let better = case::to_upper_camel_case(name);
    (name.is_ascii() && is_model_name(&better)).then_some(better)
}

/// The most that all fields together may cost; see [`Resolver::build_fields`]. A usual field costs one.
const MAX_COST: usize = 400_000;

/// The deepest chain of bases.
const MAX_BASES: usize = 32;

/// The most columns of a table: the limit of MySQL, the largest of the three.
const MAX_COLUMNS: usize = 4096;

/// Resolves a schema.
pub(crate) fn resolve(
    files: &[File],
    sources: &SourceMap,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> Resolved {
    let names = names::collect(files, sources, diagnostics);
    let mut resolver = Resolver::new(names, sources, options, diagnostics);
    resolver.resolve_types();
    resolver.resolve_field_types();
    resolver.resolve_bases();
    if !resolver.build_fields() {
        return Resolved::default();
    }
    resolver.resolve_keys();
    resolver.resolve_reference_types();
    resolver.finish_fields();
    resolver.resolve_relations();
    resolver.resolve_variants();
    let functions = resolver.resolve_functions();
    let (views, queries) = resolver.resolve_queries();
    let mut tables = resolver.build_tables();
    let fragments = std::mem::take(&mut tables.fragments);
    resolver.check_schema(&tables);
    let is_right = !resolver.diagnostics.has_errors();
    Resolved {
        schema: is_right
            .then(|| resolver.into_schema(tables))
            .flatten()
            .map(|schema| ir::Schema {
                functions,
                ..schema
            }),
        fragments,
        views,
        queries,
    }
}

/// A schema whose SQL nobody has looked at.
#[derive(Default)]
pub(crate) struct Resolved {
    /// All but the views and queries; `None` if there is an error in it.
    pub(crate) schema: Option<ir::Schema>,
    pub(crate) fragments: Vec<ir::Fragment>,
    pub(crate) views: Vec<ir::WrittenView>,
    pub(crate) queries: Vec<ir::WrittenQuery>,
}

/// A field where it is written; a mixin's field is one declaration and becomes a field of many models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct DeclId(usize);

/// What is known of a declared field so far.
struct Decl<'a> {
    syntax: &'a syntax::Field,
    /// `None` while it is not known, or not to be found out.
    ty: Option<FieldType>,
    /// The resolved field, except for its model.
    field: Option<ir::Field>,
}

/// What is known of a mixin or abstract base so far.
struct BundleDraft<'a> {
    syntax: &'a syntax::Bundle,
    module: usize,
    /// The fields written in it.
    decls: Vec<DeclId>,
    /// Of an abstract base: the one it extends.
    base: Option<AbstractId>,
    /// Of an abstract base: the fields with those of its mixins.
    all_decls: Vec<DeclId>,
}

/// What is known of a model so far.
struct ModelDraft<'a> {
    syntax: &'a syntax::Model,
    module: usize,
    /// The fields written in it.
    decls: Vec<DeclId>,
    abstracts: Vec<AbstractId>,
    base: Option<ModelId>,
    family: Option<FamilyId>,
    is_abstract: bool,
    /// Whether its bases could not be made out: nothing that they may bring is missed.
    is_poisoned: bool,
    fields: Vec<FieldId>,
    key: Vec<FieldId>,
    relations: Vec<RelationId>,
    foreign_keys: Vec<ForeignKeyDraft>,
    variants: Vec<ir::Variant>,
    rules: Vec<ir::ModelRule>,
}

/// A declared field as a field of one model, or as template in an abstract base.
#[derive(Debug, Clone, Copy)]
struct FieldDraft {
    decl: DeclId,
    model: Option<ModelId>,
}

/// A foreign key between models, before it is one between tables.
#[derive(Debug, Clone)]
struct ForeignKeyDraft {
    fields: Vec<FieldId>,
    target: ModelId,
    target_fields: Vec<FieldId>,
    options: ForeignKeyOptions,
    span: Span,
}

/// Actions and name of a foreign key.
#[derive(Debug, Clone)]
struct ForeignKeyOptions {
    name: Option<String>,
    on_delete: sqlmodel_sql::Action,
    on_update: sqlmodel_sql::Action,
    deferrable: sqlmodel_sql::Deferrable,
}

/// The state of all passes.
struct Resolver<'a> {
    sources: &'a SourceMap,
    options: &'a Options,
    diagnostics: &'a mut Diagnostics,
    names: Names<'a>,
    enums: Arena<EnumId, Option<ir::Enum>>,
    types: Arena<TypeId, Option<ir::NamedType>>,
    decls: Vec<Decl<'a>>,
    mixins: Vec<BundleDraft<'a>>,
    abstracts: Arena<AbstractId, BundleDraft<'a>>,
    models: Arena<ModelId, ModelDraft<'a>>,
    fields: Arena<FieldId, FieldDraft>,
    relations: Arena<RelationId, ir::Relation>,
    families: Arena<FamilyId, ir::Family>,
    /// Mixins, abstract bases, types and enums that something uses.
    used: BTreeSet<Symbol>,
    /// The names of references that lead to each other in a circle, which was reported.
    typeless: BTreeSet<Span>,
    /// The places of foreign keys with a mistake, of which nobody knows what rows they want.
    unsure: BTreeSet<Span>,
}

impl<'a> Resolver<'a> {
    fn new(
        names: Names<'a>,
        sources: &'a SourceMap,
        options: &'a Options,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        let mut decls = Vec::new();
        let mut declare = |fields: &'a [syntax::Field]| -> Vec<DeclId> {
            let first = decls.len();
            decls.extend(fields.iter().map(|syntax| Decl {
                syntax,
                ty: None,
                field: None,
            }));
            (first..decls.len()).map(DeclId).collect()
        };
        let mut bundle = |&(syntax, module): &(&'a syntax::Bundle, usize)| BundleDraft {
            syntax,
            module,
            decls: declare(&syntax.fields),
            base: None,
            all_decls: Vec::new(),
        };
        let mixins = names.mixins.iter().map(&mut bundle).collect();
        let abstracts = names.abstracts.values().map(&mut bundle).collect();
        let model = |&(syntax, module): &(&'a syntax::Model, usize)| ModelDraft {
            syntax,
            module,
            decls: declare(&syntax.fields),
            abstracts: Vec::new(),
            base: None,
            family: None,
            is_abstract: syntax.is_abstract.as_ref().is_some_and(|it| it.value),
            is_poisoned: false,
            fields: Vec::new(),
            key: Vec::new(),
            relations: Vec::new(),
            foreign_keys: Vec::new(),
            variants: Vec::new(),
            rules: Vec::new(),
        };
        let models = names.models.values().map(model).collect();
        Self {
            sources,
            options,
            diagnostics,
            names,
            enums: Arena::new(),
            types: Arena::new(),
            decls,
            mixins,
            abstracts,
            models,
            fields: Arena::new(),
            relations: Arena::new(),
            families: Arena::new(),
            used: BTreeSet::new(),
            typeless: BTreeSet::new(),
            unsure: BTreeSet::new(),
        }
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Reports a mistake that needs no more than a message and the way out.
    fn error(
        &mut self,
        code: &'static Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Diagnostic::new(code, span, message).help(help));
    }

    /// Returns what a name stands for, and notes that it is used.
    fn lookup(&mut self, name: &str) -> Option<Symbol> {
        let symbol = self.names.get(name)?;
        self.used.insert(symbol);
        Some(symbol)
    }

    /// Returns whether an unknown name is right, and its declaration, which is reported, is not; notes that it is used.
    fn is_declared_in_other_case(&mut self, name: &Name) -> bool {
        let symbol = self.names.in_other_case(&name.value);
        self.used.extend(symbol);
        symbol.is_some()
    }

    fn decl(&self, id: DeclId) -> &Decl<'a> {
        &self.decls[id.0]
    }

    fn field_syntax(&self, id: FieldId) -> &'a syntax::Field {
        self.decl(self.fields[id].decl).syntax
    }

    fn field_name(&self, id: FieldId) -> &'a str {
        &self.field_syntax(id).name.value
    }

    fn field_type(&self, id: FieldId) -> Option<&FieldType> {
        self.decl(self.fields[id].decl).ty.as_ref()
    }

    fn model_name(&self, id: ModelId) -> &'a str {
        &self.models[id].syntax.name.value
    }

    /// Returns the bases of a model, outermost first, and then the model itself.
    fn chain(&self, model: ModelId) -> Vec<ModelId> {
        let mut chain = vec![model];
        let mut base = self.models[model].base;
        while let Some(id) = base {
            chain.push(id);
            base = self.models[id].base;
        }
        chain.reverse();
        chain
    }

    /// Returns whether a model is another one or extends it.
    fn is_under(&self, model: ModelId, base: ModelId) -> bool {
        let mut at = Some(model);
        while let Some(id) = at {
            if id == base {
                return true;
            }
            at = self.models[id].base;
        }
        false
    }

    /// Returns whether a model or one of its family has fields that are not known.
    fn has_lost_fields(&self, model: ModelId) -> bool {
        let family = self.models[model].family.map(|id| &self.families[id]);
        let members = family.map_or(vec![model], |family| family.members.clone());
        members
            .iter()
            .any(|member| self.models[*member].is_poisoned)
    }

    /// Returns the fields of a model, inherited ones first.
    fn fields_of(&self, model: ModelId) -> Vec<FieldId> {
        let chain = self.chain(model).into_iter();
        chain
            .flat_map(|id| self.models[id].fields.iter().copied())
            .collect()
    }

    /// Returns the field of a model or its bases that has a name.
    fn find_field(&self, model: ModelId, name: &str) -> Option<FieldId> {
        let mut at = Some(model);
        while let Some(id) = at {
            let own = &self.models[id].fields;
            let found = own.iter().find(|field| self.field_name(**field) == name);
            if let Some(field) = found {
                return Some(*field);
            }
            at = self.models[id].base;
        }
        None
    }

    /// Finds the field that a key, index or the like names, or reports that there is none.
    fn expect_field(&mut self, model: ModelId, name: &Name) -> Option<FieldId> {
        if let Some(field) = self.find_field(model, &name.value) {
            return Some(field);
        }
        if self.models[model].is_poisoned {
            return None;
        }
        let fields = self.fields_of(model);
        let candidates = fields.iter().map(|id| self.field_name(*id));
        let nearest = self.diagnostics.nearest(&name.value, candidates);
        let model = self.model_name(model);
        let message = format!("`{model}` has no field `{}`", name.value);
        let diagnostic =
            Diagnostic::new(&crate::diagnostic::codes::UNKNOWN_FIELD, name.span, message);
        self.push(match nearest {
            Some(field) => diagnostic.label(format!("did you mean `{field}`?")).rename(
                name,
                field,
                self.sources,
            ),
            None => {
                let names: Vec<&str> = fields.iter().map(|id| self.field_name(*id)).collect();
                diagnostic.help(format!("its fields are {}", syntax::list(&names)))
            }
        });
        None
    }

    fn dialect_set(&self) -> DialectSet {
        self.options.dialects.iter().copied().collect()
    }

    /// Reports SQL that a dialect of the schema is left without.
    fn require_sql(&mut self, sql: &Sql, span: Span, what: &str) {
        let is_missing = |dialect: &&Dialect| sql.get(**dialect).is_none();
        let Some(dialect) = self.options.dialects.iter().find(is_missing) else {
            return;
        };
        if sql.is_none() {
            // Reported as missing where it was read.
            return;
        }
        let message = format!("{what} has no SQL for {dialect}");
        self.push(
            Diagnostic::new(&crate::diagnostic::codes::SQL_MISSING, span, message).help(format!(
                "add `{} = \"..\"`, or `default = \"..\"` for all dialects without a text of their own",
                dialect.name()
            )),
        );
    }

    fn into_schema(self, tables: tables::Tables) -> Option<ir::Schema> {
        let Self {
            names,
            decls,
            abstracts,
            models,
            fields,
            relations,
            families,
            ..
        } = self;
        let fields = fields
            .values()
            .map(|draft| {
                decls
                    .get(draft.decl.0)?
                    .field
                    .clone()
                    .map(|field| (draft.model, field))
            })
            .collect::<Option<Vec<_>>>()?;
        let mut fields: Arena<FieldId, ir::Field> = fields
            .into_iter()
            .map(|(model, field)| ir::Field { model, ..field })
            .collect();
        for family in families.values() {
            place_in_family(family, &models, &mut fields);
        }
        // Templates stand after the fields of models, in the order of their bases: see `build_fields`.
        let is_template = |(_, field): &(FieldId, &ir::Field)| field.model.is_none();
        let templates: Vec<FieldId> = fields
            .iter()
            .filter(is_template)
            .map(|(id, _)| id)
            .collect();
        let mut templates = templates.into_iter();
        let abstracts = abstracts
            .values()
            .map(|draft| ir::Abstract {
                name: draft.syntax.name.value.clone(),
                module: draft.module,
                doc: draft.syntax.doc.clone(),
                base: draft.base,
                fields: templates.by_ref().take(draft.all_decls.len()).collect(),
                span: draft.syntax.name.span,
            })
            .collect();
        let models = models.values().map(model_from_draft).collect();
        Some(ir::Schema {
            dialects: self.options.dialects.clone(),
            time_crate: self.options.time_crate,
            modules: names.modules,
            enums: self.enums.into_iter().collect::<Option<_>>()?,
            types: self.types.into_iter().collect::<Option<_>>()?,
            abstracts,
            models,
            fields,
            relations,
            families,
            tables: tables.tables,
            mappings: tables.mappings,
            views: Vec::new(),
            functions: Vec::new(),
            queries: Vec::new(),
            table_sql: tables.table_sql,
        })
    }
}

fn model_from_draft(draft: &ModelDraft<'_>) -> ir::Model {
    let syntax = draft.syntax;
    ir::Model {
        name: syntax.name.value.clone(),
        module: draft.module,
        doc: syntax.doc.clone(),
        abstracts: draft.abstracts.clone(),
        base: draft.base,
        family: draft.family,
        is_abstract: draft.is_abstract,
        fields: draft.fields.clone(),
        key: draft.key.clone(),
        relations: draft.relations.clone(),
        derive: syntax
            .derive
            .iter()
            .map(|path| path.value.clone())
            .collect(),
        variants: draft.variants.clone(),
        rules: draft.rules.clone(),
        span: syntax.name.span,
    }
}

/// Says of the fields of a family what depends on their place in it.
fn place_in_family(
    family: &ir::Family,
    models: &Arena<ModelId, ModelDraft<'_>>,
    fields: &mut Arena<FieldId, ir::Field>,
) {
    if let Some(field) = family.discriminator.as_ref().and_then(|it| it.field) {
        fields[field].is_discriminator = true;
    }
    let children = family.without_table.iter();
    for field in children.flat_map(|child| &models[*child].fields) {
        // A default of the shared column would fill the rows of siblings too.
        if let Some(default) = &mut fields[*field].default {
            default.by = ir::ValueBy::Client;
        }
    }
}

/// Returns SQL text without its places.
fn sql_text(sql: &Sql) -> PerDialect<Text> {
    let text = |name: &Option<Name>| name.as_ref().map(|name| Text::from(name.value.clone()));
    PerDialect {
        portable: text(&sql.portable),
        sqlite: text(&sql.sqlite),
        postgres: text(&sql.postgres),
        mysql: text(&sql.mysql),
    }
}
