//! What hostile servers can make the driver do: fail, and take memory for what they have sent, but no more.

use std::error::Error;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::{fs, thread};

use sqlmodel_core::{ErrorKind, Outcome, block_on};
use sqlmodel_mysql::{MySqlOptions, fuzzing};
use support::{Counting, peak_bytes};

#[global_allocator]
static COUNTING: Counting = Counting;

/// The most bytes that decoding takes for each byte that has arrived, and for nothing.
const PER_BYTE: usize = 32;
const AT_REST: usize = 4 * 1024;

type Test<T = ()> = Result<T, Box<dyn Error>>;

#[test]
fn memory_is_taken_for_what_has_arrived() -> Test {
    let corpus =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus/mysql_packets");
    let mut n_inputs = 0;
    for entry in fs::read_dir(corpus)? {
        let path = entry?.path();
        let bytes = fs::read(&path)?;
        let peak = peak_bytes(|| fuzzing::check(&bytes));
        assert!(
            peak <= AT_REST + PER_BYTE * bytes.len(),
            "{}: {peak} bytes for {}",
            path.display(),
            bytes.len()
        );
        n_inputs += 1;
    }
    assert!(n_inputs > 100, "the corpus has {n_inputs} inputs");
    Ok(())
}

/// Returns the most memory that a connection takes to a server that says this and no more.
fn peak_of_connecting(said: &'static [u8]) -> Test<usize> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let server = thread::spawn(move || listener.accept()?.0.write_all(said));
    let options = MySqlOptions::parse(&format!("mysql://me:hush@127.0.0.1:{port}/?tls=disable"))?;
    let mut kind = None;
    let peak = peak_bytes(|| {
        block_on(async |cx| {
            if let Outcome::Err(error) = options.connect(cx).await {
                kind = Some(error.kind());
            }
        });
    });
    assert_eq!(kind, Some(ErrorKind::Connect));
    server.join().map_err(|_| "the server failed")??;
    Ok(peak)
}

#[test]
fn memory_is_not_taken_for_what_is_announced() -> Test {
    let nothing = peak_of_connecting(b"")?;
    assert!(nothing > 0, "the allocator counts");
    for said in [
        // A packet of 16 MB.
        &b"\xfe\xff\xff\0\n"[..],
        // One of a payload that goes on behind it.
        b"\xff\xff\xff\0\n",
    ] {
        let peak = peak_of_connecting(said)?;
        assert!(
            peak < nothing + 1024 * 1024,
            "{peak} bytes for {said:?}, and {nothing} for nothing"
        );
    }
    Ok(())
}
