use super::*;

fn mapped(code: u16, sqlstate: &str, message: &str) -> Error {
    statement_error(ServerError {
        code,
        sqlstate: sqlstate.into(),
        message: message.into(),
    })
}

#[test]
fn violations_are_told_apart_by_name() {
    let unique = mapped(
        1062,
        "23000",
        "Duplicate entry 'it's for key 'x'' for key 'ux_hero_name'",
    );
    assert!(unique.is_unique_violation());
    assert_eq!(unique.constraint(), Some("ux_hero_name"));
    assert!(
        !unique.to_string().contains("it's"),
        "values stay out: {unique}"
    );
    let mysql = mapped(
        1062,
        "23000",
        "Duplicate entry 'a' for key 'hero.ux_hero_name'",
    );
    assert_eq!(mysql.constraint(), Some("ux_hero_name"));
    assert_eq!(mysql.constraint_table(), Some("hero"));

    let foreign = mapped(
        1452,
        "23000",
        "Cannot add or update a child row: a foreign key constraint fails (`league`.`hero`, CONSTRAINT `fk_hero_team` \
         FOREIGN KEY (`team_id`, `league_id`) REFERENCES `team` (`id`, `league_id`))",
    );
    assert!(foreign.is_foreign_key_violation());
    assert_eq!(foreign.constraint(), Some("fk_hero_team"));
    assert_eq!(foreign.constraint_table(), Some("hero"));
    assert_eq!(
        foreign.constraint_columns().collect::<Vec<_>>(),
        ["team_id", "league_id"]
    );

    let missing = mapped(1048, "23000", "Column 'name' cannot be null");
    assert!(missing.is_not_null_violation());
    assert_eq!(missing.constraint_columns().collect::<Vec<_>>(), ["name"]);

    let mariadb = mapped(
        4025,
        "23000",
        "CONSTRAINT `ck_hero_age` failed for `league`.`hero`",
    );
    let mysql = mapped(3819, "HY000", "Check constraint 'ck_hero_age' is violated.");
    for check in [mariadb, mysql] {
        assert!(check.is_check_violation());
        assert_eq!(check.constraint(), Some("ck_hero_age"));
        assert_eq!(check.kind(), ErrorKind::Constraint);
    }
}

#[test]
fn numbers_and_states_have_kinds() {
    for (code, sqlstate, kind) in [
        (1213, "40001", ErrorKind::Deadlock),
        (1205, "HY000", ErrorKind::Busy),
        (3572, "HY000", ErrorKind::Busy),
        (3024, "HY000", ErrorKind::Database),
        (1020, "HY000", ErrorKind::Serialization),
        (1792, "25006", ErrorKind::ReadOnly),
        (1406, "22001", ErrorKind::Encode),
        (1264, "22003", ErrorKind::Encode),
        (1146, "42S02", ErrorKind::Statement),
        (1064, "42000", ErrorKind::Statement),
        (1295, "HY000", ErrorKind::Unsupported),
        (1927, "70100", ErrorKind::Connect),
        (9999, "23000", ErrorKind::Constraint),
        (9999, "HY000", ErrorKind::Database),
    ] {
        let error = mapped(code, sqlstate, "It did not work.");
        assert_eq!(error.kind(), kind, "{code}");
        assert_eq!(error.sqlstate(), Some(sqlstate));
    }
    assert_eq!(
        mapped(1146, "42S02", "Table 'league.x' doesn't exist.").to_string(),
        "table 'league.x' doesn't exist"
    );
}

#[test]
fn a_statement_that_takes_too_long_will_do_so_again() {
    for (code, sqlstate) in [(1969, "70100"), (3024, "HY000")] {
        let error = mapped(code, sqlstate, "Query execution was interrupted");
        assert_eq!(error.kind(), ErrorKind::Database);
        assert!(!error.is_retryable());
    }
    assert!(mapped(1205, "HY000", "Lock wait timeout exceeded").is_retryable());
}

#[test]
fn a_statement_that_reads_what_it_changes_is_told_another_way() {
    let refused = mapped(
        1093,
        "HY000",
        "You can't specify target table 'hero' for update in FROM clause",
    );
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    assert!(refused.to_string().contains("joining_on"), "{refused}");
}

#[test]
fn a_login_that_nobody_lets_in_is_told_from_one_that_comes_too_early() {
    // What is sent before the greeting has no SQLSTATE.
    for (code, is_lasting) in [
        (1045, true),
        (1129, true),
        (1130, true),
        (1040, false),
        (1053, false),
    ] {
        let refusal = ServerError {
            code,
            sqlstate: String::new().into(),
            message: "no".into(),
        };
        let error = login_error(refusal, "me", None);
        assert_eq!(error.is_misconfiguration(), is_lasting, "{code}");
        assert_eq!(error.kind(), ErrorKind::Connect, "{code}");
    }
}
