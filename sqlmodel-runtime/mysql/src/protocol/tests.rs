//! The protocol over bytes: whole, in pieces, and spoiled.

use std::sync::Arc;

use sqlmodel_core::value::{Date, Decimal, Duration, Time, Timestamp};
use sqlmodel_core::{ErrorKind, Row, RowRead, Value};

use super::auth::Plugin;
use super::column::{Column, ColumnType};
use super::command::{Command, RowsOf};
use super::greeting::{Greeting, flags};
use super::login::{Account, Line, Login, Next, TlsWish};
use super::packet::{Front, Packets, push_packet};
use super::reply::{Received, Reply, ServerError};
use super::row::{BinaryRow, Fields};
use super::rsa::PublicKey;
use super::wire::{Cursor, Malformed, push_length, push_sized};

const NONCE: [u8; 20] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
];
const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDJwxxHLlmqc4ZzScLq/K8WF5bY\n\
    2ClIJ0uMFQk7TOVqWBjO4STElTZS0NhGtN19XNxh54nYybqA0KjpsCGRc8QOhI0M\n\
    hFlDMJeKJVQqHpNRawZ1CQW7LXJmZBuFAK4yGRq+dEqLlwDbzOwAvdn4BTnpiKxX\n\
    47nrtPEcyGJSd1btbwIDAQAB\n\
    -----END PUBLIC KEY-----\n";

fn packets(payloads: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut number = 1;
    for payload in payloads {
        number = push_packet(&mut bytes, number, |out| {
            out.extend_from_slice(payload);
            Ok::<_, Malformed>(())
        })
        .unwrap();
    }
    bytes
}

/// Reads payloads from bytes of which those behind `split` arrive later.
fn read_split(bytes: &[u8], split: usize, max: usize) -> Result<Vec<Vec<u8>>, Malformed> {
    let mut reader = Packets::new(max);
    reader.expect_number(1);
    let mut payloads = Vec::new();
    let mut at = 0;
    for end in [split, bytes.len()] {
        loop {
            match reader.front(&bytes[at..end])? {
                Front::Incomplete => break,
                Front::Part { n_bytes } => at += n_bytes,
                Front::Payload { payload, n_bytes } => {
                    payloads.push(payload.to_vec());
                    at += n_bytes;
                }
            }
        }
    }
    Ok(payloads)
}

#[test]
fn packets_may_arrive_in_any_pieces() {
    let payloads: [&[u8]; 4] = [b"one", b"", b"three", &[7; 300]];
    let bytes = packets(&payloads);
    for split in 0..=bytes.len() {
        assert_eq!(read_split(&bytes, split, 1000).unwrap(), payloads);
    }
}

#[test]
fn long_payloads_travel_in_several_packets() {
    const FULL: usize = 0xff_ffff;
    for (length, n_packets) in [(FULL - 1, 1), (FULL, 2), (FULL + 1, 2), (2 * FULL, 3)] {
        let payload = vec![b'x'; length];
        let bytes = packets(&[&payload, b"next"]);
        assert_eq!(bytes.len(), length + 4 * n_packets + 8);
        let read = read_split(&bytes, length / 2, usize::MAX).unwrap();
        assert!(read == [payload.as_slice(), b"next"], "{length}");
        let refused = read_split(&bytes, 0, FULL - 1);
        assert_eq!(refused.is_err(), n_packets > 1, "{length}: the limit holds");
    }
    // Before a byte of it has arrived.
    let mut reader = Packets::new(1000);
    assert_eq!(reader.front(&[0xe8, 3, 0, 0]), Ok(Front::Incomplete));
    assert!(reader.front(&[0xe9, 3, 0, 0]).is_err());
}

