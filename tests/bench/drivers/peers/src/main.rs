//! The driver workloads on diesel, sqlx and SeaORM.

mod on_diesel;
mod on_sea_orm;
mod on_sqlx;

#[global_allocator]
static ALLOCATOR: harness::Counting = harness::Counting;

fn main() -> std::io::Result<()> {
    harness::serve(&[
        ("diesel", on_diesel::prepare),
        ("sqlx", on_sqlx::prepare),
        ("sea-orm", on_sea_orm::prepare),
    ])
}

/// A runtime of tokio, single-threaded like the one of sqlmodel's programs.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system grants what a runtime needs")
}
