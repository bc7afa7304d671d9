//! Random queries give what a loop over the rows gives.
//!
//! Rows, conditions and queries are made from a seed; each condition is both an expression and a function of a row, with
//! the three truth values of SQL. A failure tells the seed.

use std::collections::{BTreeMap, BTreeSet};

use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero, NewTeam, Team};
use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::scope::Table;
use sqlmodel_runtime::{Expr, all_of, any_of, case, count_all, row_number, window};

on_every_driver! {
    TABLES;
    random_filters_orders_and_pages,
    random_groups_windows_and_sets,
    random_joins_and_subqueries,
    random_updates_and_deletes,
}

const N_QUERIES: u64 = 150;

/// Numbers that look random and are the same in every run (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    fn small(&mut self) -> i32 {
        i32::try_from(self.below(9)).unwrap_or(0) - 2
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn text(&mut self, alphabet: &[u8], max_len: u64) -> String {
        let len = self.below(max_len + 1);
        (0..len)
            .map(|_| char::from(alphabet[self.index(alphabet.len())]))
            .collect()
    }

    /// A text with all that patterns and strings give a meaning to.
    fn odd_text(&mut self, max_len: u64) -> String {
        self.text(b"ab%_\\'!", max_len)
    }
}

#[derive(Debug, Clone, Copy)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A condition on a hero.
#[derive(Debug, Clone)]
enum Predicate {
    Age(Comparison, i32),
    Computed(i32, Comparison, i64),
    Coalesced(i32, Comparison, i32),
    AgeIs(Option<i32>),
    AgeIsNull,
    AgeBetween(i32, i32),
    AgeIn(Vec<i32>),
    AgeNotIn(Vec<i32>),
    Name(Comparison, String),
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    Length(Comparison, i32),
    Case(Box<Predicate>, i32, Comparison, i32),
    Team(Comparison, i64),
    Not(Box<Predicate>),
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
}

impl Comparison {
    fn random(random: &mut Random) -> Self {
        match random.below(6) {
            0 => Self::Equal,
            1 => Self::NotEqual,
            2 => Self::Less,
            3 => Self::LessOrEqual,
            4 => Self::Greater,
            _ => Self::GreaterOrEqual,
        }
    }

    fn holds<T: Ord>(self, a: Option<T>, b: Option<T>) -> Option<bool> {
        let ordering = a?.cmp(&b?);
        Some(match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        })
    }
}

/// Writes a comparison of an expression with a value.
macro_rules! compare {
    ($comparison:expr, $left:expr, $right:expr) => {
        match $comparison {
            Comparison::Equal => $left.eq($right).within::<Hero, _>(),
            Comparison::NotEqual => $left.ne($right).within::<Hero, _>(),
            Comparison::Less => $left.lt($right).within::<Hero, _>(),
            Comparison::LessOrEqual => $left.le($right).within::<Hero, _>(),
            Comparison::Greater => $left.gt($right).within::<Hero, _>(),
            Comparison::GreaterOrEqual => $left.ge($right).within::<Hero, _>(),
        }
    };
}

impl Predicate {
    fn random(random: &mut Random, depth: u32) -> Self {
        let nested = |random: &mut Random| Self::random(random, depth.saturating_sub(1));
        let several = |random: &mut Random| {
            let n = random.below(4);
            (0..n)
                .map(|_| Self::random(random, depth.saturating_sub(1)))
                .collect::<Vec<_>>()
        };
        let numbers = |random: &mut Random| {
            let n = random.below(4);
            (0..n).map(|_| random.small()).collect::<Vec<_>>()
        };
        let comparison = Comparison::random(random);
        match random.below(if depth == 0 { 14 } else { 20 }) {
            0 => Self::Age(comparison, random.small()),
            1 => Self::Computed(random.small(), comparison, i64::from(random.small())),
            2 => Self::Coalesced(random.small(), comparison, random.small()),
            3 => Self::AgeIs(if random.one_in(3) {
                None
            } else {
                Some(random.small())
            }),
            4 => Self::AgeIsNull,
            5 => Self::AgeBetween(random.small(), random.small()),
            6 => Self::AgeIn(numbers(random)),
            7 => Self::AgeNotIn(numbers(random)),
            8 if random.one_in(2) => Self::Name(Comparison::Equal, random.odd_text(2)),
            8 => Self::Name(Comparison::NotEqual, random.odd_text(2)),
            9 => Self::Contains(random.odd_text(2)),
            10 => Self::StartsWith(random.odd_text(2)),
            11 => Self::EndsWith(random.odd_text(2)),
            12 => Self::Length(comparison, random.small()),
            13 => Self::Team(comparison, i64::from(random.small())),
            14 | 15 => Self::Not(Box::new(nested(random))),
            16 => Self::Case(
                Box::new(nested(random)),
                random.small(),
                comparison,
                random.small(),
            ),
            17 | 18 => Self::All(several(random)),
            _ => Self::Any(several(random)),
        }
    }

