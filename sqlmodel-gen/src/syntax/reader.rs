//! Takes the keys of a table one by one, and reports those that nobody took.

use sqlmodel_sql::{Dialect, DialectSet, PerDialect};

use crate::diagnostic::{Diagnostic, Diagnostics, codes, nearest_word};
use crate::source::{SourceMap, Span};
use crate::syntax::{Flag, Name, Node, Spanned, Sql, Table, Value, slot};

/// What parsing needs besides the tree.
pub(crate) struct Context<'a> {
    pub(crate) sources: &'a SourceMap,
    pub(crate) diagnostics: &'a mut Diagnostics,
}

/// A table that is being read.
pub(crate) struct Reader<'a, 'b> {
    pub(crate) cx: &'b mut Context<'a>,
    table: &'b Table,
    /// The place of the table, for keys that are missing.
    pub(crate) span: Span,
    /// What the table is, with its article: "a field".
    what: &'static str,
    known: Vec<&'static str>,
    /// What is to be reported as missing: keys, any of which will do, and the report.
    missing: Vec<(&'static [&'static str], Diagnostic)>,
}

/// What other languages have a key for: of what, the key, and what to write.
const FOREIGN_KEYS: &[(&str, &str, &str)] = &[
    ("a field", "auto_increment", "write `key = \"auto\"`"),
    ("a field", "autoincrement", "write `key = \"auto\"`"),
    (
        "a field",
        "default_factory",
        "write `default = { fn = \"uuid_v7\" }`, or another function",
    ),
    (
        "a field",
        "enum",
        "declare `[enum.Name]`, and write its name as the type",
    ),
    ("a field", "exclude", "write `hidden = true`"),
    (
        "a field",
        "foreign_key",
        "write `ref = \"Team\"` in place of the type",
    ),
    (
        "a field",
        "length",
        "write the length into the type: `text(80)`",
    ),
    (
        "a field",
        "max_length",
        "write the length into the type: `text(80)`",
    ),
    (
        "a field",
        "min_length",
        "write `validate = { min_len = 1 }`",
    ),
    ("a field", "name", "write `column = \"..\"`"),
    (
        "a field",
        "not_null",
        "leave it out: a type without `?` is not null",
    ),
    (
        "a field",
        "null",
        "write `?` after a type that may be null: `text?`",
    ),
    (
        "a field",
        "nullable",
        "write `?` after a type that may be null: `text?`",
    ),
    (
        "a field",
        "optional",
        "write `?` after a type that may be null: `text?`",
    ),
    (
        "a field",
        "pk",
        "write `key = \"auto\"`, or `key = true` for a key that you give",
    ),
    (
        "a field",
        "primary_key",
        "write `key = \"auto\"`, or `key = true` for a key that you give",
    ),
    (
        "a field",
        "references",
        "write `ref = \"Team\"` in place of the type",
    ),
    (
        "a field",
        "server_default",
        "write `default = { sql = \"..\" }`",
    ),
    ("a relation", "many", "write `many_to_many = \"Tag\"`"),
    ("a relation", "secondary", "write `link = \"PostTag\"`"),
    ("a relation", "through", "write `link = \"PostTag\"`"),
    ("a relation", "via", "write `link = \"PostTag\"`"),
    ("an index", "columns", "write `on = [\"name\"]`"),
    ("an index", "fields", "write `on = [\"name\"]`"),
    ("a unique key", "columns", "write `on = [\"name\"]`"),
    ("a unique key", "fields", "write `on = [\"name\"]`"),
    ("a mixin", "include", "write `mixins = [\"Name\"]`"),
    ("a model", "columns", "write `[model.Name.fields]`"),
    ("a model", "include", "write `mixins = [\"Name\"]`"),
    ("a model", "inherits", "write `extends = \"Base\"`"),
    ("a model", "primary_key", "write `key = true` in its fields"),
    ("a model", "table_name", "write `table = \"..\"`"),
    ("a model", "tablename", "write `table = \"..\"`"),
    ("a schema file", "enums", "write `[enum.Name]`"),
    ("a schema file", "models", "write `[model.Name.fields]`"),
    ("a schema file", "table", "write `[model.Name.fields]`"),
];

