//! The texts that new projects are made of: data, and nothing that does anything.
//!
//! Words in double braces, such as `{{name}}`, stand for what differs from project to project.

/// A file of a new project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// Where it goes, relative to the project, with `/` between parts.
    pub path: &'static str,
    /// What it holds.
    pub text: &'static str,
}

/// The files of a new project, without its generated code.
///
/// | word | stands for |
/// |---|---|
/// | `{{name}}` | the name of the package |
/// | `{{sqlmodel}}` | the folder that the crates of sqlmodel are in, with `/` between parts |
pub const PROJECT: &[Template] = &[
    Template {
        path: "Cargo.toml",
        text: include_str!("../project/Cargo.toml.template"),
    },
    Template {
        path: ".gitignore",
        text: include_str!("../project/gitignore.template"),
    },
    Template {
        path: "build.rs",
        text: include_str!("../project/build.rs"),
    },
    Template {
        path: "sqlmodel.toml",
        text: include_str!("../project/sqlmodel.toml"),
    },
    Template {
        path: "schema/hero.toml",
        text: include_str!("../project/schema/hero.toml"),
    },
    Template {
        path: "src/main.rs",
        text: include_str!("../project/src/main.rs"),
    },
];
