//! What is true of every answer of a server, however wrong it is; for the fuzz target and for the tests of this crate.

use sqlmodel_core::{RowRead, Value};

use crate::protocol::auth::{ChannelBinding, Scram, certificate_hash};
use crate::protocol::backend::{
    Authentication, BackendKey, Column, Fields, Frame, Notification, Status, read_cells,
    read_columns, read_parameter_types, rows_affected,
};
use crate::session;
use crate::types::row::PostgresRow;

/// Types of columns: all that are read in a way of their own, and some that are not known.
const TYPES: &[u32] = &[
    16, 17, 20, 21, 23, 25, 26, 114, 142, 700, 701, 1000, 1007, 1009, 1016, 1042, 1043, 1082, 1083,
    1114, 1184, 1186, 1231, 1700, 2950, 3802, 3807, 16_384,
];

/// Reads bytes as the messages of a server, each in every way that it could be meant.
///
/// # Panics
///
/// If the decoder does, or if a message is found that is longer than the bytes.
pub fn check(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Some(frame)) = Frame::first(rest) {
        assert!(
            frame.length <= rest.len(),
            "a message is longer than what has arrived"
        );
        check_body(frame.body(rest));
        let (_, behind) = rest.split_at(frame.length);
        rest = behind;
    }
    check_body(bytes);
}

fn check_body(body: &[u8]) {
    let _ = Authentication::read(body);
    let _ = BackendKey::read(body);
    let _ = Fields::read(body).map(|fields| crate::ServerMessage::new(fields).into_error());
    let _ = Notification::read(body);
    let _ = Status::read(body);
    let _ = read_columns(body);
    let _ = read_parameter_types(body);
    let _ = (
        rows_affected(body),
        session::has_changed(body, false),
        certificate_hash(body),
    );
    let scram = Scram::new("x", ChannelBinding::Unsupported, [0; 18]);
    if body.len() < 200 && !body.windows(2).any(|pair| pair == b"i=") {
        let _ = scram.answer(body);
    }
    check_row(body);
}

/// Reads a body as a row of as many columns as it says, of every type.
fn check_row(body: &[u8]) {
    let mut cells = Vec::new();
    let n_cells = match body {
        [high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    };
    let found = read_cells(body, 2, n_cells, &mut cells);
    assert!(
        cells.len() <= body.len() / 4 + 1,
        "memory is taken for what has not arrived"
    );
    if found.is_err() {
        return;
    }
    for oid in TYPES {
        let columns: Vec<_> = cells
            .iter()
            .take(8)
            .map(|_| Column {
                name: Box::default(),
                oid: *oid,
            })
            .collect();
        let row = PostgresRow {
            bytes: body,
            cells: &cells,
            columns: &columns,
        };
        for at in 0..columns.len() {
            let _ = row.value(at).map(Value::into_owned);
            let _ = (row.i64(at), row.f64(at), row.decimal(at));
            let _ = (row.text(at), row.json(at), row.duration(at));
            let _ = row.array::<Option<i64>>(at);
        }
    }
}