impl<'a, 'b> Reader<'a, 'b> {
    pub(crate) fn new(
        cx: &'b mut Context<'a>,
        table: &'b Table,
        span: Span,
        what: &'static str,
    ) -> Self {
        Self {
            cx,
            table,
            span,
            what,
            known: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Reports the keys that were not asked for, and those that are missing.
    pub(crate) fn finish(mut self) {
        let unknown: Vec<&Name> = self.unknown().map(|(key, _)| key).collect();
        for key in unknown {
            let message = format!("unknown key `{}` in {}", key.value, self.what);
            let diagnostic = Diagnostic::new(&codes::UNKNOWN_KEY, key.span, message);
            let nearest = nearest_word(&key.value, &self.known);
            let words = self.words_for(&key.value).unwrap_or_default();
            // A key that is only misspelt is not missing as well.
            self.missing.retain(|(keys, _)| {
                let is_meant = |key: &&str| match nearest {
                    Some(nearest) => nearest == *key,
                    None => words.contains(&format!("`{key} = ")),
                };
                !keys.iter().any(is_meant)
            });
            let diagnostic = match nearest {
                Some(known) => diagnostic
                    .label(format!("did you mean `{known}`?"))
                    .help(format!("write `{known}`"))
                    .fix(key.span, known),
                None => match self.words_for(&key.value) {
                    Some(words) => diagnostic.help(words),
                    None => diagnostic.help(format!(
                        "the keys of {} are {}",
                        self.what,
                        list(&self.known)
                    )),
                },
            };
            self.cx.diagnostics.push(diagnostic);
        }
        for (_, diagnostic) in self.missing {
            self.cx.diagnostics.push(diagnostic);
        }
    }

    /// Iterates over what was not asked for.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = &'b (Name, Node)> {
        let entries = self.table.entries.iter();
        entries.filter(|(key, _)| !self.known.contains(&key.value.as_str()))
    }

    /// Says what to write for a key that other languages have.
    fn words_for(&self, key: &str) -> Option<&'static str> {
        let found = FOREIGN_KEYS
            .iter()
            .find(|(what, foreign, _)| *what == self.what && *foreign == key);
        found.map(|(_, _, words)| *words)
    }

