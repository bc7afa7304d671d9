//! `batch = true`: a function for many sets of parameters, and the struct of one set.

use crate::emit::model;
use crate::emit::queries::{QueryFile, camel, capitalized, sentence};
use crate::emit::rust::Rust;

impl QueryFile<'_> {
    /// Writes the struct of one set of parameters, and the function that takes many.
    pub(super) fn batch(&self, out: &mut Rust) {
        let query = self.query;
        let name = &query.name;
        let params = format!("{}Params", camel(name));
        let fields: Vec<(String, String)> = self
            .arguments()
            .into_iter()
            .map(|(name, ty)| (name, ty.replace("impl AsRef<str>", "&'q str")))
            .collect();
        let is_borrowing = fields.iter().any(|(_, ty)| ty.contains("'q"));
        let lifetime = if is_borrowing { "<'q>" } else { "" };
        out.doc(&format!(
            "The parameters of one run of [`{name}`], for [`{name}_batch`]."
        ));
        model::derive(out, &["Clone"], &[]);
        out.block(format!("pub struct {params}{lifetime}"), |out| {
            for (field, ty) in &fields {
                let param = query.params.iter().find(|it| it.name == *field);
                out.doc(&match param {
                    Some(param) => format!("{}.", capitalized(&sentence(&param.reason))),
                    None => "A part of the statement.".to_owned(),
                });
                model::struct_field(out, field, ty);
            }
        });
        out.blank();
        // Values of parameters are never shown.
        let anonymous = if is_borrowing { "<'_>" } else { "" };
        out.line("#[rustfmt::skip]");
        out.block(
            format!("impl ::core::fmt::Debug for {params}{anonymous}"),
            |out| {
                let head =
                    "fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result";
                out.block(head, |out| {
                    out.line(format!(
                        "f.debug_struct({params:?}).finish_non_exhaustive()"
                    ));
                });
            },
        );
        out.blank();
        out.doc(&format!(
            "Runs [`{name}`] with each set of parameters, in one transaction: all of the runs are kept, or none."
        ));
        self.attributes(out);
        out.line("#[rustfmt::skip]");
        let each = format!("each: impl IntoIterator<Item = {params}{lifetime}>");
        let returned = self.returned(if is_borrowing { "'q" } else { "'static" });
        let head = format!("pub fn {name}_batch{lifetime}");
        let returns = format!("codegen::typed::TypedBatch<{returned}>");
        out.function(&head, &[each], &returns, |out| {
            let arguments: Vec<String> = fields
                .iter()
                .map(|(field, _)| format!("it.{field}"))
                .collect();
            out.line(format!(
                "each.into_iter().map(|it| {name}({})).collect()",
                arguments.join(", ")
            ));
        });
    }
}
