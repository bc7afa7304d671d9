//! A user's crate that includes what its build script generates.
#![deny(warnings, missing_docs)]
#![forbid(unsafe_code)]

include!(concat!(env!("OUT_DIR"), "/sqlmodel.rs"));

#[cfg(test)]
mod tests {
    use std::error::Error;

    use sqlmodel_runtime::prelude::*;
    use sqlmodel_runtime::{SqliteConnection, block_on, schema};

    use crate::models::planet::{Kind, NewMoon, NewPlanet, Planet, queries};
    use crate::models::tables;

    async fn moons_of_saturn(cx: &Cx) -> Result<Vec<String>, Box<dyn Error>> {
        let mut connection = SqliteConnection::open_in_memory(cx).await.into_result()?;
        schema::create_all(cx, &mut connection, tables::TABLES)
            .await
            .into_result()?;
        let saturn = insert!(NewPlanet::new("Saturn").kind(Kind::Gas))
            .one(cx, &mut connection)
            .await
            .into_result()?;
        insert_many!(
            NewMoon::new("Titan", saturn.id),
            NewMoon::new("Rhea", saturn.id)
        )
        .execute(cx, &mut connection)
        .await
        .into_result()?;
        let giants = select!(Planet where Planet::KIND.eq(Kind::Gas))
            .all(cx, &mut connection)
            .await
            .into_result()?;
        assert_eq!(giants, [saturn]);
        let moons = queries::moons_of("Saturn")
            .run(cx, &mut connection)
            .await
            .into_result()?;
        Ok(moons.into_iter().map(|moon| moon.name).collect())
    }

    #[test]
    fn code_from_a_build_script_is_used_as_code_in_the_repository_is() {
        let moons =
            block_on(async |cx| moons_of_saturn(cx).await).expect("the database is in memory");
        assert_eq!(moons, ["Rhea", "Titan"]);
    }

    #[test]
    fn patterns_are_checked_before_a_row_is_sent() {
        assert!(NewPlanet::new("Saturn").validate().is_ok());
        let error = NewPlanet::new("saturn")
            .validate()
            .expect_err("it begins with a small letter");
        assert_eq!(error.to_string(), "`name` must match `^[A-Z][a-z]+$`");
    }
}
