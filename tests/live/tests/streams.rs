//! Queries whose rows are pulled one at a time.

use generated::hero::tables::TABLES;
use generated::hero::{NewTeam, Team};
use live::{Test, on_every_driver};
use sqlmodel_runtime::ErrorKind;
use sqlmodel_runtime::prelude::*;

on_every_driver! {
    TABLES;
    all_rows_come_in_order,
    what_is_left_unread_is_in_nobodys_way,
    a_transaction_goes_on_after_a_stream,
    a_refused_stream_is_an_error_and_no_more,
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
    let query = generated::hero::Hero::select();
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
