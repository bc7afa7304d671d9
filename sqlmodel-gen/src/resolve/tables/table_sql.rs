//! The texts in the SQL of tables, with their places, for those who ask databases about them.

use crate::ir::{Fragment, FragmentPlace, TableSql, TableSqlKind};
use crate::resolve::queries::query_sql;
use crate::resolve::tables::Builder;

impl Builder<'_, '_> {
    /// Returns the texts of all tables; what several tables have from a mixin or base may come several times.
    pub(super) fn table_sql(&self, fragments: &[Fragment]) -> Vec<TableSql> {
        let expressions = fragments
            .iter()
            .filter(|it| it.place != FragmentPlace::OnUpdate);
        let mut all: Vec<TableSql> = expressions
            .map(|it| TableSql {
                kind: TableSqlKind::Expression,
                sql: it.sql.clone(),
            })
            .collect();
        for mapping in self.mappings.values() {
            for mapped in &mapping.columns {
                let syntax = self.resolver.field_syntax(mapped.field);
                let column = self.tables[mapped.column.table]
                    .columns
                    .get(mapped.column.column);
                let Some(column) = column else { continue };
                if !syntax.sql_type.is_none() {
                    all.push(TableSql {
                        kind: TableSqlKind::Type {
                            column: column.name.to_string(),
                            ty: column.ty.clone(),
                        },
                        sql: query_sql(&syntax.sql_type),
                    });
                }
                if !syntax.collation.is_none() {
                    all.push(TableSql {
                        kind: TableSqlKind::Collation,
                        sql: query_sql(&syntax.collation),
                    });
                }
            }
        }
        all
    }
}
