//! Runs the command as users do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of its own for one test, removed at the end.
struct Project(PathBuf);

const SCHEMA: &str = r#"
format = 1

[model.Team.fields]
id = { type = "i64", key = "auto" }
name = "text(80)"

[model.Hero.fields]
id = { type = "i64", key = "auto" }
name = "text(80)"
team_id = { ref = "Team?", inverse = "heroes" }
"#;

impl Project {
    #[track_caller]
    fn new(schema: &str) -> Self {
        let project = Self::empty();
        project.put(
            "sqlmodel.toml",
            "format = 1\nschema = [\"schema/*.toml\"]\n",
        );
        project.put("schema/hero.toml", schema);
        project
    }

    #[track_caller]
    fn empty() -> Self {
        let caller = std::panic::Location::caller();
        let name = format!("sqlmodel-cli-{}-{}", std::process::id(), caller.line());
        let project = Self(std::env::temp_dir().join(name));
        let _ = fs::remove_dir_all(&project.0);
        fs::create_dir_all(&project.0).expect("the test can use its folder");
        project
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    fn put(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("the test can use its folder"))
            .expect("the test can use its folder");
        fs::write(path, text).expect("the test can use its folder");
    }

    fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run(&self.0, arguments, &[])
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(dir: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sqlmodel-gen"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SQLMODEL_")) {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(dir)
        .output()
        .expect("the test can use its folder")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the test can use its folder")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("the test can use its folder")
}

