//! Writes Rust text as rustfmt would: the few shapes that generated code is made of, laid out by the same rules.
//!
//! Text is written once and never parsed again, which is what keeps a thousand models within a fraction of a second.
//! The rules are rustfmt's defaults of edition 2024 (width 100, calls, arrays and chains up to 60). An item that they cannot fit
//! gets `#[rustfmt::skip]`, so that formatting generated code never changes it.

#[cfg(test)]
pub(super) mod tests;

use std::fmt::Write as _;

/// The longest line.
const MAX_WIDTH: usize = 100;
/// The longest arguments of a call, items of an array, or chain of methods on one line.
const SMALL_WIDTH: usize = 60;
/// The longest fields of a struct on one line.
const STRUCT_WIDTH: usize = 18;
/// Items up to this width are packed, many to a line.
const SHORT_ITEM_WIDTH: usize = 10;
const INDENT: usize = 4;

/// A Rust expression, as far as generated code has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expr {
    /// What is never broken: a literal, a path.
    Atom(String),
    /// `path(argument, ..)`.
    Call(String, Vec<Expr>),
    /// `head.method(argument, ..)..`.
    Chain(Box<Expr>, Vec<(&'static str, Vec<Expr>)>),
    /// `&[item, ..]`.
    Slice(Vec<Expr>),
    /// `[item, ..]`.
    Array(Vec<Expr>),
    /// `path { field: value, .. }`.
    Struct(String, Vec<(&'static str, Expr)>),
    /// `match subject { arm, .. }`, with its arms as written.
    Match(String, Vec<String>),
}

impl Expr {
    pub(super) fn atom(text: impl Into<String>) -> Self {
        Self::Atom(text.into())
    }

    pub(super) fn call(path: impl Into<String>, arguments: impl IntoIterator<Item = Self>) -> Self {
        Self::Call(path.into(), arguments.into_iter().collect())
    }

    /// A string literal.
    pub(super) fn str(text: &str) -> Self {
        Self::Atom(format!("{text:?}"))
    }

    pub(super) fn slice(items: impl IntoIterator<Item = Self>) -> Self {
        Self::Slice(items.into_iter().collect())
    }

    /// A slice of string literals.
    pub(super) fn strs<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self::slice(texts.into_iter().map(Self::str))
    }

    /// Adds a method call.
    #[must_use]
    pub(super) fn method(
        self,
        name: &'static str,
        arguments: impl IntoIterator<Item = Self>,
    ) -> Self {
        let method = (name, arguments.into_iter().collect());
        match self {
            Self::Chain(head, mut methods) => {
                methods.push(method);
                Self::Chain(head, methods)
            }
            head => Self::Chain(Box::new(head), vec![method]),
        }
    }

    /// Writes the expression on one line, `None` if a rule forbids that.
    fn one_line(&self) -> Option<String> {
        let mut line = String::new();
        self.push_one_line(&mut line).then_some(line)
    }

    /// Appends the expression on one line; tells `false` if a rule forbids that, with any part of it appended.
    fn push_one_line(&self, line: &mut String) -> bool {
        let start = line.len();
        let mut list = |open: &[&str], items: &[Self], close: &str| {
            line.extend(open.iter().copied());
            let is_possible = push_one_line_list(items, line);
            line.push_str(close);
            is_possible
        };
        match self {
            Self::Atom(text) => {
                line.push_str(text);
                true
            }
            Self::Call(path, arguments) => list(&[path, "("], arguments, ")"),
            Self::Slice(items) => list(&["&["], items, "]"),
            Self::Array(items) => list(&["["], items, "]"),
            Self::Match(..) => false,
            Self::Struct(path, fields) => {
                line.push_str(path);
                line.push_str(" { ");
                let start = line.len();
                for (position, (name, value)) in fields.iter().enumerate() {
                    if position > 0 {
                        line.push_str(", ");
                    }
                    line.push_str(name);
                    line.push_str(": ");
                    if !value.push_one_line(line) || line.len() - start > STRUCT_WIDTH {
                        return false;
                    }
                }
                line.push_str(" }");
                true
            }
            Self::Chain(head, methods) => {
                if !head.push_one_line(line) {
                    return false;
                }
                for (name, arguments) in methods {
                    line.push('.');
                    line.push_str(name);
                    line.push('(');
                    if !push_one_line_list(arguments, line) {
                        return false;
                    }
                    line.push(')');
                }
                methods.len() == 1 || line.len() - start <= SMALL_WIDTH
            }
        }
    }

    /// Appends the expression where the current line has `column` characters before it and ends with `n_after` more.
    fn write(&self, out: &mut Text, indent: usize, column: usize, n_after: usize) {
        let start = out.text.len();
        if self.push_one_line(&mut out.text)
            && column + (out.text.len() - start) + n_after <= MAX_WIDTH
        {
            return;
        }
        out.text.truncate(start);
        let limit = match self {
            Self::Chain(..) => MAX_WIDTH - n_after,
            _ => MAX_WIDTH,
        };
        self.write_broken(out, indent, column, limit);
    }

    /// Appends the expression over several lines, the first of which ends before the column `limit`.
    fn write_broken(&self, out: &mut Text, indent: usize, column: usize, limit: usize) {
        match self {
            Self::Atom(text) => out.push_str(text),
            Self::Call(path, arguments) => {
                out.push_str(path);
                out.push('(');
                let column = column + path.len() + 1;
                match arguments.as_slice() {
                    // A single argument opens on the same line if there is room for its own opening.
                    [only] if column + only.opening_width() < limit.min(column + SMALL_WIDTH) => {
                        only.write_broken(out, indent, column, limit.min(column + SMALL_WIDTH));
                    }
                    arguments => write_list(out, arguments, indent),
                }
                out.push(')');
            }
            Self::Slice(items) => {
                out.push_str("&[");
                match items.as_slice() {
                    [only] => only.write_broken(out, indent, column + 2, limit),
                    items if items.iter().all(Self::is_short) => {
                        write_packed(out, items, indent + INDENT);
                        newline(out, indent);
                    }
                    items => write_list(out, items, indent),
                }
                out.push(']');
            }
            Self::Struct(path, fields) => {
                out.push_str(path);
                out.push_str(" {");
                for (name, value) in fields {
                    newline(out, indent + INDENT);
                    out.push_str(name);
                    out.push_str(": ");
                    let column = indent + INDENT + name.len() + 2;
                    value.write(out, indent + INDENT, column, 1);
                    out.push(',');
                }
                newline(out, indent);
                out.push('}');
            }
            Self::Array(items) => {
                out.push('[');
                match items.as_slice() {
                    [only] => only.write_broken(out, indent, column + 1, limit),
                    items => write_list(out, items, indent),
                }
                out.push(']');
            }
            Self::Match(subject, arms) => {
                out.push_str("match ");
                out.push_str(subject);
                out.push_str(" {");
                for arm in arms {
                    newline(out, indent + INDENT);
                    out.push_str(arm);
                    out.push(',');
                }
                newline(out, indent);
                out.push('}');
            }
            Self::Chain(head, methods) => {
                write_chain(out, head, methods, indent, column, limit);
            }
        }
    }

    /// The characters up to the first place where the expression may be broken.
    fn opening_width(&self) -> usize {
        match self {
            Self::Atom(_) | Self::Chain(..) => MAX_WIDTH,
            Self::Call(path, _) => path.len() + 1,
            Self::Struct(path, _) => path.len() + 2,
            Self::Slice(_) => 2,
            Self::Array(_) => 1,
            Self::Match(subject, _) => "match  {".len() + subject.len(),
        }
    }

    /// Whether a chain starts with a call whose arguments never fit on one line.
    fn has_broken_head(&self) -> bool {
        matches!(self, Self::Chain(head, _) if head.one_line().is_none())
    }

    fn is_short(&self) -> bool {
        matches!(self, Self::Atom(text) if text.len() <= SHORT_ITEM_WIDTH)
    }
}

/// Writes a chain that does not fit on one line.
fn write_chain(
    out: &mut Text,
    head: &Expr,
    methods: &[(&'static str, Vec<Expr>)],
    indent: usize,
    column: usize,
    limit: usize,
) {
    let start = out.text.len();
    head.write(out, indent, column, 0);
    let head_text = out.text.get(start..).unwrap_or_default();
    let is_head_broken = head_text.contains('\n');
    let is_head_tiny = head_text.len() <= INDENT;
    let method_indent = if is_head_broken {
        indent
    } else {
        indent + INDENT
    };
    for (position, (name, arguments)) in methods.iter().enumerate() {
        let method = Expr::Call(format!(".{name}"), arguments.clone());
        let fits = method
            .one_line()
            .is_some_and(|line| method_indent + line.len() < MAX_WIDTH);
        let column = last_line(&out.text).chars().count();
        // An only method that must be broken anyway stays with its head.
        let stays = methods.len() == 1 && !fits && !is_head_broken;
        let end = column + method.opening_width();
        // What rustfmt does near the end of a line depends on more than is modelled here.
        out.is_certain &= !(stays && (MAX_WIDTH - 2 * INDENT..=MAX_WIDTH).contains(&end));
        if stays && end < limit - 1 {
            method.write_broken(out, indent, column, limit);
        } else if position == 0 && is_head_tiny {
            method.write(out, indent, column, 1);
        } else {
            newline(out, method_indent);
            method.write(out, method_indent, method_indent, 1);
        }
    }
}

/// Appends items separated by commas on one line; tells `false` if that is too long.
fn push_one_line_list(items: &[Expr], line: &mut String) -> bool {
    // A single item may be as long as the line, unless it is a call within a call.
    if let [only] = items
        && !matches!(only, Expr::Call(..))
    {
        return only.push_one_line(line);
    }
    let start = line.len();
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            line.push_str(", ");
        }
        if !item.push_one_line(line) || line.len() - start > SMALL_WIDTH {
            return false;
        }
    }
    true
}

/// Writes each item on a line of its own, and the indentation of what closes the list.
fn write_list(out: &mut Text, items: &[Expr], indent: usize) {
    for item in items {
        newline(out, indent + INDENT);
        item.write(out, indent + INDENT, indent + INDENT, 1);
        out.push(',');
    }
    newline(out, indent);
}

/// Writes as many items on a line as fit.
fn write_packed(out: &mut Text, items: &[Expr], indent: usize) {
    let mut column = MAX_WIDTH;
    for item in items {
        let Expr::Atom(text) = item else { continue };
        if column + 1 + text.len() + 1 > MAX_WIDTH {
            newline(out, indent);
            column = indent;
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(text);
        out.push(',');
        column += text.len() + 1;
    }
}

fn newline(out: &mut Text, indent: usize) {
    out.push('\n');
    out.text.extend(std::iter::repeat_n(' ', indent));
}

fn last_line(text: &str) -> &str {
    text.rsplit('\n').next().unwrap_or_default()
}

/// Text, and whether it is known to be what rustfmt would write.
#[derive(Debug)]
struct Text {
    text: String,
    is_certain: bool,
}

impl Text {
    fn push(&mut self, char: char) {
        self.text.push(char);
    }

    fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }
}

/// A Rust file in the making.
#[derive(Debug)]
pub(super) struct Rust {
    out: Text,
    indent: usize,
}

impl Rust {
    /// Starts a file that was made from the sources named.
    pub(super) fn new(header: &str) -> Self {
        Self {
            out: Text {
                text: format!("{header}\n"),
                is_certain: true,
            },
            indent: 0,
        }
    }

    pub(super) fn finish(self) -> String {
        self.out.text
    }

    /// Writes a line.
    pub(super) fn line(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        if !line.is_empty() {
            self.out
                .text
                .extend(std::iter::repeat_n(' ', self.indent * INDENT));
            self.out.text.push_str(line);
        }
        self.out.text.push('\n');
    }

    pub(super) fn blank(&mut self) {
        self.out.text.push('\n');
    }

    /// Writes documentation of the item that follows.
    pub(super) fn doc(&mut self, doc: &str) {
        self.doc_lines("///", doc);
    }

    /// Writes documentation of the file.
    pub(super) fn inner_doc(&mut self, doc: &str) {
        self.doc_lines("//!", doc);
    }

    fn doc_lines(&mut self, sign: &str, doc: &str) {
        for line in doc.trim().lines() {
            // A carriage return alone is not allowed in documentation.
            let line = line.trim_end().replace('\r', " ");
            if line.is_empty() {
                self.line(sign);
            } else {
                self.line(format!("{sign} {line}"));
            }
        }
    }

    /// Writes `header {`, an indented body, and `}`.
    pub(super) fn block(&mut self, header: impl AsRef<str>, body: impl FnOnce(&mut Self)) {
        self.enclosed(&format!("{} {{", header.as_ref()), "}", body);
    }

    /// Writes a line, an indented body, and a line.
    pub(super) fn enclosed(&mut self, open: &str, close: &str, body: impl FnOnce(&mut Self)) {
        self.line(open);
        let start = self.out.text.len();
        self.indent += 1;
        body(self);
        self.indent -= 1;
        if self.out.text.len() == start {
            self.out.text.pop();
            self.out.text.push_str(close);
            self.out.text.push('\n');
        } else {
            self.line(close);
        }
    }

    /// Writes an item, and tells rustfmt to leave it alone where it would lay it out differently or not at all.
    ///
    /// Items within the item are told on their own.
    pub(super) fn item(&mut self, body: impl FnOnce(&mut Self)) {
        const SKIP: &str = "#[rustfmt::skip]";
        let start = self.out.text.len();
        let outer = std::mem::replace(&mut self.out.is_certain, true);
        body(self);
        let is_certain = std::mem::replace(&mut self.out.is_certain, outer);
        let item = self.out.text.get(start..).unwrap_or_default();
        let is_doc = |line: &str| line.trim_start().starts_with("///");
        let is_too_long = !item.contains(SKIP)
            && item.lines().any(|line| {
                line.len() > MAX_WIDTH && line.chars().count() > MAX_WIDTH && !is_doc(line)
            });
        if is_too_long || !is_certain {
            let docs = item.split_inclusive('\n').take_while(|line| is_doc(line));
            let n_doc_bytes: usize = docs.map(str::len).sum();
            let indent = " ".repeat(self.indent * INDENT);
            let attribute = format!("{indent}{SKIP}\n");
            self.out.text.insert_str(start + n_doc_bytes, &attribute);
        }
    }

    /// Writes `head = value;`.
    pub(super) fn assign(&mut self, head: &str, value: &Expr) {
        let indent = self.indent * INDENT;
        let start = self.out.text.len();
        self.out.text.extend(std::iter::repeat_n(' ', indent));
        let _ = write!(self.out.text, "{head} =");
        let one_line = value.one_line();
        let fits = |column: usize| {
            one_line
                .as_ref()
                .is_some_and(|line| column + line.len() < MAX_WIDTH)
        };
        let column = self.out.text.len() - start + 1;
        let is_on_next_line =
            !fits(column) && (fits(indent + INDENT) || column + value.opening_width() > MAX_WIDTH);
        // rustfmt has ways of its own with a long chain that is alone in a list.
        if let Expr::Slice(items) = value
            && let [only @ Expr::Chain(..)] = items.as_slice()
        {
            let is_short = only
                .one_line()
                .is_some_and(|line| line.len() <= SMALL_WIDTH);
            self.out.is_certain &= is_short || only.has_broken_head();
        }
        if is_on_next_line {
            newline(&mut self.out, indent + INDENT);
            value.write(&mut self.out, indent + INDENT, indent + INDENT, 1);
        } else {
            self.out.push(' ');
            value.write(&mut self.out, indent, column, 1);
            // Near the end of the line rustfmt weighs the two places for the value against each other.
            let written = self.out.text.get(start..).unwrap_or_default();
            let first = written.lines().next().unwrap_or_default();
            self.out.is_certain &= one_line.is_some() || first.len() <= MAX_WIDTH - INDENT;
        }
        self.out.push_str(";\n");
    }

    /// Writes an expression and what follows it on a line of its own.
    pub(super) fn expr(&mut self, value: &Expr, after: &str) {
        let indent = self.indent * INDENT;
        self.out.text.extend(std::iter::repeat_n(' ', indent));
        value.write(&mut self.out, indent, indent, after.len());
        self.out.text.push_str(after);
        self.out.text.push('\n');
    }

    /// Writes a struct literal, on one line if it is tiny.
    pub(super) fn literal(&mut self, path: &str, fields: &[String]) {
        self.literal_in(path, fields, "");
    }

    /// Writes `let (name, ..) = value;`, with each name on a line of its own where one line is too short.
    pub(super) fn let_tuple(&mut self, names: &[&str], value: &str) {
        let open = match names {
            [only] => format!("let {only} ="),
            names => format!("let ({}) =", names.join(", ")),
        };
        let width = self.indent * INDENT + open.len();
        if width + " ;".len() + value.len() <= MAX_WIDTH {
            self.line(format!("{open} {value};"));
        } else if width <= MAX_WIDTH {
            self.line(open);
            self.line(format!("    {value};"));
        } else {
            self.enclosed("let (", &format!(") = {value};"), |out| {
                for name in names {
                    out.line(format!("{name},"));
                }
            });
        }
    }

    /// Writes `open {field, ..}close`, a struct literal within something, on one line if it is tiny.
    pub(super) fn literal_in(&mut self, open: &str, fields: &[String], close: &str) {
        let line = fields.join(", ");
        if !line.is_empty() && line.len() <= STRUCT_WIDTH {
            self.line(format!("{open} {{ {line} }}{close}"));
        } else {
            self.enclosed(&format!("{open} {{"), &format!("}}{close}"), |out| {
                for field in fields {
                    out.line(format!("{field},"));
                }
            });
        }
    }

    /// Writes a function's head, with each parameter on a line of its own where one line is too short, and its body.
    pub(super) fn function(
        &mut self,
        head: &str,
        parameters: &[String],
        returns: &str,
        body: impl FnOnce(&mut Self),
    ) {
        let returns = if returns.is_empty() {
            String::new()
        } else {
            format!(" -> {returns}")
        };
        let line = format!("{head}({}){returns} {{", parameters.join(", "));
        if self.indent * INDENT + line.len() <= MAX_WIDTH {
            self.line(line);
        } else {
            self.enclosed(&format!("{head}("), &format!("){returns} {{"), |out| {
                for parameter in parameters {
                    out.line(format!("{parameter},"));
                }
            });
        }
        self.indent += 1;
        let start = self.out.text.len();
        body(self);
        self.indent -= 1;
        if self.out.text.len() == start {
            self.out.text.pop();
            self.out.text.push_str("}\n");
        } else {
            self.line("}");
        }
    }
}
