//! The files in `tests/` are goldens that also run, as they are, on a server of each dialect.

mod library;

use expect_test::{Expect, ExpectFile, expect, expect_file};

use crate::{
    Column, Deferrable, Dialect, ForeignKey, Generation, Identity, IdentityMode, PrimaryKey,
    SqlType, Table, TableName,
    ddl::{
        IfExists, IfMissing, create_all, dependency_order, drop_all,
        expression::{parenthesised, unless_it_exists},
        script,
    },
};

#[track_caller]
fn check_library(dialect: Dialect, create: &ExpectFile, drop: &ExpectFile) {
    create.assert_eq(&script(&library::create(dialect, IfExists::Fail)));
    let tables = library::tables(dialect);
    let tables: Vec<_> = tables.iter().collect();
    drop.assert_eq(&script(&drop_all(&tables, dialect, IfMissing::Fail)));
}

#[test]
fn library_on_sqlite() {
    check_library(
        Dialect::Sqlite,
        &expect_file!["tests/create.sqlite.sql"],
        &expect_file!["tests/drop.sqlite.sql"],
    );
}

#[test]
fn library_on_postgres() {
    check_library(
        Dialect::Postgres,
        &expect_file!["tests/create.postgres.sql"],
        &expect_file!["tests/drop.postgres.sql"],
    );
}

#[test]
fn library_on_mysql() {
    check_library(
        Dialect::Mysql,
        &expect_file!["tests/create.mysql.sql"],
        &expect_file!["tests/drop.mysql.sql"],
    );
}

/// Every statement that is guarded has a guard that its dialect knows.
#[test]
fn create_and_drop_again() {
    let files = [
        expect_file!["tests/again.sqlite.sql"],
        expect_file!["tests/again.postgres.sql"],
        expect_file!["tests/again.mysql.sql"],
    ];
    for (dialect, file) in Dialect::ALL.into_iter().zip(files) {
        let tables = library::tables(dialect);
        let tables: Vec<_> = tables.iter().collect();
        let mut statements = library::create(dialect, IfExists::Skip);
        statements.extend(drop_all(&tables, dialect, IfMissing::Skip));
        let unguarded = statements
            .iter()
            .filter(|statement| is_unguarded(statement));
        assert_eq!(unguarded.collect::<Vec<_>>(), Vec::<&String>::new());
        file.assert_eq(&script(&statements));
    }
}

fn is_unguarded(statement: &str) -> bool {
    let changes = ["CREATE ", "DROP ", "ALTER "];
    changes.iter().any(|change| statement.starts_with(change))
        && !statement.contains("IF NOT EXISTS ")
        && !statement.contains("IF EXISTS ")
}

#[track_caller]
fn check_counter(generation: &Generation, dialect: Dialect, expect: &Expect) {
    let column = Column {
        generation: Some(generation.clone()),
        ..Column::new("id", SqlType::I64)
    };
    let table = Table {
        columns: vec![column].into(),
        ..Table::new(TableName::new("t"), &[])
            .with_primary_key(PrimaryKey::new("pk_t", &[std::borrow::Cow::Borrowed("id")]))
    };
    expect.assert_eq(&match create_all(&[&table], dialect, IfExists::Fail) {
        Ok(statements) => script(&statements),
        Err(error) => format!("{error}\n"),
    });
}

