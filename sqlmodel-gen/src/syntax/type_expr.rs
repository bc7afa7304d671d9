//! Type expressions: `text(80)?`, `decimal(12,2)`, `i64[]`, `Email?`, and targets of references: `Team?`, `Team.code`.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::source::SourceMap;
use crate::syntax::{Name, Spanned, TypeExpr};

/// Reads a type.
pub(crate) fn parse_type(
    text: &Name,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Option<TypeExpr> {
    let mut cursor = Cursor {
        text: &text.value,
        at: 0,
    };
    match cursor.type_expr() {
        Ok(parsed) => Some(TypeExpr {
            name: part(text, sources, parsed.name),
            args: parsed
                .args
                .into_iter()
                .map(|(range, value)| Spanned::new(value, text.part(sources, range)))
                .collect(),
            is_array: parsed.is_array,
            is_nullable: parsed.is_nullable,
            span: text.span,
        }),
        Err(error) => {
            push(
                error,
                text,
                sources,
                diagnostics,
                (
                    "a type",
                    "write a type such as `text(80)`, `decimal(12,2)`, `i64[]` or `Email?`",
                ),
            );
            None
        }
    }
}

/// The target of a reference.
pub(crate) struct Target {
    pub(crate) model: Name,
    pub(crate) field: Option<Name>,
    pub(crate) is_nullable: bool,
}

/// Reads the target of a reference.
pub(crate) fn parse_target(
    text: &Name,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Option<Target> {
    let mut cursor = Cursor {
        text: &text.value,
        at: 0,
    };
    match cursor.target() {
        Ok(ParsedTarget {
            model,
            field,
            is_nullable,
        }) => Some(Target {
            model: part(text, sources, model),
            field: field.map(|field| part(text, sources, field)),
            is_nullable,
        }),
        Err(error) => {
            push(
                error,
                text,
                sources,
                diagnostics,
                (
                    "a target",
                    "write a model such as `Team`, `Team?` or `Team.code`",
                ),
            );
            None
        }
    }
}

fn part(text: &Name, sources: &SourceMap, range: Range<usize>) -> Name {
    let value = text.value.get(range.clone()).unwrap_or_default().to_owned();
    Spanned::new(value, text.part(sources, range))
}

fn push(
    error: Error,
    text: &Name,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
    (what, help): (&str, &str),
) {
    let span = text.part(sources, error.range);
    let message = format!(
        "`{}` is not {what}: {}",
        shorten(&text.value),
        error.message
    );
    diagnostics.push(
        Diagnostic::new(&codes::TYPE_SYNTAX, span, message)
            .label(error.label)
            .help(help),
    );
}

/// Returns at most the first forty characters, for messages.
fn shorten(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    text.chars().take(40).chain(['…']).collect()
}

struct Error {
    range: Range<usize>,
    message: &'static str,
    label: &'static str,
}

struct Parsed {
    name: Range<usize>,
    args: Vec<(Range<usize>, u32)>,
    is_array: bool,
    is_nullable: bool,
}

struct ParsedTarget {
    model: Range<usize>,
    field: Option<Range<usize>>,
    is_nullable: bool,
}

/// The most arguments that are read; no type takes more than two.
const MAX_ARGS: usize = 8;

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn type_expr(&mut self) -> Result<Parsed, Error> {
        let name = self.name("expected the name of a type")?;
        let args = if self.eat("(") {
            self.args()?
        } else {
            Vec::new()
        };
        if self.peek("?[") {
            return Err(self.error(1, "a list cannot hold null", "`?` belongs at the end"));
        }
        let is_array = self.eat("[]");
        if is_array && self.peek("[") {
            return Err(self.error(
                2,
                "a list of lists is not supported",
                "one `[]` is the most",
            ));
        }
        let is_nullable = self.eat("?");
        self.end()?;
        Ok(Parsed {
            name,
            args,
            is_array,
            is_nullable,
        })
    }

    fn target(&mut self) -> Result<ParsedTarget, Error> {
        let model = self.name("expected the name of a model")?;
        let field = if self.eat(".") {
            Some(self.name("expected the name of a field")?)
        } else {
            None
        };
        let is_nullable = self.eat("?");
        self.end()?;
        Ok(ParsedTarget {
            model,
            field,
            is_nullable,
        })
    }

    fn args(&mut self) -> Result<Vec<(Range<usize>, u32)>, Error> {
        let mut args = Vec::new();
        loop {
            self.skip_spaces();
            let start = self.at;
            self.at += self.rest().bytes().take_while(u8::is_ascii_digit).count();
            let range = start..self.at;
            let Ok(value) = self.text[range.clone()].parse() else {
                return Err(match range.is_empty() {
                    true => self.error(1, "a number is missing", "expected a number"),
                    false => Error {
                        range,
                        message: "a number is too large",
                        label: "",
                    },
                });
            };
            args.push((range, value));
            self.skip_spaces();
            if self.eat(")") {
                return Ok(args);
            }
            if !self.eat(",") || args.len() == MAX_ARGS {
                return Err(self.error(1, "the arguments do not end", "expected `,` or `)`"));
            }
        }
    }

    fn name(&mut self, label: &'static str) -> Result<Range<usize>, Error> {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
        let start = self.at;
        self.at += self.rest().bytes().take_while(is_part).count();
        match start == self.at {
            true => Err(self.error(1, "a name is missing", label)),
            false => Ok(start..self.at),
        }
    }

    fn end(&self) -> Result<(), Error> {
        match self.rest().is_empty() {
            true => Ok(()),
            false => Err(self.error(self.rest().len(), "it goes on", "this is not expected")),
        }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self, token: &str) -> bool {
        self.rest().starts_with(token)
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.peek(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn skip_spaces(&mut self) {
        self.at += self.rest().bytes().take_while(|byte| *byte == b' ').count();
    }

    fn error(&self, len: usize, message: &'static str, label: &'static str) -> Error {
        let end = self
            .text
            .ceil_char_boundary((self.at + len).min(self.text.len()));
        Error {
            range: self.at..end,
            message,
            label,
        }
    }
}
