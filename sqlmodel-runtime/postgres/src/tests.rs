//! A server that is a list of bytes: whole, in pieces, and wrong.

use std::io;
use std::task::{Context, Poll};

use sqlmodel_core::{
    Collect, Cx, Error, Executor, Outcome, Rows, Statement, Stop, TransactionOps, Wait, block_on,
    ok, seam::CancelKind,
};
use sqlmodel_core::{Connection, within};
use sqlmodel_net::{Address, Transport};

use crate::connect::log_in;
use crate::connection::PostgresConnection;
use crate::fuzzing;
use crate::link::Link;
use crate::options::PostgresOptions;

/// A server that has an answer for each request, whatever it is, and closes when more is expected of it.
struct Script {
    answers: Vec<Vec<u8>>,
    /// What was released by requests so far.
    said: Vec<u8>,
    at: usize,
    /// Where a piece ends, and nothing comes until the next poll.
    split: usize,
    is_paused: bool,
}

impl Transport for Script {
    fn poll_read(&mut self, task: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.at == self.split && !std::mem::replace(&mut self.is_paused, true) {
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        let end = match self.at < self.split {
            true => self.split.min(self.said.len()),
            false => self.said.len(),
        };
        let piece = self.said.get(self.at..end).unwrap_or_default();
        let n_read = piece.len().min(into.len());
        into[..n_read].copy_from_slice(&piece[..n_read]);
        self.at += n_read;
        Poll::Ready(Ok(n_read))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // A request is one write.
        if !self.answers.is_empty() {
            self.said.append(&mut self.answers.remove(0));
        }
        Poll::Ready(Ok(bytes.len()))
    }
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[tag], &length.to_be_bytes()[..], body].concat()
}

fn ready() -> Vec<u8> {
    message(b'Z', b"I")
}

/// What a server says that lets anybody in.
fn welcome() -> Vec<u8> {
    [
        message(b'R', &[0, 0, 0, 0]),
        message(b'S', b"server_version\0v15\0"),
        message(b'K', &[0, 0, 0, 1, 0, 0, 0, 2]),
        ready(),
    ]
    .concat()
}

/// The answers to `SELECT id, name FROM team` when it first runs.
fn teams(is_first: bool) -> Vec<u8> {
    let columns = b"\0\x02id\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\x01\
        name\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\x01";
    let described = [
        message(b'1', b""),
        message(b't', &[0, 0]),
        message(b'T', columns),
    ];
    let described = if is_first {
        described.concat()
    } else {
        Vec::new()
    };
    let rows = [
        message(b'2', b""),
        message(b'D', b"\0\x02\0\0\0\x04\0\0\0\x07\0\0\0\x0aPreventers"),
        message(b'N', b"SNOTICE\0C00000\0Mby the way\0\0"),
        message(b'D', b"\0\x02\0\0\0\x04\0\0\0\x08\0\0\0\x07Z-Force"),
        message(b'C', b"SELECT 2\0"),
        ready(),
    ];
    [described, rows.concat()].concat()
}

type Team = (i32, String);

const SQL: &str = "SELECT id, name FROM team";

async fn enter(
    cx: &Cx,
    answers: Vec<Vec<u8>>,
    split: usize,
) -> Outcome<PostgresConnection<Script>, Error> {
    let address = Address::Tcp {
        host: "script".to_owned(),
        port: 1,
    };
    let options = PostgresOptions::new(address, "me").password("secret");
    let mut link = Link::new(Script {
        answers,
        said: Vec::new(),
        at: 0,
        split,
        is_paused: false,
    });
    let entered = log_in(&mut link, Wait::on(cx), &options, &options.hosts[0], None).await;
    ok!(Stop::into_outcome(entered));
    Outcome::Ok(PostgresConnection::new(link, &options, None))
}

async fn select(cx: &Cx, connection: &mut impl Executor) -> Outcome<Vec<Team>, Error> {
    let mut teams = Collect::<Team>::all();
    ok!(connection
        .query(cx, Statement::new(SQL, &[]), &mut teams)
        .await);
    Outcome::Ok(teams.into_rows())
}