    fn holds(&self, hero: &Hero) -> Option<bool> {
        let age = hero.age;
        match self {
            Self::Age(comparison, value) => comparison.holds(age, Some(*value)),
            Self::Computed(factor, comparison, value) => {
                let computed = age.map(|age| i64::from(age * factor) - hero.id % 3);
                comparison.holds(computed, Some(*value))
            }
            Self::Coalesced(other, comparison, value) => {
                comparison.holds(age.or(Some(*other)), Some(*value))
            }
            Self::AgeIs(value) => Some(age == *value),
            Self::AgeIsNull => Some(age.is_none()),
            Self::AgeBetween(low, high) => age.map(|age| (*low..=*high).contains(&age)),
            Self::AgeIn(list) if list.is_empty() => Some(false),
            Self::AgeIn(list) => age.map(|age| list.contains(&age)),
            Self::AgeNotIn(list) if list.is_empty() => Some(true),
            Self::AgeNotIn(list) => age.map(|age| !list.contains(&age)),
            Self::Name(comparison, text) => comparison.holds(Some(&hero.name), Some(text)),
            Self::Contains(text) => Some(hero.name.contains(text)),
            Self::StartsWith(text) => Some(hero.name.starts_with(text)),
            Self::EndsWith(text) => Some(hero.name.ends_with(text)),
            Self::Length(comparison, value) => {
                comparison.holds(i32::try_from(hero.name.len()).ok(), Some(*value))
            }
            Self::Case(condition, value, comparison, other) => {
                let chosen = match condition.holds(hero) {
                    Some(true) => Some(*value),
                    _ => age,
                };
                comparison.holds(chosen, Some(*other))
            }
            Self::Team(comparison, value) => comparison.holds(hero.team_id, Some(*value)),
            Self::Not(condition) => condition.holds(hero).map(|holds| !holds),
            Self::All(conditions) => decided_by(Some(false), Some(true), conditions, hero),
            Self::Any(conditions) => decided_by(Some(true), Some(false), conditions, hero),
        }
    }

    fn expression(&self) -> Expr<Table<Hero>, Option<bool>> {
        match self {
            Self::Age(comparison, value) => compare!(comparison, Hero::AGE, *value),
            Self::Computed(factor, comparison, value) => compare!(
                comparison,
                (Hero::AGE * *factor).cast::<i64>() - Hero::ID % 3,
                *value
            ),
            Self::Coalesced(other, comparison, value) => {
                compare!(comparison, Hero::AGE.coalesce(*other), *value)
            }
            Self::AgeIs(value) => Hero::AGE.is_not_distinct_from(*value).within::<Hero, _>(),
            Self::AgeIsNull => Hero::AGE.is_null().within::<Hero, _>(),
            Self::AgeBetween(low, high) => Hero::AGE.between(*low, *high).within::<Hero, _>(),
            Self::AgeIn(list) => Hero::AGE.in_(list).within::<Hero, _>(),
            Self::AgeNotIn(list) => Hero::AGE.not_in(list).within::<Hero, _>(),
            Self::Name(comparison, text) => compare!(comparison, Hero::NAME, text),
            Self::Contains(text) => Hero::NAME.contains(text).within::<Hero, _>(),
            Self::StartsWith(text) => Hero::NAME.starts_with(text).within::<Hero, _>(),
            Self::EndsWith(text) => Hero::NAME.ends_with(text).within::<Hero, _>(),
            Self::Length(comparison, value) => {
                compare!(comparison, Hero::NAME.length(), *value)
            }
            Self::Case(condition, value, comparison, other) => {
                let chosen = case(condition.expression(), *value).otherwise(Hero::AGE);
                compare!(comparison, chosen, *other)
            }
            Self::Team(comparison, value) => compare!(comparison, Hero::TEAM_ID, *value),
            Self::Not(condition) => !condition.expression(),
            Self::All(conditions) => all_of(conditions.iter().map(Self::expression)),
            Self::Any(conditions) => any_of(conditions.iter().map(Self::expression)),
        }
    }

