//! What an outer join may leave out, and numbers that are not rounded.

use live::generated::hero::{Hero, Team};
use live::sqlmodel_runtime::prelude::*;
use live::sqlmodel_runtime::{Lock, table};

fn main() {
    let _ = Hero::select().left_join(Hero::TEAM).for_update_of(table::<Team>(), Lock::Wait);
    let _ = Hero::select().for_update_of(table::<Team>(), Lock::Wait);
    let _ = Hero::select().left_join(Hero::TEAM).seek(Team::ID.asc(), None);
    let _ = Hero::select().columns(Hero::AGE.round());
    let _ = Hero::select().columns(Hero::AGE.cast::<f64>().round_to(2));
    let _ = Hero::select().columns(Hero::AGE.distinct());
}