#[test]
fn identity_options_are_kept_or_refused() {
    let identity = Generation::Identity(Identity {
        mode: IdentityMode::Always,
        start: Some(-1000),
        increment: Some(-1),
    });
    check_counter(
        &identity,
        Dialect::Sqlite,
        &expect![[r#"
        column `id` of table `t`: SQLite counts from 1; remove `start`
        column `id` of table `t`: SQLite counts in steps of 1; remove `increment`
        column `id` of table `t`: SQLite accepts explicit values for a column that it counts up; remove `always`
    "#]],
    );
    check_counter(
        &identity,
        Dialect::Postgres,
        &expect![[r#"
            CREATE TABLE "t" (
                "id" BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY (START WITH -1000 INCREMENT BY -1),
                CONSTRAINT "pk_t" PRIMARY KEY ("id")
            );
        "#]],
    );
    check_counter(
        &identity,
        Dialect::Mysql,
        &expect![[r#"
            column `id` of table `t`: MySQL counts from 1 or more; use a positive `start`
            column `id` of table `t`: MySQL counts in steps of 1; remove `increment`
            column `id` of table `t`: MySQL accepts explicit values for a column that it counts up; remove `always`
        "#]],
    );
}

#[test]
fn identity_starts_where_it_says_on_mysql() {
    let identity = Generation::Identity(Identity {
        mode: IdentityMode::ByDefault,
        start: Some(1000),
        increment: None,
    });
    check_counter(
        &identity,
        Dialect::Mysql,
        &expect![[r#"
        CREATE TABLE `t` (
            `id` BIGINT NOT NULL AUTO_INCREMENT,
            PRIMARY KEY (`id`)
        )
        ENGINE = InnoDB
        DEFAULT CHARACTER SET = utf8mb4
        AUTO_INCREMENT = 1000;
    "#]],
    );
}

#[test]
fn deferrable_key_says_so() {
    let key = ForeignKey {
        deferrable: Deferrable::InitiallyDeferred,
        ..library::tables(Dialect::Postgres)[2].foreign_keys[0].clone()
    };
    let constraint = super::foreign_key::constraint(&key, Dialect::Postgres);
    expect![[r#"
        CONSTRAINT "fk_book_author_id" FOREIGN KEY ("author_id")
                REFERENCES "author" ("id")
                ON DELETE CASCADE
                ON UPDATE CASCADE
                DEFERRABLE INITIALLY DEFERRED"#]]
    .assert_eq(&constraint);
}

#[test]
fn comment_in_an_expression_does_not_swallow_the_parenthesis() {
    assert_eq!(parenthesised(" a > 0 "), "(a > 0)");
    assert_eq!(
        parenthesised("a > 0 -- positive"),
        "(\na > 0 -- positive\n)"
    );
    assert_eq!(parenthesised("a > 0 # positive"), "(\na > 0 # positive\n)");
}

#[test]
fn dollar_quote_is_not_in_its_text() {
    expect![[r#"
        DO $q2$
        BEGIN
            CREATE TYPE t AS ENUM ('$$', '$q1$');
        EXCEPTION
            WHEN duplicate_object THEN NULL;
        END
        $q2$"#]]
    .assert_eq(&unless_it_exists("CREATE TYPE t AS ENUM ('$$', '$q1$')"));
}

/// Tables `a`, `b`, .. with foreign keys as `from -> to`; the order, then the closing keys.
#[track_caller]
fn check_order(tables: &str, keys: &[&str], expect: &Expect) {
    let leak = |text: String| -> &'static str { text.leak() };
    let tables: Vec<_> = tables
        .chars()
        .map(|name| {
            let keys = keys.iter().filter(|key| key.starts_with(name)).map(|key| {
                let target = TableName::new(leak(key[key.len() - 1..].to_owned()));
                ForeignKey::new(leak((*key).to_owned()), &[], target, &[])
            });
            let name = TableName::new(leak(name.to_string()));
            Table {
                foreign_keys: keys.collect(),
                ..Table::new(name, &[])
            }
        })
        .collect();
    let tables: Vec<_> = tables.iter().collect();
    let order = dependency_order(&tables);
    let names: Vec<_> = order
        .tables
        .iter()
        .map(|table| table.name.to_string())
        .collect();
    let closing: Vec<_> = order
        .closing_keys
        .iter()
        .map(|(_, key)| &*key.name)
        .collect();
    expect.assert_eq(&format!(
        "{}; closing: {}",
        names.join(" "),
        closing.join(", ")
    ));
}

#[test]
fn independent_tables_keep_their_order() {
    check_order("cab", &[], &expect!["c a b; closing: "]);
}

#[test]
fn table_comes_after_those_it_references() {
    check_order(
        "abcd",
        &["a->b", "b->d", "a->c"],
        &expect!["d b c a; closing: "],
    );
}

#[test]
fn key_to_itself_or_to_an_unknown_table_sets_no_order() {
    check_order("ab", &["a->a", "a->z"], &expect!["a b; closing: "]);
}

#[test]
fn only_keys_that_close_a_cycle_are_named() {
    check_order(
        "abc",
        &["a->b", "b->c", "c->b"],
        &expect!["b c a; closing: b->c"],
    );
    check_order(
        "abc",
        &["a->b", "b->c", "c->a", "c->b"],
        &expect!["a b c; closing: a->b, b->c"],
    );
}

#[test]
fn two_cycles_are_apart() {
    check_order(
        "abcd",
        &["a->b", "b->a", "b->c", "c->d", "d->c"],
        &expect!["c d a b; closing: c->d, a->b"],
    );
}

#[test]
fn chain_of_many_tables_needs_no_deep_stack() {
    let n_tables = 100_000;
    let tables: Vec<_> = (0..n_tables)
        .map(|number| {
            let target = TableName {
                schema: None,
                name: format!("t{}", number + 1).into(),
            };
            Table {
                name: TableName {
                    schema: None,
                    name: format!("t{number}").into(),
                },
                foreign_keys: vec![ForeignKey::new("fk", &[], target, &[])].into(),
                ..Table::new(TableName::new(""), &[])
            }
        })
        .collect();
    let tables: Vec<_> = tables.iter().collect();
    let order = dependency_order(&tables);
    assert!(order.closing_keys.is_empty());
    assert!(order.tables.iter().rev().eq(&tables));
}
