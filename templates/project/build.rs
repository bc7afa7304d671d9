//! Fails the build when the models are older than the schema.

fn main() {
    sqlmodel_build::Config::new().check();
}
