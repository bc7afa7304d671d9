//! The codes of all diagnostics. A code never changes its meaning; a retired one is never used again.

use crate::diagnostic::Severity;

/// A kind of mistake.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `SM` and four digits. The first two tell the area.
    pub id: &'static str,
    /// A name in snake_case.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The page that `explain` prints: Markdown with a wrong and a right example.
    pub page: &'static str,
}

impl Code {
    /// Returns what the code means, in one line.
    #[must_use]
    pub fn title(&self) -> &'static str {
        let line = self.page.lines().next().unwrap_or_default();
        line.trim_start_matches(['#', ' '])
    }

    /// Returns the code of an id, in any case of letters.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        codes::ALL
            .iter()
            .copied()
            .find(|code| code.id.eq_ignore_ascii_case(id))
    }
}

/// Declares the codes and the list of them.
macro_rules! codes {
    ($($severity:ident $id:literal $constant:ident $name:literal;)+) => {
        /// The codes, by name.
        pub mod codes {
            use super::{Code, Severity};

            $(
                #[doc = include_str!(concat!("pages/", $id, ".md"))]
                pub static $constant: Code = Code {
                    id: $id,
                    name: $name,
                    severity: Severity::$severity,
                    page: include_str!(concat!("pages/", $id, ".md")),
                };
            )+

            /// Every code, sorted by id.
            pub static ALL: &[&Code] = &[$(&$constant),+];
        }
    };
}

