//! Window functions where rows are filtered or grouped, and without a window.

use live::generated::hero::Hero;
use live::sqlmodel_runtime::prelude::*;
use live::sqlmodel_runtime::{rank, window};

fn main() {
    let _ = Hero::select().filter(rank().over(window()).eq(1));
    let _ = Hero::select().group_by(Hero::AGE).having(rank().over(window()).eq(1));
    let _ = Hero::select().columns(window().partition_by(rank().over(window())));
    let _ = Hero::select().columns(rank());
}
