//! Tables that use everything that all three dialects can do.

use std::borrow::Cow;

use crate::{
    Action, Check, Column, ColumnDefault, Computed, ComputedStorage, Date, Dialect, DialectSet,
    EnumType, EnumValues, ForeignKey, Function, Generation, Index, IndexKey, IndexPart, List,
    Literal, Nulls, PerDialect, PrimaryKey, ScalarType, SqlType, Table, TableName, Text, Time,
    Timestamp, UniqueKey, ddl::IfExists,
};

const fn text(text: &'static str) -> Text {
    Cow::Borrowed(text)
}

fn names(names: &[&'static str]) -> List<Text> {
    names.iter().copied().map(text).collect()
}

fn primary_key(name: &'static str, columns: &[&'static str]) -> Option<PrimaryKey> {
    Some(PrimaryKey {
        name: text(name),
        columns: names(columns),
    })
}

fn unique_key(name: &'static str, columns: &[&'static str]) -> UniqueKey {
    UniqueKey {
        name: text(name),
        columns: names(columns),
    }
}

fn foreign_key(
    name: &'static str,
    columns: &[&'static str],
    target: TableName,
    target_columns: &[&'static str],
) -> ForeignKey {
    ForeignKey {
        columns: names(columns),
        target_columns: names(target_columns),
        ..ForeignKey::new(name, &[], target, &[])
    }
}

fn index(name: &'static str, parts: Vec<IndexPart>) -> Index {
    Index {
        parts: parts.into(),
        ..Index::new(name, &[])
    }
}

fn status(values: EnumValues) -> SqlType {
    SqlType::Scalar(ScalarType::Enum(EnumType {
        name: text("status"),
        schema: None,
        values,
    }))
}

fn words() -> List<Text> {
    names(&["draft", "it's", r"back\slash"])
}

/// Every type, as a column and as an array, and every kind of default.
fn kind() -> Table {
    let timestamp = Timestamp {
        date: Date::try_new(2024, 2, 29).unwrap(),
        time: Time::try_new(23, 59, 59, 1).unwrap(),
    };
    let literals = [
        ("a_bool", SqlType::BOOL, Literal::Bool(true)),
        ("an_i16", SqlType::I16, Literal::Int(-32_768)),
        ("an_i32", SqlType::I32, Literal::Int(-2_147_483_648)),
        ("an_i64", SqlType::I64, Literal::Int(i64::MIN)),
        ("an_f32", SqlType::F32, Literal::Float(text("1.5"))),
        ("an_f64", SqlType::F64, Literal::Float(text("-1e300"))),
        (
            "a_decimal",
            SqlType::decimal(12, 2),
            Literal::Decimal(text("-0.5")),
        ),
        (
            "a_text",
            SqlType::TEXT,
            Literal::Text(text("it's a \\ and \"more\"")),
        ),
        (
            "a_short_text",
            SqlType::text(80),
            Literal::Text(text("\\' é 🦀")),
        ),
        (
            "some_bytes",
            SqlType::BYTES,
            Literal::Bytes(Cow::Borrowed(&[0, 39, 92, 255])),
        ),
        ("a_uuid", SqlType::UUID, Literal::Uuid([0xab; 16])),
        ("a_date", SqlType::DATE, Literal::Date(timestamp.date)),
        ("a_time", SqlType::TIME, Literal::Time(timestamp.time)),
        (
            "a_timestamp",
            SqlType::TIMESTAMP,
            Literal::Timestamp(timestamp),
        ),
        (
            "a_timestamptz",
            SqlType::TIMESTAMPTZ,
            Literal::Timestamptz(timestamp),
        ),
        ("a_duration", SqlType::DURATION, Literal::Duration(-1)),
        (
            "a_json",
            SqlType::JSON,
            Literal::Json(text(r#"{"a": "b'\\n"}"#)),
        ),
        (
            "text_enum",
            status(EnumValues::Text(words())),
            Literal::Text(text("it's")),
        ),
        (
            "int_enum",
            status(EnumValues::Int(Cow::Borrowed(&[1, 2]))),
            Literal::Int(2),
        ),
        (
            "native_enum",
            status(EnumValues::Native(words())),
            Literal::Text(text("back\\slash")),
        ),
        ("nothing", SqlType::TEXT, Literal::Null),
    ];
    let functions = [
        ("at_date", SqlType::DATE, Function::Today),
        ("at_time", SqlType::TIME, Function::CurrentTime),
        ("at_timestamp", SqlType::TIMESTAMP, Function::Now),
        ("at_timestamptz", SqlType::TIMESTAMPTZ, Function::Now),
        ("client_uuid", SqlType::UUID, Function::UuidV7),
    ];
    let id = Column::new("id", SqlType::I64).auto_increment();
    let with_literals = literals.iter().flat_map(|(name, ty, literal)| {
        let column = Column {
            is_nullable: *literal == Literal::Null,
            default: Some(ColumnDefault::Literal(literal.clone())),
            ..Column::new(name, ty.clone())
        };
        let array = Column {
            name: format!("{name}_array").into(),
            ty: SqlType::Array(ty.scalar().clone()),
            default: Some(ColumnDefault::Literal(Literal::Array(
                vec![literal.clone(), literal.clone()].into(),
            ))),
            ..column.clone()
        };
        [column, array]
    });
    let with_functions = functions.iter().map(|(name, ty, function)| Column {
        is_nullable: function.is_client_side(),
        default: Some(ColumnDefault::Function(*function)),
        ..Column::new(name, ty.clone())
    });
    let with_sql = Column::new("an_expression", SqlType::I32).with_default(ColumnDefault::Sql(
        PerDialect::portable(text("1 + 1 -- two")),
    ));
    let columns: Vec<_> = [id]
        .into_iter()
        .chain(with_literals)
        .chain(with_functions)
        .chain([with_sql])
        .collect();
    Table {
        columns: columns.into(),
        primary_key: primary_key("pk_kind", &["id"]),
        ..Table::new(TableName::new("kind"), &[]).with_comment("Every type; it's a \\ test.")
    }
}

/// A table in a cycle with [`book`], given before it.
fn author() -> Table {
    let columns = vec![
        Column::new("id", SqlType::I64).auto_increment(),
        Column::new("name", SqlType::text(80)).with_comment("As on the cover."),
        Column::new("email", SqlType::text(320)),
        Column::new("masterpiece_id", SqlType::I64).nullable(),
        Column::new("mentor_id", SqlType::I64).nullable(),
    ];
    let foreign_keys = vec![
        foreign_key(
            "fk_author_masterpiece_id",
            &["masterpiece_id"],
            TableName::new("book"),
            &["id"],
        )
        .with_on_delete(Action::SetNull),
        foreign_key(
            "fk_author_mentor_id",
            &["mentor_id"],
            TableName::new("author"),
            &["id"],
        )
        .with_on_delete(Action::Restrict),
    ];
    Table {
        columns: columns.into(),
        primary_key: primary_key("pk_author", &["id"]),
        unique_keys: vec![unique_key("uq_author_email", &["email"])].into(),
        foreign_keys: foreign_keys.into(),
        ..Table::new(TableName::new("author"), &[])
    }
}

/// Computed columns, checks, collations and all kinds of index.
fn book() -> Table {
    let columns = vec![
        Column::new("id", SqlType::I64).auto_increment(),
        Column::new("author_id", SqlType::I64),
        Column::new("title", SqlType::text(200)).with_collation(PerDialect {
            portable: None,
            sqlite: Some(text("NOCASE")),
            postgres: Some(text("C")),
            mysql: Some(text("utf8mb4_bin")),
        }),
        Column::new("price", SqlType::decimal(12, 2)),
        Column::new("body", SqlType::TEXT)
            .nullable()
            .with_sql_type(PerDialect {
                mysql: Some(text("MEDIUMTEXT")),
                ..PerDialect::NONE
            }),
        Column::new("slug", SqlType::text(200)).with_generation(Generation::Computed(Computed {
            sql: PerDialect::portable(text("lower(title)")),
            storage: ComputedStorage::Stored,
        })),
    ];
    let lower_title = IndexPart {
        key: IndexKey::Expression(PerDialect::portable(text("lower(title)"))),
        ..IndexPart::column("")
    };
    let indexes = vec![
        index(
            "ix_book_author_id_price",
            vec![
                IndexPart::column("author_id"),
                IndexPart::column("price").descending(),
            ],
        ),
        index("ix_book_slug", vec![IndexPart::column("slug")]).unique(),
        index("ix_book_lower_title", vec![lower_title])
            .with_predicate(PerDialect::portable(text("author_id > 0")))
            .only_on(DialectSet {
                mysql: false,
                ..DialectSet::ALL
            }),
        index(
            "ix_book_title",
            vec![
                IndexPart::column("title")
                    .descending()
                    .with_nulls(Nulls::Last),
            ],
        )
        .with_method(PerDialect {
            postgres: Some(text("btree")),
            ..PerDialect::NONE
        }),
        index("ix_book_body", vec![IndexPart::column("body")])
            .with_method(PerDialect::portable(text("fulltext")))
            .only_on(DialectSet::NONE.with(Dialect::Mysql)),
    ];
    let author = foreign_key(
        "fk_book_author_id",
        &["author_id"],
        TableName::new("author"),
        &["id"],
    )
    .with_on_delete(Action::Cascade)
    .with_on_update(Action::Cascade);
    Table {
        columns: columns.into(),
        primary_key: primary_key("pk_book", &["id"]),
        unique_keys: vec![unique_key(
            "uq_book_author_id_title",
            &["author_id", "title"],
        )]
        .into(),
        foreign_keys: vec![author].into(),
        checks: vec![Check::new("ck_book_title", "length(title) > 0")].into(),
        indexes: indexes.into(),
        ..Table::new(TableName::new("book"), &[])
    }
}

/// A composite key within another schema, on the dialects whose schemas a statement creates.
fn loan(dialect: Dialect) -> [Table; 2] {
    let name = |name| match dialect {
        Dialect::Sqlite => TableName::new(name),
        Dialect::Postgres | Dialect::Mysql => TableName::in_schema("t_sqlmodel_archive", name),
    };
    let copy = vec![
        Column::new("book", SqlType::I64),
        Column::new("number", SqlType::I16),
    ];
    let id = Column::new("id", SqlType::UUID);
    let columns: Vec<_> = [id].into_iter().chain(copy.clone()).collect();
    let key = foreign_key(
        "fk_loan_book_number",
        &["book", "number"],
        name("copy"),
        &["book", "number"],
    );
    let loan = Table {
        columns: columns.into(),
        primary_key: primary_key("pk_loan", &["id"]),
        foreign_keys: vec![key].into(),
        indexes: vec![index("ix_loan_number", vec![IndexPart::column("number")])].into(),
        ..Table::new(name("loan"), &[])
    };
    let copy = Table {
        columns: copy.into(),
        primary_key: primary_key("pk_copy", &["book", "number"]),
        ..Table::new(name("copy"), &[])
    };
    [loan, copy]
}

/// Two tables in a cycle, whose names and texts try to end the statement they are in.
fn hostile() -> [Table; 2] {
    const NAMES: [&str; 2] = ["it's \"a` \\; DROP TABLE kind; --", "*/ $$ \\' #{} %s"];
    let table = |name: &'static str, other: &'static str, key_name: &'static str| {
        let columns = vec![
            Column::new(name, SqlType::I64),
            Column::new(other, SqlType::text(80))
                .with_default(ColumnDefault::Literal(Literal::Text(text(name))))
                .with_comment(other),
        ];
        // The primary key of each table is the column with the table's own name.
        let key = foreign_key(name, &[name], TableName::new(other), &[other]);
        Table {
            columns: columns.into(),
            primary_key: primary_key(key_name, &[name]),
            foreign_keys: vec![key].into(),
            ..Table::new(TableName::new(name), &[]).with_comment(name)
        }
    };
    let [one, other] = NAMES;
    [table(one, other, "); --"), table(other, one, "\\\"'`")]
}

/// The tables, in an order that is not the one to create them in.
pub(super) fn tables(dialect: Dialect) -> Vec<Table> {
    let [loan, copy] = loan(dialect);
    let [one, other] = hostile();
    vec![kind(), author(), book(), loan, copy, one, other]
}

/// The statements that create the tables, which no dialect may refuse.
#[track_caller]
pub(super) fn create(dialect: Dialect, if_exists: IfExists) -> Vec<String> {
    let tables = tables(dialect);
    let tables: Vec<_> = tables.iter().collect();
    crate::ddl::create_all(&tables, dialect, if_exists).unwrap()
}
