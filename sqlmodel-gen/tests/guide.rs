//! The pages of the guide tell the truth: their examples are compiled, and their tables compared with what the compiler does.

use std::fs;
use std::path::{Path, PathBuf};

use sqlmodel_gen::config::{Config, Options, TimeCrate};
use sqlmodel_gen::diagnostic::{Color, Diagnostics, Format, render};
use sqlmodel_gen::ir::{Dialect, Schema};
use sqlmodel_gen::source::SourceMap;
use sqlmodel_gen::{compile, emit};

/// A fenced block of a page.
struct Block {
    /// The words after the fence: `toml,SM0103`.
    language: String,
    text: String,
    /// Page and line, for messages.
    place: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide")
}

fn page(name: &str) -> String {
    fs::read_to_string(folder().join(name)).expect("the page can be read")
}

/// Returns the names of all pages, sorted.
fn pages() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("the folder can be read").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn blocks(page_name: &str) -> Vec<Block> {
    let page = page(page_name);
    let mut lines = page.lines().enumerate();
    let mut blocks = Vec::new();
    while let Some((number, line)) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            continue;
        };
        let text = lines.by_ref().map(|(_, line)| line);
        let text: Vec<&str> = text.take_while(|line| *line != "```").collect();
        blocks.push(Block {
            language: language.to_owned(),
            text: text.join("\n") + "\n",
            place: format!("{page_name}:{}", number + 1),
        });
    }
    blocks
}

/// What an example compiles to: the schema, if there is no mistake, and what is said.
struct Compiled {
    sources: SourceMap,
    schema: Option<Schema>,
    codes: Vec<&'static str>,
    text: String,
}

fn compile_texts<'a>(texts: impl IntoIterator<Item = &'a str>, options: &Options) -> Compiled {
    let mut sources = SourceMap::new();
    for (at, text) in texts.into_iter().enumerate() {
        sources.add(format!("file{at}.toml"), text);
    }
    let compilation = compile(&sources, options);
    let diagnostics = &compilation.diagnostics;
    Compiled {
        codes: diagnostics.into_iter().map(|it| it.code.id).collect(),
        text: render(diagnostics, &sources, Format::Human, Color::Never),
        schema: compilation.schema,
        sources,
    }
}

/// Makes a schema of lines of `fields`.
fn with_fields(fields: &str) -> String {
    format!("[model.Example.fields]\nid = {{ type = \"i64\", key = \"auto\" }}\n{fields}")
}

