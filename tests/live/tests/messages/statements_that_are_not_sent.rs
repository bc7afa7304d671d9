//! Statements that nobody sends.
#![deny(unused_must_use)]

use live::generated::hero::{Hero, NewHero, Team};
use live::sqlmodel_runtime::prelude::*;

fn forget(hero: &Hero) {
    insert!(NewHero::new("Deadpond", "Dive Wilson"));
    insert_many!([NewHero::new("Deadpond", "Dive Wilson")]);
    update!(*hero);
    delete!(*hero);
    hero.update_row();
    Hero::select();
    Team::select().include(Team::HEROES);
    update!(Hero { AGE = 3 } where Hero::AGE.is_null());
    delete!(Hero where Hero::AGE.is_null());
    insert!(NewHero::new("Deadpond", "Dive Wilson"))
        .on_conflict(Hero::ID)
        .do_nothing();
}

fn main() {
    let _ = forget;
}