#[test]
fn descriptions_of_results_have_an_end() {
    let reply = || Reply::to_command(flags::DEPRECATE_EOF, Arc::default());
    assert!(play(reply(), &[&[0xfc, 0xff, 0xff]]).is_ok());
    assert!(
        play(reply(), &[&[0xfd, 0, 0, 1]]).is_err(),
        "65,536 columns"
    );
    let long = definition(&"x".repeat(1 << 20), 3, 63, 0);
    let mut script = vec![&[0xfc, 0xff, 0xff][..]];
    // A name stands in it twice.
    script.extend([&*long; 7]);
    assert!(play(reply(), &script).is_ok());
    script.push(&long);
    assert!(play(reply(), &script).is_err(), "more than 16 MB");
}

#[test]
fn packets_out_of_their_order_are_refused() {
    let mut bytes = packets(&[b"one", b"two"]);
    bytes[7 + 3] = 9;
    assert!(read_split(&bytes, 0, 1000).is_err());
    // But for a server's last word.
    bytes[7 + 4] = 0xff;
    assert!(read_split(&bytes, 0, 1000).is_ok());
}

#[test]
fn lengths_come_back() {
    for length in [
        0,
        250,
        251,
        252,
        0xffff,
        0x1_0000,
        0xff_ffff,
        0x100_0000,
        1 << 40,
    ] {
        let mut bytes = Vec::new();
        push_length(&mut bytes, length);
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(cursor.length(), Ok(length as u64));
        assert!(cursor.rest().is_empty());
    }
    for bytes in [&[0xfb][..], &[0xff], &[0xfc, 1], &[]] {
        assert!(Cursor::new(bytes).length().is_err(), "{bytes:?}");
    }
}

#[test]
fn passwords_are_mixed_as_the_servers_do() {
    // Computed by another implementation.
    let hex = |bytes: Vec<u8>| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    assert_eq!(
        hex(Plugin::Native.answer("secret", &NONCE)),
        "b32bb3a583e1340c0a1108d58b1be49781ad8c2f"
    );
    assert_eq!(
        hex(Plugin::CachingSha2.answer("secret", &NONCE)),
        "746ebe205d56a0707acb3e796e834e0dd7b1d61743b26bd5202c7a623230c7c9"
    );
    for plugin in [Plugin::Native, Plugin::CachingSha2] {
        assert!(
            plugin.answer("", &NONCE).is_empty(),
            "no password, nothing to prove"
        );
    }
}

#[test]
fn a_password_is_encrypted_for_the_servers_key() {
    // OpenSSL decrypts this with the private key.
    let expected = "08cb6978beab7582a4e38bf3316ff89b2dbe0bc12073eebb97e7f7166595a7071ee3f3cab73e17d03065e5c753633eaf\
         93b0a36137ae4b614c801cafb75c65d69f3d5d622a3f4a7b86f5170c85e5d2aa86aaf87df263a8e6f0903e6ccfb245efb14f92f95cc33222\
         cfee65dd5fba28181122c9aaafc35cd14351f5d7d09ae43a";
    let key = PublicKey::parse_pem(PEM).unwrap();
    let seed = std::array::from_fn(|at| u8::try_from(at).unwrap());
    let encrypted = key.encrypt(b"open sesame", seed).unwrap();
    let hex: String = encrypted.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, expected);
    assert_eq!(
        key.encrypt(&[0; 87], seed),
        None,
        "longer than the key takes"
    );
    for end in 0..PEM.len() - 1 {
        assert!(PublicKey::parse_pem(&PEM[..end]).is_none(), "{end}");
    }
}

/// A greeting of MariaDB 10.11, or of MySQL 8 with its default plugin.
fn greeting(flags: u64, version: &str, plugin: &str) -> Vec<u8> {
    let [a, b, c, d, own @ ..] = flags.to_le_bytes();
    let mut payload = vec![10];
    payload.extend_from_slice(version.as_bytes());
    payload.extend_from_slice(&[0, 42, 0, 0, 0]);
    payload.extend_from_slice(&NONCE[..8]);
    payload.extend_from_slice(&[0, a, b, 45, 2, 0, c, d, 21, 0, 0, 0, 0, 0, 0]);
    payload.extend_from_slice(&own);
    payload.extend_from_slice(&NONCE[8..]);
    payload.push(0);
    payload.extend_from_slice(plugin.as_bytes());
    payload.push(0);
    payload
}

