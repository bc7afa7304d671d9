use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Folder, Inputs, MANIFEST_NAME, Summary, plan};
use crate::emit::{self, MARK};

/// A folder of its own for one test, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    #[track_caller]
    fn new() -> Self {
        let caller = std::panic::Location::caller();
        let name = format!("sqlmodel-output-{}-{}", std::process::id(), caller.line());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Everything below the folder but manifests, by relative path.
    fn files(&self) -> BTreeMap<String, String> {
        fn visit(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    visit(root, &path, files);
                } else if !path.ends_with(MANIFEST_NAME) {
                    let name = path
                        .strip_prefix(root)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned();
                    files.insert(name, fs::read_to_string(path).unwrap());
                }
            }
        }
        let mut files = BTreeMap::new();
        visit(&self.0, &self.0, &mut files);
        files
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(body: &str) -> String {
    format!("// {MARK} from a test. Do not edit.\n{body}\n")
}

fn folder(scratch: &Scratch, files: &[(&str, &str)]) -> Folder {
    Folder {
        path: scratch.path("out"),
        files: files
            .iter()
            .map(|(path, body)| emit::File {
                path: (*path).to_owned(),
                text: text(body),
            })
            .collect(),
    }
}

#[track_caller]
fn write(scratch: &Scratch, files: &[(&str, &str)]) -> Summary {
    plan(&[folder(scratch, files)], &Inputs::default())
        .unwrap()
        .apply()
        .unwrap()
}

#[track_caller]
fn refused(scratch: &Scratch, files: &[(&str, &str)]) -> String {
    let before = scratch.files();
    let error = plan(&[folder(scratch, files)], &Inputs::default()).unwrap_err();
    assert_eq!(scratch.files(), before, "nothing is written");
    error
        .to_string()
        .replace(scratch.0.to_str().unwrap(), "DIR")
}

#[test]
fn files_are_written_into_folders_that_did_not_exist() {
    let scratch = Scratch::new();
    let summary = write(&scratch, &[("mod.rs", "a"), ("blog/post.rs", "b")]);
    assert_eq!(
        summary,
        Summary {
            written: 3,
            removed: 0
        }
    );
    let expected = [("out/mod.rs", "a"), ("out/blog/post.rs", "b")]
        .map(|(path, body)| (path.to_owned(), text(body)));
    assert_eq!(scratch.files(), BTreeMap::from(expected));
}

#[test]
fn unchanged_files_are_not_rewritten() {
    let scratch = Scratch::new();
    write(&scratch, &[("a.rs", "a"), ("b.rs", "b")]);
    let identity = |name: &str| {
        let metadata = fs::metadata(scratch.path(name)).unwrap();
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
        #[cfg(not(unix))]
        let inode = 0;
        (metadata.modified().unwrap(), inode)
    };
    let before = identity("out/a.rs");
    let summary = write(&scratch, &[("a.rs", "a"), ("b.rs", "changed")]);
    assert_eq!(identity("out/a.rs"), before);
    assert_eq!(
        summary,
        Summary {
            written: 2,
            removed: 0
        },
        "b.rs and the manifest"
    );
    assert_eq!(
        write(&scratch, &[("a.rs", "a"), ("b.rs", "changed")]),
        Summary::default()
    );
}

#[test]
fn order_of_files_changes_nothing() {
    let scratch = Scratch::new();
    write(&scratch, &[("a.rs", "a"), ("b.rs", "b")]);
    let plan = plan(
        &[folder(&scratch, &[("b.rs", "b"), ("a.rs", "a")])],
        &Inputs::default(),
    );
    assert!(plan.unwrap().is_empty());
}

#[test]
fn files_no_longer_generated_are_removed_with_their_folders() {
    let scratch = Scratch::new();
    write(&scratch, &[("mod.rs", "a"), ("blog/post.rs", "b")]);
    let summary = write(&scratch, &[("mod.rs", "a")]);
    assert_eq!(
        summary,
        Summary {
            written: 1,
            removed: 1
        }
    );
    assert!(!scratch.path("out/blog").exists());
}

