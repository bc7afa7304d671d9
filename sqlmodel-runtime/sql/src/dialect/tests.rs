use crate::{Dialect, DialectSet, PerDialect};

#[test]
fn name_reads_back() {
    for dialect in Dialect::ALL {
        assert_eq!(Dialect::parse(dialect.name()), Some(dialect));
    }
    assert_eq!(Dialect::parse("oracle"), None);
}

#[test]
fn placeholders_are_numbered_where_the_dialect_numbers_them() {
    let mut sql = String::new();
    for dialect in Dialect::ALL {
        dialect.placeholder_style().push(12, &mut sql);
        sql.push(' ');
    }
    assert_eq!(sql, "?12 $12 ? ");
}

#[test]
fn own_value_wins_over_the_portable_one() {
    let value = PerDialect {
        mysql: Some("m"),
        ..PerDialect::portable("p")
    };
    assert_eq!(
        Dialect::ALL.map(|dialect| value.get(dialect)),
        [Some(&"p"), Some(&"p"), Some(&"m")]
    );

    let value = PerDialect {
        sqlite: Some("s"),
        ..PerDialect::NONE
    };
    assert_eq!(value.dialects(), DialectSet::NONE.with(Dialect::Sqlite));
    assert!(!value.is_none());
}

#[test]
fn equal_values_become_a_portable_one() {
    assert_eq!(PerDialect::from_fn(|_| 1), PerDialect::portable(1));
    let names = PerDialect::from_fn(Dialect::name);
    assert_eq!((names.portable, names.mysql), (None, Some("mysql")));
}
