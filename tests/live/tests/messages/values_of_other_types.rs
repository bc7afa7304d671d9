//! Comparing with a value or a column of another type, and assigning one.

use live::generated::hero::Hero;
use live::sqlmodel_runtime::prelude::*;

fn main() {
    let _ = Hero::NAME.eq(3);
    let _ = Hero::NAME.eq(Hero::AGE);
    let _ = Hero::AGE.in_(["three"]);
    let _ = Hero::update().set(Hero::NAME, None::<String>);
    let _ = Hero::NAME + "!";
}
