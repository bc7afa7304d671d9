//! Updates that take values of rows that are not joined, or of which there are many.

use live::generated::hero::{Hero, Team};
use live::sqlmodel_runtime::prelude::*;

fn main() {
    let _ = Hero::update().set(Hero::NAME, Team::NAME);
    let _ = Team::update().joining(Team::HEROES).set(Team::NAME, Hero::NAME);
    let _ = Hero::update().joining(Hero::TEAM).set(Team::NAME, Hero::NAME);
}
