//! Aggregates where each row is looked at on its own.

use live::generated::hero::{Hero, Team};
use live::sqlmodel_runtime::prelude::*;
use live::sqlmodel_runtime::{count_all, table};

fn main() {
    let _ = Hero::select().filter(Hero::AGE.max().gt(3));
    let _ = Hero::select().group_by(count_all());
    let _ = Hero::select().columns(Hero::AGE.sum().max());
    let _ = Hero::select().join_on(table::<Team>(), count_all().eq(1));
    let _ = Hero::update().set(Hero::AGE, Hero::AGE.max());
}
