//! Names of tables that something else has: an index on SQLite; a key, an index, a type or a counter on PostgreSQL.

use std::collections::BTreeMap;

use sqlmodel_sql::{Dialect, EnumValues, Generation, Object, ScalarType, Table};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{EnumStorage, TableId};
use crate::resolve::Resolver;
use crate::resolve::checks::sql::view_name;
use crate::resolve::tables::Tables;
use crate::source::Span;

/// The types in `pg_catalog` of PostgreSQL 15, where names are looked up before any other schema.
#[rustfmt::skip]
const POSTGRES_TYPES: &[&str] = &[
    "aclitem", "any", "anyarray", "anycompatible", "anycompatiblearray", "anycompatiblemultirange",
    "anycompatiblenonarray", "anycompatiblerange", "anyelement", "anyenum", "anymultirange", "anynonarray", "anyrange",
    "bit", "bool", "box", "bpchar", "bytea", "char", "cid", "cidr", "circle", "cstring", "date", "datemultirange",
    "daterange", "event_trigger", "fdw_handler", "float4", "float8", "gtsvector", "index_am_handler", "inet", "int2",
    "int2vector", "int4", "int4multirange", "int4range", "int8", "int8multirange", "int8range", "internal", "interval",
    "json", "jsonb", "jsonpath", "language_handler", "line", "lseg", "macaddr", "macaddr8", "money", "name", "numeric",
    "nummultirange", "numrange", "oid", "oidvector", "path", "point", "polygon", "record", "refcursor", "regclass",
    "regcollation", "regconfig", "regdictionary", "regnamespace", "regoper", "regoperator", "regproc", "regprocedure",
    "regrole", "regtype", "table_am_handler", "text", "tid", "time", "timestamp", "timestamptz", "timetz", "trigger",
    "tsm_handler", "tsmultirange", "tsquery", "tsrange", "tstzmultirange", "tstzrange", "tsvector", "txid_snapshot",
    "unknown", "uuid", "varbit", "varchar", "void", "xid", "xid8", "xml",
];

/// Tables and views, by schema and name in small letters: the name as written, and where it is.
type Relations = BTreeMap<(Option<String>, String), (String, Span)>;