const ALL_FLAGS: u64 = 0xffff_fffe;

#[test]
fn a_greeting_tells_who_the_server_is() {
    let mariadb = greeting(
        ALL_FLAGS | flags::CACHE_METADATA,
        "5.5.5-10.11.6-MariaDB-log",
        "mysql_native_password",
    );
    let read = Greeting::read(&mariadb).unwrap();
    assert_eq!((read.connection_id, read.nonce), (42, NONCE));
    assert_eq!(read.plugin, "mysql_native_password");
    assert!(read.flags & flags::CACHE_METADATA != 0);
    assert!(read.has_returning());
    // The upper half is MariaDB's, and padding of MySQL's.
    let mysql = greeting(u64::MAX, "8.4.0", "caching_sha2_password");
    let read = Greeting::read(&mysql).unwrap();
    assert!(read.flags & flags::CACHE_METADATA == 0);
    assert!(!read.has_returning());
    assert!(
        !Greeting::read(&greeting(0, "10.4.9-MariaDB", ""))
            .unwrap()
            .has_returning()
    );
    for end in 0..mysql.len() - 23 {
        assert!(Greeting::read(&mysql[..end]).is_err(), "{end}");
    }
}

/// Plays a server's packets to a login, and returns what the client answered to each.
fn log_in(
    line: Line,
    password: &str,
    script: &[&[u8]],
) -> Result<Vec<Vec<u8>>, sqlmodel_core::Error> {
    let account = Account {
        user: "hero",
        password,
        database: Some("league"),
    };
    let mut login = Login::new(account, line, TlsWish::Never, 1 << 20);
    let mut answers = Vec::new();
    for (at, payload) in script.iter().enumerate() {
        let mut out = Vec::new();
        let next = login.receive(payload, 1, &mut out)?;
        assert_eq!(next == Next::Done, at + 1 == script.len(), "packet {at}");
        answers.push(out.get(4..).unwrap_or_default().to_vec());
    }
    Ok(answers)
}

const OK: &[u8] = &[0, 0, 0, 2, 0, 0, 0];

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn logins_prove_the_password_as_the_server_asks() {
    let native = greeting(ALL_FLAGS, "10.11.6-MariaDB", "mysql_native_password");
    let sha2 = greeting(ALL_FLAGS | 1, "8.4.0", "caching_sha2_password");
    let answers = log_in(Line::Open, "secret", &[&native, OK]).unwrap();
    for part in [&b"hero\0"[..], b"league\0", b"mysql_native_password\0"] {
        assert!(contains(&answers[0], part));
    }
    assert!(contains(
        &answers[0],
        &Plugin::Native.answer("secret", &NONCE)
    ));
    assert!(!contains(&answers[0], b"secret"));

    // The user has another plugin than the server's default one, and another nonce.
    let mut switch = b"\xfecaching_sha2_password\0".to_vec();
    switch.extend_from_slice(&[9; 20]);
    switch.push(0);
    let answers = log_in(Line::Open, "secret", &[&native, &switch, &[1, 3], OK]).unwrap();
    assert_eq!(answers[1], Plugin::CachingSha2.answer("secret", &[9; 20]));
    assert!(answers[2].is_empty(), "the password was in the cache");

    // It is not in the cache, and nobody listens.
    let answers = log_in(Line::Private, "secret", &[&sha2, &[1, 4], OK]).unwrap();
    assert_eq!(answers[1], b"secret\0");
    // Somebody may.
    let key = [&[1], PEM.as_bytes()].concat();
    let answers = log_in(Line::Open, "secret", &[&sha2, &[1, 4], &key, OK]).unwrap();
    assert_eq!(answers[1], [2]);
    assert_eq!(answers[2].len(), 128, "a block of the key's size");
}

