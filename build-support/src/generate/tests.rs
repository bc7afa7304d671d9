use std::fs;
use std::path::PathBuf;

use super::{Report, generate};

/// A schema and an `OUT_DIR`, in a folder of their own.
struct Build(PathBuf);

const SCHEMA: &str =
    "format = 1\n[model.Hero.fields]\nid = { type = \"i64\", key = \"auto\" }\nname = \"text\"\n";

impl Build {
    #[track_caller]
    fn new(schema: &str) -> Self {
        let caller = std::panic::Location::caller();
        let name = format!("sqlmodel-out-dir-{}-{}", std::process::id(), caller.line());
        let build = Self(std::env::temp_dir().join(name));
        let _ = fs::remove_dir_all(&build.0);
        fs::create_dir_all(build.0.join("schema")).unwrap();
        let config = "format = 1\nschema = [\"schema/*.toml\"]\n";
        fs::write(build.0.join("sqlmodel.toml"), config).unwrap();
        build.put(schema);
        build
    }

    fn put(&self, schema: &str) {
        fs::write(self.0.join("schema/hero.toml"), schema).unwrap();
    }

    fn run(&self) -> Report {
        generate(&self.0, &self.0.join("out"))
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).unwrap_or_default()
    }
}

impl Drop for Build {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn code_is_generated_into_the_folder() {
    let build = Build::new(SCHEMA);
    assert_eq!(build.run().problems, [""; 0]);
    assert!(build.read("out/sqlmodel.rs").ends_with("pub mod models;\n"));
    assert!(
        build
            .read("out/models/mod.rs")
            .contains("pub use self::hero::{Hero, NewHero};")
    );
}

#[test]
fn schema_files_and_their_folder_are_watched() {
    let build = Build::new(SCHEMA);
    let watched = build.run().watched;
    let expected = ["schema", "schema/hero.toml", "sqlmodel.toml"];
    assert_eq!(watched, expected.map(|path| build.0.join(path)));
}

#[test]
fn mistakes_fail_the_build_and_leave_the_code_alone() {
    let build = Build::new(SCHEMA);
    build.run();
    build.put(&SCHEMA.replace("\"text\"", "\"txt\""));
    let report = build.run();
    let problem = report
        .problems
        .join("\n")
        .replace(build.0.to_str().unwrap(), "DIR");
    assert!(
        problem.starts_with("DIR/schema/hero.toml:4:9: [SM"),
        "{problem}"
    );
    assert!(report.diagnostics.contains("^^^"), "{}", report.diagnostics);
    assert!(build.read("out/models/hero.rs").contains("pub struct Hero"));
}

#[test]
fn a_folder_that_is_missing_fails_the_build() {
    let build = Build::new(SCHEMA);
    let missing = build.0.join("nowhere");
    let report = generate(&missing, &build.0.join("out"));
    assert_eq!(report.problems.len(), 1);
    assert!(!build.0.join("out").exists());
}
