use super::*;

#[test]
fn a_login_is_torn_where_its_at_sign_comes_too_late() {
    for (url, is_torn) in [
        ("db://me:hush@host:1/db", false),
        ("db://me:hush/hush@host/db", true),
        ("db://me:hush?hush@host/db", true),
        ("db://me@corp:hush/x@host/db", true),
        ("db://me@corp:hush?x@host/db", true),
        ("db://me@corp:hush?x=y@host/db", true),
        ("db://me@corp:12/hush@host", true),
        ("db://me@corp:hush@host/db", false),
        ("db://me@host:1,[::1]:2/db?user=me@corp", false),
        ("db://me@host/db?options=a@b&port=1", false),
    ] {
        assert_eq!(has_torn_login(url), is_torn, "{url}");
    }
}