#[test]
fn examples_do_what_their_page_says() {
    let mut wrong = Vec::new();
    let mut n_examples = 0;
    for page in pages() {
        let blocks = blocks(&page);
        let parts = blocks.iter().filter(|block| block.language == "toml,part");
        let parts: Vec<&str> = parts.map(|block| block.text.as_str()).collect();
        for block in &blocks {
            let compile_text = |text: &str| compile_texts([text], &Options::default());
            let (language, mark) = match block.language.split_once(',') {
                Some((language, mark)) => (language, mark),
                None => (block.language.as_str(), ""),
            };
            let (compiled, expected) = match (language, mark) {
                ("toml", "") => (compile_text(&block.text), vec![]),
                ("toml", "fields") => (compile_text(&with_fields(&block.text)), vec![]),
                ("toml", "part") => (
                    compile_texts(parts.iter().copied(), &Options::default()),
                    vec![],
                ),
                ("toml", code) if code.starts_with("SM") => (compile_text(&block.text), vec![code]),
                _ => continue,
            };
            n_examples += 1;
            let says_wrong = block.text.starts_with(&format!("# wrong: {mark}\n"));
            assert_eq!(says_wrong, !expected.is_empty(), "{}", block.place);
            if compiled.codes != expected {
                wrong.push(format!("{}: {}", block.place, compiled.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(n_examples >= 40, "{n_examples}");
}

#[test]
fn every_block_is_of_a_kind_that_is_tested_or_plain_text() {
    for page in pages() {
        for block in blocks(&page) {
            let is_known = matches!(
                block.language.as_str(),
                "toml" | "toml,fields" | "toml,part" | "toml,config" | "rust" | "rs" | "text"
            ) || block.language.starts_with("toml,SM")
                || sql_dialect(&block).is_some();
            assert!(is_known, "{}: {}", block.place, block.language);
        }
    }
}

#[test]
fn configurations_are_read() {
    let mut n_configurations = 0;
    for page in pages() {
        for block in blocks(&page) {
            if block.language != "toml,config" {
                continue;
            }
            let (mut sources, mut diagnostics) = (SourceMap::new(), Diagnostics::new());
            let source = sources.add_config("sqlmodel.toml", block.text.clone());
            let config = Config::parse(&sources, source, &mut diagnostics);
            assert!(diagnostics.as_slice().is_empty(), "{}", block.place);
            assert_ne!(config, Config::default(), "{}", block.place);
            n_configurations += 1;
        }
    }
    assert!(n_configurations > 0);
}

fn sql_dialect(block: &Block) -> Option<Dialect> {
    let name = block.language.strip_prefix("sql,")?;
    Dialect::ALL.into_iter().find(|it| it.name() == name)
}

/// Returns the lines of a text without indentation and commas at their ends, hidden lines of examples left out.
fn plain_lines(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| !line.starts_with("# "));
    let lines = lines.map(|line| line.trim().trim_end_matches([',', ';']));
    lines.filter(|line| !line.is_empty()).collect()
}

#[test]
fn shown_output_is_the_output_of_the_example_before_it() {
    let mut n_outputs = 0;
    for page in pages() {
        let mut schema = None;
        for block in blocks(&page) {
            if block.language == "toml" {
                schema = Some(compile_texts([block.text.as_str()], &Options::default()));
            }
            // rustdoc compiles `rust`, and leaves `rs` alone, which names what stands in other files.
            let is_rust = matches!(&*block.language, "rust" | "rs");
            let dialect = sql_dialect(&block);
            if !is_rust && dialect.is_none() {
                continue;
            }
            let Some(Compiled {
                sources,
                schema: Some(schema),
                ..
            }) = &schema
            else {
                panic!("{}: output of nothing", block.place)
            };
            let output = match dialect {
                Some(dialect) => emit::ddl(schema, sources, dialect).unwrap().text,
                None => emit::rust(schema, sources)
                    .into_iter()
                    .map(|file| file.text)
                    .collect(),
            };
            let output = plain_lines(&output);
            for line in plain_lines(&block.text) {
                assert!(
                    output.contains(&line),
                    "{}: {line}\n{output:#?}",
                    block.place
                );
            }
            n_outputs += 1;
        }
    }
    assert!(n_outputs >= 7, "{n_outputs}");
}

/// Returns the rows of the tables of a page whose first column has this title; cells without backticks.
fn rows<'a>(page: &'a str, title: &str) -> Vec<Vec<&'a str>> {
    let mut rows = Vec::new();
    let mut is_inside = false;
    for line in page.lines() {
        let cells = line.strip_prefix("| ").and_then(|it| it.strip_suffix('|'));
        let Some(cells) = cells else {
            is_inside = false;
            continue;
        };
        let cells: Vec<&str> = cells.split('|').map(str::trim).collect();
        if cells[0] == title {
            is_inside = true;
        } else if is_inside && cells[0] != "---" {
            let cells = cells.into_iter().map(|cell| cell.trim_matches('`'));
            rows.push(cells.collect());
        }
    }
    rows
}

/// Returns the Rust type of a field `it` of a type, and its SQL type in each dialect.
fn mapped(ty: &str, time_crate: TimeCrate) -> (String, [String; 3]) {
    let options = Options {
        time_crate,
        ..Options::default()
    };
    let text = with_fields(&format!("it = \"{ty}\""));
    let Compiled {
        sources,
        schema,
        text,
        ..
    } = compile_texts([text.as_str()], &options);
    let schema = schema.expect(&text);
    let files = emit::rust(&schema, &sources);
    let line = files
        .iter()
        .flat_map(|file| file.text.lines())
        .find_map(|line| line.trim().strip_prefix("pub it: "));
    let rust = line
        .expect("the field is emitted")
        .trim_end_matches(',')
        .to_owned();
    let table = schema
        .tables
        .values()
        .next()
        .expect("the model has a table");
    let column = table
        .columns
        .iter()
        .find(|column| column.name == "it")
        .expect("the table has the column");
    (
        rust,
        Dialect::ALL.map(|dialect| column.ty.sql_name(dialect)),
    )
}

/// The built-in types, by the names that the compiler lists to somebody who misspells one.
fn builtins() -> Vec<String> {
    let compiled = compile_texts(
        [with_fields("it = \"qqqqqqqqqqqq\"").as_str()],
        &Options::default(),
    );
    let (_, list) = compiled
        .text
        .split_once("the types are ")
        .expect("the help lists types");
    let (list, _) = list.split_once(", and ").expect("the list ends");
    list.split(", ")
        .map(|name| name.trim_matches('`').to_owned())
        .collect()
}

#[test]
fn types_are_mapped_as_the_table_says() {
    let page = page("types.md");
    let types: Vec<Vec<&str>> = rows(&page, "type")
        .into_iter()
        .filter(|row| row.len() == 6)
        .collect();
    for row in &types {
        let [ty, rust, sqlite, postgres, mysql, _] = row[..] else {
            panic!("{row:?}")
        };
        let (actual, sql) = mapped(ty, TimeCrate::Time);
        assert!(
            actual == rust || actual.ends_with(&format!("::{rust}")),
            "`{ty}` is {actual}, not {rust}"
        );
        assert_eq!(sql, [sqlite, postgres, mysql], "{ty}");
    }
    for builtin in builtins() {
        let is_it = |row: &Vec<&str>| row[0].split('(').next() == Some(&builtin);
        assert!(types.iter().any(is_it), "`{builtin}` is not in the table");
    }
}

#[test]
fn dates_and_times_are_mapped_as_the_table_says() {
    let page = page("types.md");
    let rows: Vec<Vec<&str>> = rows(&page, "type")
        .into_iter()
        .filter(|row| row.len() == 4)
        .collect();
    assert_eq!(rows.len(), 5);
    for row in rows {
        for (time_crate, expected) in TimeCrate::ALL.into_iter().zip(&row[1..]) {
            let (actual, _) = mapped(row[0], time_crate);
            let path = actual.split('<').next().unwrap();
            assert!(
                path.ends_with(&format!("::{expected}")),
                "{}: {actual}",
                row[0]
            );
        }
    }
}

#[test]
fn the_page_of_fields_names_every_key_of_a_field() {
    let text = with_fields("it = { qqqqqqqqqqqqqqqqqqqq = 1 }");
    let compiled = compile_texts([text.as_str()], &Options::default());
    let (_, list) = compiled
        .text
        .split_once("the keys of a field are ")
        .unwrap();
    let page = page("fields.md");
    let named: Vec<&str> = rows(&page, "key")
        .into_iter()
        .flat_map(|row| row[0].split(", ").collect::<Vec<_>>())
        .collect();
    let keys = list
        .lines()
        .next()
        .unwrap()
        .split(", ")
        .map(|key| key.trim_matches('`'));
    let missing: Vec<&str> = keys
        .filter(|key| !named.iter().any(|name| name.trim_matches('`') == *key))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
