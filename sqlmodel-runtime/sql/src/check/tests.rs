use expect_test::{Expect, expect};

use crate::{
    Action, Column, ColumnDefault, Computed, ComputedStorage, Deferrable, Dialect, DialectSet,
    EnumType, EnumValues, ForeignKey, Function, Generation, Identity, IdentityMode, Index,
    IndexKey, IndexPart, List, Literal, Nulls, PerDialect, PrimaryKey, ScalarType, SqlType, Table,
    TableName, Text, UniqueKey, check,
};

/// Checks a table on all dialects, which say what they cannot do in their names.
#[track_caller]
fn check_table(table: &Table, expect: &Expect) {
    let findings = Dialect::ALL
        .into_iter()
        .flat_map(|dialect| check(table, dialect));
    let lines: Vec<_> = findings.map(|finding| format!("{finding}\n")).collect();
    expect.assert_eq(&lines.concat());
}

fn table(columns: Vec<Column>) -> Table {
    Table {
        columns: columns.into(),
        ..Table::new(TableName::new("t"), &[])
    }
}

#[track_caller]
fn check_columns(columns: Vec<Column>, expect: &Expect) {
    check_table(&table(columns), expect);
}

fn names(names: &[&'static str]) -> List<Text> {
    names.iter().map(|name| Text::from(*name)).collect()
}

fn primary_key(columns: &[&'static str]) -> Option<PrimaryKey> {
    Some(PrimaryKey {
        name: "pk_t".into(),
        columns: names(columns),
    })
}

fn index(parts: Vec<IndexPart>) -> Index {
    Index {
        parts: parts.into(),
        ..Index::new("ix", &[])
    }
}

#[track_caller]
fn check_index(index: Index, expect: &Expect) {
    let columns = vec![
        Column::new("a", SqlType::I64),
        Column::new("b", SqlType::TEXT),
    ];
    check_table(
        &Table {
            indexes: vec![index].into(),
            ..table(columns)
        },
        expect,
    );
}

#[track_caller]
fn check_foreign_key(key: ForeignKey, expect: &Expect) {
    let columns = vec![Column::new("a", SqlType::I64)];
    let key = ForeignKey {
        columns: names(&["a"]),
        ..key
    };
    check_table(
        &Table {
            foreign_keys: vec![key].into(),
            ..table(columns)
        },
        expect,
    );
}

fn to_team() -> ForeignKey {
    ForeignKey::new("fk", &[], TableName::new("team"), &[])
}

#[test]
fn table_of_plain_columns_has_no_finding() {
    check_columns(vec![Column::new("a", SqlType::I64)], &expect![[""]]);
}

#[test]
fn names_are_within_the_limits_of_the_dialect() {
    check_columns(
        vec![
            Column {
                name: "x".repeat(64).into(),
                ..Column::new("", SqlType::I64)
            },
            Column {
                name: "é".repeat(65).into(),
                ..Column::new("", SqlType::I64)
            },
        ],
        &expect![[r#"
            column `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` of table `t`: PostgreSQL allows names of 63 bytes, and this one is longer; give it a shorter name
            column `ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé` of table `t`: PostgreSQL allows names of 63 bytes, and this one is longer; give it a shorter name
            column `ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé` of table `t`: MySQL allows names of 64 characters, and this one is longer; give it a shorter name
        "#]],
    );
}

#[test]
fn names_that_cannot_be_are_refused() {
    check_columns(
        ["", "a\0b", "space ", "🦀"]
            .map(|name| Column::new(name, SqlType::I64))
            .into(),
        &expect![[r#"
            column `` of table `t`: SQLite has no empty names; give it a name
            column `a\u{0}b` of table `t`: SQLite has no NUL in names, as in "a\0b"; give it another name
            column `` of table `t`: PostgreSQL has no empty names; give it a name
            column `a\u{0}b` of table `t`: PostgreSQL has no NUL in names, as in "a\0b"; give it another name
            column `` of table `t`: MySQL has no empty names; give it a name
            column `a\u{0}b` of table `t`: MySQL has no NUL in names, as in "a\0b"; give it another name
            column `space ` of table `t`: MySQL has no space at the end and no character above U+FFFF in "space "; give it another name
            column `🦀` of table `t`: MySQL has no space at the end and no character above U+FFFF in "🦀"; give it another name
        "#]],
    );
    let columns = vec![Column::new("a", SqlType::I64)];
    let name = TableName::new("SQLite_master");
    check_table(
        &Table {
            name,
            ..table(columns)
        },
        &expect![[r#"
            table `SQLite_master`: SQLite keeps names that begin with `sqlite_` to itself; give it another name
        "#]],
    );
}

#[test]
fn comments_are_within_the_limits_of_the_dialect() {
    let comment = Some("x".repeat(1025).into());
    check_columns(
        vec![
            Column {
                comment,
                ..Column::new("a", SqlType::I64)
            },
            Column::new("b", SqlType::I64).with_comment("a\0b"),
        ],
        &expect![[r#"
            column `b` of table `t`: PostgreSQL has no NUL in text, as in the comment; remove the character
            column `a` of table `t`: MySQL allows comments of 1024 characters here; shorten the comment
        "#]],
    );
}

#[test]
fn table_has_columns() {
    check_columns(
        vec![],
        &expect![[r#"
        table `t`: SQLite has no tables without columns; add a column
        table `t`: MySQL has no tables without columns; add a column
    "#]],
    );
}

#[test]
fn types_are_within_the_limits_of_the_dialect() {
    let status = |values: &[&'static str]| {
        SqlType::Scalar(ScalarType::Enum(EnumType {
            name: "status".into(),
            schema: None,
            values: EnumValues::Native(names(values)),
        }))
    };
    check_columns(
        vec![
            Column::new("a", SqlType::decimal(66, 2)),
            Column::new("b", SqlType::decimal(2, 3)),
            Column::new("c", SqlType::text(16_384)),
            Column::new("d", SqlType::text(0)),
            Column::new("e", status(&["", "a "])),
            Column::new("f", status(&[])),
        ],
        &expect![[r#"
            column `b` of table `t`: PostgreSQL allows 1 to 1000 digits, at most 1000 of them after the point, and decimal(2,3) is outside; use fewer digits, or `text`
            column `d` of table `t`: PostgreSQL allows text(1) to text(10485760); use `text` without a length
            column `e` of table `t`: PostgreSQL allows 1 to 63 bytes in a value of a native enum, not ""; store the enum as text
            column `a` of table `t`: MySQL allows 1 to 65 digits, at most 30 of them after the point, and decimal(66,2) is outside; use fewer digits, or `text`
            column `b` of table `t`: MySQL allows 1 to 65 digits, at most 30 of them after the point, and decimal(2,3) is outside; use fewer digits, or `text`
            column `c` of table `t`: MySQL allows text(1) to text(16383); use `text` without a length
            column `d` of table `t`: MySQL allows text(1) to text(16383); use `text` without a length
            column `e` of table `t`: MySQL allows 255 characters and no space at the end in a value of a native enum, not "a "; store the enum as text
            column `f` of table `t`: MySQL has no native enum without values; add a value
        "#]],
    );
}

#[test]
fn values_of_an_enum_differ_for_the_collation() {
    let letters = || {
        SqlType::Scalar(ScalarType::Enum(EnumType {
            name: "letter".into(),
            schema: None,
            values: EnumValues::Native(names(&["E", "\u{e9}", "f", "F", "g"])),
        }))
    };
    check_columns(
        vec![
            Column::new("a", letters()),
            Column::new("b", letters()).with_collation(PerDialect {
                mysql: Some("utf8mb4_bin".into()),
                ..PerDialect::NONE
            }),
        ],
        &expect![[r#"
            column `a` of table `t`: MySQL sees no difference between the values "E" and "é"; change one of them, or store the enum as text
            column `a` of table `t`: MySQL sees no difference between the values "f" and "F"; change one of them, or store the enum as text
        "#]],
    );
}

#[test]
fn names_of_the_databases_own_are_refused() {
    let named = |name: &'static str| Index {
        name: name.into(),
        ..index(vec![IndexPart::column("a")])
    };
    check_table(
        &Table {
            name: TableName::in_schema("pg_own", "t"),
            indexes: vec![named("Primary"), named("SQLite_own")].into(),
            unique_keys: vec![UniqueKey {
                name: "PRIMARY".into(),
                columns: names(&["a"]),
            }]
            .into(),
            ..table(vec![Column::new("a", SqlType::I64)])
        },
        &expect![[r#"
            index `SQLite_own` of table `pg_own.t`: SQLite keeps names that begin with `sqlite_` to itself; give it another name
            table `pg_own.t`: PostgreSQL keeps schemas whose names begin with `pg_` to itself; give it another name
            unique key `PRIMARY` of table `pg_own.t`: MySQL calls the primary key so; give it another name
            index `Primary` of table `pg_own.t`: MySQL calls the primary key so; give it another name
        "#]],
    );
}

#[test]
fn system_columns_of_postgres_are_in_every_table() {
    check_columns(
        ["ctid", "CTID", "oid", "xmin"]
            .map(|name| Column::new(name, SqlType::I64))
            .into(),
        &expect![[r#"
            column `ctid` of table `t`: PostgreSQL has a column of this name in every table; give it another name
            column `xmin` of table `t`: PostgreSQL has a column of this name in every table; give it another name
        "#]],
    );
}

#[test]
fn counters_begin_where_their_type_and_direction_allow() {
    let counter = |name, ty, start, increment| {
        Column::new(name, ty).with_generation(Generation::Identity(Identity {
            mode: IdentityMode::ByDefault,
            start: Some(start),
            increment: Some(increment),
        }))
    };
    let tables = [
        counter("a", SqlType::I16, 40_000, 1),
        counter("b", SqlType::I32, 0, 1),
        counter("c", SqlType::I32, 5, -1),
        counter("d", SqlType::I32, -5, -1),
    ];
    let findings = tables.map(|column| {
        let table = Table {
            primary_key: Some(PrimaryKey {
                name: "pk".into(),
                columns: vec![column.name.clone()].into(),
            }),
            ..table(vec![column])
        };
        check(&table, Dialect::Postgres)
    });
    let lines = findings.iter().flatten().map(|it| format!("{it}\n"));
    expect![[r#"
        column `a` of table `t`: PostgreSQL counts i16 up to 32767; use a smaller `start`, or `i64`
        column `b` of table `t`: PostgreSQL counts up from 1 or more; use a positive `start`
        column `c` of table `t`: PostgreSQL counts down from -1 or less; use a negative `start`
    "#]]
    .assert_eq(&lines.collect::<String>());
}

#[test]
fn own_types_of_keys_have_an_order_and_a_limit() {
    let own = |name, postgres: &'static str, mysql: &'static str| {
        Column::new(name, SqlType::TEXT).with_sql_type(PerDialect {
            postgres: Some(postgres.into()),
            mysql: Some(mysql.into()),
            ..PerDialect::NONE
        })
    };
    check_table(
        &Table {
            unique_keys: vec![UniqueKey {
                name: "uq".into(),
                columns: names(&["a", "b", "c"]),
            }]
            .into(),
            ..table(vec![
                own("a", "JSON", "MEDIUMTEXT"),
                own("b", "jsonb", "varchar(20)"),
                own("c", "citext", "blob(20)"),
            ])
        },
        &expect![[r#"
            unique key `uq` of table `t`: PostgreSQL has no key or index of `a`, whose type `json` has no order; use another type, such as `jsonb` for `json`
            unique key `uq` of table `t`: MySQL has no key or index of `a`, whose type `MEDIUMTEXT` has no limit; use a type with a limit, such as `varchar(20)`
            unique key `uq` of table `t`: MySQL has no key or index of `c`, whose type `blob(20)` has no limit; use a type with a limit, such as `varchar(20)`
        "#]],
    );
}

#[test]
fn own_type_is_not_checked() {
    let own = PerDialect {
        mysql: Some("DECIMAL(65, 2)".into()),
        ..PerDialect::NONE
    };
    check_columns(
        vec![Column::new("a", SqlType::decimal(66, 2)).with_sql_type(own)],
        &expect![[""]],
    );
}

#[test]
fn collation_is_of_text() {
    let collation = PerDialect::portable("C".into());
    check_columns(
        vec![
            Column::new("a", SqlType::text(80)).with_collation(collation.clone()),
            Column::new("b", SqlType::I64).with_collation(collation),
        ],
        &expect![[r#"
            column `b` of table `t`: PostgreSQL has no collation of i64; remove the collation
            column `b` of table `t`: MySQL has no collation of i64; remove the collation
        "#]],
    );
}

#[test]
fn default_is_of_the_column_s_type_and_of_a_stored_column() {
    check_columns(
        vec![
            Column::new("a", SqlType::DATE).with_default(ColumnDefault::Function(Function::Now)),
            Column::new("b", SqlType::TEXT)
                .with_default(ColumnDefault::Literal(Literal::Text("a\0".into()))),
        ],
        &expect![[r#"
            column `a` of table `t`: SQLite has no `now` of type date; use an expression of SQL
            column `a` of table `t`: PostgreSQL has no `now` of type date; use an expression of SQL
            column `b` of table `t`: PostgreSQL has no NUL in text, as in the default; use `bytes`
            column `a` of table `t`: MySQL has no `now` of type date; use an expression of SQL
        "#]],
    );
    let id = Column::new("id", SqlType::I64)
        .auto_increment()
        .with_default(ColumnDefault::Literal(Literal::Int(1)));
    check_table(
        &Table {
            primary_key: primary_key(&["id"]),
            ..table(vec![id])
        },
        &expect![[r#"
            column `id` of table `t`: SQLite has no default for a column whose value the database makes; remove the default
            column `id` of table `t`: PostgreSQL has no default for a column whose value the database makes; remove the default
            column `id` of table `t`: MySQL has no default for a column whose value the database makes; remove the default
        "#]],
    );
}

#[test]
fn counter_is_an_integer_key() {
    let counter = |name, ty| Column::new(name, ty).auto_increment();
    check_table(
        &Table {
            primary_key: primary_key(&["b"]),
            ..table(vec![
                counter("a", SqlType::I64),
                counter("b", SqlType::I32).nullable(),
                counter("c", SqlType::TEXT),
            ])
        },
        &expect![[r#"
            column `a` of table `t`: SQLite counts up only a column that is the whole primary key; make it the primary key, or set its value in the program
            column `b` of table `t`: SQLite does not count up a nullable column; remove the `?`
            column `c` of table `t`: SQLite does not count up text; use `i64`
            column `c` of table `t`: SQLite counts up only a column that is the whole primary key; make it the primary key, or set its value in the program
            column `b` of table `t`: PostgreSQL does not count up a nullable column; remove the `?`
            column `c` of table `t`: PostgreSQL does not count up text; use `i64`
            column `a` of table `t`: MySQL counts up only a column that a key or index begins with; add an index that begins with it
            column `b` of table `t`: MySQL does not count up a nullable column; remove the `?`
            column `b` of table `t`: MySQL counts up one column of a table; set its value in the program
            column `c` of table `t`: MySQL does not count up text; use `i64`
            column `c` of table `t`: MySQL counts up only a column that a key or index begins with; add an index that begins with it
            column `c` of table `t`: MySQL counts up one column of a table; set its value in the program
        "#]],
    );
}

#[test]
fn counter_in_a_composite_key_comes_first_on_mysql_and_never_on_sqlite() {
    let columns = || {
        vec![
            Column::new("a", SqlType::I64),
            Column::new("b", SqlType::I64).auto_increment(),
        ]
    };
    check_table(
        &Table {
            primary_key: primary_key(&["b", "a"]),
            ..table(columns())
        },
        &expect![[r#"
            column `b` of table `t`: SQLite counts up only a column that is the whole primary key; make it the primary key, or set its value in the program
        "#]],
    );
    check_table(
        &Table {
            primary_key: primary_key(&["a", "b"]),
            ..table(columns())
        },
        &expect![[r#"
            column `b` of table `t`: SQLite counts up only a column that is the whole primary key; make it the primary key, or set its value in the program
            column `b` of table `t`: MySQL counts up only a column that a key or index begins with; add an index that begins with it
        "#]],
    );
}

#[test]
fn counter_on_sqlite_has_no_other_type() {
    let own = PerDialect {
        sqlite: Some("BIGINT".into()),
        ..PerDialect::NONE
    };
    let id = Column::new("id", SqlType::I64)
        .auto_increment()
        .with_sql_type(own);
    check_table(
        &Table {
            primary_key: primary_key(&["id"]),
            ..table(vec![id])
        },
        &expect![[r#"
            column `id` of table `t`: SQLite counts up only a column of type INTEGER; remove its own type for SQLite
        "#]],
    );
}

#[test]
fn computed_column_has_an_expression_and_is_no_key() {
    let computed = |name, storage| {
        let sql = PerDialect {
            sqlite: Some("1".into()),
            postgres: Some("1".into()),
            ..PerDialect::NONE
        };
        Column::new(name, SqlType::I64)
            .with_generation(Generation::Computed(Computed { sql, storage }))
    };
    check_table(
        &Table {
            primary_key: primary_key(&["a"]),
            ..table(vec![
                computed("a", ComputedStorage::Stored),
                computed("b", ComputedStorage::Virtual),
            ])
        },
        &expect![[r#"
            column `a` of table `t`: SQLite has no computed column in a primary key; use a unique key
            column `b` of table `t`: PostgreSQL stores every computed column before version 18; use `stored = true`
            column `a` of table `t`: MySQL has no expression to compute it by; give the expression for this dialect
            column `a` of table `t`: MySQL has no computed column in a primary key; use a unique key
            column `b` of table `t`: MySQL has no expression to compute it by; give the expression for this dialect
        "#]],
    );
}

#[test]
fn key_of_mysql_has_a_limit() {
    let columns = vec![
        Column::new("a", SqlType::text(768)),
        Column::new("b", SqlType::text(769)),
        Column::new("c", SqlType::TEXT),
        Column::new("d", SqlType::JSON),
    ];
    let keys = ["a", "b", "c", "d"].map(|column| UniqueKey {
        name: format!("uq_{column}").into(),
        columns: names(&[column]),
    });
    check_table(
        &Table {
            unique_keys: keys.to_vec().into(),
            ..table(columns)
        },
        &expect![[r#"
            unique key `uq_b` of table `t`: MySQL allows 3072 bytes in a key or index, four for a character, and this one can have 3076; use shorter `text(n)`, or fewer columns
            unique key `uq_c` of table `t`: MySQL has no key or index of `c`, whose type text has no limit; use `text(80)`, or add `sql_type = { mysql = "varchar(80)" }`
            unique key `uq_d` of table `t`: MySQL has no key or index of `d`, whose type json has no limit; use another type: a key or index has a length there
        "#]],
    );
}

#[test]
fn key_has_a_limit_of_columns() {
    let columns: Vec<Text> = (0..33).map(|number| format!("c{number}").into()).collect();
    let key = UniqueKey {
        name: "uq".into(),
        columns: columns.clone().into(),
    };
    let columns = columns
        .into_iter()
        .map(|name| Column {
            name,
            ..Column::new("", SqlType::I16)
        })
        .collect();
    check_table(
        &Table {
            unique_keys: vec![key].into(),
            ..table(columns)
        },
        &expect![[r#"
            unique key `uq` of table `t`: PostgreSQL allows 32 columns in a key or index; use fewer columns
            unique key `uq` of table `t`: MySQL allows 16 columns in a key or index; use fewer columns
        "#]],
    );
}

#[test]
fn row_of_mysql_has_a_limit() {
    check_columns(
        vec![
            Column::new("a", SqlType::text(16_000)),
            Column::new("b", SqlType::text(1_000)),
        ],
        &expect![[r#"
            table `t`: MySQL allows 65535 bytes a row, and this one can have 68006; use `text` for long text, which is stored apart
        "#]],
    );
}

#[test]
fn foreign_key_of_mysql_is_never_deferred_and_sets_no_default() {
    check_foreign_key(
        to_team().with_deferrable(Deferrable::InitiallyImmediate),
        &expect![[r#"
            foreign key `fk` of table `t`: MySQL checks a foreign key at once, and cannot defer it; remove `deferrable`, and insert in the order of the keys
        "#]],
    );
    check_foreign_key(
        to_team().with_on_delete(Action::SetDefault),
        &expect![[r#"
        foreign key `fk` of table `t`: MySQL has no SET DEFAULT in InnoDB; use `set_null`, or `restrict`
    "#]],
    );
    check_foreign_key(
        to_team().with_on_update(Action::SetDefault),
        &expect![[r#"
        foreign key `fk` of table `t`: MySQL has no SET DEFAULT in InnoDB; use `set_null`, or `restrict`
    "#]],
    );
}

#[test]
fn foreign_key_of_sqlite_stays_in_its_schema() {
    let target = TableName::in_schema("other", "team");
    check_foreign_key(
        ForeignKey {
            target,
            ..to_team()
        },
        &expect![[r#"
            foreign key `fk` of table `t`: SQLite has no foreign key from one schema to another; put both tables into one schema
        "#]],
    );
}

#[test]
fn mysql_has_no_index_of_some_rows() {
    let predicate = PerDialect::portable("a > 0".into());
    let of_a = || index(vec![IndexPart::column("a")]);
    check_index(
        of_a().with_predicate(predicate.clone()),
        &expect![[r#"
        index `ix` of table `t`: MySQL has no index of some rows only; remove the condition, or leave MySQL out with `dialects`
    "#]],
    );
    check_index(
        of_a().unique().with_predicate(predicate.clone()),
        &expect![[r#"
            index `ix` of table `t`: MySQL has no index of some rows only; make a computed column that is null in the other rows, and index that
        "#]],
    );
    check_index(
        of_a().with_predicate(predicate).only_on(DialectSet {
            mysql: false,
            ..DialectSet::ALL
        }),
        &expect![[""]],
    );
}

#[test]
fn mysql_has_no_index_of_an_expression() {
    let part = |sql| IndexPart {
        key: IndexKey::Expression(sql),
        ..IndexPart::column("")
    };
    check_index(
        index(vec![part(PerDialect::portable("lower(b)".into()))]),
        &expect![[r#"
            index `ix` of table `t`: MySQL and MariaDB have no common index of an expression; make a computed column, and index that
        "#]],
    );
    let sql = PerDialect {
        sqlite: Some("lower(b)".into()),
        ..PerDialect::NONE
    };
    check_index(
        index(vec![part(sql)]),
        &expect![[r#"
        index `ix` of table `t`: PostgreSQL has no expression to index; give the expression for this dialect
        index `ix` of table `t`: MySQL and MariaDB have no common index of an expression; make a computed column, and index that
    "#]],
    );
}

#[test]
fn index_sorts_nulls_where_the_dialect_can() {
    check_index(
        index(vec![IndexPart::column("a").with_nulls(Nulls::First)]),
        &expect![[""]],
    );
    check_index(
        index(vec![IndexPart::column("a").with_nulls(Nulls::Last)]),
        &expect![[r#"
            index `ix` of table `t`: SQLite sorts NULL first in an ascending index, and last in a descending one; remove `nulls`
            index `ix` of table `t`: MySQL sorts NULL first in an ascending index, and last in a descending one; remove `nulls`
        "#]],
    );
    check_index(
        index(vec![
            IndexPart::column("a").descending().with_nulls(Nulls::First),
        ]),
        &expect![[r#"
            index `ix` of table `t`: SQLite sorts NULL first in an ascending index, and last in a descending one; remove `nulls`
            index `ix` of table `t`: MySQL sorts NULL first in an ascending index, and last in a descending one; remove `nulls`
        "#]],
    );
}

#[test]
fn index_method_is_one_of_the_dialect() {
    let by = |method: &'static str| {
        index(vec![IndexPart::column("a").descending()])
            .unique()
            .with_method(PerDialect::portable(method.into()))
    };
    check_index(
        by("btree"),
        &expect![[r#"
        index `ix` of table `t`: SQLite has one method of indexing, a B-tree; leave SQLite out of `method`, or out with `dialects`
    "#]],
    );
    check_index(
        by("hash"),
        &expect![[r#"
            index `ix` of table `t`: SQLite has one method of indexing, a B-tree; leave SQLite out of `method`, or out with `dialects`
            index `ix` of table `t`: SQLite has no unique index by `hash`; use a unique key
            index `ix` of table `t`: SQLite has no order in an index by `hash`; remove the order
            index `ix` of table `t`: PostgreSQL has no unique index by `hash`; use a unique key
            index `ix` of table `t`: PostgreSQL has no order in an index by `hash`; remove the order
            index `ix` of table `t`: MySQL has no method `hash` in InnoDB; use `btree`, `fulltext` or `spatial`
        "#]],
    );
    check_index(
        index(vec![IndexPart::column("b")]).with_method(PerDialect {
            mysql: Some("fulltext".into()),
            ..PerDialect::NONE
        }),
        &expect![[""]],
    );
}

#[test]
fn methods_index_what_they_can() {
    let method = |postgres: &'static str, mysql: &'static str| PerDialect {
        postgres: Some(postgres.into()),
        mysql: Some(mysql.into()),
        ..PerDialect::NONE
    };
    let parts = || vec![IndexPart::column("a"), IndexPart::column("b")];
    let without_sqlite = DialectSet {
        sqlite: false,
        ..DialectSet::ALL
    };
    check_index(
        Index {
            method: method("hash", "fulltext"),
            dialects: without_sqlite,
            ..index(parts())
        },
        &expect![[r#"
            index `ix` of table `t`: PostgreSQL has one column in an index by `hash`; use `btree`, or one index for each column
            index `ix` of table `t`: MySQL has no `fulltext` index of `a`, whose type is i64; index text alone
        "#]],
    );
    check_index(
        Index {
            method: method("brin", "spatial"),
            dialects: without_sqlite,
            ..index(parts())
        },
        &expect![[r#"
            index `ix` of table `t`: MySQL has no `spatial` index of `a`, whose type is i64; use `btree`, or give the column `sql_type = { mysql = "geometry" }`
            index `ix` of table `t`: MySQL has no `spatial` index of `b`, whose type is text; use `btree`, or give the column `sql_type = { mysql = "geometry" }`
        "#]],
    );
}