#[test]
fn refused_logins_say_what_to_change() {
    let native = greeting(ALL_FLAGS, "10.11.6-MariaDB", "mysql_native_password");
    let check = |line, script: &[&[u8]], message: &str| {
        let error = log_in(line, "secret", script).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(error.to_string().contains(message), "{error}");
        assert!(!format!("{error:#?}").contains("secret"));
    };
    let denied = b"\xff\x15\x04#28000Access denied";
    check(
        Line::Open,
        &[&native, denied],
        "refused the user `hero`: check the name and the password",
    );
    let unknown = b"\xff\x19\x04#42000Unknown database 'league'";
    check(Line::Open, &[&native, unknown], "no database `league`");
    check(
        Line::Open,
        &[b"\xff\x10\x04Too many connections"],
        "max_connections",
    );
    let clear = b"\xfemysql_clear_password\0";
    check(Line::Open, &[&native, clear], "in clear text");
    let other = b"\xfeclient_ed25519\0xxx";
    check(Line::Open, &[&native, other], "`client_ed25519`");
    check(Line::Open, &[&greeting(0, "4.0", "")], "too old");
    check(
        Line::Open,
        &[&native, b"\x07"],
        "did not keep to the protocol",
    );
}

fn definition(name: &str, ty: u8, charset: u8, flags: u8) -> Vec<u8> {
    let mut payload = Vec::new();
    for text in ["def", "league", "hero", "hero", name, name] {
        push_sized(&mut payload, text.as_bytes());
    }
    payload.extend_from_slice(&[12, charset, 0, 255, 0, 0, 0, ty, flags, 0, 0, 0, 0]);
    payload
}

const EOF: &[u8] = &[0xfe, 0, 0, 2, 0];
const END: &[u8] = &[0xfe, 0, 0, 2, 0, 0, 0];

/// Plays a reply, and tells what it was in words.
fn play(mut reply: Reply, script: &[&[u8]]) -> Result<String, Malformed> {
    let mut told = Vec::new();
    let mut fields = Fields::default();
    for payload in script {
        match reply.receive(payload)? {
            Received::Part => {}
            Received::Row => {
                let columns = Arc::clone(reply.columns());
                fields.find(payload, &columns)?;
                let row = BinaryRow {
                    payload,
                    columns: &columns,
                    fields: &fields,
                };
                let names = columns.iter().map(|column| column.name.clone()).collect();
                let row = Row::read(&row, &names).map_err(|_| Malformed("a value"))?;
                told.push(format!("{:?}", row.values()));
            }
            Received::End(Ok(summary)) => told.push(format!("{} rows", summary.rows_affected)),
            Received::End(Err(error)) => told.push(error.to_string()),
        }
    }
    Ok(told.join("; "))
}