    fn keeps(&self, hero: &Hero) -> bool {
        self.holds(hero) == Some(true)
    }
}

/// Returns `decisive` if a condition gives it, else unknown if one does, else the other truth value.
fn decided_by(
    decisive: Option<bool>,
    otherwise: Option<bool>,
    conditions: &[Predicate],
    hero: &Hero,
) -> Option<bool> {
    let truths: Vec<_> = conditions
        .iter()
        .map(|condition| condition.holds(hero))
        .collect();
    if truths.contains(&decisive) {
        decisive
    } else if truths.contains(&None) {
        None
    } else {
        otherwise
    }
}

type Stored = Result<(Vec<Team>, Vec<Hero>), Box<dyn std::error::Error>>;

async fn store<C: Connection>(random: &mut Random, cx: &Cx, connection: &mut C) -> Stored {
    let teams = (0..3).map(|number| NewTeam::new(format!("team {number}"), "here"));
    let teams = insert_many!(teams)
        .all(cx, connection)
        .await
        .into_result()?;
    let heroes: Vec<_> = (0..40)
        .map(|_| NewHero {
            name: random.odd_text(4),
            secret_name: random.text(b"abc", 3),
            age: (!random.one_in(4)).then(|| random.small()),
            team_id: (!random.one_in(4)).then(|| teams[random.index(3)].id),
        })
        .collect();
    let heroes = insert_many!(heroes)
        .all(cx, connection)
        .await
        .into_result()?;
    Ok((teams, heroes))
}

async fn random_filters_orders_and_pages<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let mut random = Random(1);
    let (_, heroes) = store(&mut random, cx, connection).await?;
    for number in 0..N_QUERIES {
        let predicate = Predicate::random(&mut random, 3);
        let mut query = Hero::select().filter(predicate.expression());
        let mut expected: Vec<_> = heroes
            .iter()
            .filter(|hero| predicate.keeps(hero))
            .cloned()
            .collect();
        // The last order is applied first here, because sorting is stable.
        expected.sort_by_key(|hero| hero.id);
        let by_name = random.one_in(2);
        let by_age = random.below(5);
        if by_name {
            expected.sort_by(|a, b| b.secret_name.cmp(&a.secret_name));
        }
        // NULL is smaller than every age in Rust.
        match by_age {
            0 => {
                query = query.order_by(Hero::AGE.asc().nulls_first());
                expected.sort_by_key(|hero| hero.age);
            }
            1 => {
                query = query.order_by(Hero::AGE.desc().nulls_last());
                expected.sort_by_key(|hero| std::cmp::Reverse(hero.age));
            }
            2 => {
                query = query.order_by(Hero::AGE.asc().nulls_last());
                expected.sort_by_key(|hero| (hero.age.is_none(), hero.age));
            }
            3 => {
                query = query.order_by(Hero::AGE.desc().nulls_first());
                expected.sort_by_key(|hero| (hero.age.is_some(), std::cmp::Reverse(hero.age)));
            }
            _ => {}
        }
        if by_name {
            query = query.order_by(Hero::SECRET_NAME.desc());
        }
        query = query.order_by(Hero::ID.asc());
        let count = query.clone().count(cx, connection).await.into_result()?;
        assert_eq!(count, expected.len() as u64, "{number}: {predicate:?}");
        if random.one_in(2) {
            let (offset, limit) = (random.index(6), random.index(12));
            query = query.offset(offset as u64).limit(limit as u64);
            expected = expected.into_iter().skip(offset).take(limit).collect();
        }
        let found = query.clone().all(cx, connection).await.into_result()?;
        assert_eq!(found, expected, "{number}: {predicate:?}");
        let exists = query.exists(cx, connection).await.into_result()?;
        assert_eq!(exists, !expected.is_empty(), "{number}: {predicate:?}");
    }
    Ok(())
}

