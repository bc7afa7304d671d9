//! The files that declare modules and re-export what is in them: `mod.rs` of the output and of each module's folder.

use crate::emit::rust::Rust;
use crate::emit::{File, Output, names, queries, views};
use crate::ir::{Variant, VariantKind};

/// What a program sees of a schema that it does not use in full, or keeps to itself, is no warning.
const UNUSED: [&str; 7] = [
    "#![allow(",
    "    clippy::module_inception,",
    "    dead_code,",
    "    unreachable_pub,",
    "    unused_imports,",
    "    reason = \"a program need not use all of its schema\"",
    ")]",
];

pub(super) fn emit(output: &Output<'_>, files: &mut Vec<File>) {
    let n_modules = output.schema.modules.len();
    let mut root = output.common_file();
    root.blank();
    let doc = match output.schema.modules.as_slice() {
        [only] => only.doc.as_deref(),
        _ => None,
    };
    root.inner_doc(doc.unwrap_or("The models of the schema."));
    root.blank();
    for line in UNUSED {
        root.line(line);
    }
    root.blank();
    root.doc("The tables of the schema, as a database is to have them.");
    root.line(format!("pub mod {};", output.names.tables));
    if n_modules == 1 {
        items(output, 0, &mut root);
    } else {
        root.blank();
        for (index, module) in output.schema.modules.iter().enumerate() {
            let name = &module.name;
            root.doc(
                module
                    .doc
                    .as_deref()
                    .unwrap_or(&format!("The module `{name}` of the schema.")),
            );
            root.line(format!("pub mod {name};"));
            let mut out = output.common_file();
            items(output, index, &mut out);
            files.push(File {
                path: output.names.file(index, "mod"),
                text: out.finish(),
            });
        }
        exports(output, &mut root);
    }
    files.push(File {
        path: "mod.rs".to_owned(),
        text: root.finish(),
    });
}

/// Re-exports what is in all modules, so that a program finds an item at the top, whatever file it is declared in.
///
/// The first file that is added to a schema of one file makes a module of each: what the program names stays where it was.
fn exports(output: &Output<'_>, root: &mut Rust) {
    let schema = output.schema;
    let has_queries = |module| schema.queries.iter().any(|it| it.module == module);
    let has_views = |module| schema.views.iter().any(|it| it.written.module == module);
    let all = |has: &dyn Fn(usize) -> bool| -> Vec<&str> {
        let modules = schema.modules.iter().enumerate();
        let modules = modules.filter(|(module, _)| has(*module));
        modules.map(|(_, module)| module.name.as_str()).collect()
    };
    for (stem, doc, modules) in [
        (
            queries::STEM,
            "The queries of all modules.",
            all(&has_queries),
        ),
        (views::STEM, "The views of all modules.", all(&has_views)),
    ] {
        let is_taken = schema.modules.iter().any(|module| module.name == stem);
        if modules.is_empty() || is_taken {
            continue;
        }
        root.blank();
        root.doc(doc);
        root.line(format!("pub mod {stem} {{"));
        for module in modules {
            root.line(format!("    pub use super::{module}::{stem}::*;"));
        }
        root.line("}");
    }
    let mut modules: Vec<&str> = schema.modules.iter().map(|it| it.name.as_str()).collect();
    modules.sort_by(|a, b| names::version_cmp(a, b));
    root.blank();
    for module in modules {
        root.line(format!("pub use self::{module}::*;"));
    }
}

/// Declares the file of each item of a module, and re-exports the item.
fn items(output: &Output<'_>, module: usize, out: &mut Rust) {
    let schema = output.schema;
    let mut stems: Vec<(&str, Vec<String>)> = Vec::new();
    let mut add = |item: &str, exports: Vec<String>| {
        stems.push((output.names.stem(module, item), exports));
    };
    for item in schema.enums.values().filter(|item| item.module == module) {
        add(&item.name, vec![item.name.clone()]);
    }
    for item in schema.types.values() {
        if item.module == module && item.rust.is_none() {
            add(&item.name, vec![item.name.clone()]);
        }
    }
    for item in schema.abstracts.values() {
        if item.module == module {
            add(&item.name, vec![item.name.clone()]);
        }
    }
    for (id, item) in schema.models.iter() {
        if item.module != module {
            continue;
        }
        let mut exports = vec![item.name.clone()];
        if !item.is_abstract {
            exports.push(names::new(&item.name));
        }
        if schema.children(id).next().is_some() {
            exports.push(names::any(&item.name));
        }
        let variants = item.variants.iter();
        let is_made = |variant: &&Variant| !item.is_abstract || variant.kind != VariantKind::Create;
        exports.extend(variants.filter(is_made).map(|variant| variant.name.clone()));
        add(&item.name, exports);
    }
    if schema.queries.iter().any(|query| query.module == module) {
        out.blank();
        out.doc("The queries of the schema, as functions.");
        out.line(format!("pub mod {};", queries::STEM));
    }
    if schema
        .views
        .iter()
        .any(|view| view.written.module == module)
    {
        out.blank();
        out.doc("The views of the schema, as models.");
        out.line(format!("pub mod {};", views::STEM));
    }
    stems.sort_unstable();
    if stems.is_empty() {
        return;
    }
    out.blank();
    for (stem, _) in &stems {
        out.line(format!("mod {stem};"));
    }
    out.blank();
    stems.sort_by(|(a, _), (b, _)| names::version_cmp(a, b));
    for (stem, mut exports) in stems {
        exports.sort_by(|a, b| names::version_cmp(a, b));
        match exports.as_slice() {
            [only] => out.line(format!("pub use self::{stem}::{only};")),
            exports => out.line(format!("pub use self::{stem}::{{{}}};", exports.join(", "))),
        }
    }
}
