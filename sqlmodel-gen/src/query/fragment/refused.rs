//! SQL that a database reads and refuses where it stands: columns and functions that it does not allow there.

use sqlmodel_sql::Dialect;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{ColumnAction, ColumnSource, FragmentColumn, FragmentPlace};
use crate::query::fragment::circle::Link;
use crate::query::fragment::{Checker, is_value_word};
use crate::query::parse::Variant;
use crate::query::tree::{Call, Expr, ExprKind, Name};

/// Functions over several rows.
const AGGREGATES: &[&str] = &[
    "array_agg",
    "avg",
    "bool_and",
    "bool_or",
    "count",
    "group_concat",
    "json_arrayagg",
    "json_group_array",
    "json_group_object",
    "json_objectagg",
    "jsonb_agg",
    "jsonb_object_agg",
    "string_agg",
    "sum",
];

/// Functions whose value depends on more than their arguments, and the databases that have them.
///
/// `concat` of PostgreSQL depends on how the session shows values, `date_format` of MariaDB on its language.
const OF_MOMENT: &[(&str, &[Dialect])] = &[
    ("changes", SQLITE),
    ("clock_timestamp", POSTGRES),
    ("concat", POSTGRES),
    ("concat_ws", POSTGRES),
    ("connection_id", MYSQL),
    ("curdate", MYSQL),
    ("current_date", ALL),
    ("current_time", ALL),
    ("current_timestamp", ALL),
    ("current_user", MYSQL),
    ("curtime", MYSQL),
    ("database", MYSQL),
    ("date_format", MYSQL),
    ("dayname", MYSQL),
    ("format", POSTGRES),
    ("found_rows", MYSQL),
    ("from_unixtime", MYSQL),
    ("gen_random_uuid", POSTGRES),
    ("last_insert_id", MYSQL),
    ("last_insert_rowid", SQLITE),
    ("localtime", POSTGRES_AND_MYSQL),
    ("localtimestamp", POSTGRES_AND_MYSQL),
    ("monthname", MYSQL),
    ("nextval", POSTGRES),
    ("now", POSTGRES_AND_MYSQL),
    ("rand", MYSQL),
    ("random", SQLITE_AND_POSTGRES),
    ("random_bytes", MYSQL),
    ("randomblob", SQLITE),
    ("row_count", MYSQL),
    ("schema", MYSQL),
    ("session_user", MYSQL),
    ("sqlite_version", SQLITE),
    ("statement_timestamp", POSTGRES),
    ("sysdate", MYSQL),
    ("system_user", MYSQL),
    ("timeofday", POSTGRES),
    ("to_char", POSTGRES),
    ("to_date", POSTGRES),
    ("to_json", POSTGRES),
    ("to_jsonb", POSTGRES),
    ("to_number", POSTGRES),
    ("total_changes", SQLITE),
    ("transaction_timestamp", POSTGRES),
    ("unix_timestamp", MYSQL),
    ("user", MYSQL),
    ("utc_date", MYSQL),
    ("utc_time", MYSQL),
    ("utc_timestamp", MYSQL),
    ("uuid", MYSQL),
    ("uuid_short", MYSQL),
    ("version", POSTGRES_AND_MYSQL),
];

const ALL: &[Dialect] = &Dialect::ALL;
const SQLITE: &[Dialect] = &[Dialect::Sqlite];
const POSTGRES: &[Dialect] = &[Dialect::Postgres];
const MYSQL: &[Dialect] = &[Dialect::Mysql];
const SQLITE_AND_POSTGRES: &[Dialect] = &[Dialect::Sqlite, Dialect::Postgres];
const POSTGRES_AND_MYSQL: &[Dialect] = &[Dialect::Postgres, Dialect::Mysql];

/// Why a column may not stand somewhere.
struct Refusal<'c> {
    message: String,
    help: String,
    /// What is to blame for it.
    action: Option<&'c ColumnAction>,
}

impl Refusal<'_> {
    fn new(message: String, help: impl Into<String>) -> Self {
        Self {
            message,
            help: help.into(),
            action: None,
        }
    }
}

