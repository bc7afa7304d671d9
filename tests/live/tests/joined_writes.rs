//! Updates and deletes whose rows are joined with others.

use generated::fleet::customers::{
    Complaint, Customer, Message, NewCitizen, NewCompany, NewComplaint, NewMessage,
};
use generated::fleet::tables::TABLES as FLEET;
use generated::fleet::vehicles::{Car, NewCar, Vehicle};
use generated::hero::tables::TABLES;
use generated::hero::{Hero, NewHero, NewTeam, Team};
use live::{Failure, Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{
    CommonTable, ErrorKind, OutcomeError, alias, cte, exists, select_from, table,
};

on_every_driver! {
    TABLES;
    an_update_takes_the_values_of_its_partner,
    rows_without_a_partner_are_not_updated,
    a_table_is_joined_with_itself,
    an_updated_row_counts_and_returns_once,
    a_delete_is_about_rows_with_a_partner,
    a_statement_may_read_the_table_that_it_changes,
    queries_with_names_decide_what_is_changed,
}

mod families {
    use super::*;

    on_every_driver! {
        FLEET;
        rows_of_other_models_in_the_table_stay,
        rows_in_several_tables_are_refused,
    }
}

alias! {
    /// A hero of the same team.
    Mate = Hero as "mate"
}

cte! {
    /// The oldest age in a team.
    #[derive(Debug, Clone, PartialEq)]
    struct Oldest as "oldest" {
        TEAM_ID team_id: Option<i64>,
        AGE age: Option<i32>,
    }
}

async fn store<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    insert_many!(
        NewTeam::new("Preventers", "Sharp Tower"),
        NewTeam::new("Z-Force", "Bar"),
    )
    .execute(cx, connection)
    .await
    .into_result()?;
    insert_many!(
        NewHero::new("Deadpond", "Dive Wilson").team_id(2),
        NewHero::new("Rusty-Man", "Tommy Sharp").age(48).team_id(1),
        NewHero::new("Tarantula", "Natalia Roman-on")
            .age(32)
            .team_id(1),
        NewHero::new("Spider-Boy", "Pedro Parqueador").age(17),
    )
    .execute(cx, connection)
    .await
    .into_result()?;
    Ok(())
}

/// Name, secret name, age.
type HeroRow = (String, String, Option<i32>);

async fn heroes<C: Connection>(cx: &Cx, connection: &mut C) -> Result<Vec<HeroRow>, Failure> {
    let query = Hero::select()
        .columns((Hero::NAME, Hero::SECRET_NAME, Hero::AGE))
        .order_by(Hero::NAME.asc());
    Ok(query.all(cx, connection).await.into_result()?)
}

fn row(name: &str, secret_name: &str, age: impl Into<Option<i32>>) -> HeroRow {
    (name.into(), secret_name.into(), age.into())
}

async fn an_update_takes_the_values_of_its_partner<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    let n_rows = Hero::update()
        .joining(Hero::TEAM)
        .set(
            Hero::SECRET_NAME,
            Team::HEADQUARTERS.concat(" of ").concat(Hero::NAME),
        )
        .set(Hero::AGE, Hero::AGE.coalesce(0) + 1)
        .filter(Team::NAME.ne("nobody").and(Hero::NAME.ne("Tarantula")))
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 2);
    assert_eq!(
        heroes(cx, connection).await?,
        [
            row("Deadpond", "Bar of Deadpond", 1),
            row("Rusty-Man", "Sharp Tower of Rusty-Man", 49),
            row("Spider-Boy", "Pedro Parqueador", 17),
            row("Tarantula", "Natalia Roman-on", 32),
        ]
    );
    Ok(())
}

async fn rows_without_a_partner_are_not_updated<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    let stored: Vec<Hero> = Hero::update()
        .joining(Hero::TEAM)
        .set(Hero::NAME, Team::NAME)
        .all_rows()
        .all(cx, connection)
        .await
        .into_result()?;
    let mut names: Vec<_> = stored.iter().map(|hero| &*hero.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["Preventers", "Preventers", "Z-Force"]);
    let others = Hero::select()
        .filter(Hero::TEAM_ID.is_null())
        .one(cx, connection);
    assert_eq!(others.await.into_result()?.name, "Spider-Boy");
    Ok(())
}

