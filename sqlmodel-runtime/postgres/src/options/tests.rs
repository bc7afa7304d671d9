use sqlmodel_core::ErrorKind;

use super::*;

fn parsed(url: &str, environment: &[(&str, &str)]) -> Result<PostgresOptions, Error> {
    parse::parse(url, |name| {
        let variable = environment.iter().find(|(known, _)| *known == name);
        variable.map(|(_, value)| (*value).to_owned())
    })
}

fn tcp(host: &str, port: u16) -> Address {
    Address::Tcp {
        host: host.to_owned(),
        port,
    }
}

#[test]
fn a_url_names_servers_user_and_database() {
    let options = parsed(
        "postgres://hero:p%40ss%3Aw%C3%B6rd@one,two:5433,[::1]:5434/my%20db?application_name=x&connect_timeout=3\
         &target_session_attrs=read-write&statement_cache_capacity=0&keepalives_idle=7",
        &[],
    )
    .unwrap();
    assert_eq!(
        options.hosts,
        [tcp("one", 5432), tcp("two", 5433), tcp("::1", 5434)]
    );
    assert_eq!(options.user, "hero");
    assert_eq!(options.password.as_deref(), Some("p@ss:wörd"));
    assert_eq!(options.database.as_deref(), Some("my db"));
    assert_eq!(options.target, TargetSession::ReadWrite);
    assert_eq!(options.socket.connect_timeout, Duration::from_secs(3));
    assert_eq!(options.socket.keepalive, Some(Duration::from_secs(7)));
    assert_eq!(options.statement_cache_capacity, 0);
    let names: Vec<_> = options.parameters.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["client_encoding", "TimeZone", "application_name"]);
    let shown = format!("{options:?}");
    assert!(!shown.contains("ss:w"), "{shown}");
}

#[test]
fn the_environment_fills_in_what_the_url_leaves_out() {
    let environment = [
        ("PGHOST", "db.example"),
        ("PGPORT", "6000"),
        ("PGUSER", "env"),
        ("PGPASSWORD", "secret"),
        ("PGDATABASE", "heroes"),
        ("USER", "me"),
    ];
    let options = parsed("postgres://", &environment).unwrap();
    assert_eq!(options.hosts, [tcp("db.example", 6000)]);
    assert_eq!(
        (&*options.user, options.password.as_deref()),
        ("env", Some("secret"))
    );
    let options = parsed("postgresql://you@localhost/other", &environment).unwrap();
    assert_eq!(options.hosts, [tcp("localhost", 6000)]);
    assert_eq!(
        (&*options.user, &*options.database.unwrap()),
        ("you", "other")
    );
    let options = parsed("postgres:///heroes", &[("USER", "me")]).unwrap();
    assert_eq!(
        (options.hosts, &*options.user),
        (vec![tcp("localhost", 5432)], "me")
    );
}

#[cfg(unix)]
#[test]
fn a_folder_is_that_of_a_unix_socket() {
    for url in [
        "postgres://me@%2Fvar%2Frun%2Fpostgresql/db",
        "postgres://me@/db?host=/var/run/postgresql",
    ] {
        let options = parsed(url, &[]).unwrap();
        let path = "/var/run/postgresql/.s.PGSQL.5432";
        assert_eq!(options.hosts, [Address::Unix(path.into())], "{url}");
    }
}

#[test]
fn what_is_wrong_with_a_url_is_told_without_its_password() {
    for (url, words) in [
        ("mysql://me:hunter2@host/db", "begins with `postgres://`"),
        ("postgres://host/db", "no user is given"),
        ("postgres://me:hunter2@host:many/db", "`many` is no port"),
        ("postgres://me:hunter2@host:99999/db", "`99999` is no port"),
        (
            "postgres://me:hunter2%zz@host/db",
            "the password in the URL is not percent-encoded",
        ),
        (
            "postgres://me:hunter2@host/db?sslmod=require",
            "no parameter `sslmod`; there are application_name",
        ),
        (
            "postgres://me:hunter2@host/db?target_session_attrs=master",
            "one of any, prefer-standby, primary",
        ),
        (
            "postgres://me:hunter2@host/db?connect_timeout=soon",
            "`connect_timeout` is a number",
        ),
        (
            "postgres://me:hunter2@a,b/db?port=1,2,3",
            "2 hosts and 3 ports",
        ),
    ] {
        let error = parsed(url, &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{url}");
        let message = error.to_string();
        assert!(message.contains(words), "{url}: {message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}
