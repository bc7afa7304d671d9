use super::auth::{ChannelBinding, Scram, ScramError, md5_password};
use super::backend::*;
use super::*;

/// The messages of `SELECT id, name FROM team`: two rows, the second with a NULL.
const RESULT: &[u8] = b"1\0\0\0\x042\0\0\0\x04\
    T\0\0\0\x32\0\x02id\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\x01name\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\x01\
    D\0\0\0\x13\0\x02\0\0\0\x04\0\0\0\x07\0\0\0\x01AD\0\0\0\x12\0\x02\0\0\0\x04\0\0\0\x08\xff\xff\xff\xff\
    C\0\0\0\x0dSELECT 2\0Z\0\0\0\x05I";

fn tags(bytes: &[u8]) -> (String, usize) {
    let mut rest = bytes;
    let mut tags = String::new();
    while let Some(frame) = Frame::first(rest).unwrap() {
        tags.push(char::from(frame.tag));
        rest = &rest[frame.length..];
    }
    (tags, bytes.len() - rest.len())
}

#[test]
fn messages_are_found_wherever_the_bytes_are_split() {
    for at in 0..=RESULT.len() {
        let (before, n_read) = tags(&RESULT[..at]);
        assert!(n_read <= at);
        let (after, _) = tags(&RESULT[n_read..]);
        assert_eq!(before + &after, "12TDDCZ", "split at {at}");
    }
}

#[test]
fn a_result_is_read_from_its_messages() {
    let mut rest = RESULT;
    let mut rows = Vec::new();
    while let Some(frame) = Frame::first(rest).unwrap() {
        let body = frame.body(rest);
        match frame.tag {
            tag::ROW_DESCRIPTION => {
                let columns = read_columns(body).unwrap();
                let shown: Vec<_> = columns
                    .iter()
                    .map(|column| (&*column.name, column.oid))
                    .collect();
                assert_eq!(shown, [("id", 23), ("name", 25)]);
            }
            tag::DATA_ROW => {
                let mut cells = Vec::new();
                read_cells(body, 2, 2, &mut cells).unwrap();
                rows.push(cells);
            }
            tag::COMMAND_COMPLETE => assert_eq!(rows_affected(body), 0),
            tag::READY_FOR_QUERY => assert_eq!(Status::read(body), Ok(Status::Idle)),
            _ => {}
        }
        rest = &rest[frame.length..];
    }
    assert_eq!(
        rows,
        [vec![Some((6, 4)), Some((14, 1))], vec![Some((6, 4)), None]]
    );
}

#[test]
fn lengths_that_cannot_be_are_refused() {
    let refused = |bytes: &[u8]| assert_eq!(Frame::first(bytes), Err(Malformed), "{bytes:?}");
    refused(b"D\0\0\0\x03");
    refused(b"D\0\0\0\0");
    refused(b"D\xff\xff\xff\xff");
    assert_eq!(
        Frame::first(b"D\x3f\xff\xff\xff"),
        Ok(None),
        "nothing is allocated for it"
    );

    let mut cells = Vec::new();
    for body in [
        &b"\0\x01"[..],
        b"\0\x01\0\0\0\x02x",
        b"\0\x01\xff\xff\xff\xfe",
        b"\0\x01\x7f\xff\xff\xff",
        b"\0\x01\0\0\0\x01xy",
    ] {
        assert_eq!(
            read_cells(body, 2, 1, &mut cells),
            Err(Malformed),
            "{body:?}"
        );
    }
    assert!(read_columns(b"\xff\xffname\0").is_err());
    let described = |length: usize| [b"\0\x01", &*vec![b'x'; length - 21], &[0; 19]].concat();
    assert!(read_columns(&described(MAX_DESCRIPTION)).is_ok());
    assert!(read_columns(&described(MAX_DESCRIPTION + 1)).is_err());
    assert!(read_parameter_types(b"\xff\xff\0\0\0\x17").is_err());
    assert!(Authentication::read(b"\0\0\0\x0aSCRAM-SHA-256").is_err());
    let mechanisms = [b"\0\0\0\x0a", &*b"x\0".repeat(MAX_LOGIN / 2), b"\0"].concat();
    assert!(Authentication::read(&mechanisms).is_err());
    assert!(Fields::read(b"SERROR\0Mno end").is_err());
}

