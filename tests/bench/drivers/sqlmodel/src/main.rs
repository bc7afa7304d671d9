//! The driver workloads on sqlmodel, as users write them and with texts instead of builders; on the C library itself, which is the limit;
//! and on rusqlite by index.

mod limit;
mod models;
mod plain_rusqlite;
mod with_builders;
mod with_texts;

#[global_allocator]
static ALLOCATOR: harness::Counting = harness::Counting;

fn main() -> std::io::Result<()> {
    harness::serve(&[
        ("limit", limit::prepare),
        ("rusqlite", plain_rusqlite::prepare),
        ("sqlmodel-texts", with_texts::prepare),
        ("sqlmodel", with_builders::prepare),
    ])
}