/// Returns the number of items as a count of the database.
fn number_of(items: impl IntoIterator) -> i64 {
    items.into_iter().fold(0, |n, _| n + 1)
}

async fn random_groups_windows_and_sets<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let mut random = Random(2);
    let (_, heroes) = store(&mut random, cx, connection).await?;
    for number in 0..N_QUERIES {
        let predicate = Predicate::random(&mut random, 2);
        let inner = Predicate::random(&mut random, 1);
        let least = i64::from(random.small());
        let kept: Vec<_> = heroes.iter().filter(|hero| predicate.keeps(hero)).collect();

        let mut groups: BTreeMap<Option<i64>, Vec<&Hero>> = BTreeMap::new();
        for hero in &kept {
            groups.entry(hero.team_id).or_default().push(hero);
        }
        let expected: Vec<_> = groups
            .iter()
            .filter(|(_, heroes)| number_of(heroes.iter()) > least)
            .map(|(team, heroes)| {
                let ages = || heroes.iter().filter_map(|hero| hero.age);
                (
                    *team,
                    number_of(heroes.iter()),
                    ages().map(i64::from).reduce(|a, b| a + b),
                    ages().min(),
                    number_of(ages().collect::<BTreeSet<_>>()),
                    number_of(heroes.iter().filter(|hero| inner.keeps(hero))),
                )
            })
            .collect();
        let mut found = Hero::select()
            .filter(predicate.expression())
            .group_by(Hero::TEAM_ID)
            .having(count_all().gt(least))
            .columns((
                Hero::TEAM_ID,
                count_all(),
                Hero::AGE.sum(),
                Hero::AGE.min(),
                Hero::AGE.count_distinct(),
                count_all().filter(inner.expression()),
            ))
            .all(cx, connection)
            .await
            .into_result()?;
        found.sort_by_key(|(team, ..)| *team);
        assert_eq!(found, expected, "{number}: {predicate:?} {inner:?}");

        let mut expected = Vec::new();
        for heroes in groups.values() {
            let numbered = heroes.iter().zip(1_i64..);
            expected.extend(numbered.map(|(hero, place)| (hero.id, place)));
        }
        expected.sort_unstable();
        let places = Hero::select()
            .filter(predicate.expression())
            .order_by(Hero::ID.asc())
            .columns((
                Hero::ID,
                row_number().over(
                    window()
                        .partition_by(Hero::TEAM_ID)
                        .order_by(Hero::ID.asc()),
                ),
            ))
            .all(cx, connection)
            .await
            .into_result()?;
        assert_eq!(places, expected, "{number}: {predicate:?}");

        let ages = |predicate: &Predicate| {
            Hero::select()
                .filter(predicate.expression())
                .columns(Hero::AGE)
        };
        let set = |predicate: &Predicate| {
            let kept = heroes.iter().filter(|hero| predicate.keeps(hero));
            kept.map(|hero| hero.age).collect::<BTreeSet<_>>()
        };
        let (a, b) = (set(&predicate), set(&inner));
        let (compound, expected): (_, BTreeSet<_>) = match random.below(3) {
            0 => (
                ages(&predicate).union(ages(&inner)),
                a.union(&b).copied().collect(),
            ),
            1 => (
                ages(&predicate).intersect(ages(&inner)),
                a.intersection(&b).copied().collect(),
            ),
            _ => (
                ages(&predicate).except(ages(&inner)),
                a.difference(&b).copied().collect(),
            ),
        };
        let found = compound.all(cx, connection).await.into_result()?;
        assert_eq!(
            found.len(),
            expected.len(),
            "{number}: equal rows come once"
        );
        let found: BTreeSet<_> = found.into_iter().collect();
        assert_eq!(found, expected, "{number}: {predicate:?} {inner:?}");
    }
    Ok(())
}

