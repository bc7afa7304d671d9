//! What only some dialects have.

use sqlmodel_sql::Dialect;

/// A part of SQL that not every dialect understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feature {
    FullJoin,
    Lateral,
    DistinctOn,
    AggregateFilter,
    AggregateOrder,
    Returning,
    Ilike,
    CastSign,
    OnConflict,
    OnDuplicateKey,
    InsertIgnore,
    InsertOr,
    Replace,
    WithRollup,
    GroupingSets,
    Arrays,
    NullSafeEqual,
    IsDistinct,
    NullsOrder,
    ForUpdate,
    UpdateFrom,
    DeleteUsing,
    WriteWith,
    ConcatSign,
    CommaLimit,
    OffsetAlone,
    Glob,
    Regexp,
    RegexSign,
    AtTimeZone,
    ValuesTable,
    Materialized,
    JsonSign,
    JsonPathSign,
    Contains,
    TextSearch,
    BitXorCaret,
    BitXorHash,
    DoubleEqual,
    InsertDefault,
    TableFunction,
    QuantifiedQuery,
    TypedText,
    Truth,
    DerivedColumns,
    SetOperationAll,
    Extract,
    Separator,
    DivWord,
    Fetch,
    IntervalText,
    IntervalUnit,
    JoinedUpdate,
    JoinedDelete,
    OrderedWrite,
    WriteInWith,
    WithinGroup,
    SimilarTo,
    OnConstraint,
    SetList,
    SetQuery,
    Ordinality,
    Symmetric,
    ComparisonChain,
    ConcatBeside,
    QualifiedSet,
    FrameGroups,
    FrameExclude,
    LockOfTables,
    LockShared,
    LockOfKeys,
}

const SQLITE: u8 = 1;
const POSTGRES: u8 = 2;
const MYSQL: u8 = 4;