impl Resolver<'_> {
    /// Reports keys, indexes, types and counters that would have the name of a table or view.
    pub(super) fn check_namespaces(&mut self, tables: &Tables) {
        let is_known = |id: &TableId| !tables.origins[*id].is_poisoned;
        let mut relations = Relations::new();
        for id in tables.tables.ids() {
            let name = &tables.tables[id].name;
            let schema = name.schema.as_ref().map(|it| it.to_lowercase());
            let place = (name.to_string(), tables.origins[id].table);
            relations.insert((schema, name.name.to_lowercase()), place);
        }
        for (view, _) in self.names.views.clone() {
            let (schema, name, span) = view_name(view);
            relations.insert((schema, name.to_lowercase()), (name, span));
        }
        for id in tables.tables.ids().filter(is_known) {
            let table = &tables.tables[id];
            for (name, object, dialect) in self.names_beside_tables(table) {
                let schema = table.name.schema.as_ref().map(|it| it.to_lowercase());
                let Some((taken, other)) = relations.get(&(schema, name.to_lowercase())) else {
                    continue;
                };
                let span = tables.origins[id].span(&object);
                let message = format!("{object} would have the name of the table `{taken}`");
                let message = match &object {
                    Object::Column(column) => format!(
                        "the counter of `{}.{column}` would have the name of the table `{taken}`",
                        table.name
                    ),
                    _ => message,
                };
                self.push(
                    Diagnostic::new(&codes::DUPLICATE_CONSTRAINT, span, message)
                        .related(*other, "it is declared here")
                        .note(format!("on {dialect}, both are names of one kind"))
                        .help(match object {
                            Object::Column(_) => "give the table another name: `table = \"..\"`",
                            _ => "give one of them another name",
                        }),
                );
            }
        }
        self.check_names_of_types(tables, &relations);
    }

    /// Returns what of a table shares the names of tables, and on which dialect.
    fn names_beside_tables(&self, table: &Table) -> Vec<(String, Object, Dialect)> {
        let has = |dialect: Dialect| self.options.dialects.contains(&dialect);
        let mut names = Vec::new();
        for index in table.indexes.iter() {
            let shared = [Dialect::Sqlite, Dialect::Postgres];
            let mut shared = shared.into_iter();
            let dialect = shared.find(|it| has(*it) && index.dialects.contains(*it));
            names.extend(dialect.map(|dialect| {
                (
                    index.name.to_string(),
                    Object::Index(index.name.clone()),
                    dialect,
                )
            }));
        }
        if !has(Dialect::Postgres) {
            return names;
        }
        let mut add = |name: String, object| names.push((name, object, Dialect::Postgres));
        if let Some(key) = &table.primary_key {
            add(key.name.to_string(), Object::PrimaryKey);
        }
        for key in table.unique_keys.iter() {
            add(key.name.to_string(), Object::UniqueKey(key.name.clone()));
        }
        for column in table.columns.iter() {
            let is_counted = matches!(
                column.generation,
                Some(Generation::AutoIncrement | Generation::Identity(_))
            );
            if is_counted {
                let name = format!("{}_{}_seq", table.name.name, column.name);
                add(name, Object::Column(column.name.clone()));
            }
        }
        names
    }

    /// Reports native enums with the name of a table, which makes a type of its name on PostgreSQL, or of each other.
    fn check_names_of_types(&mut self, tables: &Tables, relations: &Relations) {
        if !self.options.dialects.contains(&Dialect::Postgres) {
            return;
        }
        let mut taken: BTreeMap<String, Span> = BTreeMap::new();
        let written: Vec<_> = self.names.enums.iter().collect();
        let mut found = Vec::new();
        for (id, (syntax, _)) in written {
            let Some(enum_) = &self.enums[id] else {
                continue;
            };
            let name = &enum_.sql_name;
            if enum_.storage != EnumStorage::Native || !is_used(tables, name) {
                continue;
            }
            let span = syntax.sql_name.as_ref().unwrap_or(&syntax.name).span;
            if POSTGRES_TYPES.binary_search(&name.as_str()).is_ok() {
                let message = format!("the type `{name}` is one that PostgreSQL brings");
                found.push(
                    Diagnostic::new(&codes::DUPLICATE_CONSTRAINT, span, message)
                        .note("its columns would be of that type")
                        .help(format!(
                            "give it another name: `sql_name = \"{name}_type\"`"
                        )),
                );
                continue;
            }
            let key = (None, name.to_lowercase());
            let other = relations.get(&key).map(|(table, other)| {
                let note = "PostgreSQL makes a type of the name of every table";
                (
                    format!("the type `{name}` would have the name of the table `{table}`"),
                    *other,
                    note,
                )
            });
            let other = other.or_else(|| {
                let other = taken.insert(name.clone(), span)?;
                let note = "PostgreSQL makes a type of every native enum";
                Some((format!("two enums would be the type `{name}`"), other, note))
            });
            if let Some((message, other, note)) = other {
                found.push(
                    Diagnostic::new(&codes::DUPLICATE_CONSTRAINT, span, message)
                        .related(other, "it is declared here")
                        .note(note)
                        .help(format!(
                            "give the type another name: `sql_name = \"{name}_type\"`"
                        )),
                );
            }
        }
        found.into_iter().for_each(|it| self.push(it));
    }
}

/// Returns whether a column is of a native enum.
fn is_used(tables: &Tables, name: &str) -> bool {
    let columns = tables
        .tables
        .values()
        .flat_map(|table| table.columns.iter());
    let mut of_type = columns.filter(|column| column.sql_type.get(Dialect::Postgres).is_none());
    of_type.any(|column| match column.ty.scalar() {
        ScalarType::Enum(enum_) => {
            enum_.name == name && matches!(enum_.values, EnumValues::Native(_))
        }
        _ => false,
    })
}