#[test]
fn replies_are_read_packet_by_packet() {
    let new = |flags| Reply::to_command(flags, Arc::default());
    let id = definition("id", 3, 63, 0);
    let name = definition("name", 0xfd, 45, 0);
    let row: &[u8] = &[0, 0, 7, 0, 0, 0, 2, b'h', b'i'];
    let null: &[u8] = &[0, 8, 8, 0, 0, 0];
    let rows = "[I64(7), Text(\"hi\")]; [I64(8), Null]; 0 rows";

    assert_eq!(play(new(0), &[&[0, 3, 0, 2, 0, 0, 0]]).unwrap(), "3 rows");
    assert_eq!(
        play(new(0), &[b"\xff\x28\x04#42000You have an error"]).unwrap(),
        "error 1064: You have an error"
    );
    let old = [&[2][..], &id, &name, EOF, row, null, EOF];
    assert_eq!(play(new(0), &old).unwrap(), rows);
    let now = [&[2][..], &id, &name, row, null, END];
    assert_eq!(play(new(flags::DEPRECATE_EOF), &now).unwrap(), rows);

    // The second result of a call has other columns.
    let more: &[u8] = &[0xfe, 0, 0, 10, 0, 0, 0];
    let several = [
        &[1][..],
        &id,
        &[0, 0, 7, 0, 0, 0],
        more,
        &[2],
        &id,
        &name,
        row,
        more,
        OK,
    ];
    assert_eq!(
        play(new(flags::DEPRECATE_EOF), &several).unwrap(),
        "[I64(7)]; [I64(7), Text(\"hi\")]; 0 rows"
    );

    // Known columns are not told again.
    let cached = flags::DEPRECATE_EOF | flags::CACHE_METADATA;
    let mut prepare = Reply::to_prepare(cached);
    let prepared: &[u8] = &[0, 5, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0];
    for payload in [prepared, &name, &id] {
        assert_eq!(prepare.receive(payload), Ok(Received::Part));
    }
    assert!(matches!(prepare.receive(&name), Ok(Received::End(Ok(_)))));
    let head = prepare.prepared().unwrap();
    assert_eq!((head.id, head.n_params), (5, 1));
    let known = Reply::to_command(cached, Arc::clone(prepare.columns()));
    assert_eq!(play(known, &[&[2, 0], row, null, END]).unwrap(), rows);
    let known = Reply::to_command(cached, Arc::clone(prepare.columns()));
    let changed = play(known, &[&[1, 1], &id, &[0, 0, 7, 0, 0, 0], END]);
    assert_eq!(changed.unwrap(), "[I64(7)]; 0 rows");
    let known = Reply::to_command(cached, Arc::clone(prepare.columns()));
    assert!(play(known, &[&[3, 0]]).is_err(), "columns nobody has told");

    assert!(
        play(new(0), &[&[0xfb, b'/']]).is_err(),
        "no file is ever sent"
    );
    assert!(play(new(0), &[OK, OK]).is_err(), "nothing follows the end");
}

#[test]
fn spoiled_replies_are_refused_and_nothing_worse() {
    let id = definition("id", 3, 63, 0);
    let at = definition("at", 12, 63, 0);
    let row: &[u8] = &[0, 0, 7, 0, 0, 0, 4, 0xe8, 7, 2, 29];
    let script = [&[2][..], &id, &at, row, END];
    let mut random = 0x2545_f491_4f6c_dd1du64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).unwrap()
    };
    let mut n_refused = 0;
    for _ in 0..20_000 {
        let mut spoiled: Vec<Vec<u8>> = script.iter().map(|payload| payload.to_vec()).collect();
        let payload = next(spoiled.len());
        let place = next(spoiled[payload].len());
        match next(3) {
            0 => spoiled[payload].truncate(place),
            _ => spoiled[payload][place] = u8::try_from(next(256)).unwrap(),
        }
        crate::fuzzing::check(&packets(
            &spoiled.iter().map(Vec::as_slice).collect::<Vec<_>>(),
        ));
        let spoiled: Vec<&[u8]> = spoiled.iter().map(Vec::as_slice).collect();
        let reply = Reply::to_command(flags::DEPRECATE_EOF, Arc::default());
        n_refused += usize::from(play(reply, &spoiled).is_err());
    }
    assert!(n_refused > 1_000, "{n_refused}");
}

#[test]
fn what_is_told_of_a_transaction_is_no_change_of_the_session() {
    let changed = |told: &[u8]| {
        let ok = [&[0, 0, 0, 2, 0x40, 0, 0, 0][..], told].concat();
        let reply = || Reply::to_command(flags::SESSION_TRACK, Arc::default());
        match reply().receive(&ok) {
            Ok(Received::End(Ok(summary))) => summary.has_changed_session,
            other => panic!("{other:?}"),
        }
    };
    let state = b"\x05\x09\x08________";
    assert!(
        !changed(&[&[11], &state[..]].concat()),
        "as COMMIT tells it"
    );
    assert!(!changed(b"\x04\x03\x02\x01x"), "a GTID");
    assert!(changed(b"\x03\x02\x011"), "a variable");
    let both = [&[14], &state[..], b"\x02\x011"].concat();
    assert!(changed(&both));
    // What is cut off, or says nothing of what it tells of.
    for told in [&b""[..], b"\x03\x05", b"\x02\x05\x09"] {
        assert!(changed(told), "{told:?}");
    }
}

