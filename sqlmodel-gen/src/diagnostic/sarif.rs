//! Renders SARIF 2.1.0: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use crate::diagnostic::{Code, Diagnostic, Diagnostics, JsonWriter, codes};
use crate::source::{SourceMap, Span};

pub(super) fn render(diagnostics: &Diagnostics, sources: &SourceMap) -> String {
    let mut json = JsonWriter::new();
    json.object(|json| {
        json.key("$schema")
            .string("https://json.schemastore.org/sarif-2.1.0.json");
        json.key("version").string("2.1.0");
        json.key("runs").array(|json| {
            json.object(|json| {
                json.key("columnKind").string("unicodeCodePoints");
                json.key("tool")
                    .object(|json| json.key("driver").object(|json| driver(json, diagnostics)));
                json.key("results").array(|json| {
                    for diagnostic in diagnostics {
                        json.object(|json| result(json, diagnostic, sources));
                    }
                });
            });
        });
    });
    json.finish()
}

fn driver(json: &mut JsonWriter, diagnostics: &Diagnostics) {
    json.key("name").string("sqlmodel-gen");
    json.key("version").string(env!("CARGO_PKG_VERSION"));
    let is_used = |code: &&&Code| diagnostics.into_iter().any(|it| it.code.id == code.id);
    json.key("rules").array(|json| {
        for code in codes::ALL.iter().filter(is_used) {
            json.object(|json| {
                json.key("id").string(code.id);
                json.key("name").string(code.name);
                json.key("shortDescription")
                    .object(|json| json.key("text").string(code.title()));
                // A reader that knows no Markdown has the text, which must be there.
                json.key("help").object(|json| {
                    json.key("text").string(code.page);
                    json.key("markdown").string(code.page);
                });
            });
        }
    });
}

fn result(json: &mut JsonWriter, diagnostic: &Diagnostic, sources: &SourceMap) {
    json.key("ruleId").string(diagnostic.code.id);
    json.key("level").string(diagnostic.severity().name());
    let mut text = diagnostic.message.clone();
    for line in diagnostic.notes.iter().chain(&diagnostic.help) {
        text.push('\n');
        text.push_str(line);
    }
    json.key("message")
        .object(|json| json.key("text").string(&text));
    json.key("locations").array(|json| {
        json.object(|json| location(json, diagnostic.span, "", sources));
    });
    json.key("relatedLocations").array(|json| {
        for label in &diagnostic.related {
            json.object(|json| location(json, label.span, &label.message, sources));
        }
    });
}

fn location(json: &mut JsonWriter, span: Span, message: &str, sources: &SourceMap) {
    let file = sources.get(span.source);
    let (start, end) = (file.position(span.start), file.position(span.end));
    json.key("physicalLocation").object(|json| {
        json.key("artifactLocation")
            .object(|json| json.key("uri").string(&uri(file.name())));
        json.key("region").object(|json| {
            json.key("startLine").number(start.line);
            json.key("startColumn").number(start.column);
            json.key("endLine").number(end.line);
            json.key("endColumn").number(end.column);
        });
    });
    if !message.is_empty() {
        json.key("message")
            .object(|json| json.key("text").string(message));
    }
}

/// Returns a path as a relative reference of RFC 3986: slashes kept, everything unusual percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            b'\\' => out.push('/'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
