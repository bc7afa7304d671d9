//! Pass 9: what only the whole schema shows.

mod cycles;
mod declarations;
mod families;
mod graph;
mod namespaces;
mod references;
mod sql;

use crate::resolve::Resolver;
use crate::resolve::tables::Tables;

impl Resolver<'_> {
    pub(super) fn check_schema(&mut self, tables: &Tables) {
        let misnamed = self.check_generated_names();
        self.check_unused();
        self.check_versions();
        self.check_renamed(tables);
        let repeated = self.check_table_names(tables, &misnamed);
        self.check_constraint_names(tables, &repeated);
        self.check_namespaces(tables);
        self.check_aliases(tables, &repeated);
        self.check_families(tables, &repeated);
        self.check_reserved_words(tables, &repeated);
        self.check_dialects(tables);
        self.check_referenced_types(tables);
        self.check_foreign_key_cycles(tables);
    }
}