/// Reads the only field of a row, whose bytes follow the map of NULLs.
fn field<T>(
    ty: ColumnType,
    is_unsigned: bool,
    is_binary: bool,
    bytes: &[u8],
    read: impl FnOnce(&BinaryRow<'_>) -> T,
) -> T {
    let columns = [Column {
        name: "it".into(),
        ty,
        is_unsigned,
        is_binary,
    }];
    let payload = [&[0, 0], bytes].concat();
    let mut fields = Fields::default();
    fields.find(&payload, &columns).unwrap();
    read(&BinaryRow {
        payload: &payload,
        columns: &columns,
        fields: &fields,
    })
}

#[test]
fn fields_are_read_only_as_what_they_are() {
    use ColumnType::{
        Bit, Date as Day, DateTime, Decimal as Exact, Float, Long, String, Time as Clock, Tiny,
    };
    let signed = |ty, bytes: &[u8]| field(ty, false, false, bytes, |row| row.i64(0).ok());
    let unsigned = |ty, bytes: &[u8]| field(ty, true, false, bytes, |row| row.i64(0).ok());
    assert_eq!(signed(Tiny, &[0xff]), Some(-1));
    assert_eq!(unsigned(Tiny, &[0xff]), Some(255));
    assert_eq!(signed(Long, &[0xff; 8]), Some(-1));
    assert_eq!(unsigned(Long, &[0xff; 8]), None, "too large");
    assert_eq!(
        field(Long, true, false, &[0xff; 8], |row| row.decimal(0).unwrap()).mantissa(),
        i128::from(u64::MAX)
    );
    assert_eq!(signed(Exact, b"\x0542.00"), Some(42), "a sum");
    assert_eq!(signed(Exact, b"\x0442.5"), None);
    assert_eq!(signed(Float, &[0; 4]), None);
    let half = field(Exact, false, true, b"\x06-0.500", |row| {
        row.decimal(0).unwrap()
    });
    assert_eq!(half, Decimal::try_new(-5, 1).unwrap());

    let truth = |ty, bytes: &[u8]| field(ty, false, false, bytes, |row| row.bool(0).ok());
    assert_eq!(
        (truth(Tiny, &[1]), truth(Bit, &[1, 0])),
        (Some(true), Some(false))
    );
    assert_eq!(truth(Tiny, &[2]), None);

    let text = |is_binary, bytes: &[u8]| {
        field(String, false, is_binary, bytes, |row| {
            row.text(0).ok().map(str::to_owned)
        })
    };
    assert_eq!(text(false, b"\x02hi").as_deref(), Some("hi"));
    assert_eq!(text(true, b"\x02hi"), None, "bytes are no text");
    assert_eq!(text(false, b"\x01\xff"), None, "no UTF-8");
    assert!(field(String, false, false, b"\x02hi", |row| row
        .bytes(0)
        .is_err()));

    let date = Date::try_new(2024, 2, 29).unwrap();
    let time = |micros| Time::try_new(1, 2, 3, micros).unwrap();
    assert_eq!(
        field(Day, false, true, &[4, 0xe8, 7, 2, 29], |row| row
            .date(0)
            .ok()),
        Some(date)
    );
    for bytes in [
        &[0][..],
        &[4, 0xe8, 7, 2, 30],
        &[4, 0, 0, 0, 0],
        &[3, 0xe8, 7, 2],
    ] {
        assert!(
            field(Day, false, true, bytes, |row| row.date(0).is_err()),
            "{bytes:?}"
        );
    }
    let stamp = |bytes: &[u8]| field(DateTime, false, true, bytes, |row| row.timestamp(0).ok());
    let at = |time| Some(Timestamp { date, time });
    assert_eq!(
        stamp(&[4, 0xe8, 7, 2, 29]),
        at(Time::try_new(0, 0, 0, 0).unwrap())
    );
    assert_eq!(stamp(&[7, 0xe8, 7, 2, 29, 1, 2, 3]), at(time(0)));
    assert_eq!(
        stamp(&[11, 0xe8, 7, 2, 29, 1, 2, 3, 4, 0, 0, 0]),
        at(time(4))
    );
    assert_eq!(stamp(&[0]), None, "MySQL's zero date");
    assert_eq!(stamp(&[5, 0xe8, 7, 2, 29, 1]), None);

    let clock = |bytes: &[u8]| field(Clock, false, true, bytes, |row| row.time(0).ok());
    let span = |bytes: &[u8]| field(Clock, false, true, bytes, |row| row.duration(0).ok());
    assert_eq!(clock(&[0]), Time::try_new(0, 0, 0, 0));
    assert_eq!(clock(&[8, 0, 0, 0, 0, 0, 1, 2, 3]), Some(time(0)));
    let negative = [12, 1, 1, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0];
    assert_eq!(clock(&negative), None, "no time of day");
    assert_eq!(
        span(&negative),
        Some(Duration {
            micros: -86_400_000_005
        })
    );
    let eternal = [12, 0, 255, 255, 255, 255, 23, 59, 59, 0, 0, 0, 0];
    assert_eq!(span(&eternal), None, "more microseconds than an i64 has");
}

#[test]
fn parameters_are_written_with_their_types() {
    let mut out = Vec::new();
    let params = [
        Value::Null,
        Value::Bool(true),
        Value::I16(-2),
        Value::Text("hi".into()),
    ];
    let number = Command::Execute {
        id: 5,
        params: &params,
        rows: RowsOf::Reply,
    }
    .write(&mut out)
    .unwrap();
    assert_eq!(number, 1);
    let expected = [
        &[29, 0, 0, 0, 0x17, 5, 0, 0, 0, 0, 1, 0, 0, 0][..],
        &[0b0001, 1, 6, 0, 1, 0, 2, 0, 0xfd, 0],
        &[1, 0xfe, 0xff, 2, b'h', b'i'],
    ]
    .concat();
    assert_eq!(out.len(), 4 + usize::from(out[0]));
    assert_eq!(out[4..], expected[4..]);

    for refused in [
        Value::F64(f64::NAN),
        Value::F32(f32::INFINITY),
        Value::Default,
        Value::Invalid("no".into()),
    ] {
        let length = out.len();
        let params = [refused];
        let error = Command::Execute {
            id: 5,
            params: &params,
            rows: RowsOf::Reply,
        }
        .write(&mut out)
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Encode);
        assert_eq!(out.len(), length, "nothing is sent");
    }
}

