//! Statements that do not say which rows they are about.

use live::generated::hero::Hero;
use live::sqlmodel_runtime::prelude::*;

async fn statements(cx: &Cx, executor: &mut impl Executor) {
    let _ = Hero::delete().execute(cx, executor).await;
    let _ = Hero::update().set(Hero::AGE, 3).execute(cx, executor).await;
}

fn main() {}
