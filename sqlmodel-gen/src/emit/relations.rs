//! Relations: constants that say which columns of which models are matched.

use crate::emit::model::ModelFile;
use crate::emit::names;
use crate::emit::rust::{Expr, Rust};
use crate::ir::{FieldPair, Join, Relation, RelationId, RelationKind};

/// Writes the constant of a relation.
pub(super) fn constant(file: &ModelFile<'_>, id: RelationId, out: &mut Rust) {
    let relation = &file.output.schema.relations[id];
    let target = path(file, relation.target);
    let (constructor, parameters, arguments) = match (&relation.kind, &relation.join) {
        (RelationKind::ToOne { is_optional }, Join::Direct(pairs)) => {
            let target = if *is_optional {
                file.types.option(&target)
            } else {
                target
            };
            ("ToOne", format!("Self, {target}"), direct(file, pairs))
        }
        (RelationKind::HasOne, Join::Direct(pairs)) => {
            ("HasOne", format!("Self, {target}"), direct(file, pairs))
        }
        (RelationKind::ToMany, Join::Direct(pairs)) => {
            ("ToMany", format!("Self, {target}"), direct(file, pairs))
        }
        (
            RelationKind::ManyToMany,
            Join::Link {
                model,
                source,
                target: far,
            },
        ) => {
            let link = path(file, *model);
            let [own, link_own] = direct(file, source);
            let [link_target, target_columns] = direct(file, far);
            out.doc(&doc(file, relation));
            write(
                out,
                file,
                relation,
                "ManyToMany",
                &format!("Self, {target}, {link}"),
                [own, link_own, link_target, target_columns],
            );
            return;
        }
        // The compiler makes no other pairs of kind and join.
        _ => return,
    };
    out.doc(&doc(file, relation));
    write(out, file, relation, constructor, &parameters, arguments);
}

fn write(
    out: &mut Rust,
    file: &ModelFile<'_>,
    relation: &Relation,
    ty: &str,
    parameters: &str,
    arguments: impl IntoIterator<Item = Expr>,
) {
    let name = names::constant(&relation.name);
    out.item(|out| {
        let ty_with = format!("codegen::{ty}<{parameters}>");
        let value = Expr::call(format!("codegen::{ty}::new"), arguments);
        if relation.target == file.id {
            let head = format!("pub const {name}: codegen::OwnTable<{ty_with}>");
            out.assign(&head, &Expr::call("codegen::OwnTable::new", [value]));
        } else {
            out.assign(&format!("pub const {name}: {ty_with}"), &value);
        }
    });
}

/// The columns on both sides of a join.
fn direct(file: &ModelFile<'_>, pairs: &[FieldPair]) -> [Expr; 2] {
    let fields = &file.output.schema.fields;
    [
        Expr::strs(pairs.iter().map(|pair| fields[pair.near].column.as_str())),
        Expr::strs(pairs.iter().map(|pair| fields[pair.far].column.as_str())),
    ]
}

/// A model as the file names it.
fn path(file: &ModelFile<'_>, model: crate::ir::ModelId) -> String {
    if model == file.id {
        "Self".to_owned()
    } else {
        file.path(model)
    }
}

fn doc(file: &ModelFile<'_>, relation: &Relation) -> String {
    if let Some(doc) = &relation.doc {
        return doc.clone();
    }
    let schema = file.output.schema;
    let target = path(file, relation.target);
    let target_name = &schema.models[relation.target].name;
    let fields = |pairs: &[FieldPair], pick: fn(&FieldPair) -> crate::ir::FieldId| {
        crate::emit::sentence_list(
            pairs
                .iter()
                .map(|pair| format!("`{}`", schema.fields[pick(pair)].name)),
        )
    };
    match (&relation.kind, &relation.join) {
        (RelationKind::ToOne { is_optional }, Join::Direct(pairs)) => {
            let keys = fields(pairs, |pair| pair.near);
            let whether = if *is_optional { ", if any" } else { "" };
            format!("The [`{target_name}`]({target}) that {keys} refers to{whether}.")
        }
        (RelationKind::HasOne, Join::Direct(pairs)) => {
            let keys = fields(pairs, |pair| pair.far);
            format!("The [`{target_name}`]({target}) whose {keys} refers to this row, if any.")
        }
        (_, Join::Direct(pairs)) => {
            let keys = fields(pairs, |pair| pair.far);
            format!("Every [`{target_name}`]({target}) whose {keys} refers to this row.")
        }
        (_, Join::Link { model, .. }) => {
            let link = path(file, *model);
            let link_name = &schema.models[*model].name;
            format!(
                "Every [`{target_name}`]({target}) that a [`{link_name}`]({link}) links to this row."
            )
        }
    }
}