codes! {
    Error "SM0001" INVALID_TOML "invalid_toml";
    Error "SM0002" TOO_LARGE "too_large";
    Error "SM0003" TOO_DEEP "too_deep";
    Error "SM0004" UNKNOWN_KEY "unknown_key";
    Error "SM0005" MISSING_KEY "missing_key";
    Error "SM0006" WRONG_KIND "wrong_kind";
    Error "SM0007" UNKNOWN_WORD "unknown_word";
    Error "SM0008" UNSUPPORTED_FORMAT "unsupported_format";
    Error "SM0009" CONFLICTING_KEYS "conflicting_keys";
    Error "SM0010" EMPTY_VALUE "empty_value";
    Error "SM0011" OUT_OF_RANGE "out_of_range";
    Error "SM0101" DUPLICATE_NAME "duplicate_name";
    Error "SM0102" UNKNOWN_TYPE "unknown_type";
    Error "SM0103" UNKNOWN_RELATION_TARGET "unknown_relation_target";
    Error "SM0104" UNKNOWN_BASE "unknown_base";
    Error "SM0105" UNKNOWN_MIXIN "unknown_mixin";
    Error "SM0106" UNKNOWN_FIELD "unknown_field";
    Error "SM0107" WRONG_CASE "wrong_case";
    Error "SM0108" RUST_KEYWORD "rust_keyword";
    Warning "SM0109" SQL_RESERVED "sql_reserved";
    Error "SM0110" RUST_NAME "rust_name";
    Error "SM0111" DUPLICATE_FIELD "duplicate_field";
    Error "SM0112" DUPLICATE_TABLE "duplicate_table";
    Error "SM0113" DUPLICATE_COLUMN "duplicate_column";
    Error "SM0114" DUPLICATE_CONSTRAINT "duplicate_constraint";
    Warning "SM0115" UNUSED "unused";
    Error "SM0116" SQL_NAME "sql_name";
    Error "SM0117" ALIAS "alias";
    Error "SM0118" RUST_PATH "rust_path";
    Error "SM0201" TYPE_SYNTAX "type_syntax";
    Error "SM0202" TYPE_ARGUMENTS "type_arguments";
    Error "SM0203" TYPE_BASE "type_base";
    Error "SM0204" LITERAL_TYPE "literal_type";
    Error "SM0205" NOT_IN_ENUM "not_in_enum";
    Error "SM0206" UNKNOWN_FUNCTION "unknown_function";
    Error "SM0207" FUNCTION_TYPE "function_type";
    Error "SM0208" DUPLICATE_VALUE "duplicate_value";
    Error "SM0209" RULE_TYPE "rule_type";
    Error "SM0210" RULES_EXCLUDE "rules_exclude";
    Error "SM0211" CHECK_WITHOUT_RULE "check_without_rule";
    Error "SM0212" DEFAULT_BREAKS_RULE "default_breaks_rule";
    Error "SM0213" ENUM_VALUE "enum_value";
    Error "SM0214" SQL_MISSING "sql_missing";
    Error "SM0215" NEVER_WRITTEN "never_written";
    Error "SM0216" RENAMED_FROM "renamed_from";
    Error "SM0217" SQL_TYPE "sql_type";
    Error "SM0301" NO_KEY "no_key";
    Error "SM0302" NULLABLE_KEY "nullable_key";
    Error "SM0303" AUTO_KEY "auto_key";
    Error "SM0304" COMPOSITE_TARGET "composite_target";
    Error "SM0305" TARGET_NOT_UNIQUE "target_not_unique";
    Error "SM0306" SET_NULL "set_null";
    Error "SM0307" SET_DEFAULT "set_default";
    Error "SM0308" FOREIGN_KEY_OPTION "foreign_key_option";
    Error "SM0309" FOREIGN_KEY_SHAPE "foreign_key_shape";
    Error "SM0310" KEY_CYCLE "key_cycle";
    Error "SM0311" VERSION "version";
    Error "SM0312" NOT_COMPARABLE "not_comparable";
    Error "SM0313" UNSUPPORTED "unsupported";
    Error "SM0314" SPLIT_KEY "split_key";
    Warning "SM0315" REDUNDANT "redundant";
    Warning "SM0316" PARTIAL_INDEX "partial_index";
    Error "SM0401" RELATION_NAME "relation_name";
    Error "SM0402" UNNAMED_RELATION "unnamed_relation";
    Error "SM0403" LINK_WITHOUT_KEY "link_without_key";
    Error "SM0404" AMBIGUOUS_LINK "ambiguous_link";
    Warning "SM0405" LINK_NOT_UNIQUE "link_not_unique";
    Error "SM0406" CASCADE_INTO_CHILD "cascade_into_child";
    Error "SM0407" NO_TABLE "no_table";
    Error "SM0501" NO_STRATEGY "no_strategy";
    Error "SM0502" BASE_CYCLE "base_cycle";
    Error "SM0503" STRATEGY_OF_CHILD "strategy_of_child";
    Error "SM0504" NO_DISCRIMINATOR "no_discriminator";
    Error "SM0505" TAG "tag";
    Error "SM0506" STRATEGY_OPTION "strategy_option";
    Error "SM0507" KEY_OF_CHILD "key_of_child";
    Error "SM0508" ABSTRACT_ALONE "abstract_alone";
    Error "SM0509" DISCRIMINATOR_FIELD "discriminator_field";
    Error "SM0510" CHILD_SQL_DEFAULT "child_sql_default";
    Error "SM0601" RULE_SYNTAX "rule_syntax";
    Error "SM0602" RULE_OPERANDS "rule_operands";
    Error "SM0701" SQL_SYNTAX "sql_syntax";
    Error "SM0702" SQL_UNSUPPORTED "sql_unsupported";
    Error "SM0703" SQL_DIALECT "sql_dialect";
    Error "SM0704" UNKNOWN_TABLE "unknown_table";
    Error "SM0705" UNKNOWN_COLUMN "unknown_column";
    Error "SM0706" AMBIGUOUS_COLUMN "ambiguous_column";
    Error "SM0707" SQL_TYPES "sql_types";
    Error "SM0708" UNKNOWN_FUNCTION_CALL "unknown_function_call";
    Error "SM0709" PARAM_TYPE "param_type";
    Error "SM0710" COLUMN_TYPE "column_type";
    Error "SM0711" COLUMN_NAME "column_name";
    Error "SM0712" GROUP_BY "group_by";
    Error "SM0713" INSERT "insert";
    Error "SM0714" DIALECTS_DIFFER "dialects_differ";
    Error "SM0715" SQL_BLOCK "sql_block";
    Error "SM0716" QUERY_ORDER "query_order";
    Error "SM0717" RETURNS "returns";
    Error "SM0718" QUERY_ROW "query_row";
    Error "SM0719" SHAPE "shape";
    Error "SM0720" STATED "stated";
    Error "SM0721" QUERY_OPTION "query_option";
    Warning "SM0731" UNFILTERED_WRITE "unfiltered_write";
    Warning "SM0732" LIMIT_WITHOUT_ORDER "limit_without_order";
    Warning "SM0733" ONE_ROW_AT_MOST "one_row_at_most";
    Warning "SM0734" LOCK_OUTSIDE_TRANSACTION "lock_outside_transaction";
    Warning "SM0735" REDUNDANT_COLUMN "redundant_column";
    Error "SM0801" REFUSED "refused";
    Error "SM0802" OTHER_TYPE "other_type";
    Error "SM0901" NO_SCHEMA "no_schema";
}
