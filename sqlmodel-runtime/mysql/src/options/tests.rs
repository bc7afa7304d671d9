use super::*;

fn shown(url: &str) -> String {
    match MySqlOptions::parse(url) {
        Ok(options) => {
            let account = options.account();
            let database = account.database.unwrap_or("-");
            format!(
                "{} {} {} {database}",
                options.address, account.user, account.password
            )
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn urls_name_a_server_an_account_and_a_database() {
    for (url, expected) in [
        ("mysql://hero@db.example", "db.example:3306 hero  -"),
        ("mariadb://hero:pw@db:3307/league", "db:3307 hero pw league"),
        (
            "mysql://h%40x:p%3Aw%2F@[::1]:1/a%20b",
            "[::1]:1 h@x p:w/ a b",
        ),
        (
            "mysql://hero@/league?socket=/run/my.sock",
            "/run/my.sock hero  league",
        ),
        (
            "mysql://hero@localhost/?connect_timeout=3&statement_cache=9",
            "localhost:3306 hero  -",
        ),
    ] {
        assert_eq!(shown(url), expected, "{url}");
    }
}

#[test]
fn wrong_urls_say_what_is_wrong_and_no_secret() {
    for (url, expected) in [
        (
            "db.example",
            "a URL begins with `mysql://`, as in mysql://user:password@host:3306/database",
        ),
        (
            "http://hero:hush@db",
            "the URL's scheme is `http`, and this driver takes `mysql` and `mariadb`",
        ),
        (
            "mysql://db/league",
            "the URL names no user: write it before the host, as in mysql://user:password@host/database",
        ),
        (
            "mysql://hero:hush@db:x",
            "the URL's port is `x`, which is no port",
        ),
        (
            "mysql://hero:hush/hush@db",
            "the URL's user or password has a character that ends it: write `%2F` for a slash, `%3F` for a question mark, `%40` for an at sign",
        ),
        (
            "mysql://hero:hush?hush@db",
            "the URL's user or password has a character that ends it: write `%2F` for a slash, `%3F` for a question mark, `%40` for an at sign",
        ),
        (
            "mysql://hero@corp:hush/x@127.0.0.1/db",
            "the URL's user or password has a character that ends it: write `%2F` for a slash, `%3F` for a question mark, `%40` for an at sign",
        ),
        (
            "mysql://hero:hush@db/?tls_cert=me.pem",
            "the URL's `tls_cert` and `tls_key` go together",
        ),
        (
            "hero:hush@mysql://db",
            "the URL's scheme is `something else`, and this driver takes `mysql` and `mariadb`",
        ),
        (
            "mysql://hero:hush%zz@db",
            "the URL's password is not in percent-encoding of UTF-8",
        ),
        (
            "mysql://hero:hush@db/a%00",
            "the URL's database is not in percent-encoding of UTF-8",
        ),
        (
            "mysql://hero:hush@db/?connect_timeout=soon",
            "the URL's `connect_timeout` is `soon`, which is no whole number",
        ),
    ] {
        let said = shown(url);
        assert_eq!(said, expected, "{url}");
        assert!(!said.contains("hush"));
    }
    assert!(shown("mysql://hero@db/?sokcet=/x").contains("`socket`"));
    let url = "mysql://hero@db/?tls=require&tls_cert=/a%2Fme.pem&tls_key=me.key";
    let identity = MySqlOptions::parse(url).unwrap().tls.identity.unwrap();
    assert_eq!(identity.certificate.to_str(), Some("/a/me.pem"));
    assert_eq!(identity.key.to_str(), Some("me.key"));
    let options = MySqlOptions::parse("mysql://hero:hush@db").unwrap();
    assert!(!format!("{options:?}").contains("hush"));
}
