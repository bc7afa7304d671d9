//! Queries that read themselves, over the employees of Chinook, who report to each other.

use generated::chinook::tables::TABLES;
use generated::chinook::{Employee, NewEmployee};
use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{constant, select_from, table};

on_every_driver! {
    TABLES;
    a_chain_is_followed_to_its_end,
    a_cycle_ends_where_rows_repeat,
    a_text_grows_along_the_way,
    a_table_is_related_to_itself,
}

mod named {
    sqlmodel_runtime::alias! {
        /// The employee whom others report to.
        pub(super) Boss = generated::chinook::Employee as "boss"
    }

    sqlmodel_runtime::cte! {
        /// An employee, and how many are above.
        #[derive(Debug, Clone, PartialEq)]
        pub(super) struct Ranked as "ranked" {
            ID id: i64,
            N_ABOVE n_above: i64,
        }
    }

    sqlmodel_runtime::cte! {
        /// An employee, and the names from the top.
        #[derive(Debug, Clone, PartialEq)]
        pub(super) struct Path as "path" {
            ID id: i64,
            NAMES names: String,
        }
    }

    sqlmodel_runtime::cte! {
        /// Somebody above.
        #[derive(Debug, Clone, PartialEq)]
        pub(super) struct Above as "above" {
            ID id: i64,
        }
    }
}
use named::{Above, Boss, Path, Ranked};

/// Returns the keys of a chain of four, the first of whom reports to nobody.
async fn store<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Result<Vec<i64>, Box<dyn std::error::Error>> {
    let mut keys: Vec<i64> = Vec::new();
    for name in ["Adams", "Edwards", "Peacock", "Park"] {
        let new = NewEmployee::new(name, "Andrew").reports_to(keys.last().copied());
        keys.push(insert!(new).one(cx, connection).await.into_result()?.id);
    }
    Ok(keys)
}

async fn a_chain_is_followed_to_its_end<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let first = Employee::select()
        .filter(Employee::REPORTS_TO.is_null())
        .columns((Employee::ID, constant(0_i64)));
    let next = Employee::select()
        .join_on(table::<Ranked>(), Ranked::ID.eq(Employee::REPORTS_TO))
        .columns((Employee::ID, Ranked::N_ABOVE + 1));
    let ranked = Employee::select()
        .with(Ranked::recursive(first.union_all(next)))
        .join_on(table::<Ranked>(), Ranked::ID.eq(Employee::ID))
        .order_by(Ranked::N_ABOVE.desc())
        .columns((Employee::LAST_NAME, Ranked::N_ABOVE))
        .all(cx, connection)
        .await
        .into_result()?;
    let ranked: Vec<_> = ranked
        .iter()
        .map(|(name, n_above)| (&**name, *n_above))
        .collect();
    assert_eq!(
        ranked,
        [("Park", 3), ("Peacock", 2), ("Edwards", 1), ("Adams", 0)]
    );
    Ok(())
}

async fn a_cycle_ends_where_rows_repeat<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let keys = store(cx, connection).await?;
    update!(Employee { REPORTS_TO = keys[3] } where Employee::ID.eq(keys[0]))
        .execute(cx, connection)
        .await
        .into_result()?;
    let first = Employee::select()
        .filter(Employee::ID.eq(keys[1]))
        .columns((Employee::ID,));
    let next = Employee::select()
        .join_on(table::<Above>(), Above::ID.eq(Employee::ID))
        .filter(Employee::REPORTS_TO.is_not_null())
        .columns((Employee::REPORTS_TO.coalesce(0),));
    let above: Vec<Above> = select_from::<Above>()
        .with(Above::recursive(first.union(next)))
        .order_by(Above::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let found: Vec<_> = above.iter().map(|above| above.id).collect();
    assert_eq!(found, keys);
    Ok(())
}

async fn a_table_is_related_to_itself<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let pairs: Vec<(Employee, Option<Employee>)> = Employee::select()
        .include(Employee::MANAGER.to::<Boss>())
        .filter(Employee::LAST_NAME.of::<Boss>().ne("Edwards"))
        .order_by(Employee::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let names: Vec<_> = pairs
        .iter()
        .map(|(employee, boss)| {
            (
                &*employee.last_name,
                boss.as_ref().map(|boss| &*boss.last_name),
            )
        })
        .collect();
    assert_eq!(
        names,
        [("Edwards", Some("Adams")), ("Park", Some("Peacock"))]
    );
    let with_reports: (Employee, Vec<(Employee, Vec<Employee>)>) = Employee::select()
        .filter(Employee::REPORTS_TO.is_null())
        .include(Employee::REPORTS.include(Employee::REPORTS.order_by(Employee::ID.asc())))
        .one(cx, connection)
        .await
        .into_result()?;
    let (adams, reports) = with_reports;
    assert_eq!(adams.last_name, "Adams");
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].1[0].last_name, "Peacock");
    let leaves = Employee::select().filter(Employee::REPORTS.to::<Boss>().none());
    assert_eq!(
        leaves.one(cx, connection).await.into_result()?.last_name,
        "Park"
    );
    Ok(())
}

async fn a_text_grows_along_the_way<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let top = || Employee::select().filter(Employee::REPORTS_TO.is_null());
    let below = || {
        Employee::select()
            .join_on(table::<Path>(), Path::ID.eq(Employee::REPORTS_TO))
            .columns((
                Employee::ID,
                Path::NAMES.concat("/").concat(Employee::LAST_NAME),
            ))
    };
    let longest = "/Adams/Edwards/Peacock/Park";
    let from_column = top().columns((
        Employee::ID,
        constant("/".to_owned()).concat(Employee::LAST_NAME),
    ));
    let paths = [
        Path::recursive(from_column.union_all(below())),
        Path::recursive(
            top()
                .columns((Employee::ID, Employee::LAST_NAME))
                .union_all(below()),
        ),
    ];
    for (path, expected) in paths.into_iter().zip([longest, &longest[1..]]) {
        let names = select_from::<Path>()
            .with(path)
            .order_by(Path::NAMES.length().desc())
            .columns(Path::NAMES)
            .first(cx, connection)
            .await
            .into_result()?;
        assert_eq!(names.as_deref(), Some(expected));
    }
    Ok(())
}
