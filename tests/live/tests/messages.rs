//! What the compiler says about wrong queries. Each file of `messages` is compiled as a user's program, and has the
//! beginning of each error beside it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use expect_test::expect_file;

#[test]
fn wrong_queries_are_refused_in_the_words_of_sql() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages");
    let mut programs: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    programs.sort();
    assert!(!programs.is_empty());
    for program in programs {
        expect_file![program.with_extension("txt")].assert_eq(&errors_of(&program).unwrap());
    }
}

/// Compiles a program against this package, and returns the first line of each error with the source line it is about.
fn errors_of(program: &Path) -> io::Result<String> {
    let test = std::env::current_exe()?;
    let libraries = test.parent().unwrap_or(Path::new("."));
    let scratch = std::env::temp_dir().join(format!("messages-{}", std::process::id()));
    let output = Command::new(option_env!("RUSTC").unwrap_or("rustc"))
        .args([
            "--edition=2024",
            "--emit=metadata",
            "--error-format=short",
            "-Awarnings",
        ])
        .arg("-o")
        .arg(&scratch)
        .arg(format!("-Ldependency={}", libraries.display()))
        .arg(format!(
            "--extern=live={}",
            newest_library(libraries)?.display()
        ))
        .arg(program)
        .output()?;
    let _ = std::fs::remove_file(&scratch);
    assert!(!output.status.success(), "{} compiles", program.display());
    let source = std::fs::read_to_string(program)?;
    let place = format!("{}:", program.display());
    let mut printed = String::new();
    for line in String::from_utf8_lossy(&output.stderr).lines() {
        let Some((number, error)) = line
            .strip_prefix(&place)
            .and_then(|rest| rest.split_once(':'))
        else {
            continue;
        };
        let number: usize = number.parse().unwrap_or_default();
        let text = source.lines().nth(number.saturating_sub(1));
        let text = text.unwrap_or_default().trim();
        let error = error.split_once(": ").map_or(error, |(_, error)| error);
        let message = format!("{text}\n    {error}\n");
        // The compiler repeats an error for each step of an `await`.
        if !printed.ends_with(&message) {
            printed.push_str(&message);
        }
    }
    Ok(printed)
}

/// Returns this package's library as it was built last, which is how this test was built.
fn newest_library(folder: &Path) -> io::Result<PathBuf> {
    let built = |path: &PathBuf| {
        let metadata = std::fs::metadata(path);
        let modified = metadata.and_then(|metadata| metadata.modified());
        modified.unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("liblive-") && name.ends_with(".rlib")
    };
    std::fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_library)
        .max_by_key(built)
        .ok_or_else(|| io::Error::other("the library of this package is not beside its test"))
}
