//! Queries whose rows are pulled one at a time.

use std::ops::ControlFlow;

use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero, NewTeam, Team};
use live::{Test, on_every_driver};
use sqlmodel_runtime::ErrorKind;
use sqlmodel_runtime::prelude::*;

on_every_driver! {
    TABLES;
    all_rows_come_in_order,
    what_is_left_unread_is_in_nobodys_way,
    a_transaction_goes_on_after_a_stream,
    a_refused_stream_is_an_error_and_no_more,
    rows_come_with_what_they_include,
    portions_of_included_rows_are_bounded,
    what_is_left_unread_of_included_rows_is_in_nobodys_way,
    a_transaction_goes_on_after_included_rows,
    a_refused_include_ends_the_stream,
    rows_with_includes_are_counted,
    a_break_ends_the_query,
}

const N_TEAMS: usize = 300;

async fn store(cx: &Cx, executor: &mut impl Executor) -> Test {
    let teams = (0..N_TEAMS).map(|n| NewTeam::new(format!("Team {n:03}"), "Tower"));
    insert_many!(teams)
        .execute(cx, executor)
        .await
        .into_result()?;
    Ok(())
}

async fn all_rows_come_in_order<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let query = Team::select().order_by(Team::NAME.desc());
    let mut teams = query.stream(cx, connection).await.into_result()?;
    let mut names = Vec::new();
    while let Some(team) = teams.next(cx).await.into_result()? {
        names.push(team.name);
    }
    drop(teams);
    assert_eq!(names.len(), N_TEAMS);
    assert!(names.is_sorted_by(|a, b| a > b));
    Ok(())
}

async fn what_is_left_unread_is_in_nobodys_way<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    for n_read in [0, 1, 63, 64, 65, N_TEAMS] {
        let query = Team::select().order_by(Team::ID.asc());
        let mut teams = query.stream(cx, connection).await.into_result()?;
        for _ in 0..n_read {
            assert!(teams.next(cx).await.into_result()?.is_some());
        }
        drop(teams);
        let count = Team::select().count(cx, connection).await.into_result()?;
        assert_eq!(count, N_TEAMS as u64, "after {n_read} rows");
    }
    Ok(())
}

async fn a_transaction_goes_on_after_a_stream<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let mut transaction = connection.begin(cx).await.into_result()?;
    store(cx, &mut transaction).await?;
    let query = Team::select();
    let mut teams = query.stream(cx, &mut transaction).await.into_result()?;
    assert!(teams.next(cx).await.into_result()?.is_some());
    drop(teams);
    insert!(NewTeam::new("The last", "Tower"))
        .one(cx, &mut transaction)
        .await
        .into_result()?;
    transaction.commit(cx).await.into_result()?;
    let count = Team::select().count(cx, connection).await.into_result()?;
    assert_eq!(count, N_TEAMS as u64 + 1);
    Ok(())
}

async fn a_refused_stream_is_an_error_and_no_more<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    for table in ["hero_team_link", "hero"] {
        let drop = format!("DROP TABLE {table}");
        connection.execute_sql(cx, &drop, &[]).await.into_result()?;
    }
    let query = Hero::select();
    let refused = match query.stream(cx, connection).await.into_result() {
        Ok(mut heroes) => heroes.next(cx).await.into_result().map(drop),
        Err(error) => Err(error),
    };
    let Err(sqlmodel_runtime::OutcomeError::Err(error)) = refused else {
        return Err(format!("a table that is not there was read: {refused:?}").into());
    };
    assert_eq!(error.kind(), ErrorKind::Statement);
    store(cx, connection).await
}

/// More teams than a portion has rows, each with a hero.
async fn store_heroes(cx: &Cx, executor: &mut impl Executor) -> Test {
    store(cx, executor).await?;
    let teams = Team::select().all(cx, executor).await.into_result()?;
    let heroes = teams
        .iter()
        .map(|team| NewHero::new(format!("Hero of {}", team.name), "?").team_id(team.id));
    insert_many!(heroes)
        .execute(cx, executor)
        .await
        .into_result()?;
    Ok(())
}

async fn rows_come_with_what_they_include<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store_heroes(cx, connection).await?;
    let query = || {
        Team::select()
            .filter(Team::NAME.ne("Team 007"))
            .include(Team::HEROES.include(Hero::TEAMS))
            .include(Team::HEROES.filter(Hero::NAME.eq("Hero of Team 299")))
            .order_by(Team::NAME.desc())
            .order_by(Team::ID.asc())
    };
    type Row = (Team, Vec<(Hero, Vec<Team>)>, Vec<Hero>);
    let all: Vec<Row> = query().all(cx, connection).await.into_result()?;
    assert_eq!(all.len(), N_TEAMS - 1);
    assert_eq!(all[0].2.len(), 1);
    let mut rows = query().stream(cx, connection).await.into_result()?;
    let mut streamed = Vec::new();
    while let Some(row) = rows.next(cx).await.into_result()? {
        streamed.push(row);
    }
    assert!(rows.next(cx).await.into_result()?.is_none());
    drop(rows);
    assert_eq!(streamed, all);
    store(cx, connection).await?;
    let mut transaction = connection.begin(cx).await.into_result()?;
    for offset in [0, 298, 299] {
        let query = || query().limit(300).offset(offset);
        let all = query().all(cx, &mut transaction).await.into_result()?;
        let mut rows = query().stream(cx, &mut transaction).await.into_result()?;
        for row in all {
            assert_eq!(rows.next(cx).await.into_result()?, Some(row));
        }
        assert!(rows.next(cx).await.into_result()?.is_none());
    }
    Ok(())
}

