//! Every schema under `schemas/` compiles without a word.

use std::path::Path;

use golden::{compile_folder, folders};
use sqlmodel_gen::ir::{Join, RelationKind, Strategy};

#[test]
fn every_schema_compiles_without_a_word() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let folders = folders(&root);
    assert!(folders.len() >= 5, "{folders:?}");
    for folder in folders
        .iter()
        .filter(|folder| folder.join("sqlmodel.toml").exists())
    {
        let compiled = compile_folder(folder);
        assert_eq!(compiled.render(folder), "", "{}", folder.display());
        assert!(
            compiled.compilation.schema.is_some(),
            "{}",
            folder.display()
        );
    }
}

#[test]
fn order_of_files_makes_no_difference() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/zoo");
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let names = ["people.toml", "animals.toml", "events.toml"];
    let compile = |names: &[&str]| {
        let mut sources = sqlmodel_gen::source::SourceMap::new();
        for name in names {
            sources.add(*name, read(name));
        }
        let schema = sqlmodel_gen::compile(&sources, &Default::default())
            .schema
            .unwrap();
        let models: Vec<String> = schema
            .models
            .values()
            .map(|model| model.name.clone())
            .collect();
        let tables: Vec<_> = schema.tables.values().cloned().collect();
        (models, tables, schema.mappings)
    };
    let mut reversed = names;
    reversed.reverse();
    assert_eq!(compile(&names), compile(&reversed));
}

#[test]
fn inheritance_is_resolved_into_the_mapping() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/zoo");
    let schema = compile_folder(&root).compilation.schema.unwrap();
    let model = |name: &str| {
        schema
            .models
            .iter()
            .find(|(_, model)| model.name == name)
            .unwrap()
            .0
    };
    let columns = |name: &str| -> Vec<String> {
        let columns = schema.mappings[model(name)].columns.iter();
        let table_and_column = columns.map(|it| {
            let table = &schema.tables[it.column.table];
            format!("{}.{}", table.name, table.columns[it.column.column].name)
        });
        table_and_column.collect()
    };
    assert_eq!(
        columns("HeadKeeper"),
        [
            "person.id",
            "person.name",
            "person.version",
            "keeper.badge",
            "head_keeper.budget"
        ]
    );
    assert_eq!(columns("Lion").last().unwrap(), "animal.mane_cm");
    assert_eq!(
        columns("GreatBreakout").first().unwrap(),
        "great_breakout.id"
    );
    assert_eq!(columns("Event"), Vec::<String>::new());

    let keeper = &schema.mappings[model("Keeper")];
    let tables: Vec<String> = keeper
        .tables
        .iter()
        .map(|it| schema.tables[it.table].name.to_string())
        .collect();
    assert_eq!(tables, ["person", "keeper"]);
    assert_eq!(
        keeper
            .tables
            .iter()
            .map(|it| it.key.clone())
            .collect::<Vec<_>>(),
        [[0], [0]]
    );

    let strategies: Vec<Strategy> = schema.families.values().map(|it| it.strategy).collect();
    assert_eq!(
        strategies,
        [Strategy::SingleTable, Strategy::Concrete, Strategy::Joined]
    );
}

#[test]
fn both_sides_of_a_relation_name_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/shop");
    let schema = compile_folder(&root).compilation.schema.unwrap();
    let relation = |name: &str| {
        let (model, name) = name.split_once('.').unwrap();
        schema
            .relations
            .iter()
            .find(|(_, it)| it.name == name && schema.models[it.model].name == model)
            .unwrap()
    };
    let (similar, (to, back)) = (relation("Product.similar"), relation("Product.similar_to"));
    assert_eq!(similar.1.inverse, Some(to));
    assert_eq!(back.inverse, Some(similar.0));
    let (
        Join::Link { source, target, .. },
        Join::Link {
            source: far,
            target: near,
            ..
        },
    ) = (&similar.1.join, &back.join)
    else {
        panic!("both lead through the link");
    };
    let swap = |pairs: &[sqlmodel_gen::ir::FieldPair]| -> Vec<_> {
        pairs.iter().map(|pair| (pair.far, pair.near)).collect()
    };
    let plain = |pairs: &[sqlmodel_gen::ir::FieldPair]| -> Vec<_> {
        pairs.iter().map(|pair| (pair.near, pair.far)).collect()
    };
    assert_eq!(plain(source), swap(near));
    assert_eq!(plain(target), swap(far));
    assert_eq!(relation("Customer.address").1.kind, RelationKind::HasOne);
    assert_eq!(relation("Order.lines").1.kind, RelationKind::ToMany);
    assert!(matches!(&relation("OrderLine.order").1.join, Join::Direct(pairs) if pairs.len() == 2));
}
