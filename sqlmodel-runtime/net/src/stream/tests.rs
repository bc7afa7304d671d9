use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use sqlmodel_core::seam::CancelKind;
use sqlmodel_core::{Cx, block_on};

use super::*;
use crate::{Address, Memory, Socket, SocketOptions, memory};

fn pair(capacity: usize) -> (Stream<Memory>, Stream<Memory>) {
    let (near, far) = memory(capacity);
    (Stream::new(near), Stream::new(far))
}

fn wait(cx: &Cx) -> Wait<'_> {
    Wait::on(cx).at_most(Duration::from_secs(10))
}

#[test]
fn what_is_sent_arrives_in_order() {
    block_on(async |cx| {
        let (mut near, mut far) = pair(1024);
        near.output().extend_from_slice(b"hello ");
        near.output().extend_from_slice(b"world");
        assert!(near.flush(wait(cx)).await.is_ok());
        assert_eq!(near.n_unsent(), 0);
        assert!(far.receive(wait(cx)).await.is_ok());
        assert_eq!(far.received(), b"hello world");
        far.consume(6);
        assert_eq!(far.received(), b"world");
        far.consume(100);
        assert_eq!(far.received(), b"");
    });
}

#[test]
fn a_message_larger_than_the_buffer_is_put_together() {
    block_on(async |cx| {
        let (mut near, mut far) = pair(1000);
        let message: Vec<u8> = (0..=u8::MAX).cycle().take(700_000).collect();
        near.output().extend_from_slice(&message);
        while far.received().len() < message.len() {
            // The pipe holds a part of it only, so that the writer has to wait for the reader.
            let sent = near.flush(Wait::masked(cx, Duration::ZERO)).await;
            assert!(sent.is_ok() || near.n_unsent() > 0);
            assert!(far.receive(wait(cx)).await.is_ok());
        }
        assert!(far.received() == message);
    });
}

#[test]
fn a_writer_that_has_to_wait_takes_in_what_arrives() {
    block_on(async |cx| {
        let (mut near, mut far) = pair(10);
        far.output().extend_from_slice(b"answer");
        assert!(far.flush(wait(cx)).await.is_ok());
        near.output().extend_from_slice(&[0; 100]);
        let stuck = near.flush(Wait::on(cx).at_most(Duration::from_millis(5)));
        assert!(stuck.await.is_err());
        assert_eq!(near.received(), b"answer");
        assert_eq!(near.n_unsent(), 90);
    });
}

#[test]
fn a_dropped_call_goes_on_where_it_stopped() {
    block_on(async |cx| {
        let (mut near, mut far) = pair(4);
        near.output().extend_from_slice(b"abcdefgh");
        let mut arrived = Vec::new();
        while arrived.len() < 8 {
            // Each flush is dropped after its first poll.
            let mut flush = Box::pin(near.flush(wait(cx)));
            poll_fn(|task| {
                let _ = flush.as_mut().poll(task);
                Poll::Ready(())
            })
            .await;
            drop(flush);
            assert!(far.receive(wait(cx)).await.is_ok());
            arrived.extend_from_slice(far.received());
            far.consume(usize::MAX);
        }
        assert_eq!(arrived, b"abcdefgh");
    });
}

#[test]
fn the_end_of_the_stream_is_an_error() {
    block_on(async |cx| {
        let (mut near, far) = pair(10);
        drop(far);
        let end = near.receive(wait(cx)).await;
        assert!(
            matches!(&end, Outcome::Err(error) if error.kind() == io::ErrorKind::UnexpectedEof),
            "{end:?}"
        );
    });
}

#[test]
fn a_cancelled_context_ends_a_read_of_a_socket() {
    block_on(async |cx| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = Address::Tcp {
            host: "localhost".to_owned(),
            port: listener.local_addr().unwrap().port(),
        };
        let options = SocketOptions::default();
        let socket = Socket::connect(wait(cx), &address, &options).await.unwrap();
        let mut stream = Stream::new(socket);
        let short = sqlmodel_core::within(cx, Duration::from_millis(10));
        assert!(stream.receive(Wait::on(&short)).await.is_cancelled());
        cx.cancel_with(CancelKind::User, Some("test"));
        assert!(stream.receive(Wait::on(cx)).await.is_cancelled());

        // Masked, the same socket still works.
        let (mut accepted, _) = listener.accept().unwrap();
        io::Write::write_all(&mut accepted, b"late").unwrap();
        let masked = Wait::masked(cx, Duration::from_secs(10));
        assert!(stream.receive(masked).await.is_ok());
        assert_eq!(stream.received(), b"late");
    });
}

#[test]
fn nobody_listening_is_an_error_of_the_operating_system() {
    block_on(async |cx| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let address = Address::Tcp {
            host: "127.0.0.1".to_owned(),
            port,
        };
        let refused = Socket::connect(wait(cx), &address, &SocketOptions::default()).await;
        assert!(
            matches!(&refused, Outcome::Err(error) if error.kind() == io::ErrorKind::ConnectionRefused),
            "{refused:?}"
        );
    });
}

/// A server that always has more to say.
struct Endless;

impl Transport for Endless {
    fn poll_read(&mut self, _: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(into.len()))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }
}

#[test]
fn one_who_reads_much_lets_others_have_their_turn() {
    block_on(async |cx| {
        let mut stream = Stream::new(Endless);
        let (mut n_read, mut n_waits) = (0, 0);
        while n_read < 10 * TURN {
            {
                let mut receiving = pin!(stream.receive(Wait::on(cx)));
                let received = poll_fn(|task| {
                    let polled = receiving.as_mut().poll(task);
                    n_waits += usize::from(polled.is_pending());
                    polled
                });
                received.await.unwrap();
            }
            n_read += stream.received().len();
            stream.consume(stream.received().len());
        }
        assert!((5..=10).contains(&n_waits), "{n_waits} waits");
    });
}