async fn a_table_is_joined_with_itself<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let is_older = Hero::AGE.of::<Mate>().gt(Hero::AGE);
    let n_rows = Hero::update()
        .joining(Hero::TEAM)
        .joining_on(
            table::<Mate>(),
            Hero::TEAM_ID.of::<Mate>().eq(Team::ID).and(is_older),
        )
        .set(Hero::SECRET_NAME, Hero::NAME.of::<Mate>())
        .set(Hero::AGE, Hero::AGE.of::<Mate>())
        .all_rows()
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 1);
    let tarantula = Hero::select()
        .filter(Hero::NAME.eq("Tarantula"))
        .one(cx, connection);
    let tarantula = tarantula.await.into_result()?;
    assert_eq!(
        (&*tarantula.secret_name, tarantula.age),
        ("Rusty-Man", Some(48))
    );
    Ok(())
}

async fn an_updated_row_counts_and_returns_once<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    let update = Team::update()
        .joining_on(table::<Hero>(), Hero::TEAM_ID.eq(Team::ID))
        .set(Team::HEADQUARTERS, "somewhere")
        .filter(Hero::AGE.is_not_null());
    assert_eq!(
        update.clone().execute(cx, connection).await.into_result()?,
        1
    );
    let again = update.clone().execute(cx, connection).await;
    assert_eq!(
        again.into_result()?,
        1,
        "rows that stay as they are match, too"
    );
    let stored = update.all(cx, connection).await.into_result()?;
    let preventers = Team {
        id: 1,
        name: "Preventers".into(),
        headquarters: "somewhere".into(),
    };
    assert_eq!(stored, [preventers]);
    Ok(())
}

async fn a_delete_is_about_rows_with_a_partner<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let deleted = Hero::delete()
        .joining(Hero::TEAM)
        .filter(Team::NAME.eq("Preventers"))
        .filter(Hero::AGE.lt(40))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        deleted.iter().map(|hero| &*hero.name).collect::<Vec<_>>(),
        ["Tarantula"]
    );
    insert!(NewTeam::new("Empty", "Nowhere"))
        .execute(cx, connection)
        .await
        .into_result()?;
    // The mates of a row are many, and it is deleted once.
    let with_mates = Hero::delete()
        .joining_on(table::<Mate>(), Hero::ID.of::<Mate>().ne(Hero::ID))
        .filter(Hero::TEAM_ID.is_not_null());
    let mut transaction = connection.begin(cx).await.into_result()?;
    let returned = with_mates
        .clone()
        .all(cx, &mut transaction)
        .await
        .into_result()?;
    transaction.rollback(cx).await.into_result()?;
    assert_eq!(returned.len(), 2);
    assert_eq!(with_mates.execute(cx, connection).await.into_result()?, 2);
    let n_teams = Team::delete()
        .joining(Team::HEROES)
        .all_rows()
        .execute(cx, connection)
        .await;
    assert_eq!(n_teams.into_result()?, 0, "no team has a hero any more");
    assert_eq!(
        heroes(cx, connection).await?,
        [row("Spider-Boy", "Pedro Parqueador", 17)]
    );
    Ok(())
}

async fn rows_of_other_models_in_the_table_stay<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let ada = insert!(NewCitizen::new("Ada"))
        .one(cx, connection)
        .await
        .into_result()?;
    let acme = insert!(NewCompany::new("Acme", "1"))
        .one(cx, connection)
        .await
        .into_result()?;
    for customer in [ada.id, acme.id] {
        insert!(NewMessage::new(customer, "plain"))
            .execute(cx, connection)
            .await
            .into_result()?;
        insert!(NewComplaint::new(customer, "complaint", 3))
            .execute(cx, connection)
            .await
            .into_result()?;
    }
    let stored = Complaint::update()
        .joining(Complaint::CUSTOMER)
        .set(Complaint::TEXT, Customer::NAME)
        .set(Complaint::SEVERITY, Complaint::SEVERITY + 1_i16)
        .all_rows()
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(stored.len(), 2);
    assert!(stored.iter().all(|complaint| complaint.severity == 4));
    let of_ada = Complaint::delete()
        .joining(Complaint::CUSTOMER)
        .filter(Customer::NAME.eq("Ada"))
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(of_ada.len(), 1);
    assert_eq!(of_ada[0].text, "Ada");
    let left = Message::select()
        .columns(Message::TEXT)
        .order_by(Message::ID.asc());
    let left = left.all(cx, connection).await.into_result()?;
    assert_eq!(left, ["plain", "plain", "Acme"]);
    Ok(())
}