#[test]
fn a_cursor_is_opened_and_asked_for_rows() {
    let mut out = Vec::new();
    let open = Command::Execute {
        id: 5,
        params: &[],
        rows: RowsOf::Cursor,
    };
    open.write(&mut out).unwrap();
    assert_eq!(out[4..], [0x17, 5, 0, 0, 0, 1, 1, 0, 0, 0]);
    out.clear();
    let fetch = Command::Fetch { id: 5, n_rows: 258 };
    fetch.write(&mut out).unwrap();
    assert_eq!(out[4..], [0x1c, 5, 0, 0, 0, 2, 1, 0, 0]);
}

#[test]
fn rows_of_a_cursor_come_without_columns() {
    let id = definition("id", 3, 63, 0);
    let row: &[u8] = &[0, 0, 7, 0, 0, 0];
    // The end of the columns is the end of the reply, and tells of the cursor: an OK that looks like an EOF, or an EOF.
    let new_style = (flags::DEPRECATE_EOF, &[0xfe, 0, 0, 0x40, 0, 0, 0][..]);
    let old_style = (0, &[0xfe, 0, 0, 0x40, 0][..]);
    for (flags, opened) in [new_style, old_style] {
        let mut opening = Reply::to_command(flags, Arc::default());
        for payload in [&[1][..], &id] {
            assert_eq!(opening.receive(payload), Ok(Received::Part));
        }
        let Ok(Received::End(Ok(summary))) = opening.receive(opened) else {
            panic!("the reply goes on");
        };
        assert!(summary.has_cursor() && !summary.is_cursor_at_end());

        let mut fetching = Reply::to_fetch(flags, Arc::clone(opening.columns()));
        assert_eq!(fetching.receive(row), Ok(Received::Row));
        let mut last = opened.to_vec();
        last[3] = 0x80;
        let Ok(Received::End(Ok(summary))) = fetching.receive(&last) else {
            panic!("the reply goes on");
        };
        assert!(summary.is_cursor_at_end());
    }
}