impl Checker<'_> {
    /// Whether the text is a default of a database whose defaults name no columns; MySQL's do.
    pub(super) fn is_default_without_columns(&self) -> bool {
        self.fragment.place == FragmentPlace::Default
            && (self.has(Dialect::Sqlite) || self.has(Dialect::Postgres))
    }

    pub(super) fn has(&self, dialect: Dialect) -> bool {
        self.dialects.contains(&dialect)
    }

    /// Reports a column that a database does not allow where it stands.
    pub(super) fn refused_column(
        &self,
        parts: &[Name],
        variant: &Variant<'_>,
    ) -> Option<Diagnostic> {
        let name = self.column_name(parts)?;
        let written = variant.written(name.at);
        let is_quoted = written.starts_with(['"', '`']);
        if self.is_default_without_columns() {
            let message = format!("`{}` is a column, and a default has none", name.text);
            return (is_quoted || !is_value_word(&name.text)).then(|| {
                Diagnostic::new(&codes::SQL_UNSUPPORTED, variant.span(name.at), message)
                    .note("only MySQL computes a default from other columns")
                    .help("write a constant, or let the program give the value")
            });
        }
        // A text in the eyes of MySQL.
        if written.starts_with('"') && !self.has(Dialect::Postgres) {
            return None;
        }
        let columns = self.fragment.columns.as_ref()?;
        let at = columns.iter().position(|it| name.is(&it.name))?;
        let column = columns.get(at)?;
        let refusal = match self.fragment.place {
            FragmentPlace::Check => self.in_check(column),
            FragmentPlace::Generated => self.in_generated(column, at),
            FragmentPlace::Default => self.in_default(column, at),
            FragmentPlace::IndexKey | FragmentPlace::IndexCondition | FragmentPlace::OnUpdate => {
                None
            }
        };
        let Refusal {
            message,
            help,
            action,
        } = refusal?;
        let diagnostic =
            Diagnostic::new(&codes::UNSUPPORTED, variant.span(name.at), message).help(help);
        Some(match action {
            Some(action) => diagnostic.related(action.span, action.clause.clone()),
            None => diagnostic,
        })
    }

    /// Returns the generated column of SQLite that the SQL of another one names.
    pub(super) fn link(&self, parts: &[Name], variant: &Variant<'_>) -> Option<Link> {
        if self.fragment.place != FragmentPlace::Generated || !self.has(Dialect::Sqlite) {
            return None;
        }
        let name = self.column_name(parts)?;
        let mut columns = self.fragment.columns.iter().flatten();
        let other =
            columns.position(|it| name.is(&it.name) && it.source == ColumnSource::Computed)?;
        Some(Link {
            table: self.fragment.table.clone(),
            own: self.fragment.own?,
            other,
            name: name.text.clone(),
            span: variant.span(name.at),
        })
    }

    /// MySQL 8.4 manual, 15.1.20.6: no column that is counted up, and none that a foreign key writes.
    fn in_check<'c>(&self, column: &'c FragmentColumn) -> Option<Refusal<'c>> {
        if !self.has(Dialect::Mysql) {
            return None;
        }
        let name = &column.name;
        if column.source == ColumnSource::Counted {
            return Some(Refusal::new(
                format!("MySQL has no check on `{name}`, which it counts up"),
                match self.is_portable {
                    true => {
                        "say it for the others alone: `sql = { sqlite = \"..\", postgres = \"..\" }`"
                    }
                    false => "remove it",
                },
            ));
        }
        let action = column.actions.iter().find(|it| !it.is_delete)?;
        Some(Refusal {
            action: Some(action),
            ..Refusal::new(
                format!("MySQL has no check on `{name}`, which a foreign key writes"),
                "choose `restrict` for the foreign key, or check it in Rust: `[[model.*.rules]]`",
            )
        })
    }

    fn in_generated<'c>(&self, column: &'c FragmentColumn, at: usize) -> Option<Refusal<'c>> {
        let name = &column.name;
        let own = self.fragment.own?;
        if own == at {
            return Some(Refusal::new(
                format!("`{name}` would be computed from itself"),
                "name the columns that it is made of",
            ));
        }
        let is_computed = column.source == ColumnSource::Computed;
        if is_computed && self.has(Dialect::Postgres) {
            return Some(Refusal::new(
                format!("PostgreSQL computes no column from `{name}`, which is computed itself"),
                format!("write the expression of `{name}` in its place"),
            ));
        }
        if !self.has(Dialect::Mysql) {
            return None;
        }
        // MySQL 8.4 manual, 15.1.20.8. MariaDB allows columns that it counts up where nothing is stored.
        if is_computed && at > own {
            return Some(Refusal::new(
                format!("MySQL computes no column from `{name}`, which it computes later"),
                format!("declare `{name}` before it"),
            ));
        }
        if column.source == ColumnSource::Counted {
            return Some(Refusal::new(
                format!("MySQL computes no column from `{name}`, which it counts up"),
                "compute it in the queries that need it",
            ));
        }
        // MySQL 8.4 manual, 15.1.20.5. MariaDB allows a cascade of deletes.
        let action = column.actions.first().filter(|_| self.fragment.is_stored)?;
        Some(Refusal {
            action: Some(action),
            ..Refusal::new(
                format!("MySQL stores nothing computed from `{name}`, which a foreign key writes"),
                "choose `restrict` for the foreign key",
            )
        })
    }

    /// MySQL 8.4 manual, 13.6: what a default is made of has its value before.
    fn in_default<'c>(&self, column: &'c FragmentColumn, at: usize) -> Option<Refusal<'c>> {
        let name = &column.name;
        let own = self.fragment.own?;
        let why = match column.source {
            _ if own == at => "whose value it would be",
            ColumnSource::Counted => "which it counts up",
            ColumnSource::Computed | ColumnSource::Defaulted if at > own => {
                "which it computes later"
            }
            ColumnSource::Computed | ColumnSource::Defaulted | ColumnSource::Given => return None,
        };
        Some(Refusal::new(
            format!("MySQL has no default made of `{name}`, {why}"),
            "make it of other columns",
        ))
    }

    /// Reports a function that a database does not allow where it stands.
    pub(super) fn refused_call(&self, call: &Call, variant: &Variant<'_>) -> Option<Diagnostic> {
        let (name, place) = (call.name.text.to_lowercase(), self.fragment.place);
        let span = variant.span(call.name.at);
        let is_over_rows = call.over.is_some()
            || AGGREGATES.contains(&name.as_str())
            || (matches!(name.as_str(), "min" | "max") && call.args.len() == 1);
        if is_over_rows && place != FragmentPlace::OnUpdate {
            let message = format!(
                "`{name}` is over several rows, and {} is not",
                place.title()
            );
            return Some(
                Diagnostic::new(&codes::SQL_UNSUPPORTED, span, message)
                    .help("compute it in a view or in queries"),
            );
        }
        let refuses = |dialect: Dialect| match (place, dialect) {
            (FragmentPlace::Default | FragmentPlace::OnUpdate, _)
            | (FragmentPlace::Check, Dialect::Postgres)
            | (FragmentPlace::IndexKey | FragmentPlace::IndexCondition, Dialect::Mysql) => false,
            (_, Dialect::Sqlite) if is_time_now(&name, call) => true,
            (FragmentPlace::Check, Dialect::Sqlite) => false,
            (_, dialect) => is_of_moment(&name, call, dialect),
        };
        let (who, is_one) = self.who(refuses)?;
        let verb = if is_one { "refuses" } else { "refuse" };
        let message = format!("{who} {verb} `{name}` in {}", place.title());
        Some(
            Diagnostic::new(&codes::UNSUPPORTED, span, message)
                .note(
                    "its value depends on more than its arguments: the time, the session or chance",
                )
                .help("let a default store the value, or the program"),
        )
    }

    /// Returns the names of the dialects that refuse something, and whether it is one; `None` if none does.
    pub(super) fn who(&self, refuses: impl Fn(Dialect) -> bool) -> Option<(String, bool)> {
        let refusing = self.dialects.iter().filter(|it| refuses(**it));
        let names: Vec<&str> = refusing.map(|it| it.title()).collect();
        let names = match names.as_slice() {
            [] => return None,
            [one] => return Some(((*one).to_owned(), true)),
            [others @ .., last] => format!("{} and {last}", others.join(", ")),
        };
        Some((names, false))
    }
}

fn is_of_moment(name: &str, call: &Call, dialect: Dialect) -> bool {
    let is_of_arguments = match name {
        // Of a given time, it is the same at all times.
        "unix_timestamp" => !call.args.is_empty(),
        // MariaDB takes a language as the third.
        "date_format" => call.args.len() != 2,
        _ => false,
    };
    let mut known = OF_MOMENT.iter().filter(|(function, _)| *function == name);
    !is_of_arguments && known.any(|(_, dialects)| dialects.contains(&dialect))
}

/// Whether a function of SQLite reads the clock or the time zone.
fn is_time_now(name: &str, call: &Call) -> bool {
    let n_before_time = match name {
        "date" | "time" | "datetime" | "julianday" | "unixepoch" => 0,
        "strftime" => 1,
        _ => return false,
    };
    let is_moment = |arg: &Expr| {
        matches!(&*arg.kind, ExprKind::Text(text)
            if ["now", "localtime", "utc"].iter().any(|it| text.eq_ignore_ascii_case(it)))
    };
    call.args.len() <= n_before_time || call.args.iter().any(is_moment)
}
