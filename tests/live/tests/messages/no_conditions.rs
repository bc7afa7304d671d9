//! What is no condition, no column and no row.

use live::generated::hero::Hero;
use live::sqlmodel_runtime::prelude::*;
use live::sqlmodel_runtime::row;

row! {
    struct NameAge {
        name: String,
        age: i32,
    }
}

fn main() {
    let _ = Hero::select().filter("age > 3");
    let _ = Hero::select().filter(Hero::AGE);
    let _ = Hero::select().columns((Hero::NAME, Hero::AGE)).decode_as::<NameAge>();
    let _ = Hero::NAME.cast::<i64>();
    let _ = Hero::NAME.sum();
}
