//! Pass 9: what only the whole schema shows.

mod cycles;
mod declarations;
mod graph;
mod sql;

use crate::resolve::Resolver;
use crate::resolve::tables::Tables;

impl Resolver<'_> {
    pub(super) fn check_schema(&mut self, tables: &Tables) {
        self.check_generated_names();
        self.check_unused();
        self.check_versions();
        let repeated = self.check_table_names(tables);
        self.check_constraint_names(tables, &repeated);
        self.check_aliases(tables);
        self.check_reserved_words(tables);
        self.check_dialects(tables);
        self.check_foreign_key_cycles(tables);
    }
}