    /// Takes a key.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<&'b Node> {
        self.get_with_key(key).map(|(_, value)| value)
    }

    /// Takes a key, with the place of the key itself.
    pub(crate) fn get_with_key(&mut self, key: &'static str) -> Option<(&'b Name, &'b Node)> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        let (name, value) = self
            .table
            .entries
            .iter()
            .find(|(name, _)| name.value == key)?;
        Some((name, value))
    }

    /// Reports a key that must be there, by its name or as the first of several that would do.
    pub(crate) fn missing(&mut self, keys: &'static [&'static str], example: &str) {
        let key = keys.first().copied().unwrap_or_default();
        let message = format!("{} needs the key `{key}`", self.what);
        let diagnostic = Diagnostic::new(&codes::MISSING_KEY, self.span, message)
            .help(format!("add `{example}`"));
        self.missing_as(keys, diagnostic);
    }

    /// Reports that none of several keys is there, in words of its own.
    pub(crate) fn missing_as(&mut self, keys: &'static [&'static str], diagnostic: Diagnostic) {
        self.missing.push((keys, diagnostic));
    }

    /// Reports two keys of which only one may be there.
    pub(crate) fn exclude(&mut self, one: &'static str, other: &'static str) {
        if let (Some((first, _)), Some((second, _))) =
            (self.get_with_key(one), self.get_with_key(other))
        {
            let message = format!("`{one}` and `{other}` exclude each other");
            self.cx.diagnostics.push(
                Diagnostic::new(&codes::CONFLICTING_KEYS, second.span, message)
                    .related(first.span, format!("`{one}` is here"))
                    .help("remove one of the two"),
            );
        }
    }

    /// Takes `format`, and reports a version that is not the one given.
    pub(crate) fn check_format(&mut self, known: i64) {
        let Some(format) = self.integer("format") else {
            return;
        };
        if format.value != known {
            let message = format!("format `{}` is not known", format.value);
            self.cx.diagnostics.push(
                Diagnostic::new(&codes::UNSUPPORTED_FORMAT, format.span, message)
                    .help(format!("this compiler reads `format = {known}`")),
            );
        }
    }

    pub(crate) fn string(&mut self, key: &'static str) -> Option<Name> {
        let node = self.get(key)?;
        self.cx.string(node, key)
    }

    /// Takes documentation: line breaks at both ends are not part of it.
    pub(crate) fn doc(&mut self) -> Option<String> {
        let text = self.string("doc")?;
        let text = text.value.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    pub(crate) fn boolean(&mut self, key: &'static str) -> Option<Spanned<bool>> {
        let node = self.get(key)?;
        match node.value {
            Value::Bool(value) => Some(Spanned::new(value, node.span)),
            _ => self.cx.wrong_kind(node, key, "`true` or `false`"),
        }
    }

    pub(crate) fn is_true(&mut self, key: &'static str) -> bool {
        self.boolean(key).is_some_and(|value| value.value)
    }

    pub(crate) fn integer(&mut self, key: &'static str) -> Option<Spanned<i64>> {
        let node = self.get(key)?;
        match node.value {
            Value::Integer(Some(value)) => Some(Spanned::new(value, node.span)),
            Value::Integer(None) => {
                self.cx
                    .out_of_range(node.span, key, "does not fit 64 bits", "1");
                None
            }
            _ => self.cx.wrong_kind(node, key, "an integer"),
        }
    }

    /// Takes a list of strings; `None` if the key is not there.
    pub(crate) fn strings(&mut self, key: &'static str) -> Option<Vec<Name>> {
        let node = self.get(key)?;
        let Value::Array(items) = &node.value else {
            return self.cx.wrong_kind(node, key, "a list of strings");
        };
        Some(
            items
                .iter()
                .filter_map(|item| self.cx.string(item, key))
                .collect(),
        )
    }

    /// Takes a table whose keys are names.
    pub(crate) fn entries(&mut self, key: &'static str) -> &'b [(Name, Node)] {
        let Some(node) = self.get(key) else {
            return &[];
        };
        match &node.value {
            Value::Table(table) => &table.entries,
            _ => {
                self.cx.wrong_kind::<()>(node, key, "a table");
                &[]
            }
        }
    }

    /// Takes a list of tables, as `[[key]]` makes it.
    pub(crate) fn tables(&mut self, key: &'static str) -> Vec<(&'b Table, Span)> {
        let Some(node) = self.get(key) else {
            return Vec::new();
        };
        let Value::Array(items) = &node.value else {
            let kind = node.value.kind();
            let message = format!("`{key}` is {kind}, expected a list of tables");
            self.cx.diagnostics.push(
                Diagnostic::new(&codes::WRONG_KIND, node.span, message)
                    .label("expected a list of tables")
                    .help(format!("two brackets begin one of a list: `[[..{key}]]`")),
            );
            return Vec::new();
        };
        let table = |item: &'b Node| match &item.value {
            Value::Table(table) => Some((table, item.span)),
            _ => self.cx.wrong_kind(item, key, "a table"),
        };
        items.iter().filter_map(table).collect()
    }

    /// Takes one word of a closed set.
    pub(crate) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<Spanned<T>> {
        let text = self.string(key)?;
        self.cx.word(&text, key, words, &[])
    }

    /// Takes one word of a closed set, for a key that takes other values without quotes, such as `true`.
    pub(crate) fn word_beside<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
        bare: &[&'static str],
    ) -> Option<Spanned<T>> {
        let text = self.string(key)?;
        self.cx.word(&text, key, words, bare)
    }

    /// Takes `true`, or a name for what is switched on; `false` is as good as nothing.
    pub(crate) fn flag(&mut self, key: &'static str) -> Option<Flag> {
        let (name, node) = self.get_with_key(key)?;
        match &node.value {
            Value::Bool(true) => Some(Flag {
                name: None,
                span: name.span,
            }),
            Value::Bool(false) => None,
            // A constraint of that name is never meant.
            Value::String(text) if matches!(text.as_str(), "true" | "false") => {
                self.cx.wrong_kind(node, key, "`true` or a name")
            }
            Value::String(text) => Some(Flag {
                name: Some(Spanned::new(text.clone(), node.span)),
                span: name.span,
            }),
            _ => self.cx.wrong_kind(node, key, "`true` or a name"),
        }
    }

    /// Takes SQL text: a string, or a table by dialect.
    pub(crate) fn sql(&mut self, key: &'static str) -> Sql {
        match self.get(key) {
            Some(node) => self.cx.sql(node, key),
            None => PerDialect::NONE,
        }
    }

    /// Takes a list of dialects.
    pub(crate) fn dialects(&mut self, key: &'static str) -> Option<Spanned<DialectSet>> {
        let span = self.get(key)?.span;
        let words = Dialect::ALL.map(|dialect| (dialect.name(), dialect));
        let names = self.strings(key)?;
        let dialects = names
            .iter()
            .filter_map(|name| self.cx.word(name, key, &words, &[]));
        Some(Spanned::new(
            dialects.map(|dialect| dialect.value).collect(),
            span,
        ))
    }

    /// Takes a table from names to strings.
    pub(crate) fn string_map(&mut self, key: &'static str) -> Vec<(Name, Name)> {
        let entries = self.entries(key);
        entries
            .iter()
            .filter_map(|(name, node)| Some((name.clone(), self.cx.string(node, key)?)))
            .collect()
    }
}

