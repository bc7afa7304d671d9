use std::time::Duration;

use super::*;

/// A server that sends back what it gets, and a client of it by way of a proxy.
fn echo() -> (Proxy, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("echo://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let (mut from, mut to) = (client.try_clone().unwrap(), client);
            thread::spawn(move || std::io::copy(&mut from, &mut to));
        }
    });
    let proxy = Proxy::to(&url);
    let through = proxy.url(&url);
    assert_ne!(through, url);
    let client = TcpStream::connect(host_and_port(&through)).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    (proxy, client)
}

/// Sends ten bytes and returns what comes back until the other side closes or nothing comes any more.
fn answer(client: &mut TcpStream, n_expected: usize) -> Vec<u8> {
    let _ = client.write_all(b"0123456789");
    let mut answer = Vec::new();
    let mut byte = [0];
    while answer.len() < n_expected {
        match client.read(&mut byte) {
            Ok(1) => answer.extend(byte),
            _ => break,
        }
    }
    answer
}

#[test]
fn bytes_pass_at_once_or_one_by_one() {
    let (proxy, mut client) = echo();
    for fault in [Fault::None, Fault::Split] {
        proxy.set(fault);
        assert_eq!(answer(&mut client, 10), b"0123456789");
        assert_eq!(proxy.counts(), (10, 10));
    }
}

#[test]
fn a_connection_is_cut_behind_so_many_bytes() {
    for fault in [Fault::CutAfter(4), Fault::CutRequestAfter(4)] {
        let (proxy, mut client) = echo();
        assert_eq!(answer(&mut client, 10), b"0123456789");
        proxy.set(fault);
        let answer = answer(&mut client, 10);
        // What the server has echoed when the request was cut may be lost with the connection.
        assert!(b"0123".starts_with(&answer), "{answer:?}");
        assert!(fault != Fault::CutAfter(4) || answer == b"0123");
        assert_eq!(client.read(&mut [0]).unwrap_or(0), 0, "it is closed");
    }
}

#[test]
fn a_connection_that_stalls_stays_open() {
    let (proxy, mut client) = echo();
    proxy.set(Fault::StallAfter(4));
    assert_eq!(answer(&mut client, 4), b"0123");
    client
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let error = client.read(&mut [0]).unwrap_err();
    assert!(matches!(
        error.kind(),
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
    ));
    drop(proxy);
    assert_eq!(client.read(&mut [0]).unwrap_or(0), 0, "it is closed");
}
