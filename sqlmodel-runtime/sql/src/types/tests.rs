use expect_test::expect;

use crate::{Dialect, EnumType, EnumValues, PerDialect, ScalarType, SqlType};

fn enum_type(values: EnumValues) -> SqlType {
    SqlType::Scalar(ScalarType::Enum(EnumType {
        name: "status".into(),
        schema: Some("app".into()),
        values,
    }))
}

fn types() -> Vec<SqlType> {
    let long = "x".repeat(100);
    vec![
        SqlType::BOOL,
        SqlType::I16,
        SqlType::I32,
        SqlType::I64,
        SqlType::F32,
        SqlType::F64,
        SqlType::decimal(12, 2),
        SqlType::TEXT,
        SqlType::text(80),
        SqlType::BYTES,
        SqlType::UUID,
        SqlType::DATE,
        SqlType::TIME,
        SqlType::TIMESTAMP,
        SqlType::TIMESTAMPTZ,
        SqlType::DURATION,
        SqlType::JSON,
        enum_type(EnumValues::Text(vec!["draft".into()].into())),
        enum_type(EnumValues::Text(vec!["draft".into(), long.into()].into())),
        enum_type(EnumValues::Int(vec![1, 2].into())),
        enum_type(EnumValues::Native(vec!["a".into(), "b'".into()].into())),
        SqlType::Array(ScalarType::I32),
    ]
}

/// The table of [`SqlType::sql_name`], which the documentation repeats.
#[test]
fn type_has_a_name_in_every_dialect() {
    let rows: Vec<_> = types()
        .iter()
        .map(|ty| {
            let [sqlite, postgres, mysql] = Dialect::ALL.map(|dialect| ty.sql_name(dialect));
            format!("{:<14}{sqlite:<13}{postgres:<18}{mysql}\n", ty.to_string())
        })
        .collect();
    expect![[r#"
        bool          BOOLEAN      BOOLEAN           BOOLEAN
        i16           INTEGER      SMALLINT          SMALLINT
        i32           INTEGER      INTEGER           INT
        i64           INTEGER      BIGINT            BIGINT
        f32           REAL         REAL              FLOAT
        f64           REAL         DOUBLE PRECISION  DOUBLE
        decimal(12,2) TEXT         NUMERIC(12, 2)    DECIMAL(12, 2)
        text          TEXT         TEXT              LONGTEXT
        text(80)      VARCHAR(80)  VARCHAR(80)       VARCHAR(80)
        bytes         BLOB         BYTEA             LONGBLOB
        uuid          BLOB         UUID              BINARY(16)
        date          TEXT         DATE              DATE
        time          TEXT         TIME              TIME(6)
        timestamp     TEXT         TIMESTAMP         DATETIME(6)
        timestamptz   TEXT         TIMESTAMPTZ       DATETIME(6)
        duration      INTEGER      BIGINT            BIGINT
        json          TEXT         JSONB             JSON
        status        TEXT         TEXT              VARCHAR(64)
        status        TEXT         TEXT              VARCHAR(100)
        status        INTEGER      INTEGER           INT
        status        TEXT         "app"."status"    ENUM('a', 'b''')
        i32[]         TEXT         INTEGER[]         JSON
    "#]]
    .assert_eq(&rows.concat());
}

/// SQLite derives how a column stores values from letters of its type (datatype3.html, 3.1).
#[test]
fn sqlite_name_has_the_affinity_that_the_values_need() {
    let affinity = |name: &str| match name {
        _ if name.contains("INT") => "INTEGER",
        _ if ["CHAR", "CLOB", "TEXT"].iter().any(|it| name.contains(it)) => "TEXT",
        _ if name.contains("BLOB") => "BLOB",
        _ if ["REAL", "FLOA", "DOUB"].iter().any(|it| name.contains(it)) => "REAL",
        _ => "NUMERIC",
    };
    for ty in types() {
        let found = affinity(&ty.sql_name(Dialect::Sqlite));
        let expected = match (&ty, ty.scalar()) {
            (SqlType::Array(_), _) => "TEXT",
            (_, ScalarType::Bool) => "NUMERIC",
            (_, ScalarType::I16 | ScalarType::I32 | ScalarType::I64 | ScalarType::Duration) => {
                "INTEGER"
            }
            (_, ScalarType::F32 | ScalarType::F64) => "REAL",
            (_, ScalarType::Bytes | ScalarType::Uuid) => "BLOB",
            (_, ScalarType::Enum(enum_)) if matches!(enum_.values, EnumValues::Int(_)) => "INTEGER",
            _ => "TEXT",
        };
        assert_eq!(found, expected, "{ty}");
    }
}

#[test]
fn portable_names_collapse() {
    let name = |ty: &SqlType| PerDialect::from_fn(|dialect| ty.sql_name(dialect)).portable;
    assert_eq!(name(&SqlType::text(80)).as_deref(), Some("VARCHAR(80)"));
    assert_eq!(name(&SqlType::UUID), None);
}
