use std::fs;
use std::path::PathBuf;

use super::*;

/// A project in a folder of its own, which is gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let dir =
            std::env::temp_dir().join(format!("sqlmodel-watch-{}-{name}", std::process::id()));
        fs::create_dir_all(dir.join("schema")).expect("the folder can be made");
        let folder = Self(dir);
        folder.write("sqlmodel.toml", "schema = [\"schema/*.toml\"]");
        folder.write("schema/hero.toml", "[model.Hero.fields]");
        folder
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.0.join(path), text).expect("the file can be written");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_changes_during_a_run_is_a_change() {
    let folder = Folder::new("during");
    let before = settled(&folder.0);
    assert!(!has_changed(&before));
    // The run has begun, and has read nothing yet.
    folder.write("schema/hero.toml", "[model.Hero.fields] # longer");
    assert!(has_changed(&before));
}

#[test]
fn a_file_that_comes_or_goes_is_a_change() {
    let folder = Folder::new("files");
    let before = settled(&folder.0);
    folder.write("schema/team.toml", "");
    assert!(has_changed(&before));
    let before = settled(&folder.0);
    assert!(before.contains_key(&folder.0.join("schema/team.toml")));
    fs::remove_file(folder.0.join("schema/team.toml")).expect("the file is there");
    assert!(has_changed(&before));
}

#[test]
fn a_configuration_that_cannot_be_read_is_watched() {
    let folder = Folder::new("config");
    fs::remove_dir_all(folder.0.join("schema")).expect("the folder is there");
    fs::remove_file(folder.0.join("sqlmodel.toml")).expect("the file is there");
    let before = settled(&folder.0);
    folder.write("sqlmodel.toml", "");
    assert!(has_changed(&before));
}
