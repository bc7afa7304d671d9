//! `page`: the cursor that pages begin behind, and how it is made of a row.

use crate::emit::model;
use crate::emit::queries::row::{debug, derive};
use crate::emit::queries::{QueryFile, camel};
use crate::emit::rust::Rust;
use crate::ir::Page;

impl QueryFile<'_> {
    /// The type of the cursor.
    pub(super) fn cursor(&self) -> String {
        format!("{}Cursor", camel(&self.query.name))
    }

    /// The argument of the cursor, by a name that nothing else has.
    pub(super) fn cursor_argument(&self) -> String {
        self.free_name("after")
    }

    /// Writes the cursor's struct, and how it is made of a row.
    pub(super) fn page(&self, page: &Page, out: &mut Rust) {
        let (name, cursor) = (&self.query.name, self.cursor());
        out.doc(&format!(
            "The place of a row in the order of [`{name}`], behind which a page begins."
        ));
        let keys = page.keys.iter().map(|it| &it.column);
        let shown: Vec<(&str, bool)> = keys.map(|it| (it.name.as_str(), it.is_hidden)).collect();
        derive(&shown, &page.derive, out);
        out.block(format!("pub struct {cursor}"), |out| {
            for key in &page.keys {
                let order = if key.is_descending {
                    "falling"
                } else {
                    "rising"
                };
                out.doc(&format!("`{}`, {order}.", key.column.name));
                model::struct_field(
                    out,
                    &key.column.name,
                    &self.types.column_of_query(&key.column),
                );
            }
        });
        debug(&cursor, &shown, out);
        out.blank();
        let row = self.row_type();
        out.line("#[rustfmt::skip]");
        out.block(
            format!("impl codegen::typed::Cursor<{row}> for {cursor}"),
            |out| {
                out.block(format!("fn of(row: &{row}) -> Self"), |out| {
                    out.enclosed("Self {", "}", |out| {
                        for key in &page.keys {
                            let (field, path) = (&key.column.name, &key.path);
                            out.line(format!(
                                "{field}: ::core::clone::Clone::clone(&row.{path}),"
                            ));
                        }
                    });
                });
            },
        );
    }

    /// The value of a key of the page, made of the cursor.
    pub(super) fn cursor_value(&self, column: &str) -> String {
        format!(
            "{}.map_or(codegen::Value::Null, |it| codegen::Encode::encode(&it.{column}))",
            self.cursor_argument()
        )
    }
}
