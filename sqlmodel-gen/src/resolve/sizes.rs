//! Pass 3, continued: each model gets its fields, unless they are too many.

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Id as _, ModelId, Scalar, Strategy, Validation};
use crate::resolve::{Decl, DeclId, FieldDraft, MAX_COLUMNS, MAX_COST, Resolver};
use crate::source::Span;

impl Resolver<'_> {
    /// Gives every abstract base and every model its fields; false if the schema is too large.
    ///
    /// What a field costs is counted in each model that has it, inherited or not, which bounds the work and memory of every
    /// later pass. A model with more fields than any table may have columns is not looked at either.
    pub(super) fn build_fields(&mut self) -> bool {
        let costs: Vec<usize> = self.decls.iter().map(|decl| self.cost(decl)).collect();
        let cost_of =
            |decls: &[DeclId]| -> usize { decls.iter().filter_map(|decl| costs.get(decl.0)).sum() };
        let mut cost = 0;
        for id in self.abstracts.ids() {
            let mut decls = self.abstracts[id].decls.clone();
            decls.extend(self.decls_of_mixins(&self.abstracts[id].syntax.mixins));
            cost += cost_of(&decls);
            if cost > MAX_COST || decls.len() > MAX_COLUMNS {
                return self.too_large(self.abstracts[id].syntax.name.span);
            }
            self.abstracts[id].all_decls = decls;
        }
        let mut own_costs = Vec::new();
        for id in self.models.ids() {
            let decls = self.model_decls(id);
            own_costs.push(1 + cost_of(&decls));
            cost += 1 + cost_of(&decls);
            if cost > MAX_COST || decls.len() > MAX_COLUMNS {
                return self.too_large(self.models[id].syntax.name.span);
            }
            let fields = decls.into_iter().map(|decl| FieldDraft {
                decl,
                model: Some(id),
            });
            self.models[id].fields = fields.map(|field| self.fields.push(field)).collect();
        }
        for id in self.models.ids() {
            let chain = self.chain(id);
            cost += chain
                .iter()
                .filter_map(|base| own_costs.get(base.index()))
                .sum::<usize>();
            let n_fields: usize = chain
                .iter()
                .map(|base| self.models[*base].fields.len())
                .sum();
            if cost > MAX_COST || n_fields > MAX_COLUMNS || self.n_columns(id) > MAX_COLUMNS {
                return self.too_large(self.models[id].syntax.name.span);
            }
            self.check_inherited_names(id);
        }
        for id in self.abstracts.ids() {
            for decl in self.abstracts[id].all_decls.clone() {
                self.fields.push(FieldDraft { decl, model: None });
            }
        }
        true
    }

    /// Returns what a field costs in each model that has it: one, and more for long texts and large enums.
    fn cost(&self, decl: &Decl<'_>) -> usize {
        let text = (decl.syntax.span.range().len() + 31) / 256;
        let values = match decl.ty.as_ref().map(|ty| ty.scalar) {
            Some(Scalar::Enum(id)) => self.enums[id].as_ref().map_or(0, |it| it.values.len()),
            Some(Scalar::Named(id)) => {
                let rules = self.types[id].as_ref().map(|it| it.validate.iter());
                rules.into_iter().flatten().map(n_values).sum()
            }
            Some(Scalar::Builtin(_)) | None => 0,
        };
        1 + text + values / 16
    }

    /// Returns the number of columns of a table that models share, at the root of their family.
    fn n_columns(&self, root: ModelId) -> usize {
        let family = self.models[root].family.map(|id| &self.families[id]);
        let family = family.filter(|it| it.root == root);
        let family = family
            .filter(|it| it.strategy == Strategy::SingleTable || !it.without_table.is_empty());
        let without_table = family.map(|family| family.without_table.iter());
        let n_columns = without_table
            .into_iter()
            .flatten()
            .map(|member| self.models[*member].fields.len());
        let root = family.map(|family| self.models[family.root].fields.len());
        n_columns.chain(root).sum()
    }

    fn too_large(&mut self, span: Span) -> bool {
        self.push(
            Diagnostic::new(&codes::TOO_LARGE, span, "the schema is too large").note(format!(
                "a model may have {MAX_COLUMNS} fields, and all models together about {MAX_COST}, inherited ones counted in each"
            ))
            .help("split the model, or the schema into several with a `sqlmodel.toml` each"),
        );
        false
    }
}

/// Returns the number of constants in a rule.
fn n_values(rule: &Validation) -> usize {
    match rule {
        Validation::OneOf(values) => values.len(),
        _ => 1,
    }
}
