//! A schema of any size, as a team would have written it: fifty models a file, each with keys, references, indexes, defaults and an enum.

use std::fmt::{self, Write};
use std::fs;
use std::path::Path;

use crate::Result;
use crate::models::{self, Name};

/// The columns of each model.
pub(crate) const N_COLUMNS: usize = 12;
/// The folder of the schema files, in that of the project.
pub(crate) const FOLDER: &str = "schema";

const MODELS_A_FILE: usize = 50;

/// Writes a project with so many models into a folder.
pub(crate) fn write(project: &Path, n_models: usize) -> Result<()> {
    let folder = project.join(FOLDER);
    fs::create_dir_all(&folder)?;
    let dialects = r#"dialects = ["sqlite", "postgres", "mysql"]"#;
    let config = format!("format = 1\n{dialects}\nschema = [\"{FOLDER}/*.toml\"]\n");
    fs::write(project.join("sqlmodel.toml"), config)?;
    for (file, start) in (0..n_models).step_by(MODELS_A_FILE).enumerate() {
        let mut text = String::new();
        write_file(&mut text, file, start..n_models.min(start + MODELS_A_FILE))?;
        fs::write(folder.join(format!("area_{file:02}.toml")), text)?;
    }
    Ok(())
}

/// Adds a file with a query for each model, of the kinds that programs have: a list with optional parts, an aggregate over a join, a write.
pub(crate) fn write_queries(project: &Path, n_models: usize) -> Result<()> {
    let mut text = String::from("format = 1\nmodule = \"queries_of_all\"\n");
    for position in 0..n_models {
        let snake = models::name(position).snake;
        let parent = models::name(position / 2).snake;
        let sql = match position % 3 {
            0 => format!(
                "SELECT id, code, name, weight FROM {snake} WHERE is_active /*if status*/ AND status = :status /*end*/ \
                 /*if least*/ AND quantity >= :least /*end*/ ORDER BY name LIMIT :n"
            ),
            1 => format!(
                "SELECT p.id, p.name, count(c.id) AS children, coalesce(max(c.quantity), 0) AS most FROM {parent} p \
                 LEFT JOIN {snake} c ON c.parent_id = p.id WHERE p.code IN (:codes) GROUP BY p.id, p.name"
            ),
            _ => format!(
                "UPDATE {snake} SET name = :name, description = :description WHERE id = :id"
            ),
        };
        writeln!(
            text,
            "\n[[query]]\nname = \"query_{position}\"\nsql = \"\"\"{sql}\"\"\""
        )?;
    }
    fs::write(project.join(FOLDER).join("queries.toml"), text)?;
    Ok(())
}

fn write_file(text: &mut String, file: usize, positions: std::ops::Range<usize>) -> fmt::Result {
    writeln!(text, "format = 1")?;
    writeln!(text, "module = \"area_{file:02}\"")?;
    writeln!(text, "doc = \"One area of a large business.\"\n")?;
    writeln!(text, "[enum.Status{file:02}]")?;
    writeln!(text, "doc = \"How far something is.\"")?;
    writeln!(text, "storage = \"text\"")?;
    writeln!(
        text,
        "values = [\"draft\", \"open\", \"closed\", \"archived\"]"
    )?;
    for position in positions {
        write_model(text, file, position)?;
    }
    Ok(())
}

/// Models form a tree by `parent_id`, and each refers to one in another file, if there is one, by `owner_id`.
fn write_model(text: &mut String, file: usize, position: usize) -> fmt::Result {
    let Name { camel, snake } = models::name(position);
    let parent = models::name(position / 2).camel;
    let owner = models::name(position / 3).camel;
    writeln!(text, "\n[model.{camel}]")?;
    writeln!(
        text,
        "doc = \"What the business knows of one {}.\"",
        snake.replace('_', " ")
    )?;
    writeln!(text, "\n[model.{camel}.fields]")?;
    writeln!(text, r#"id = {{ type = "i64", key = "auto" }}"#)?;
    writeln!(
        text,
        r#"code = {{ type = "text(40)", unique = true, doc = "What people call it." }}"#
    )?;
    writeln!(text, r#"name = {{ type = "text(120)", index = true }}"#)?;
    writeln!(text, r#"description = "text?""#)?;
    writeln!(
        text,
        r#"status = {{ type = "Status{file:02}", default = "draft" }}"#
    )?;
    writeln!(text, r#"quantity = {{ type = "i32", default = 0 }}"#)?;
    writeln!(
        text,
        r#"amount = {{ type = "decimal(12,2)", default = "0.00" }}"#
    )?;
    writeln!(text, r#"weight = "f64?""#)?;
    writeln!(text, r#"is_active = {{ type = "bool", default = true }}"#)?;
    writeln!(
        text,
        r#"parent_id = {{ ref = "{parent}?", inverse = "{snake}_parts", on_delete = "set_null" }}"#
    )?;
    writeln!(
        text,
        r#"owner_id = {{ ref = "{owner}?", inverse = "owned_{snake}", index = true }}"#
    )?;
    writeln!(
        text,
        r#"created_at = {{ type = "timestamptz", default = {{ fn = "now" }} }}"#
    )?;
    if position.is_multiple_of(2) {
        writeln!(text, "\n[[model.{camel}.indexes]]")?;
        writeln!(
            text,
            r#"on = ["status", {{ column = "created_at", order = "desc" }}]"#
        )?;
    }
    Ok(())
}