#[test]
fn foreign_files_beside_generated_ones_stay() {
    let scratch = Scratch::new();
    write(&scratch, &[("mod.rs", "a"), ("blog/post.rs", "b")]);
    scratch.put("out/blog/extra.rs", "by hand");
    write(&scratch, &[("mod.rs", "a")]);
    assert_eq!(
        fs::read_to_string(scratch.path("out/blog/extra.rs")).unwrap(),
        "by hand"
    );
}

#[test]
fn a_stale_file_that_was_rewritten_by_hand_stays() {
    let scratch = Scratch::new();
    write(&scratch, &[("mod.rs", "a"), ("post.rs", "b")]);
    scratch.put("out/post.rs", "by hand");
    write(&scratch, &[("mod.rs", "a")]);
    assert_eq!(
        fs::read_to_string(scratch.path("out/post.rs")).unwrap(),
        "by hand"
    );
}

#[test]
fn a_foreign_file_in_the_way_stops_everything() {
    let scratch = Scratch::new();
    scratch.put("out/hero.rs", "pub struct Hero;");
    let error = refused(&scratch, &[("aaa.rs", "a"), ("hero.rs", "b")]);
    assert_eq!(
        error,
        "DIR/out/hero.rs: was not generated by sqlmodel-gen and is not overwritten; \
         move it away or choose another output folder"
    );
}

#[test]
fn a_foreign_manifest_stops_everything() {
    let scratch = Scratch::new();
    scratch.put("out/.sqlmodel-manifest", "something else");
    assert!(refused(&scratch, &[("a.rs", "a")]).contains(".sqlmodel-manifest: was not generated"));
}

#[test]
fn a_folder_in_the_way_is_an_error() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.path("out/hero.rs")).unwrap();
    let error = refused(&scratch, &[("hero.rs", "b")]);
    assert_eq!(
        error,
        "DIR/out/hero.rs: is a folder, where a generated file has to go"
    );
}

#[test]
fn a_file_where_a_folder_has_to_be_is_an_error() {
    let scratch = Scratch::new();
    scratch.put("out/blog", "");
    let error = refused(&scratch, &[("blog/post.rs", "b")]);
    assert_eq!(error, "DIR/out/blog/post.rs: `DIR/out/blog` is no folder");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let scratch = Scratch::new();
    scratch.put("elsewhere/hero.rs", &text("mine"));
    fs::create_dir_all(scratch.path("out")).unwrap();
    std::os::unix::fs::symlink(
        scratch.path("elsewhere/hero.rs"),
        scratch.path("out/hero.rs"),
    )
    .unwrap();
    std::os::unix::fs::symlink(scratch.path("elsewhere"), scratch.path("out/blog")).unwrap();
    let error = refused(&scratch, &[("hero.rs", "a")]);
    assert_eq!(
        error,
        "DIR/out/hero.rs: is a symbolic link, where a generated file has to go"
    );
    let error = refused(&scratch, &[("blog/hero.rs", "a")]);
    assert_eq!(error, "DIR/out/blog/hero.rs: `DIR/out/blog` is no folder");
}

#[test]
fn a_manifest_cannot_name_files_outside_its_folder() {
    let scratch = Scratch::new();
    scratch.put("precious.rs", &text("mine"));
    let manifest = format!("# {MARK}. Do not edit.\noutput 0000000000000000 ../precious.rs\n");
    scratch.put("out/.sqlmodel-manifest", &manifest);
    write(&scratch, &[("a.rs", "a")]);
    assert!(scratch.path("precious.rs").exists());
}

#[test]
fn all_obstacles_are_reported_at_once() {
    let scratch = Scratch::new();
    scratch.put("out/a.rs", "");
    scratch.put("out/b.rs", "");
    assert_eq!(
        refused(&scratch, &[("a.rs", "a"), ("b.rs", "b")])
            .lines()
            .count(),
        2
    );
}

#[test]
fn hashes_ignore_the_kind_of_line_breaks() {
    use super::manifest::hash;
    assert_eq!(hash("a\r\nb\r\n"), hash("a\nb\n"));
    assert_ne!(hash("a\rb"), hash("ab"));
    // The published test vector of FNV-1a for "foobar".
    assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
}
