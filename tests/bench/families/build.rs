//! Fails the build when `src/models` is not what the schema says.

fn main() {
    sqlmodel_build::Config::new().check();
}
