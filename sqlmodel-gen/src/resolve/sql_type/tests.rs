use sqlmodel_sql::Dialect;

use super::parse;

#[track_caller]
fn check(dialect: Dialect, types: &[&str], others: &[&str]) {
    for ty in types {
        assert!(parse(dialect, ty).is_ok(), "{ty}: {:?}", parse(dialect, ty));
    }
    for other in others {
        assert!(parse(dialect, other).is_err(), "{other}");
    }
}

#[test]
fn types_of_sqlite_are_names_with_at_most_two_numbers() {
    check(
        Dialect::Sqlite,
        &[
            "INTEGER",
            "UNSIGNED BIG INT",
            "VARCHAR(20)",
            "DECIMAL(10, -2)",
            "double precision",
            "\"odd name\"",
            "text[]",
        ],
        &[
            "",
            " ",
            "TEXT NOT NULL",
            "TEXT CHECK (1)",
            "INTEGER PRIMARY KEY",
            "DECIMAL(1,2,3)",
            "ENUM('a')",
            "DECIMAL(10,2) UNSIGNED",
            "text); DROP TABLE a; --",
            "text, b text",
            "text /* of any length */",
            "(3)",
            "text(",
            "text(3",
            "\"text",
        ],
    );
}

#[test]
fn types_of_postgres_have_a_schema_arguments_and_dimensions() {
    check(
        Dialect::Postgres,
        &[
            "text",
            "public.citext",
            "\"Odd\".\"Type\"",
            "character varying(10)",
            "national character varying(10)",
            "timestamp(3) with time zone",
            "interval day to second(3)",
            "geometry(Point, 4326)",
            "numeric(3,-2)",
            "double precision",
            "integer[]",
            "integer[3][3]",
            "integer array[4]",
            "bit varying(3)",
            "vector(3)",
            "bigserial",
        ],
        &[
            "",
            "text NOT NULL",
            "text DEFAULT 'a'",
            "text COLLATE \"C\"",
            "text); DROP TABLE a; --",
            "text, b text",
            "bigint unsigned",
            "text[",
            "text[a]",
            "numeric(",
            "numeric()",
            "public.",
            "text -- of any length",
            "integer[] (3)",
            "'text'",
            "not null",
        ],
    );
}

#[test]
fn types_of_mysql_are_known() {
    check(
        Dialect::Mysql,
        &[
            "mediumtext",
            "BIGINT UNSIGNED",
            "int(11) unsigned zerofill",
            "enum('a','b;)') character set ascii",
            "set('a','b')",
            "varchar(20) CHARACTER SET ascii COLLATE ascii_bin",
            "varchar(20) charset 'ascii'",
            "national varchar(20)",
            "character varying(20)",
            "long varbinary",
            "double precision(10, 2)",
            "point srid 4326",
            "datetime(6)",
            "uuid",
        ],
        &[
            "",
            "jsonb",
            "text[]",
            "bigint auto_increment",
            "text NOT NULL",
            "timestamp ON UPDATE CURRENT_TIMESTAMP",
            "text COMMENT 'a'",
            "text); DROP TABLE a; --",
            "varchar(20",
            "varchar(20))",
            "text set ascii",
            "text character set",
            "text # of any length",
            "`text`",
        ],
    );
}
