use sqlmodel_core::Dialect;

use super::{MAX_BYTES, MAX_TEXT, TEXTS, Texts, known};
use crate::operators::any_of;
use crate::query::Query;
use crate::tests::{Hero, Team};
use crate::{
    AggregateExpression, Expression, Lock, ModelQuery, Relation, Select, TextExpression, count_all,
    exists,
};

/// Numbers that look random and are the same in every run (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

macro_rules! filtered {
    ($query:expr, $random:expr) => {{
        let mut query = $query;
        for _ in 0..$random.below(3) {
            let number = i32::try_from($random.below(5)).unwrap_or(0);
            query = match $random.below(8) {
                0 => query.filter(Hero::AGE.ge(number)),
                1 => query.filter(Hero::NAME.eq(format!("hero {number}"))),
                2 => query.filter(Hero::NAME.starts_with("a").or(Hero::AGE.is_null())),
                3 => query.filter(Hero::AGE.in_(0..number)),
                4 => query.filter(any_of((0..number).map(|age| Hero::AGE.eq(age)))),
                5 => query.filter(!Hero::AGE.between(number, 9)),
                6 => query.filter(Hero::TEAM.any_where(Team::NAME.ilike("%x"))),
                _ => query.filter(exists(
                    Team::select().filter(Team::ID.gt(i64::from(number))),
                )),
            };
        }
        if $random.below(3) == 0 {
            query = query.order_by(Hero::AGE.desc().nulls_last());
        }
        if $random.below(3) == 0 {
            query = query.limit($random.below(3)).offset($random.below(2));
        }
        if $random.below(9) == 0 {
            query = query.for_update(Lock::SkipLocked);
        }
        query.into_query()
    }};
}

/// Returns one of a few thousand queries, many of which differ in one place.
fn random_query(random: &mut Random) -> Query {
    match random.below(6) {
        0 => filtered!(Hero::select(), random),
        1 => filtered!(Hero::select().distinct(), random),
        2 => filtered!(Hero::select().left_join(Hero::TEAM), random),
        3 => filtered!(Hero::select().full_join(Hero::TEAM), random),
        4 => filtered!(Hero::select().columns((Hero::NAME, Hero::AGE)), random),
        // Refused, if it has an order.
        _ => {
            let grouped = Hero::select().group_by(Hero::TEAM_ID);
            let columns = (Hero::TEAM_ID, count_all(), Hero::AGE.max());
            let query: Select<(Option<i64>, i64, Option<i32>), _, _> = grouped.columns(columns);
            filtered!(query, random)
        }
    }
}

#[test]
fn a_text_that_was_written_before_is_what_would_be_written() {
    let mut random = Random(1);
    for number in 0..6000 {
        let query = random_query(&mut random);
        for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::Mysql] {
            let known = known(dialect, &|writer| query.write(writer));
            let rendered = Select::<Hero>::from_query(query.clone()).render(dialect);
            match (known, rendered) {
                (Ok(known), Ok(rendered)) => {
                    assert_eq!(&*known.sql, rendered.sql, "query {number}");
                    assert_eq!(known.params, rendered.params, "query {number}");
                }
                (Err(known), Err(rendered)) => {
                    assert_eq!(known.to_string(), rendered.to_string(), "query {number}");
                }
                (known, rendered) => panic!("query {number}: {known:?} and {rendered:?}"),
            }
        }
    }
    let n_texts = TEXTS.with(|texts| texts.borrow().younger.texts.len());
    assert!((100..9000).contains(&n_texts), "{n_texts} texts are kept");
}

#[test]
fn the_same_query_has_the_same_text_in_memory() {
    let text = || {
        let query = Hero::select()
            .filter(Hero::NAME.eq("Deadpond"))
            .into_query();
        let known = known(Dialect::Sqlite, &|writer| query.write(writer));
        known.expect("it can be written").sql
    };
    let first = text();
    assert!(std::sync::Arc::ptr_eq(&first, &text()));
}

#[test]
fn kept_texts_are_bounded_and_those_in_use_stay() {
    let mut texts = Texts::default();
    let text: std::sync::Arc<str> = "x".repeat(MAX_TEXT).into();
    for number in 0..100 {
        texts.insert(&[number], &text);
        assert!(texts.get(&[0]).is_some(), "after {number}");
        assert!(texts.younger.n_bytes <= MAX_BYTES && texts.older.n_bytes <= MAX_BYTES);
    }
    assert!(texts.get(&[1]).is_none(), "what is not used is forgotten");
    texts.insert(&[200], &"x".repeat(MAX_TEXT + 1).into());
    assert!(texts.get(&[200]).is_none(), "it is too long");
}