#[test]
fn answers_mean_the_same_wherever_they_are_split() {
    let answers = vec![welcome(), teams(true), teams(false)];
    block_on(async |cx| {
        for split in 0..=answers.concat().len() {
            let mut connection = enter(cx, answers.clone(), split).await.unwrap();
            for _ in 0..2 {
                let teams = select(cx, &mut connection).await.unwrap();
                let expected = [(7, "Preventers".to_owned()), (8, "Z-Force".to_owned())];
                assert_eq!(teams, expected, "split at {split}");
            }
            assert_eq!(connection.take_notices().len(), 2);
            assert!(connection.is_idle());
        }
    });
}

#[test]
fn a_server_that_closes_anywhere_is_lost_and_told_so() {
    let n_welcome = welcome().len();
    block_on(async |cx| {
        for length in 0..n_welcome + teams(true).len() {
            let mut answers = vec![welcome(), teams(true)];
            answers[0].truncate(length);
            answers[1].truncate(length.saturating_sub(n_welcome));
            let Outcome::Ok(mut connection) = enter(cx, answers, 0).await else {
                assert!(length < n_welcome);
                continue;
            };
            let selected = select(cx, &mut connection).await;
            assert!(selected.is_err(), "closed after {length}: {selected:?}");
            assert!(connection.is_closed());
        }
    });
}

#[test]
fn what_nobody_asked_for_is_not_taken_for_an_answer() {
    block_on(async |cx| {
        let more = [teams(true), teams(false)].concat();
        let mut connection = enter(cx, vec![welcome(), more], 0).await.unwrap();
        assert_eq!(select(cx, &mut connection).await.unwrap().len(), 2);
        let second = select(cx, &mut connection).await;
        assert!(second.is_err(), "{second:?}");
        assert!(connection.is_closed());
    });
}

/// Everything that is asked of a connection in these tests.
async fn use_it_all(cx: &Cx, answers: Vec<Vec<u8>>, split: usize) -> Outcome<(), Error> {
    let mut connection = ok!(enter(cx, answers, split).await);
    let _ = select(cx, &mut connection).await;
    let _ = connection.execute_sql(cx, "DELETE FROM team", &[]).await;
    if let Outcome::Ok(mut rows) =
        Rows::<_, Team>::open(cx, &mut connection, Statement::new(SQL, &[])).await
    {
        let _ = rows.next(cx).await;
    }
    if let Outcome::Ok(mut transaction) = connection.begin(cx).await {
        let _ = select(cx, &mut transaction).await;
        let _ = transaction.commit(cx).await;
    }
    let _ = connection
        .copy_out(cx, "COPY team TO STDOUT", |_| Ok(()))
        .await;
    let _ = connection.settle(cx).await;
    Outcome::Ok(())
}

#[test]
fn no_answer_makes_the_driver_panic_or_wait_for_ever() {
    let whole = [
        welcome(),
        teams(true),
        teams(false),
        message(b'E', b"SERROR\0C42P01\0Mno such table\0\0"),
        ready(),
        message(b'G', &[0, 0, 0]),
        message(b'A', b"\0\0\0\x01news\0hello\0"),
        teams(false),
    ];
    let mut seed = 1u64;
    let mut random = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    block_on(async |cx| {
        for _ in 0..3_000 {
            let mut answers = whole.clone();
            for _ in 0..=random(4) {
                let answer = random(answers.len());
                let answers = &mut answers[answer];
                let at = random(answers.len());
                match random(4) {
                    0 => answers[at] = u8::try_from(random(256)).unwrap(),
                    1 => answers[at] ^= 1 << random(8),
                    2 => drop(answers.remove(at)),
                    _ => answers.insert(at, b'\0'),
                }
            }
            let said = answers.concat();
            fuzzing::check(&said);
            let split = random(said.len());
            let _ = use_it_all(cx, answers.to_vec(), split).await;
        }
    });
}

#[test]
fn a_call_that_was_cancelled_before_it_was_sent_costs_nothing() {
    block_on(async |cx| {
        let answers = vec![welcome(), teams(true)];
        let mut connection = enter(cx, answers, 0).await.unwrap();
        let cancelled = within(cx, std::time::Duration::from_secs(60));
        cancelled.cancel_with(CancelKind::User, Some("test"));
        assert!(select(&cancelled, &mut connection).await.is_cancelled());
        assert_eq!(select(cx, &mut connection).await.unwrap().len(), 2);
    });
}