async fn portions_of_included_rows_are_bounded<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store_heroes(cx, connection).await?;
    let query = Team::select().include(Team::HEROES);
    let mut rows = query.stream(cx, connection).await.into_result()?;
    for n_read in [256, 300] {
        assert!(rows.next(cx).await.into_result()?.is_some());
        let state = format!("{rows:?}");
        assert!(state.contains(&format!("n_read: {n_read}")), "{state}");
        for _ in 1..256 {
            rows.next(cx).await.into_result()?;
        }
    }
    Ok(())
}

async fn what_is_left_unread_of_included_rows_is_in_nobodys_way<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store_heroes(cx, connection).await?;
    for n_read in [0, 1, 256, 257, N_TEAMS] {
        let query = Team::select().include(Team::HEROES);
        let mut rows = query.stream(cx, connection).await.into_result()?;
        for _ in 0..n_read {
            assert!(rows.next(cx).await.into_result()?.is_some());
        }
        drop(rows);
        insert!(NewTeam::new(format!("After {n_read}"), "Tower"))
            .execute(cx, connection)
            .await
            .into_result()?;
    }
    let mut transaction = connection.begin(cx).await.into_result()?;
    let count = Team::select().count(cx, &mut transaction);
    assert_eq!(count.await.into_result()?, N_TEAMS as u64 + 5);
    transaction.rollback(cx).await.into_result()?;
    Ok(())
}

async fn a_transaction_goes_on_after_included_rows<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let mut transaction = connection.begin(cx).await.into_result()?;
    store_heroes(cx, &mut transaction).await?;
    for n_read in [0, 1, 257, N_TEAMS + 1] {
        let query = Team::select().include(Team::HEROES);
        let mut rows = query.stream(cx, &mut transaction).await.into_result()?;
        for n in 0..n_read {
            let row = rows.next(cx).await.into_result()?;
            assert_eq!(row.is_some(), n < N_TEAMS);
        }
    }
    transaction.commit(cx).await.into_result()?;
    let count = Team::select().count(cx, connection).await.into_result()?;
    assert_eq!(count, N_TEAMS as u64);
    Ok(())
}

async fn a_refused_include_ends_the_stream<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    for table in ["hero_team_link", "hero"] {
        let drop = format!("DROP TABLE {table}");
        connection.execute_sql(cx, &drop, &[]).await.into_result()?;
    }
    let query = Team::select().include(Team::HEROES);
    let mut rows = query.stream(cx, connection).await.into_result()?;
    let Outcome::Err(error) = rows.next(cx).await else {
        return Err("a table that is not there was read".into());
    };
    assert_eq!(error.kind(), ErrorKind::Statement);
    assert!(rows.next(cx).await.into_result()?.is_none());
    drop(rows);
    insert!(NewTeam::new("The last", "Tower"))
        .one(cx, connection)
        .await
        .into_result()?;
    let count = Team::select().count(cx, connection).await.into_result()?;
    assert_eq!(count, N_TEAMS as u64 + 1);
    Ok(())
}

async fn rows_with_includes_are_counted<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store_heroes(cx, connection).await?;
    let query = |name: &str| {
        Team::select()
            .include(Team::HEROES)
            .filter(Team::NAME.ge(name))
    };
    let count = query("Team 290").count(cx, connection).await;
    assert_eq!(count.into_result()?, 10);
    let count = query("Team 290").limit(3).count(cx, connection).await;
    assert_eq!(count.into_result()?, 3);
    let exists = query("Team 290").exists(cx, connection).await;
    assert!(exists.into_result()?);
    let exists = query("Team 300").exists(cx, connection).await;
    assert!(!exists.into_result()?);
    Ok(())
}

async fn a_break_ends_the_query<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let least = Team::select().columns(Team::ID.min());
    let least = least.one(cx, connection).await.into_result()?;
    let least = least.ok_or("there are teams")?;
    // Fits for the first row alone: whoever goes on meets an error.
    let numbers = || Team::select().columns(Team::ID + (i64::MAX - least));
    for n_rows in [1, 2] {
        let mut n_seen = 0;
        let done = numbers()
            .for_each(cx, connection, |_| {
                n_seen += 1;
                if n_seen == n_rows {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })
            .await;
        assert_eq!((n_seen, done.is_ok()), (1, n_rows == 1), "{done:?}");
    }
    let first = numbers().union_all(numbers()).first(cx, connection).await;
    assert_eq!(first.into_result()?, Some(i64::MAX));
    Ok(())
}