impl Feature {
    /// What it is called, the dialects that have it, and what to write instead.
    const fn facts(self) -> (&'static str, u8, &'static str) {
        match self {
            Self::FullJoin => (
                "FULL JOIN",
                SQLITE | POSTGRES,
                "unite a LEFT JOIN and a RIGHT JOIN",
            ),
            Self::Lateral => (
                "LATERAL",
                POSTGRES,
                "use a subquery in the column list, or a window function",
            ),
            Self::DistinctOn => (
                "DISTINCT ON",
                POSTGRES,
                "number the rows with `row_number() OVER (PARTITION BY ..)` and keep the first",
            ),
            Self::AggregateFilter => (
                "FILTER",
                SQLITE | POSTGRES,
                "write `count(CASE WHEN condition THEN 1 END)`",
            ),
            Self::AggregateOrder => (
                "ORDER BY in an aggregate",
                POSTGRES | MYSQL,
                "order the rows in a subquery",
            ),
            Self::Returning => ("RETURNING", SQLITE | POSTGRES, "select the row afterwards"),
            Self::Ilike => ("ILIKE", POSTGRES, "write `lower(a) LIKE lower(b)`"),
            Self::CastSign => ("`::`", POSTGRES, "write `CAST(value AS type)`"),
            Self::OnConflict => (
                "ON CONFLICT",
                SQLITE | POSTGRES,
                "write `ON DUPLICATE KEY UPDATE`",
            ),
            Self::OnDuplicateKey => (
                "ON DUPLICATE KEY UPDATE",
                MYSQL,
                "write `ON CONFLICT (key) DO UPDATE SET ..`",
            ),
            Self::InsertIgnore => ("INSERT IGNORE", MYSQL, "write `ON CONFLICT DO NOTHING`"),
            Self::InsertOr => ("INSERT OR", SQLITE, "write `ON CONFLICT DO NOTHING`"),
            Self::Replace => (
                "REPLACE",
                SQLITE | MYSQL,
                "write `INSERT .. ON CONFLICT (key) DO UPDATE SET ..`",
            ),
            Self::WithRollup => ("WITH ROLLUP", MYSQL, "write `GROUP BY ROLLUP (..)`"),
            Self::GroupingSets => (
                "ROLLUP, CUBE and GROUPING SETS",
                POSTGRES,
                "unite queries with different groups",
            ),
            Self::Arrays => ("arrays", POSTGRES, "keep lists in a table of their own"),
            Self::NullSafeEqual => ("`<=>`", MYSQL, "write `IS NOT DISTINCT FROM`"),
            Self::IsDistinct => (
                "IS DISTINCT FROM",
                SQLITE | POSTGRES,
                "write `NOT (a <=> b)`, and `a <=> b` for IS NOT DISTINCT FROM",
            ),
            Self::NullsOrder => (
                "NULLS FIRST and NULLS LAST",
                SQLITE | POSTGRES,
                "order by `value IS NULL` first",
            ),
            Self::ForUpdate => (
                "row locks",
                POSTGRES | MYSQL,
                "leave it out: a writing transaction locks the database",
            ),
            Self::UpdateFrom => ("UPDATE .. FROM", SQLITE | POSTGRES, "use a subquery"),
            Self::DeleteUsing => ("DELETE .. USING", POSTGRES, "use `WHERE id IN (SELECT ..)`"),
            Self::WriteWith => ("WITH before a write", SQLITE | POSTGRES, "use a subquery"),
            Self::ConcatSign => (
                "`||` between texts",
                SQLITE | POSTGRES,
                "write `concat(a, b)`: there `||` is OR",
            ),
            Self::CommaLimit => (
                "LIMIT with a comma",
                SQLITE | MYSQL,
                "write `LIMIT n OFFSET m`",
            ),
            Self::OffsetAlone => ("OFFSET without LIMIT", POSTGRES, "add a LIMIT"),
            Self::Glob => ("GLOB", SQLITE, "write LIKE"),
            Self::Regexp => ("REGEXP", MYSQL, "write `~`"),
            Self::RegexSign => ("`~`", POSTGRES, "write LIKE"),
            Self::AtTimeZone => ("AT TIME ZONE", POSTGRES, "convert in the program"),
            Self::ValuesTable => (
                "VALUES as a table",
                SQLITE | POSTGRES,
                "unite SELECTs of constants",
            ),
            Self::Materialized => ("MATERIALIZED", SQLITE | POSTGRES, "leave it out"),
            Self::JsonSign => (
                "`->` and `->>`",
                SQLITE | POSTGRES,
                "write `json_extract(value, path)`: MySQL has them, and MariaDB has not",
            ),
            Self::JsonPathSign => (
                "`#>` and `#>>`",
                POSTGRES,
                "write `json_extract(value, path)`",
            ),
            Self::Contains => ("`@>`, `<@` and `&&`", POSTGRES, "compare in the program"),
            Self::TextSearch => ("`@@`", POSTGRES, "write LIKE"),
            Self::BitXorCaret => ("`^`", MYSQL, "write `#`"),
            Self::BitXorHash => ("`#`", POSTGRES, "write `^`"),
            Self::DoubleEqual => ("`==`", SQLITE, "write `=`"),
            Self::InsertDefault => ("DEFAULT VALUES", SQLITE | POSTGRES, "write `() VALUES ()`"),
            Self::TableFunction => ("functions as tables", SQLITE | POSTGRES, "use a table"),
            Self::QuantifiedQuery => ("ANY and ALL", POSTGRES | MYSQL, "use IN, or min and max"),
            Self::TypedText => (
                "typed texts such as `DATE '..'`",
                POSTGRES | MYSQL,
                "write `'..'` alone",
            ),
            Self::Truth => ("IS UNKNOWN", POSTGRES | MYSQL, "write `IS NULL`"),
            Self::DerivedColumns => (
                "names of columns behind an alias",
                POSTGRES,
                "name the columns in the query",
            ),
            Self::SetOperationAll => ("INTERSECT ALL and EXCEPT ALL", POSTGRES, "leave out ALL"),
            Self::Extract => ("EXTRACT", POSTGRES | MYSQL, "write `strftime('%Y', value)`"),
            Self::Separator => ("SEPARATOR", MYSQL, "write `string_agg(value, ',')`"),
            Self::DivWord => ("DIV", MYSQL, "divide integers with `/`"),
            Self::Fetch => ("FETCH FIRST", POSTGRES, "write `LIMIT n`"),
            Self::IntervalText => ("INTERVAL of a text", POSTGRES, "write `INTERVAL 1 DAY`"),
            Self::IntervalUnit => (
                "INTERVAL with a unit",
                MYSQL,
                "write `INTERVAL '1 day'`, or compute the time in the program",
            ),
            Self::JoinedUpdate => (
                "UPDATE of joined tables",
                MYSQL,
                "write `UPDATE .. SET .. FROM ..`",
            ),
            Self::JoinedDelete => (
                "DELETE from joined tables",
                MYSQL,
                "use `WHERE id IN (SELECT ..)`",
            ),
            Self::OrderedWrite => (
                "ORDER BY and LIMIT of a write",
                MYSQL,
                "use `WHERE id IN (SELECT .. LIMIT n)`",
            ),
            Self::WriteInWith => (
                "writes in WITH",
                POSTGRES,
                "run two statements in a transaction",
            ),
            Self::WithinGroup => (
                "WITHIN GROUP",
                POSTGRES,
                "order the rows, and take one of them",
            ),
            Self::SimilarTo => ("SIMILAR TO", POSTGRES, "write LIKE"),
            Self::OnConstraint => (
                "ON CONFLICT ON CONSTRAINT",
                POSTGRES,
                "name the columns of the key",
            ),
            Self::SetList => (
                "lists of columns in SET",
                SQLITE | POSTGRES,
                "assign each column",
            ),
            Self::SetQuery => (
                "columns set by one subquery",
                SQLITE | POSTGRES,
                "use a subquery for each column",
            ),
            Self::Ordinality => ("WITH ORDINALITY", POSTGRES, "use `row_number() OVER ()`"),
            Self::Symmetric => ("BETWEEN SYMMETRIC", POSTGRES, "write the lower bound first"),
            Self::ComparisonChain => (
                "comparison of a comparison without parentheses",
                SQLITE | MYSQL,
                "write `(a = b) = c`",
            ),
            Self::ConcatBeside => (
                "`||` or `->` of a sum or product without parentheses",
                POSTGRES | MYSQL,
                "write `a || (b + c)`: there `||` and `->` go before `*` and `+`",
            ),
            Self::FrameGroups => ("GROUPS", SQLITE | POSTGRES, "write ROWS or RANGE"),
            Self::FrameExclude => (
                "EXCLUDE",
                SQLITE | POSTGRES,
                "subtract the row from the result",
            ),
            Self::LockOfTables => (
                "lock of single tables",
                POSTGRES,
                "lock all rows: MariaDB knows no OF",
            ),
            Self::LockShared => (
                "FOR SHARE",
                POSTGRES,
                "write FOR UPDATE: MariaDB has LOCK IN SHARE MODE instead",
            ),
            Self::LockOfKeys => (
                "FOR NO KEY UPDATE and FOR KEY SHARE",
                POSTGRES,
                "write FOR UPDATE",
            ),
            Self::QualifiedSet => ("table before a column of SET", MYSQL, "leave it out"),
        }
    }

    pub(super) const fn title(self) -> &'static str {
        self.facts().0
    }

    pub(super) const fn help(self) -> &'static str {
        self.facts().2
    }

    /// Whether a dialect has it, MariaDB and MySQL both for [`Dialect::Mysql`].
    pub(super) const fn is_in(self, dialect: Dialect) -> bool {
        let bit = match dialect {
            Dialect::Sqlite => SQLITE,
            Dialect::Postgres => POSTGRES,
            Dialect::Mysql => MYSQL,
        };
        self.facts().1 & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::Feature;

    #[test]
    fn the_help_for_a_distinction_tells_both_ways() {
        let help = Feature::IsDistinct.help();
        assert!(help.contains("`NOT (a <=> b)`"), "{help}");
        assert!(
            help.contains("`a <=> b` for IS NOT DISTINCT FROM"),
            "{help}"
        );
    }
}
