//! Generates the models into `OUT_DIR`.

fn main() {
    sqlmodel_build::Config::new().generate();
}