impl Context<'_> {
    pub(crate) fn string(&mut self, node: &Node, key: &str) -> Option<Name> {
        match &node.value {
            Value::String(text) => Some(Spanned::new(text.clone(), node.span)),
            _ => self.wrong_kind(node, key, "a string"),
        }
    }

    pub(crate) fn wrong_kind<T>(&mut self, node: &Node, key: &str, expected: &str) -> Option<T> {
        let kind = node.value.kind();
        let message = format!("`{key}` is {kind}, expected {expected}");
        let diagnostic = Diagnostic::new(&codes::WRONG_KIND, node.span, message)
            .label(format!("expected {expected}"));
        let written = self.sources.text(node.span);
        self.diagnostics
            .push(match as_expected(&node.value, written, expected) {
                Some(text) => diagnostic.fix(node.span, text),
                None => diagnostic.help(match expected {
                    "a string" => "write a text in double quotes".to_owned(),
                    "an integer" => format!("write `{key} = 1`"),
                    "a list of strings" => format!("write `{key} = [\"..\"]`"),
                    "`true` or `false`" => {
                        format!("write `{key} = true`, or remove it for `false`")
                    }
                    "a table" => {
                        format!("write `{key} = {{ .. }}`, or begin it with a header in brackets")
                    }
                    _ => format!("write {expected}"),
                }),
            });
        None
    }

    /// Reports a number; `right` is one that the key takes.
    pub(crate) fn out_of_range(&mut self, span: Span, key: &str, why: &str, right: &str) {
        let message = format!("the number of `{key}` {why}");
        self.diagnostics.push(
            Diagnostic::new(&codes::OUT_OF_RANGE, span, message)
                .help(format!("write `{key} = {right}`")),
        );
    }

    /// Finds a word of a closed set; `bare` are the values that the key takes without quotes.
    pub(crate) fn word<T: Copy>(
        &mut self,
        text: &Name,
        key: &str,
        words: &[(&'static str, T)],
        bare: &[&'static str],
    ) -> Option<Spanned<T>> {
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
            return Some(Spanned::new(*value, text.span));
        }
        let words = words.iter().map(|(word, _)| *word);
        let names: Vec<&str> = bare.iter().copied().chain(words).collect();
        let message = match bare.contains(&text.value.as_str()) {
            true => format!("`{key} = \"{}\"` is a string", text.value),
            false => format!("`{}` is not a value of `{key}`", text.value),
        };
        let diagnostic = Diagnostic::new(&codes::UNKNOWN_WORD, text.span, message)
            .help(format!("`{key}` is one of {}", list(&names)));
        self.diagnostics
            .push(match nearest_word(&text.value, &names) {
                Some(word) if bare.contains(&word) => diagnostic
                    .label(format!("did you mean `{word}`?"))
                    .fix(text.span, word),
                Some(word) => diagnostic
                    .label(format!("did you mean `{word}`?"))
                    .fix(text.span, format!("\"{word}\"")),
                None => diagnostic,
            });
        None
    }

    /// Reads SQL text: a string, or a table by dialect.
    pub(crate) fn sql(&mut self, node: &Node, key: &'static str) -> Sql {
        let mut sql = PerDialect::NONE;
        match &node.value {
            Value::String(_) => sql.portable = self.sql_text(node, key),
            Value::Table(table) => {
                let mut reader = Reader::new(self, table, node.span, "a text by dialect");
                sql.portable = reader
                    .get("default")
                    .and_then(|node| reader.cx.sql_text(node, key));
                for dialect in Dialect::ALL {
                    let text = reader.get(dialect.name());
                    *slot(&mut sql, dialect) = text.and_then(|node| reader.cx.sql_text(node, key));
                }
                reader.finish();
                if table.entries.is_empty() {
                    self.empty(node.span, key);
                }
            }
            _ => {
                self.wrong_kind::<()>(
                    node,
                    key,
                    "a string, or a table such as `{ postgres = \"..\" }`",
                );
            }
        }
        sql
    }

    fn sql_text(&mut self, node: &Node, key: &'static str) -> Option<Name> {
        let text = self.string(node, key)?;
        if !text.value.trim().is_empty() {
            return Some(text);
        }
        self.empty(node.span, key);
        None
    }

    /// Reports a text or list that must have something in it.
    pub(crate) fn empty(&mut self, span: Span, key: &str) {
        let message = format!("`{key}` is empty");
        let help = match key {
            "values" => "write `values = [\"draft\", \"published\"]`".to_owned(),
            "on" => "write `on = [\"name\"]`".to_owned(),
            "by" => "write `by = [\"id\"]`".to_owned(),
            "dialects" => "write `dialects = [\"sqlite\"]`, or remove it".to_owned(),
            "schema" => "write `schema = [\"schema/*.toml\"]`".to_owned(),
            _ => format!("write something into it, or remove `{key}`"),
        };
        self.diagnostics
            .push(Diagnostic::new(&codes::EMPTY_VALUE, span, message).help(help));
    }
}

/// Returns how the same value is written as a key takes it, where nothing else can be meant.
fn as_expected(value: &Value, written: &str, expected: &str) -> Option<String> {
    match value {
        Value::String(text) if matches!(text.as_str(), "true" | "false") => {
            expected.starts_with("`true`").then(|| text.clone())
        }
        Value::String(text) if expected == "an integer" => {
            text.parse::<i64>().ok().map(|it| it.to_string())
        }
        Value::String(_) if expected == "a list of strings" => Some(format!("[{written}]")),
        _ => None,
    }
}

/// Writes names as a list for people, at most the first forty.
pub(crate) fn list(names: &[&str]) -> String {
    const MAX_NAMES: usize = 40;
    let quoted: Vec<String> = names
        .iter()
        .take(MAX_NAMES)
        .map(|name| format!("`{name}`"))
        .collect();
    match names.len().saturating_sub(MAX_NAMES) {
        0 => quoted.join(", "),
        n => format!("{} and {n} more", quoted.join(", ")),
    }
}