/// Runs `generate` on a schema that is wrong, and checks what is said and that nothing is written.
#[track_caller]
fn refused(project: &Project, expected: &[&str]) {
    let output = project.run(&["generate"]);
    let said = err(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for expected in expected {
        assert!(said.contains(expected), "`{expected}` in:\n{said}");
    }
    assert!(!project.has("src/models/mod.rs"), "nothing is written");
    assert!(
        !project.has("src/models/.sqlmodel-manifest"),
        "nothing is written"
    );
}

#[test]
fn generate_writes_once() {
    let project = Project::new(SCHEMA);
    let first = project.run(&["generate"]);
    assert_eq!(
        (first.status.code(), err(&first).as_str()),
        (Some(0), "5 files written\n")
    );
    let second = project.run(&["generate"]);
    assert_eq!(err(&second), "everything is up to date\n");
}

#[test]
fn check_shows_the_difference_and_writes_nothing() {
    let project = Project::new(SCHEMA);
    let before = project.run(&["generate", "--check"]);
    assert_eq!(before.status.code(), Some(1));
    assert!(!project.has("src"));
    project.run(&["generate"]);
    assert_eq!(project.run(&["generate", "--check"]).status.code(), Some(0));

    project.put("schema/hero.toml", SCHEMA.replace("text(80)", "text(90)"));
    let after = project.run(&["generate", "--check"]);
    assert_eq!(after.status.code(), Some(1));
    assert!(out(&after).contains("+        sql::Column::new(\"name\", sql::SqlType::text(90)),\n"));
    assert!(err(&after).contains("run `sqlmodel-gen generate .`"));
}

#[test]
fn models_that_are_gone_take_their_files_along() {
    let project = Project::new(SCHEMA);
    project.run(&["generate"]);
    assert!(project.has("src/models/hero.rs"));
    let (team, _) = SCHEMA.split_once("[model.Hero.fields]").unwrap();
    project.put("schema/hero.toml", team);
    let output = project.run(&["generate"]);
    assert_eq!(err(&output), "4 files written, 1 file removed\n");
    assert!(!project.has("src/models/hero.rs"));
}

#[test]
fn all_mistakes_are_reported_in_one_run() {
    let schema = SCHEMA
        .replace("text(80)", "txt(80)")
        .replace("\"Team?\"", "\"Tem?\"");
    refused(
        &Project::new(&schema),
        &[
            "txt",
            "did you mean `Team`?",
            "schema/hero.toml:6:",
            "schema/hero.toml:10:",
            "3 errors\n",
        ],
    );
}

#[test]
fn toml_that_is_none_is_refused() {
    refused(
        &Project::new("[model.Team"),
        &["error[SM0001]", "schema/hero.toml:1:"],
    );
}

#[test]
fn unknown_keys_are_refused() {
    let schema = SCHEMA.replace("key = \"auto\"", "kee = \"auto\"");
    refused(
        &Project::new(&schema),
        &["unknown key `kee`", "did you mean `key`?"],
    );
}

#[test]
fn models_without_a_key_are_refused() {
    refused(
        &Project::new("format = 1\n[model.A.fields]\nname = \"text\"\n"),
        &["primary key", "`A`"],
    );
}

#[test]
fn models_with_one_table_are_refused() {
    let model = |name: &str| {
        format!(
            "[model.{name}]\ntable = \"one\"\n[model.{name}.fields]\nid = {{ type = \"i64\", key = \"auto\" }}\n"
        )
    };
    let schema = format!("format = 1\n{}{}", model("A"), model("B"));
    refused(&Project::new(&schema), &["`one`"]);
}

#[test]
fn duplicate_models_are_refused() {
    let project = Project::new(SCHEMA);
    project.put("schema/other.toml", SCHEMA);
    refused(
        &project,
        &["`Hero`", "`Team`", "schema/hero.toml", "schema/other.toml"],
    );
}

#[test]
fn files_that_are_not_text_are_refused() {
    let project = Project::new(SCHEMA);
    let latin = b"format = 1\n# caf\xE9\n";
    project.put("schema/other.toml", latin);
    project.put("schema/third.toml", "format = 1\nmodle = 1\n");
    // The other files are checked as well.
    refused(
        &project,
        &[
            "error[SM0001]: the file is not UTF-8 from here on\n --> schema/other.toml:2:6\n",
            "error[SM0004]: unknown key `modle`",
            "2 errors\n",
        ],
    );
    let json = project.run(&["check", "--format", "json"]);
    assert!(out(&json).contains("\"SM0001\""), "{}", out(&json));
    // Neither command writes what it could not read.
    assert_eq!(project.run(&["fmt"]).status.code(), Some(1));
    assert_eq!(project.run(&["check", "--fix"]).status.code(), Some(1));
    assert_eq!(fs::read(project.path("schema/other.toml")).unwrap(), latin);
}

#[test]
fn a_link_that_leads_nowhere_is_refused() {
    let project = Project::new(SCHEMA);
    std::os::unix::fs::symlink("gone.toml", project.path("schema/link.toml"))
        .expect("the test can use its folder");
    refused(&project, &["link.toml"]);
}

#[test]
fn a_configuration_that_names_no_schema_is_refused() {
    let project = Project::new(SCHEMA);
    fs::remove_file(project.path("schema/hero.toml")).unwrap();
    refused(&project, &["schema/*.toml"]);
}

#[test]
fn unknown_keys_of_the_configuration_are_refused() {
    let project = Project::new(SCHEMA);
    project.put(
        "sqlmodel.toml",
        "format = 1\nschema = [\"schema/*.toml\"]\noot = \"x\"\n",
    );
    refused(&project, &["unknown key `oot`", "did you mean `out`?"]);
}

#[test]
fn a_folder_that_is_missing_is_refused() {
    let project = Project::empty();
    let output = project.run(&["generate", "nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        err(&output).starts_with("error: nowhere"),
        "{}",
        err(&output)
    );
}

#[test]
fn a_file_written_by_hand_stops_everything() {
    let project = Project::new(SCHEMA);
    project.put("src/models/hero.rs", "pub struct Hero;\n");
    refused(
        &project,
        &["error: ", "src/models/hero.rs: was not generated"],
    );
    let kept = fs::read_to_string(project.path("src/models/hero.rs")).unwrap();
    assert_eq!(kept, "pub struct Hero;\n");
}

#[test]
fn arguments_win_over_the_environment_and_that_over_the_file() {
    let project = Project::new(SCHEMA);
    project.run(&["generate"]);
    assert!(project.has("src/models/mod.rs"));
    run(&project.0, &["generate"], &[("SQLMODEL_OUT", "from_env")]);
    assert!(project.has("from_env/mod.rs"));
    run(
        &project.0,
        &["generate", "--out", "from_flag"],
        &[("SQLMODEL_OUT", "unused")],
    );
    assert!(project.has("from_flag/mod.rs") && !project.has("unused"));
}

#[test]
fn ddl_is_printed_for_each_dialect() {
    let project = Project::new(SCHEMA);
    for (dialect, expected) in [
        (
            "sqlite",
            "CREATE TABLE \"hero\" (\n    \"id\" INTEGER NOT NULL,",
        ),
        (
            "postgres",
            "\"id\" BIGINT NOT NULL GENERATED BY DEFAULT AS IDENTITY,",
        ),
        (
            "mysql",
            "CREATE TABLE `hero` (\n    `id` BIGINT NOT NULL AUTO_INCREMENT,",
        ),
    ] {
        let output = project.run(&["ddl", "--dialect", dialect]);
        assert_eq!(output.status.code(), Some(0));
        assert!(out(&output).contains(expected), "{}", out(&output));
    }
    assert!(!project.has("src"));
}

#[test]
fn ddl_is_printed_though_a_query_is_for_other_dialects() {
    let query = "\n[[query]]\nname = \"names\"\ndialects = [\"postgres\"]\nsql = \"SELECT name FROM hero\"\n";
    let project = Project::new(&format!("{SCHEMA}{query}"));
    for dialect in ["sqlite", "postgres", "mysql"] {
        let output = project.run(&["ddl", "--dialect", dialect]);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    }
    // A dialect that the configuration does not have can be asked for too.
    project.put(
        "sqlmodel.toml",
        "format = 1\nschema = [\"schema/*.toml\"]\ndialects = [\"postgres\"]\n",
    );
    let output = project.run(&["ddl", "--dialect", "sqlite"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains("\"id\" INTEGER NOT NULL,"));
}

#[test]
fn foreign_keys_have_the_types_and_collations_of_what_they_reference() {
    let project = Project::new(
        r#"
[model.C.fields]
id = { type = "i64", key = true }
b_id = { ref = "B" }
log_id = { ref = "Log" }
[model.B.fields]
id = { ref = "A", key = true, relation = false }
[model.A.fields]
id = { type = "text(20)", key = true, collation = { mysql = "ascii_bin" }, sql_type = { sqlite = "VARCHAR(20)" } }
[model.Log.fields]
id = { type = "i64", key = true, sql_type = { postgres = "bigserial" } }
"#,
    );
    let ddl = |dialect| {
        let output = project.run(&["ddl", "--dialect", dialect]);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        out(&output)
    };
    let mysql = ddl("mysql");
    assert_eq!(mysql.matches("COLLATE `ascii_bin`").count(), 3, "{mysql}");
    let sqlite = ddl("sqlite");
    assert_eq!(sqlite.matches("VARCHAR(20)").count(), 3, "{sqlite}");
    let postgres = ddl("postgres");
    assert_eq!(postgres.matches("bigserial").count(), 1, "{postgres}");
}

#[test]
fn foreign_keys_have_the_order_of_the_key_that_they_reference() {
    let project = Project::new(
        r#"
[model.Order]
table = "orders"
[model.Order.fields]
region = { type = "text(8)", key = true }
number = { type = "i64", key = true }
[model.Line.fields]
id = { type = "i64", key = "auto" }
n = "i64"
r = "text(8)"
[[model.Line.foreign_keys]]
on = ["n", "r"]
ref = "Order"
to = ["number", "region"]
"#,
    );
    let output = project.run(&["ddl", "--dialect", "mysql"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let key = "FOREIGN KEY (`r`, `n`)\n        REFERENCES `orders` (`region`, `number`)";
    assert!(out(&output).contains(key), "{}", out(&output));
}

#[test]
fn diagnostics_for_other_tools_are_data() {
    let project = Project::new(&SCHEMA.replace("text(80)", "txt(80)"));
    let json = project.run(&["check", "--format", "json"]);
    assert_eq!(json.status.code(), Some(1));
    assert!(out(&json).starts_with('{'), "{}", out(&json));
    let github = project.run(&["check", "--format", "github"]);
    assert!(
        out(&github).starts_with("::error file=schema/hero.toml,line=6,"),
        "{}",
        out(&github)
    );
    let sarif = out(&project.run(&["check", "--format", "sarif"]));
    // What section 3.12 and 3.27 of SARIF 2.1.0 ask for: a text beside any Markdown, and how columns are counted.
    let parts = [
        "\"text\": \"#",
        "\"markdown\": \"#",
        "\"ruleId\": \"SM0102\"",
        "\"columnKind\": \"unicodeCodePoints\"",
    ];
    for part in parts {
        assert!(sarif.contains(part), "{part} in {sarif}");
    }
    let short = project.run(&["check", "--format", "short"]);
    assert!(
        err(&short).starts_with("schema/hero.toml:6:"),
        "{}",
        err(&short)
    );
}

#[test]
fn the_command_line_itself_can_be_wrong() {
    let project = Project::empty();
    for arguments in [
        &["generat"][..],
        &["ddl", "--dialect", "oracle"],
        &["explain"],
        &[],
    ] {
        assert_eq!(
            project.run(arguments).status.code(),
            Some(2),
            "{arguments:?}"
        );
    }
}

#[test]
fn explain_prints_the_page_of_a_code() {
    let project = Project::empty();
    let output = project.run(&["explain", "sm0001"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(out(&output).contains("Wrong"));
    assert_eq!(project.run(&["explain", "SM9999"]).status.code(), Some(1));
}

#[test]
fn completions_are_printed_for_each_shell() {
    let project = Project::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = project.run(&["completions", shell]);
        assert!(out(&output).contains("generate"), "{shell}");
    }
}

#[test]
fn init_makes_a_project_whose_code_is_up_to_date() {
    let project = Project::empty();
    let output = project.run(&["init", "My App"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let manifest = fs::read_to_string(project.path("My App/Cargo.toml")).unwrap();
    assert!(
        manifest.contains("name = \"my-app\"\n") && !manifest.contains("{{"),
        "{manifest}"
    );
    assert!(project.has("My App/src/main.rs") && project.has("My App/src/models/hero.rs"));
    assert_eq!(
        project
            .run(&["generate", "--check", "My App"])
            .status
            .code(),
        Some(0)
    );
}

#[test]
fn init_refuses_a_folder_that_holds_something() {
    let project = Project::empty();
    project.put("app/notes.txt", "mine");
    let output = project.run(&["init", "app"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        err(&output),
        "error: app: the folder is not empty; it holds `notes.txt`\n"
    );
    assert!(!project.has("app/Cargo.toml"));
}

#[test]
fn init_refuses_what_is_no_checkout() {
    let project = Project::empty();
    let output = project.run(&["init", "app", "--sqlmodel-path", "."]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("is no checkout of sqlmodel"));
    assert!(!project.has("app"));
}

#[test]
fn fixes_that_are_certainly_meant_are_applied() {
    let project = Project::new(&SCHEMA.replace("key = \"auto\"", "kee = \"auto\""));
    let output = project.run(&["check", "--fix"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(err(&output), "2 fixes in 1 file\n");
    let fixed = fs::read_to_string(project.path("schema/hero.toml")).unwrap();
    assert_eq!(fixed, SCHEMA);
    assert_eq!(err(&project.run(&["check", "--fix"])), "nothing to fix\n");
}

#[test]
fn setters_hide_nothing_that_a_new_struct_has() {
    let project = Project::new(&format!(
        "{SCHEMA}clone = \"text?\"\nto_row = \"text?\"\nage = \"i32?\"\n"
    ));
    let output = project.run(&["generate"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let hero = fs::read_to_string(project.path("src/models/hero.rs")).unwrap();
    for setter in ["with_clone", "with_to_row", "age"] {
        assert!(
            hero.contains(&format!("pub fn {setter}(mut self")),
            "{hero}"
        );
    }
    assert!(!hero.contains("pub fn clone("), "{hero}");
}

#[test]
fn numbers_of_foreign_types_are_kept_where_the_type_takes_them() {
    for (foreign, ours) in [
        ("varchar", "text"),
        ("numeric", "numeric"),
        ("varchar(20)", "text(20)"),
        ("varchar(20)[]?", "text(20)[]?"),
        ("char(3)?", "text(3)?"),
        ("numeric(10, 4)", "decimal(10,4)"),
        ("binary", "bytes"),
        // `bytes` has no length, and what the author meant may be a UUID.
        ("binary(16)", "binary(16)"),
        ("int(11)", "i32"),
    ] {
        let with = |ty: &str| format!("{SCHEMA}other = \"{ty}\"\n");
        let project = Project::new(&with(foreign));
        project.run(&["check", "--fix"]);
        let fixed = fs::read_to_string(project.path("schema/hero.toml")).unwrap();
        assert_eq!(fixed, with(ours), "{foreign}");
    }
}

#[test]
fn check_fix_renames_a_declaration_in_all_its_headers_and_uses() {
    let project = Project::new(
        r#"
[enum.hair_color]
values = ["red"]
[model.hero]
doc = "A hero."
[ model . "hero" . fields ] # its fields
id = { type = "i64", key = "auto" }
hair = "hair_color"
[[model.hero.indexes]]
on = ["hair"]
[model.Sidekick.fields]
id = { type = "i64", key = "auto" }
hero_id = { ref = "hero" }
"#,
    );
    let output = project.run(&["check", "--fix"]);
    assert_eq!(err(&output), "6 fixes in 1 file\n");
    let fixed = fs::read_to_string(project.path("schema/hero.toml")).unwrap();
    assert_eq!(
        fixed,
        r#"
[enum.HairColor]
values = ["red"]
[model.Hero]
doc = "A hero."
[ model . "Hero" . fields ] # its fields
id = { type = "i64", key = "auto" }
hair = "HairColor"
[[model.Hero.indexes]]
on = ["hair"]
[model.Sidekick.fields]
id = { type = "i64", key = "auto" }
hero_id = { ref = "Hero" }
"#
    );
}

#[test]
fn a_second_file_moves_nothing_that_a_program_names() {
    let query = |name: &str| format!("[[query]]\nname = \"{name}\"\nsql = \"SELECT 1 AS one\"\n");
    let project = Project::new(&format!("{SCHEMA}\n{}", query("one")));
    assert_eq!(project.run(&["generate"]).status.code(), Some(0));
    let root = fs::read_to_string(project.path("src/models/mod.rs")).unwrap();
    assert!(
        root.contains("pub use self::hero::{Hero, NewHero};\n"),
        "{root}"
    );
    assert!(root.contains("pub mod queries;\n"), "{root}");
    fs::write(project.path("schema/other.toml"), query("two")).unwrap();
    assert_eq!(project.run(&["generate"]).status.code(), Some(0));
    let root = fs::read_to_string(project.path("src/models/mod.rs")).unwrap();
    let end = root.split("pub mod other;\n").nth(1).unwrap();
    assert_eq!(
        end,
        "
/// The queries of all modules.
pub mod queries {
    pub use super::hero::queries::*;
    pub use super::other::queries::*;
}

pub use self::hero::*;
pub use self::other::*;
"
    );
}

#[test]
fn fmt_lays_out_schema_files() {
    let project = Project::new(&SCHEMA.replace(" = ", "="));
    let check = project.run(&["fmt", "--check"]);
    assert_eq!(check.status.code(), Some(1));
    assert!(
        out(&check).contains("+name = \"text(80)\"\n"),
        "{}",
        out(&check)
    );
    let told = err(&project.run(&["fmt"]));
    assert!(
        told.starts_with("formatted ") && told.ends_with("schema/hero.toml\n"),
        "{told}"
    );
    let formatted = fs::read_to_string(project.path("schema/hero.toml")).unwrap();
    assert_eq!(formatted, SCHEMA.trim_start());
    assert_eq!(project.run(&["fmt", "--check"]).status.code(), Some(0));
}

#[test]
fn a_file_in_place_of_a_folder_is_refused_with_what_to_name() {
    let project = Project::new(SCHEMA);
    let file = project.path("schema/hero.toml");
    let output = Command::new(env!("CARGO_BIN_EXE_sqlmodel-gen"))
        .arg("check")
        .arg(&file)
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    let told = err(&output);
    assert!(
        told.ends_with("is a file; name the folder that `sqlmodel.toml` is in\n"),
        "{told}"
    );
}

#[test]
fn fmt_keeps_the_kind_of_line_breaks() {
    let crlf = SCHEMA.trim_start().replace('\n', "\r\n");
    let project = Project::new(&crlf.replace(" = ", "="));
    assert_eq!(project.run(&["fmt"]).status.code(), Some(0));
    let formatted = fs::read_to_string(project.path("schema/hero.toml")).unwrap();
    assert_eq!(formatted, crlf);
    assert_eq!(project.run(&["fmt", "--check"]).status.code(), Some(0));
}

#[test]
fn a_configuration_that_is_not_utf8_is_reported_like_any_other_mistake() {
    let project = Project::new(SCHEMA);
    fs::write(project.path("sqlmodel.toml"), b"out = \"src/\xff\"\n").unwrap();
    let output = project.run(&["check", "--format", "short"]);
    assert_eq!(output.status.code(), Some(1));
    let told = err(&output);
    assert!(
        told.contains("sqlmodel.toml:1:12: error[SM0001]: the file is not UTF-8 from here on"),
        "{told}"
    );
    assert!(told.ends_with("1 error\n"), "{told}");
}

#[test]
fn fmt_leaves_what_it_cannot_read() {
    let project = Project::new("name = \"\n");
    let output = project.run(&["fmt"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        err(&output).contains("schema/hero.toml: cannot be formatted"),
        "{}",
        err(&output)
    );
    assert_eq!(
        fs::read_to_string(project.path("schema/hero.toml")).unwrap(),
        "name = \"\n"
    );
}

#[test]
fn new_models_of_a_schema_in_one_file_move_no_others() {
    let project = Project::empty();
    assert_eq!(project.run(&["init", "app"]).status.code(), Some(0));
    let exports = |file: &str| -> Vec<String> {
        let text = fs::read_to_string(project.path(file)).unwrap();
        let lines = text.lines().filter(|line| line.starts_with("pub use "));
        lines.map(str::to_owned).collect()
    };
    let before = exports("app/src/models/mod.rs");
    assert!(!before.is_empty());
    let output = project.run(&["new", "model", "Invoice", "app"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let fmt = project.run(&["fmt", "--check", "app"]);
    assert_eq!(fmt.status.code(), Some(0), "{}", out(&fmt));
    let output = project.run(&["generate", "app"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let after = exports("app/src/models/mod.rs");
    assert!(before.iter().all(|line| after.contains(line)), "{after:?}");
    assert_eq!(after.len(), before.len() + 1, "{after:?}");
}

#[test]
fn new_models_are_part_of_the_schema() {
    let project = Project::new(SCHEMA);
    project.put(
        "schema/tag.toml",
        "format = 1\n\n[model.Tag.fields]\nid = { type = \"i64\", key = \"auto\" }\n",
    );
    let output = project.run(&["new", "model", "BlogPost"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(project.has("schema/blog_post.toml"));
    assert_eq!(project.run(&["check"]).status.code(), Some(0));
    assert_eq!(
        project.run(&["fmt", "--check"]).status.code(),
        Some(1),
        "the first line is blank"
    );
    let again = project.run(&["new", "model", "BlogPost"]);
    assert_eq!(err(&again), "error: there is a model `BlogPost` already\n");
    let wrong = project.run(&["new", "model", "blog-post"]);
    assert_eq!(
        err(&wrong),
        "error: `blog-post` is no name of a model; did you mean `BlogPost`?\n"
    );
    let keyword = project.run(&["new", "model", "Self"]);
    assert_eq!(
        err(&keyword),
        "error: `Self` is no name of a model; models are called like `BlogPost`\n"
    );
}

#[test]
fn dump_is_data() {
    let project = Project::new(SCHEMA);
    let output = project.run(&["dump"]);
    assert_eq!(output.status.code(), Some(0));
    let json = out(&output);
    for part in [
        "\"version\": 1,",
        "\"kind\": \"to_many\"",
        "\"inverse\": \"heroes\"",
        "\"type\": \"text(80)\"",
        "\"on_delete\": \"NO ACTION\"",
    ] {
        assert!(json.contains(part), "{part} in {json}");
    }
}

const QUERIES: &str = r#"
[view.Grown]
doc = "Those of age."
key = ["id"]
sql = "SELECT id, name, age FROM hero WHERE age >= 18"

[[query]]
name = "found"
doc = "Heroes of teams."
order = { by_name = "h.name", oldest = "g.age DESC" }
sql = """
SELECT h.name, g.age, count(t.id) AS teams, coalesce(max(t.name), 'none') AS team
FROM hero h
LEFT JOIN grown g ON g.id = h.id
LEFT JOIN team t ON t.id = h.team_id
WHERE h.name IN (:names) /*if older*/ AND g.age > :older /*end*/
GROUP BY h.name, g.age
ORDER BY /*order*/ h.name /*end*/"""

[[query]]
name = "with_heroes"
shape = { team = "t", heroes = ["h"] }
sql = "SELECT t.*, h.* FROM team t LEFT JOIN hero h ON h.team_id = t.id"

[[query]]
name = "new_team"
returns = "last_id"
sql = "INSERT INTO team (name) VALUES (:name)"
"#;

fn of_queries() -> String {
    let schema = r#"
[model.Team.fields]
id = { type = "i64", key = "auto" }
name = "text(80)"

[model.Hero.fields]
id = { type = "i64", key = "auto" }
name = "text(80)"
age = "i32?"
team_id = { ref = "Team?" }
"#;
    format!("{schema}{QUERIES}")
}

/// The format is documented in `cli/dump.rs`; tools read it, so that what changes here is a matter of its version.
#[test]
fn dump_has_views_and_queries() {
    let project = Project::new(&of_queries());
    let output = project.run(&["dump", "--dialects", "postgres"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let json = out(&output);
    let at = json.find("  \"views\"").expect("there are views");
    expect_test::expect_file!["golden/dump.json"].assert_eq(&json[at..]);
}

#[test]
fn explain_gives_the_reason_of_each_parameter_and_column() {
    let project = Project::new(&of_queries());
    let mut all = String::new();
    for name in ["found", "with_heroes", "new_team"] {
        let output = project.run(&["explain", "query", name]);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        all.push_str(&out(&output));
        all.push('\n');
    }
    expect_test::expect_file!["golden/explain.txt"].assert_eq(&all);
    for (arguments, told) in [
        (
            &["explain", "query", "lost"][..],
            "there is no query `lost`: there are `found`, `with_heroes`, `new_team`",
        ),
        (
            &["explain", "query", "newteam"],
            "there is no query `newteam`: did you mean `new_team`?",
        ),
        (
            &["explain", "query"],
            "which query? Write `explain query NAME`",
        ),
    ] {
        let output = project.run(arguments);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(err(&output), format!("error: {told}\n"));
    }
}

/// `check` asks SQLite; what it refuses is told with what the compiler warns of, as one document.
#[cfg(feature = "sqlite")]
#[test]
fn check_prepares_queries() {
    let query = "\n[[query]]\nname = \"sounds\"\ncolumns = { sound = \"text!\" }\nsql = \"SELECT metaphone(name) AS sound FROM hero\"\n";
    let project = Project::new(&format!("{SCHEMA}{query}"));
    let output = project.run(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        err(&output).contains("no such function: metaphone"),
        "{}",
        err(&output)
    );
    let json = out(&project.run(&["check", "--format", "sarif"]));
    assert_eq!(json.matches("\"$schema\"").count(), 1, "{json}");
    assert!(json.contains("SM0801"), "{json}");
    // Nobody has to ask a database to generate.
    assert_eq!(project.run(&["generate"]).status.code(), Some(0));
}
