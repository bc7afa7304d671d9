//! What is true of every answer of a server, however wrong it is; for the fuzz target and for the tests of this crate.

use std::sync::Arc;

use sqlmodel_core::types::Array;
use sqlmodel_core::{Decode, RowRead};

use crate::error::statement_error;
use crate::protocol::greeting::flags;
use crate::protocol::login::{Account, Line, Login, Next, TlsWish};
use crate::protocol::packet::{Front, Packets};
use crate::protocol::reply::{Received, Reply};
use crate::protocol::row::{BinaryRow, Fields};
use crate::protocol::rsa::PublicKey;

/// The largest payload that is put together.
const MAX_PAYLOAD: usize = 1 << 20;

/// Reads bytes as what a server says in a login, of a statement that is prepared, and of one that runs.
///
/// # Panics
///
/// If the decoder does, or if a packet is found that is longer than the bytes.
pub fn check(bytes: &[u8]) {
    let _ = PublicKey::parse_pem(&String::from_utf8_lossy(bytes));
    for line in [Line::Open, Line::Private] {
        let account = Account {
            user: "hero",
            password: "secret",
            database: None,
        };
        let mut login = Login::new(account, line, TlsWish::IfOffered, 1 << 20);
        let mut answer = Vec::new();
        for_each_payload(bytes, |payload| {
            matches!(login.receive(payload, 1, &mut answer), Ok(Next::Read))
        });
    }
    for flags in [
        0,
        flags::DEPRECATE_EOF,
        flags::DEPRECATE_EOF | flags::CACHE_METADATA,
    ] {
        check_reply(bytes, Reply::to_prepare(flags));
        check_reply(bytes, Reply::to_command(flags, Arc::default()));
    }
}

/// Hands payloads over as long as they are wanted.
fn for_each_payload(bytes: &[u8], mut take: impl FnMut(&[u8]) -> bool) {
    let mut packets = Packets::new(MAX_PAYLOAD);
    packets.expect_number(bytes.get(3).copied().unwrap_or_default());
    let mut rest = bytes;
    while let Ok(front) = packets.front(rest) {
        let n_bytes = match front {
            Front::Incomplete => return,
            Front::Part { n_bytes } => n_bytes,
            Front::Payload { payload, n_bytes } if take(payload) => n_bytes,
            Front::Payload { .. } => return,
        };
        assert!(
            n_bytes <= rest.len(),
            "a packet is longer than what has arrived"
        );
        (_, rest) = rest.split_at(n_bytes);
    }
}

fn check_reply(bytes: &[u8], mut reply: Reply) {
    let mut fields = Fields::default();
    for_each_payload(bytes, |payload| match reply.receive(payload) {
        Ok(Received::Part) => true,
        Ok(Received::Row) => {
            let columns = reply.columns();
            if fields.find(payload, columns).is_ok() {
                check_row(&BinaryRow {
                    payload,
                    columns,
                    fields: &fields,
                });
            }
            true
        }
        Ok(Received::End(Err(error))) => {
            let _ = statement_error(error).constraint();
            false
        }
        Ok(Received::End(Ok(_))) | Err(_) => false,
    });
}

/// Reads every field in every way.
fn check_row(row: &BinaryRow<'_>) {
    for at in 0..row.width() {
        let is_null = row.is_null(at);
        let _ = (row.column(at), row.value(at), row.json(at), row.uuid(at));
        let _ = (row.bool(at), row.i64(at), row.f64(at), row.decimal(at));
        let _ = (
            row.date(at),
            row.time(at),
            row.timestamp(at),
            row.duration(at),
        );
        let _ = (Array::<i64>::decode(row, at), row.bytes(at));
        assert!(!is_null || row.text(at).is_err(), "NULL is no text");
    }
}