async fn rows_in_several_tables_are_refused<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    insert!(NewCar::new("north", 2))
        .execute(cx, connection)
        .await
        .into_result()?;
    let of_same_number = || Vehicle::NUMBER.eq(Car::NUMBER);
    let update = Car::update()
        .joining_on(table::<Vehicle>(), of_same_number())
        .set(Car::SEATS, 3_i16)
        .all_rows();
    let delete = Car::delete()
        .joining_on(table::<Vehicle>(), of_same_number())
        .all_rows();
    let refused = [
        update.clone().execute(cx, connection).await.map(drop),
        update.all(cx, connection).await.map(drop),
        delete.clone().execute(cx, connection).await.map(drop),
        delete.all(cx, connection).await.map(drop),
    ];
    for refused in refused {
        let Outcome::Err(error) = refused else {
            return Err("no database joins rows of several tables".into());
        };
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("any_where"), "{error}");
    }
    Ok(())
}

/// MySQL cannot, unlike MariaDB, and says what to write instead, which all can.
async fn a_statement_may_read_the_table_that_it_changes<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    let is_older = || {
        let is_mate = Hero::TEAM_ID.of::<Mate>().eq(Hero::TEAM_ID);
        is_mate.and(Hero::AGE.of::<Mate>().gt(Hero::AGE))
    };
    let older = select_from::<Mate>().correlate::<Hero>().filter(is_older());
    let by_subquery = Hero::update()
        .set(Hero::SECRET_NAME, "by a subquery")
        .filter(exists(older))
        .execute(cx, connection)
        .await
        .into_result();
    match by_subquery {
        Ok(n_rows) => assert_eq!(n_rows, 1),
        Err(OutcomeError::Err(error)) => assert_eq!(error.kind(), ErrorKind::Unsupported),
        Err(stopped) => return Err(stopped.into()),
    }
    let n_rows = Hero::update()
        .joining_on(table::<Mate>(), is_older())
        .set(Hero::SECRET_NAME, "by a join")
        .all_rows()
        .execute(cx, connection)
        .await
        .into_result()?;
    assert_eq!(n_rows, 1);
    let changed = Hero::select().filter(Hero::SECRET_NAME.eq("by a join"));
    assert_eq!(
        changed.one(cx, connection).await.into_result()?.name,
        "Tarantula"
    );
    Ok(())
}

async fn queries_with_names_decide_what_is_changed<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    let oldest = || {
        let query = Hero::select()
            .group_by(Hero::TEAM_ID)
            .columns((Hero::TEAM_ID, Hero::AGE.max()));
        Oldest::of(query.filter(Hero::TEAM_ID.is_not_null()))
    };
    let update = || {
        Hero::update()
            .with(oldest())
            .joining_on(table::<Oldest>(), Oldest::TEAM_ID.eq(Hero::TEAM_ID))
            .set(Hero::SECRET_NAME, "the oldest")
            .filter(Oldest::AGE.eq(Hero::AGE))
    };
    let names_of = |heroes: Vec<Hero>| heroes.into_iter().map(|hero| hero.name).collect::<Vec<_>>();
    let refused = match update().all(cx, connection).await.into_result() {
        Ok(heroes) => {
            assert_eq!(names_of(heroes), ["Rusty-Man"]);
            assert_eq!(update().execute(cx, connection).await.into_result()?, 1);
            false
        }
        Err(OutcomeError::Err(error)) => {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.to_string().contains("in_query"), "{error}");
            true
        }
        Err(stopped) => return Err(stopped.into()),
    };
    let teams = || {
        select_from::<Oldest>()
            .columns(Oldest::TEAM_ID)
            .filter(Oldest::AGE.gt(40))
    };
    let with = Team::delete()
        .with(oldest())
        .filter(Team::ID.eq(3).or(!Team::ID.in_query(teams())));
    let rendered = with.render(connection.dialect());
    assert_eq!(rendered.is_err(), refused);
    let in_subquery = Hero::delete().filter(Hero::TEAM_ID.in_query(teams().with(oldest())));
    match in_subquery.all(cx, connection).await.into_result() {
        Ok(mut heroes) => {
            heroes.sort_by(|a, b| a.name.cmp(&b.name));
            assert_eq!(names_of(heroes), ["Rusty-Man", "Tarantula"]);
        }
        Err(OutcomeError::Err(error)) => assert_eq!(error.kind(), ErrorKind::Unsupported),
        Err(stopped) => return Err(stopped.into()),
    }
    Ok(())
}
