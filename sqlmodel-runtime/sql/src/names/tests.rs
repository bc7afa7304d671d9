use super::{NamingConvention, fnv1a};
use crate::{Dialect, DialectSet};

const ALL: NamingConvention = NamingConvention {
    dialects: DialectSet::ALL,
};

#[test]
fn name_is_prefix_table_and_columns() {
    assert_eq!(ALL.primary_key("hero"), "pk_hero");
    assert_eq!(
        ALL.unique_key("post", ["author_id", "slug"]),
        "uq_post_author_id_slug"
    );
    assert_eq!(ALL.foreign_key("hero", ["team_id"]), "fk_hero_team_id");
    assert_eq!(
        ALL.check("post", "price_not_negative"),
        "ck_post_price_not_negative"
    );
    assert_eq!(
        ALL.index("users", ["name", "created_at"]),
        "ix_users_name_created_at"
    );
}

#[test]
fn words_of_an_expression_stand_for_a_column() {
    assert_eq!(
        ALL.index("users", ["lower(email)", "age"]),
        "ix_users_lower_email_age"
    );
}

#[test]
fn hash_is_fnv1a() {
    // The test vectors of draft-eastlake-fnv-17, appendix C.
    assert_eq!(fnv1a(b""), 0x811c_9dc5);
    assert_eq!(fnv1a(b"a"), 0xe40c_292c);
    assert_eq!(fnv1a(b"foobar"), 0xbf9c_f968);
}

#[test]
fn name_at_the_limit_is_kept_and_one_byte_more_is_cut() {
    let longest = "x".repeat(60);
    assert_eq!(ALL.primary_key(&longest), format!("pk_{longest}"));

    let too_long = "x".repeat(61);
    let name = ALL.primary_key(&too_long);
    let hash = fnv1a(format!("pk_{too_long}").as_bytes());
    assert_eq!(name, format!("pk_{}_{hash:08x}", "x".repeat(51)));
    assert_eq!(name.len(), 63);
}

#[test]
fn long_names_that_begin_alike_stay_apart() {
    let table = "a_table_with_quite_a_long_name_for_a_test";
    let one = ALL.unique_key(table, ["organisation_id", "first_column"]);
    let other = ALL.unique_key(table, ["organisation_id", "other_column"]);
    assert_eq!(
        one,
        "uq_a_table_with_quite_a_long_name_for_a_test_organisat_f39c2acf"
    );
    assert_ne!(one, other);
}

#[test]
fn name_is_cut_between_characters() {
    let name = ALL.primary_key(&"é".repeat(40));
    assert!(name.len() <= 63, "{name}");
    assert!(name.starts_with("pk_éé"), "{name}");
}

#[test]
fn limit_is_of_the_dialects_in_use() {
    let table = "x".repeat(61);
    let only = |dialect| NamingConvention {
        dialects: DialectSet::NONE.with(dialect),
    };
    assert_eq!(only(Dialect::Sqlite).primary_key(&table).len(), 64);
    assert_eq!(only(Dialect::Mysql).primary_key(&table).len(), 64);
    assert_eq!(only(Dialect::Postgres).primary_key(&table).len(), 63);

    let accents = "é".repeat(60);
    assert_eq!(
        only(Dialect::Mysql).primary_key(&accents),
        format!("pk_{accents}")
    );
}
