//! Columns and relations of tables that the query does not read.

use live::generated::hero::{Hero, Team};
use live::sqlmodel_runtime::prelude::*;

fn main() {
    let _ = Hero::select().filter(Team::NAME.eq("Preventers"));
    let _ = Hero::select().order_by(Team::NAME.asc());
    let _ = Hero::select().columns((Hero::NAME, Team::NAME));
    let _ = Hero::select().join(Team::HEROES);
    let _ = Hero::select().include(Team::HEROES);
    let _ = Hero::delete().filter(Team::ID.eq(1));
}
