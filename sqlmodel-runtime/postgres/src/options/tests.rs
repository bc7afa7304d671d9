use sqlmodel_core::ErrorKind;
use sqlmodel_net::TlsMode;

use super::*;

fn parsed(url: &str, environment: &[(&str, &str)]) -> Result<PostgresOptions, Error> {
    parsed_with(url, environment, &[])
}

/// Files are known by their paths, as variables are by their names.
fn parsed_with(
    url: &str,
    environment: &[(&str, &str)],
    files: &[(&str, &str)],
) -> Result<PostgresOptions, Error> {
    let find = |name: &str, among: &[(&str, &str)]| {
        let found = among.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    parse::parse(
        url,
        |name| find(name, environment),
        |path, _| find(path.to_str()?, files),
    )
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

#[test]
fn a_password_that_nobody_gives_is_looked_for_in_the_file_of_passwords() {
    let file = "# a comment: and:its:colons:hush\n\
        db.example:5432:heroes:me:first\n\
        db.example:*:heroes:me:with \\: a \\\\ and:more\n\
        localhost:5433:*:*:by socket\n\
        /run/here:*:*:*:by folder\n\
        short:line\n\
        *:*:me:*:for the database of the user's name\n";
    let home = [("HOME", "/home/me"), ("USER", "me")];
    let named = [("PGPASSFILE", "/secrets"), ("USER", "me")];
    for (url, expected) in [
        ("postgres://db.example/heroes", Some("first")),
        (
            "postgres://db.example:6000/heroes",
            Some("with : a \\ and:more"),
        ),
        ("postgres://you@db.example/heroes", None),
        (
            "postgres://db.example",
            Some("for the database of the user's name"),
        ),
        ("postgres:///x?host=/run/there&port=5433", Some("by socket")),
        ("postgres:///x?host=/run/here", Some("by folder")),
        ("postgres://me:given@db.example/heroes", None),
    ] {
        for (environment, path) in [(home, "/home/me/.pgpass"), (named, "/secrets")] {
            let options = parsed_with(url, &environment, &[(path, file)]).unwrap();
            let database = options.database.as_ref().unwrap_or(&options.user);
            let found = options
                .passwords
                .find(&options.hosts[0], database, &options.user);
            assert_eq!(found, expected, "{url}");
            let shown = format!("{options:?}");
            assert!(
                !shown.contains("first") && !shown.contains("given"),
                "{shown}"
            );
        }
    }
}

#[test]
fn a_service_stands_between_the_url_and_the_environment() {
    let file = "# mine\n[other]\nhost=nowhere\n\n[ heroes ]\nhost=x\n[heroes]\nhost = db.example\nport=6000\n\
        user=of_service\ndbname=league\n# password=hush\n[heroes]\nport=1\n";
    let files = [
        ("/home/me/.pg_service.conf", file),
        ("/etc/pg/pg_service.conf", "[shared]\nhost=s\n"),
    ];
    let environment = [
        ("HOME", "/home/me"),
        ("PGSYSCONFDIR", "/etc/pg"),
        ("PGUSER", "of_environment"),
        ("PGAPPNAME", "tests"),
    ];
    let options = parsed_with(
        "postgres://?service=heroes&dbname=mine",
        &environment,
        &files,
    )
    .unwrap();
    assert_eq!(options.hosts, [tcp("db.example", 6000)]);
    assert_eq!(
        (&*options.user, options.database.as_deref()),
        ("of_service", Some("mine"))
    );
    assert_eq!(options.password, None);
    assert!(
        options
            .parameters
            .contains(&("application_name".to_owned(), "tests".to_owned()))
    );

    let environment = [
        environment[0],
        environment[1],
        environment[2],
        ("PGSERVICE", "shared"),
    ];
    let options = parsed_with("postgres://", &environment, &files).unwrap();
    assert_eq!(
        (&options.hosts[..], &*options.user),
        (&[tcp("s", 5432)][..], "of_environment")
    );

    let wrong = [
        ("PGSERVICE", "heroes"),
        ("PGSERVICEFILE", "/f"),
        ("USER", "me"),
    ];
    for (file, words) in [
        ("[hero]", "no file has a service `heroes`"),
        (
            "[heroes]\nhots=x",
            "no parameter `hots`; there are application_name",
        ),
    ] {
        let error = parsed_with("postgres://", &wrong, &[("/f", file)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn passwords_that_others_may_read_do_not_count() {
    use std::os::unix::fs::PermissionsExt;
    let folder = support::Scratch::new();
    let path = folder.path("passwords");
    std::fs::write(&path, "*:*:*:*:open").unwrap();
    for (mode, secrecy, is_read) in [
        (0o600, parse::Secrecy::Private, true),
        (0o640, parse::Secrecy::Private, false),
        (0o604, parse::Secrecy::Private, false),
        (0o644, parse::Secrecy::Public, true),
    ] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(
            parse::read_file(&path, secrecy).is_some(),
            is_read,
            "{mode:o}"
        );
    }
    assert_eq!(
        parse::read_file(&folder.path("nothing"), parse::Secrecy::Public),
        None
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
fn a_mode_of_encryption_of_libpq_is_known() {
    for (word, mode) in [("allow", TlsMode::Prefer), ("prefer", TlsMode::Prefer)] {
        let url = format!("postgres://me@host/db?sslmode={word}");
        assert_eq!(parsed(&url, &[]).unwrap().tls.mode, mode);
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
            "postgres://me:hunter2/hunter2@host/db",
            "write `%2F` for a slash",
        ),
        (
            "postgres://me:hunter2?hunter2@host/db",
            "`%3F` for a question mark",
        ),
        (
            "postgres://me@corp:hunter2/x@127.0.0.1/db",
            "`%40` for an at sign",
        ),
        (
            "postgres://me@corp:hunter2?x@127.0.0.1/db",
            "`%40` for an at sign",
        ),
        (
            "postgres://me@corp:hunter?hunter2=x@127.0.0.1/db",
            "`%40` for an at sign",
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