#[test]
fn errors_are_read_with_and_without_a_state() {
    let read = |payload: &[u8]| ServerError::read(payload).unwrap();
    let with = read(b"\xff\x26\x04#23000Duplicate").unwrap();
    assert_eq!(
        (with.code, &*with.sqlstate, &*with.message),
        (1062, "23000", "Duplicate")
    );
    let without = read(b"\xff\x10\x04Too many").unwrap();
    assert_eq!(
        (without.code, &*without.sqlstate, &*without.message),
        (1040, "", "Too many")
    );
    assert_eq!(read(OK), None);
    assert!(ServerError::read(b"\xff\x10").is_err());
    assert!(ServerError::read(b"\xff\x10\x04#42").is_err());
}

#[test]
fn spoiled_logins_are_refused_and_nothing_worse() {
    let sha2 = greeting(ALL_FLAGS | 1, "8.4.0", "caching_sha2_password");
    let key = [&[1], PEM.as_bytes()].concat();
    let script = packets(&[&sha2, &[1, 4], &key, OK]);
    for at in 0..script.len() {
        for value in [0, 1, 0x7f, 0xfb, 0xff] {
            let mut spoiled = script.clone();
            spoiled[at] = value;
            crate::fuzzing::check(&spoiled);
            crate::fuzzing::check(&spoiled[at..]);
        }
    }
}

#[test]
fn a_line_is_encrypted_before_anything_is_told() {
    let account = Account {
        user: "hero",
        password: "secret",
        database: None,
    };
    let offered = greeting(ALL_FLAGS, "10.11.6-MariaDB", "mysql_native_password");
    let mut out = Vec::new();
    let mut login = Login::new(account, Line::Open, TlsWish::IfOffered, 1 << 20);
    assert_eq!(
        login.receive(&offered, 1, &mut out).unwrap(),
        Next::StartTls
    );
    assert_eq!(
        out.len(),
        36,
        "the request is the beginning of the response, with no name in it"
    );
    assert!(
        login.receive(OK, 2, &mut Vec::new()).is_err(),
        "nobody speaks in between"
    );
    out.clear();
    assert_eq!(login.tls_started(2, &mut out).unwrap(), Next::Read);
    assert!(contains(&out, b"hero\0"));

    let plain = greeting(
        ALL_FLAGS & !flags::TLS,
        "10.11.6-MariaDB",
        "mysql_native_password",
    );
    let mut login = Login::new(account, Line::Open, TlsWish::IfOffered, 1 << 20);
    assert_eq!(
        login.receive(&plain, 1, &mut Vec::new()).unwrap(),
        Next::Read
    );
    let mut login = Login::new(account, Line::Open, TlsWish::Always, 1 << 20);
    let refused = login.receive(&plain, 1, &mut Vec::new()).unwrap_err();
    assert!(refused.to_string().contains("`tls=disable`"), "{refused}");
}
