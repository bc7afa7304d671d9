//! Functions of the database that the schema declares.

use std::collections::BTreeMap;

use sqlmodel_sql::Dialect;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{FieldType, SqlFunction};
use crate::resolve::Resolver;
use crate::source::Span;
use crate::syntax::{self, Name, parse_type};

/// Stands for an argument of whatever type.
const ANY: &str = "any";

impl Resolver<'_> {
    pub(in crate::resolve) fn resolve_functions(&mut self) -> Vec<SqlFunction> {
        let mut functions = Vec::new();
        let mut names: BTreeMap<String, Span> = BTreeMap::new();
        for syntax in self.names.functions.clone() {
            let name = &syntax.name;
            if !is_function_name(&name.value) {
                let message = format!("`{}` is not the name of a function", name.value);
                self.push(
                    Diagnostic::new(&codes::SQL_NAME, name.span, message)
                        .help("use letters, digits and `_`"),
                );
            }
            if let Some(other) = names.insert(name.value.to_ascii_lowercase(), name.span) {
                let message = format!("the function `{}` is declared twice", name.value);
                self.push(
                    Diagnostic::new(&codes::DUPLICATE_NAME, name.span, message)
                        .label("declared again here")
                        .related(other, "already here")
                        .help("remove one of the two: names of functions have no case in SQL"),
                );
            }
            functions.extend(self.resolve_function(syntax));
        }
        functions
    }

    fn resolve_function(&mut self, syntax: &syntax::SqlFunction) -> Option<SqlFunction> {
        let args: Vec<Option<Option<FieldType>>> =
            syntax.args.iter().map(|it| self.argument(it)).collect();
        let n_args = args.len();
        let n_optional = syntax.optional.as_ref().map_or(0, |number| {
            let found = usize::try_from(number.value).ok();
            found.filter(|it| *it <= n_args).unwrap_or_else(|| {
                let message = format!("{} of {n_args} arguments are optional", number.value);
                let help = format!("write a number from 0 to {n_args}");
                self.error(&codes::OUT_OF_RANGE, number.span, message, help);
                0
            })
        });
        if syntax.variadic && n_args == 0 {
            let message = "a variadic function repeats its last argument, and there is none";
            let help = "add `args = [\"text\"]`";
            self.error(&codes::MISSING_KEY, syntax.name.span, message, help);
        }
        let returns = syntax.returns.as_ref()?;
        let returns = parse_type(returns, self.sources, self.diagnostics);
        let returns = returns.and_then(|ty| self.resolve_type(&ty))?;
        let dialects = syntax.dialects.as_ref().map(|dialects| dialects.value);
        Some(SqlFunction {
            name: syntax.name.value.clone(),
            args: args.into_iter().collect::<Option<_>>()?,
            n_optional,
            is_variadic: syntax.variadic,
            returns,
            is_strict: syntax.strict.as_ref().is_none_or(|it| it.value),
            is_aggregate: syntax.aggregate,
            dialects: Dialect::ALL
                .into_iter()
                .filter(|dialect| dialects.is_none_or(|it| it.contains(*dialect)))
                .collect(),
            span: syntax.name.span,
        })
    }

    /// Returns the type of an argument, `Some(None)` where it takes anything.
    fn argument(&mut self, text: &Name) -> Option<Option<FieldType>> {
        if text.value.trim() == ANY {
            return Some(None);
        }
        let parsed = parse_type(text, self.sources, self.diagnostics)?;
        Some(Some(self.resolve_type(&parsed)?))
    }
}

fn is_function_name(name: &str) -> bool {
    name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_')
        && name
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'_')
}
