//! Foreign keys whose columns a database does not compare with those that they reference.

use std::collections::BTreeMap;

use sqlmodel_sql::{Column, Dialect, ForeignKey, Object, Table, TableName, Text};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::TableId;
use crate::resolve::Resolver;
use crate::resolve::sql_type::{WrittenType, family, mysql_charset, parse};
use crate::resolve::tables::Tables;

/// Two columns that a database does not compare.
struct Mismatch {
    dialect: Dialect,
    /// In what they differ.
    what: &'static str,
    /// What each of them is.
    near: String,
    far: String,
    help: String,
}

impl Resolver<'_> {
    /// Reports foreign keys between columns whose own types or collations differ.
    ///
    /// Their fields are of one type, and a side that says nothing takes what the other says.
    pub(super) fn check_referenced_types(&mut self, tables: &Tables) {
        let ids: BTreeMap<&TableName, TableId> = tables
            .tables
            .iter()
            .map(|(id, table)| (&table.name, id))
            .collect();
        for near in tables.tables.ids() {
            for key in tables.tables[near].foreign_keys.iter() {
                let Some(far) = ids.get(&key.target).copied() else {
                    continue;
                };
                let is_poisoned = |id: TableId| tables.origins[id].is_poisoned;
                if !is_poisoned(near) && !is_poisoned(far) {
                    self.check_types_of_key(tables, near, far, key);
                }
            }
        }
    }

    fn check_types_of_key(
        &mut self,
        tables: &Tables,
        near: TableId,
        far: TableId,
        key: &ForeignKey,
    ) {
        let pairs = key.columns.iter().zip(key.target_columns.iter());
        let mut found = pairs.filter_map(|(near_name, far_name)| {
            let column = |table: TableId, name: &Text| tables.tables[table].column(name);
            let (near, far) = (column(near, near_name)?, column(far, far_name)?);
            let dialects = self.options.dialects.iter();
            let mut found = dialects.filter_map(|dialect| mismatch(*dialect, near, far));
            found.next().map(|it| (near_name, far_name, it))
        });
        let Some((near_name, far_name, mismatch)) = found.next() else {
            return;
        };
        let Mismatch { dialect, what, .. } = mismatch;
        let name = |table: &Table, column: &Text| format!("`{}.{column}`", table.name);
        let (near_table, far_table) = (&tables.tables[near], &tables.tables[far]);
        let message = format!(
            "{} and {} have different {what} on {dialect}",
            name(near_table, near_name),
            name(far_table, far_name)
        );
        let place = |table: TableId, column: &Text| {
            tables.origins[table].span(&Object::Column(column.clone()))
        };
        let span = tables.origins[near].span(&Object::ForeignKey(key.name.clone()));
        let diagnostic = Diagnostic::new(&codes::FOREIGN_KEY_SHAPE, span, message);
        let near_place = place(near, near_name);
        let diagnostic = match near_place == span {
            true => diagnostic.label(mismatch.near),
            false => diagnostic.related(near_place, mismatch.near),
        };
        self.push(
            diagnostic
                .related(place(far, far_name), mismatch.far)
                .help(mismatch.help),
        );
    }
}

/// Compares two columns, one of which has a type or collation of its own.
fn mismatch(dialect: Dialect, near: &Column, far: &Column) -> Option<Mismatch> {
    let has_own = |column: &Column| {
        column.sql_type.get(dialect).is_some() || column.collation.get(dialect).is_some()
    };
    if dialect == Dialect::Sqlite || !(has_own(near) || has_own(far)) {
        return None;
    }
    let (near_type, far_type) = (written(dialect, near)?, written(dialect, far)?);
    let (near_family, far_family) = (family(dialect, &near_type), family(dialect, &far_type));
    if near_family? != far_family? {
        return Some(Mismatch {
            dialect,
            what: "types",
            near: format!("this is `{}`", type_text(dialect, near)),
            far: format!("this is `{}`", type_text(dialect, far)),
            help: format!(
                "write `sql_type = {{ {} = \"{}\" }}` on both sides, or none",
                dialect.name(),
                type_text(dialect, far).to_lowercase()
            ),
        });
    }
    let (near, far) = (collation(near, &near_type), collation(far, &far_type));
    let words = |collation: &Option<String>| match collation {
        Some(name) => format!("this is `{name}`"),
        None => "this has the one of the table".to_owned(),
    };
    (dialect == Dialect::Mysql && near != far).then(|| Mismatch {
        dialect,
        what: "collations",
        help: match far.as_ref().or(near.as_ref()) {
            Some(name) => {
                format!("write `collation = {{ mysql = \"{name}\" }}` on both sides, or none")
            }
            None => "remove both".to_owned(),
        },
        near: words(&near),
        far: words(&far),
    })
}

fn type_text(dialect: Dialect, column: &Column) -> String {
    match column.sql_type.get(dialect) {
        Some(own) => own.to_string(),
        None => column.ty.sql_name(dialect),
    }
}

fn written(dialect: Dialect, column: &Column) -> Option<WrittenType> {
    parse(dialect, &type_text(dialect, column)).ok()
}

/// Returns the collation of a column of MySQL; a character set stands for its default one.
fn collation(column: &Column, ty: &WrittenType) -> Option<String> {
    let (charset, own) = mysql_charset(ty);
    let collation = column.collation.get(Dialect::Mysql).map(|it| &**it);
    let name = collation.or(own).or(charset)?;
    Some(name.to_ascii_lowercase())
}
