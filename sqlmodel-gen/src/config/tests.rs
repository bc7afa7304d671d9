use super::*;
use crate::diagnostic::{Color, Format, render};

#[track_caller]
fn parse(text: &str) -> (Config, String) {
    let mut sources = SourceMap::new();
    let mut diagnostics = Diagnostics::new();
    let source = sources.add_config("sqlmodel.toml", text);
    let config = Config::parse(&sources, source, &mut diagnostics);
    (
        config,
        render(&diagnostics, &sources, Format::Short, Color::Never),
    )
}

#[test]
fn empty_configuration_is_the_default() {
    assert_eq!(parse(""), (Config::default(), String::new()));
}

#[test]
fn keys_replace_defaults() {
    let (config, errors) = parse(
        "format = 1\nschema = [\"a.toml\"]\ndialects = [\"mysql\", \"sqlite\"]\nout = \"o\"\nddl = \"d\"\ntime = \"jiff\"\n",
    );
    assert_eq!(errors, "");
    assert_eq!(config.options.dialects, [Dialect::Sqlite, Dialect::Mysql]);
    assert_eq!(config.options.time_crate, TimeCrate::Jiff);
    assert_eq!(
        (config.out.as_str(), config.ddl.as_deref()),
        ("o", Some("d"))
    );
    assert_eq!(
        config.schema.first().map(|(path, _)| path.as_str()),
        Some("a.toml")
    );
}

#[test]
fn mistakes_are_reported_together() {
    let (_, errors) =
        parse("dialcts = []\ndialects = []\ntime = \"moment\"\nformat = 7\nout = 1\n");
    let expected = "\
sqlmodel.toml:1:1: error[SM0004]: unknown key `dialcts` in a configuration
sqlmodel.toml:2:12: error[SM0010]: `dialects` is empty
sqlmodel.toml:3:8: error[SM0007]: `moment` is not a value of `time`
sqlmodel.toml:4:10: error[SM0008]: format `7` is not known
sqlmodel.toml:5:7: error[SM0006]: `out` is an integer, expected a string
";
    let mut lines: Vec<&str> = errors.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines.join("\n") + "\n", expected);
}

#[test]
fn a_word_that_is_no_dialect_does_not_leave_the_list_empty_too() {
    let (config, errors) = parse("dialects = [\"oracle\"]\n");
    assert_eq!(
        errors,
        "sqlmodel.toml:1:13: error[SM0007]: `oracle` is not a value of `dialects`\n"
    );
    assert_eq!(config.options.dialects, Dialect::ALL);
}

#[test]
fn a_schema_has_files() {
    let (_, errors) = parse("schema = []\n");
    assert_eq!(
        errors,
        "sqlmodel.toml:1:10: error[SM0010]: `schema` is empty\n"
    );
}
