//! What a client says, appended to a buffer.
//!
//! A text with a zero byte in it has no form in the protocol; callers refuse one before they write it.

/// 3.0
const VERSION: i32 = 196_608;
const CANCEL_REQUEST: i32 = 80_877_102;
const SSL_REQUEST: i32 = 80_877_103;

/// Appends a message: its tag, its length, and what `body` writes.
fn message(out: &mut Vec<u8>, tag: u8, body: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    counted(out, Count::WithItself, body);
}

/// Whether a length counts its own four bytes.
#[derive(Clone, Copy)]
pub(crate) enum Count {
    WithItself,
    WithoutItself,
}

/// Appends a length and what `body` writes.
pub(crate) fn counted(out: &mut Vec<u8>, count: Count, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out);
    let n_bytes = match count {
        Count::WithItself => out.len() - at,
        Count::WithoutItself => out.len() - at - 4,
    };
    // Too long a message is refused by `fits` before it is sent.
    let n_bytes = u32::try_from(n_bytes).unwrap_or(u32::MAX);
    if let Some(length) = out.get_mut(at..at + 4) {
        length.copy_from_slice(&n_bytes.to_be_bytes());
    }
}

fn c_string(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}

pub(crate) fn startup<'a>(
    out: &mut Vec<u8>,
    parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
) {
    counted(out, Count::WithItself, |out| {
        out.extend_from_slice(&VERSION.to_be_bytes());
        for (name, value) in parameters {
            c_string(out, name);
            c_string(out, value);
        }
        out.push(0);
    });
}

/// Asks whether the server can encrypt; it answers with one byte, `S` or `N`.
pub(crate) fn ssl_request(out: &mut Vec<u8>) {
    counted(out, Count::WithItself, |out| {
        out.extend_from_slice(&SSL_REQUEST.to_be_bytes());
    });
}

pub(crate) fn cancel_request(out: &mut Vec<u8>, process_id: u32, secret: &[u8]) {
    counted(out, Count::WithItself, |out| {
        out.extend_from_slice(&CANCEL_REQUEST.to_be_bytes());
        out.extend_from_slice(&process_id.to_be_bytes());
        out.extend_from_slice(secret);
    });
}

pub(crate) fn password(out: &mut Vec<u8>, password: &str) {
    message(out, b'p', |out| c_string(out, password));
}

pub(crate) fn sasl_initial_response(out: &mut Vec<u8>, mechanism: &str, response: &[u8]) {
    message(out, b'p', |out| {
        c_string(out, mechanism);
        counted(out, Count::WithoutItself, |out| {
            out.extend_from_slice(response);
        });
    });
}

pub(crate) fn sasl_response(out: &mut Vec<u8>, response: &[u8]) {
    message(out, b'p', |out| out.extend_from_slice(response));
}

/// Prepares a statement. The types of its parameters are `types` as far as they go; 0 leaves one to the server.
pub(crate) fn parse(out: &mut Vec<u8>, name: &str, sql: &str, types: &[u32]) {
    message(out, b'P', |out| {
        c_string(out, name);
        c_string(out, sql);
        let n_types = u16::try_from(types.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&n_types.to_be_bytes());
        for oid in types.iter().take(usize::from(n_types)) {
            out.extend_from_slice(&oid.to_be_bytes());
        }
    });
}

/// Runs a text without parameters, as a unit of its own.
pub(crate) fn query(out: &mut Vec<u8>, sql: &str) {
    message(out, b'Q', |out| c_string(out, sql));
}

/// The two formats of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Binary,
}

/// Binds the unnamed portal; all results are asked for in binary.
///
/// `write` appends the value of a parameter with its length and returns its format.
pub(crate) fn bind<E>(
    out: &mut Vec<u8>,
    statement: &str,
    n_parameters: u16,
    mut write: impl FnMut(u16, &mut Vec<u8>) -> Result<Format, E>,
) -> Result<(), E> {
    let start = out.len();
    let mut result = Ok(());
    message(out, b'B', |out| {
        c_string(out, "");
        c_string(out, statement);
        out.extend_from_slice(&n_parameters.to_be_bytes());
        let formats = out.len();
        out.resize(formats + 2 * usize::from(n_parameters), 0);
        out.extend_from_slice(&n_parameters.to_be_bytes());
        for parameter in 0..n_parameters {
            match write(parameter, out) {
                Ok(Format::Text) => {}
                Ok(Format::Binary) => {
                    if let Some(code) = out.get_mut(formats + 2 * usize::from(parameter) + 1) {
                        *code = 1;
                    }
                }
                Err(error) => {
                    result = Err(error);
                    return;
                }
            }
        }
        out.extend_from_slice(&1u16.to_be_bytes());
        out.extend_from_slice(&1u16.to_be_bytes());
    });
    if result.is_err() {
        out.truncate(start);
    }
    result
}

/// Asks for the types of a statement's parameters and for its columns.
pub(crate) fn describe_statement(out: &mut Vec<u8>, name: &str) {
    message(out, b'D', |out| {
        out.push(b'S');
        c_string(out, name);
    });
}

/// Runs the unnamed portal, up to a number of rows; 0 for all.
pub(crate) fn execute(out: &mut Vec<u8>, max_rows: u32) {
    message(out, b'E', |out| {
        c_string(out, "");
        out.extend_from_slice(&max_rows.to_be_bytes());
    });
}

pub(crate) fn close_statement(out: &mut Vec<u8>, name: &str) {
    message(out, b'C', |out| {
        out.push(b'S');
        c_string(out, name);
    });
}

/// Closes a portal, and with it what it holds open. Without a name it is the unnamed one; there need not be one.
pub(crate) fn close_portal(out: &mut Vec<u8>, name: &str) {
    message(out, b'C', |out| {
        out.push(b'P');
        c_string(out, name);
    });
}

/// Asks the server to send what it has to say so far.
pub(crate) fn flush(out: &mut Vec<u8>) {
    message(out, b'H', |_| {});
}

/// Ends a unit: the server answers with ReadyForQuery, and skips to here after an error.
pub(crate) fn sync(out: &mut Vec<u8>) {
    message(out, b'S', |_| {});
}

pub(crate) fn copy_data(out: &mut Vec<u8>, data: &[u8]) {
    message(out, b'd', |out| out.extend_from_slice(data));
}

pub(crate) fn copy_done(out: &mut Vec<u8>) {
    message(out, b'c', |_| {});
}

pub(crate) fn copy_fail(out: &mut Vec<u8>, reason: &str) {
    message(out, b'f', |out| c_string(out, reason));
}

pub(crate) fn terminate(out: &mut Vec<u8>) {
    message(out, b'X', |_| {});
}