async fn random_joins_and_subqueries<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let mut random = Random(3);
    let (teams, heroes) = store(&mut random, cx, connection).await?;
    for number in 0..N_QUERIES {
        let predicate = Predicate::random(&mut random, 2);
        let members = |team: &Team| {
            let members = heroes.iter().filter(|hero| hero.team_id == Some(team.id));
            members
                .filter(|hero| predicate.keeps(hero))
                .cloned()
                .collect::<Vec<_>>()
        };
        let with_member: Vec<_> = teams
            .iter()
            .filter(|team| !members(team).is_empty())
            .cloned()
            .collect();
        let by_relation = Team::select()
            .filter(Team::HEROES.any_where(predicate.expression()))
            .order_by(Team::ID.asc())
            .all(cx, connection)
            .await
            .into_result()?;
        assert_eq!(by_relation, with_member, "{number}: {predicate:?}");
        let ids = Hero::select()
            .filter(predicate.expression())
            .columns(Hero::TEAM_ID);
        let by_subquery = Team::select()
            .filter(Team::ID.in_query(ids))
            .order_by(Team::ID.asc())
            .all(cx, connection)
            .await
            .into_result()?;
        assert_eq!(by_subquery, with_member, "{number}: {predicate:?}");

        let expected: Vec<_> = heroes
            .iter()
            .filter(|hero| predicate.keeps(hero))
            .map(|hero| {
                (
                    hero.clone(),
                    teams
                        .iter()
                        .find(|team| Some(team.id) == hero.team_id)
                        .cloned(),
                )
            })
            .collect();
        let joined = Hero::select()
            .left_join(Hero::TEAM)
            .filter(predicate.expression())
            .order_by(Hero::ID.asc())
            .all(cx, connection)
            .await
            .into_result()?;
        assert_eq!(joined, expected, "{number}: {predicate:?}");

        let expected: Vec<_> = teams
            .iter()
            .map(|team| (team.clone(), members(team)))
            .collect();
        let included = Team::select()
            .include(
                Team::HEROES
                    .filter(predicate.expression())
                    .order_by(Hero::ID.asc()),
            )
            .order_by(Team::ID.asc())
            .all(cx, connection)
            .await
            .into_result()?;
        assert_eq!(included, expected, "{number}: {predicate:?}");
    }
    Ok(())
}

async fn random_updates_and_deletes<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let mut random = Random(4);
    let (_, mut heroes) = store(&mut random, cx, connection).await?;
    for number in 0..N_QUERIES {
        let predicate = Predicate::random(&mut random, 2);
        let n_kept = heroes.iter().filter(|hero| predicate.keeps(hero)).count();
        let n_rows = if random.one_in(10) && n_kept < 6 {
            heroes.retain(|hero| !predicate.keeps(hero));
            Hero::delete()
                .filter(predicate.expression())
                .execute(cx, connection)
                .await
        } else {
            let age = (!random.one_in(4)).then(|| random.small());
            for hero in heroes.iter_mut().filter(|hero| predicate.keeps(hero)) {
                // The name is computed from the age as it was.
                hero.name = format!("{}b", hero.age.unwrap_or(9));
                hero.age = age;
            }
            Hero::update()
                .set(Hero::AGE, age)
                .set(
                    Hero::NAME,
                    Hero::AGE.coalesce(9).cast::<String>().concat("b"),
                )
                .filter(predicate.expression())
                .execute(cx, connection)
                .await
        };
        assert_eq!(
            n_rows.into_result()?,
            n_kept as u64,
            "{number}: {predicate:?}"
        );
        let stored = Hero::select()
            .order_by(Hero::ID.asc())
            .all(cx, connection)
            .await;
        assert_eq!(stored.into_result()?, heroes, "{number}: {predicate:?}");
    }
    Ok(())
}
