use super::*;

/// The path, whether it is created, and whether it is only read; or what is wrong.
fn parsed(url: &str) -> Result<(String, bool, bool), String> {
    match SqliteOptions::parse(url) {
        Ok(options) => {
            let path = match &options.location {
                Location::File(path) => path.display().to_string(),
                Location::SharedMemory(name) => name.clone(),
                Location::Memory => "in memory".to_owned(),
            };
            Ok((path, options.create, options.read_only))
        }
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn urls_name_a_file_or_memory() {
    for (url, path) in [
        ("sqlite::memory:", "in memory"),
        ("sqlite:heroes.db", "heroes.db"),
        ("sqlite://heroes.db", "heroes.db"),
        ("sqlite:///var/a%20b%3F.db", "/var/a b?.db"),
    ] {
        assert_eq!(parsed(url), Ok((path.to_owned(), true, false)), "{url}");
    }
    assert_eq!(parsed("sqlite:a?mode=ro"), Ok(("a".to_owned(), true, true)));
    assert_eq!(
        parsed("sqlite:a?mode=rw"),
        Ok(("a".to_owned(), false, false))
    );
}

#[test]
fn wrong_urls_tell_what_to_change() {
    for (url, message) in [
        (
            "heroes.db",
            "the URL of a SQLite database begins with `sqlite:`",
        ),
        ("sqlite://", "the URL names no database file"),
        (
            "sqlite:a?mode=r",
            "`mode=r` is no setting of a SQLite URL; there are `mode=ro`, `mode=rw` and `mode=rwc`",
        ),
        (
            "sqlite:a%2",
            "a `%` in the URL is not followed by two hexadecimal digits",
        ),
        ("sqlite:%ff", "the path in the URL is not UTF-8"),
    ] {
        assert_eq!(parsed(url), Err(message.to_owned()), "{url}");
    }
}