#[test]
fn rows_affected_are_read_from_the_tag() {
    for (tag, expected) in [
        ("INSERT 0 5", 5),
        ("UPDATE 3", 3),
        ("DELETE 0", 0),
        ("MERGE 4", 4),
        ("COPY 12", 12),
        ("SELECT 7", 0),
        ("CREATE TABLE", 0),
        ("INSERT 0 many", 0),
    ] {
        assert_eq!(
            rows_affected(format!("{tag}\0").as_bytes()),
            expected,
            "{tag}"
        );
    }
}

#[test]
fn a_bind_tells_the_format_of_each_parameter() {
    let mut out = Vec::new();
    let written = frontend::bind(&mut out, "s1", 2, |at, out| {
        frontend::counted(out, frontend::Count::WithoutItself, |out| {
            out.extend_from_slice(if at == 0 { b"abc" } else { b"\x07" });
        });
        Ok::<_, Malformed>(if at == 0 {
            frontend::Format::Text
        } else {
            frontend::Format::Binary
        })
    });
    assert!(written.is_ok());
    assert_eq!(
        out,
        b"B\0\0\0\x20\0s1\0\0\x02\0\0\0\x01\0\x02\0\0\0\x03abc\0\0\0\x01\x07\0\x01\0\x01"
    );
    let refused = frontend::bind(&mut out, "s1", 1, |_, _| Err(Malformed));
    assert_eq!(refused, Err(Malformed));
    assert_eq!(out.len(), 0x21, "nothing of a refused message is left");
}

#[test]
fn md5_passwords_are_hashed_with_the_user_and_the_salt() {
    // As computed by PostgreSQL's `pg_md5_encrypt` for the same input.
    assert_eq!(
        md5_password("md5_user", "password", [0x2a, 0x3d, 0x8f, 0xe0]),
        "md562af4dd09bbb41884907a838a3233294"
    );
}

#[test]
fn scram_proves_to_know_the_password_and_checks_that_the_server_does() {
    // Password, salt and rounds of the example in RFC 7677, section 3.
    let scram = Scram::new("pencil", ChannelBinding::Unsupported, [7; 18]);
    let first = scram.first_message();
    assert_eq!(first, "n,,n=,r=BwcHBwcHBwcHBwcHBwcHBwcH");
    let challenge = "r=BwcHBwcHBwcHBwcHBwcHBwcHserver,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    let (answer, proof) = scram.answer(challenge.as_bytes()).unwrap();
    // Proof and signature as another implementation computes them (Python's hashlib and hmac).
    assert_eq!(
        answer,
        "c=biws,r=BwcHBwcHBwcHBwcHBwcHBwcHserver,p=yhH1PrcVCQUiQwDByjUmeRsSQ8p1Jmk22mPqP5k+Wqo="
    );
    assert_eq!(
        proof.check(b"v=hclEmqxikwyVkdplsfSOYGcdMSNnj7EdQS7w2rF4vAQ="),
        Ok(())
    );
    assert_eq!(proof.check(b"v=AAAA"), Err(ScramError::ServerNotAuthentic));
    assert_eq!(proof.check(b"e=other-error"), Err(ScramError::Malformed));
}

#[test]
fn challenges_that_are_not_an_answer_are_refused() {
    let scram = Scram::new("pencil", ChannelBinding::Unsupported, [7; 18]);
    for challenge in [
        "",
        "r=somebody,s=QSXCR+Q6sek8bf92,i=4096",
        "r=BwcHBwcHBwcHBwcHBwcHBwcH,s=QSXCR+Q6sek8bf92,i=4096",
        "r=BwcHBwcHBwcHBwcHBwcHBwcHx,s=*,i=4096",
        "r=BwcHBwcHBwcHBwcHBwcHBwcHx,s=QSXCR+Q6sek8bf92,i=0",
        "r=BwcHBwcHBwcHBwcHBwcHBwcHx,s=QSXCR+Q6sek8bf92,i=1000001",
        "r=BwcHBwcHBwcHBwcHBwcHBwcHx,s=QSXCR+Q6sek8bf92,i=4294967295",
        "r=BwcHBwcHBwcHBwcHBwcHBwcHx,s=QSXCR+Q6sek8bf92",
    ] {
        let refused = scram.answer(challenge.as_bytes()).map(|_| ());
        assert_eq!(refused, Err(ScramError::Malformed), "{challenge}");
    }
}
