use std::ops::ControlFlow;

use super::*;
use crate::block_on;
use crate::error::ErrorKind;
use crate::row::Row;
use crate::statement::Done;
use crate::trace::tests::events;
use crate::transaction::Transaction;
use crate::{Capabilities, Connection, Dialect, Prepared, TransactionStep, Value};

/// A connection whose queries give the numbers below a bound, and an error at it if they are told to.
#[derive(Debug, Default)]
struct Numbers {
    next: i64,
    end: i64,
    /// The row that holds a text.
    text_at: Option<i64>,
    n_closed: u32,
    is_cancelled: bool,
}

impl Executor for Numbers {
    type Nested<'n> = Transaction<'n, Self>;

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn capabilities(&self) -> &Capabilities {
        &Capabilities {
            has_insert_returning: true,
            has_update_returning: true,
            has_delete_returning: true,
            max_parameters: 100,
            has_strict_types: true,
        }
    }

    async fn nested(&mut self, cx: &Cx) -> Outcome<Transaction<'_, Self>, Error> {
        self.begin(cx).await
    }

    async fn query<S: RowSink>(
        &mut self,
        _: &Cx,
        _: Statement<'_>,
        _: &mut S,
    ) -> Outcome<(), Error> {
        Outcome::Ok(())
    }

    async fn execute(&mut self, _: &Cx, _: Statement<'_>) -> Outcome<Done, Error> {
        Outcome::Ok(Done::default())
    }

    async fn open_cursor(&mut self, _: &Cx, _: Statement<'_>, _: CursorKind) -> Outcome<(), Error> {
        self.next = 0;
        Outcome::Ok(())
    }

    async fn fetch<S: RowSink>(&mut self, _: &Cx, sink: &mut S) -> Outcome<Fetched, Error> {
        if std::mem::take(&mut self.is_cancelled) {
            return Outcome::Cancelled(crate::seam::CancelReason::user("test"));
        }
        while self.next < self.end {
            let value = match self.text_at {
                Some(at) if at == self.next => Value::Text("seven".into()),
                _ => Value::I64(self.next),
            };
            let row = ok_result!(Row::try_new(["n".into()].into(), vec![value]));
            self.next += 1;
            if let ControlFlow::Break(()) = ok_result!(sink.row(&row)) {
                return Outcome::Ok(Fetched::Paused);
            }
        }
        Outcome::Ok(Fetched::End)
    }

    fn close_cursor(&mut self) {
        self.n_closed += 1;
    }
}

impl Connection for Numbers {
    async fn prepare(&mut self, _: &Cx, sql: &str) -> Outcome<Prepared, Error> {
        Outcome::Ok(Prepared::new(sql, 0, Vec::new()))
    }

    async fn step(&mut self, _: &Cx, _: TransactionStep) -> Outcome<(), Error> {
        Outcome::Ok(())
    }

    fn abandon(&mut self, _: u32) {}
}

const QUERY: Statement<'_> = Statement::new("SELECT n", &[]);

#[test]
fn all_rows_come_in_order_and_then_none() {
    block_on(async |cx| {
        let mut numbers = Numbers {
            end: 1_000,
            ..Numbers::default()
        };
        let mut rows: Rows<'_, _, i64> = Rows::open(cx, &mut numbers, QUERY).await.unwrap();
        for expected in 0..1_000 {
            assert_eq!(rows.next(cx).await.unwrap(), Some(expected));
        }
        assert_eq!(rows.next(cx).await.unwrap(), None);
        assert_eq!(rows.next(cx).await.unwrap(), None);
        drop(rows);
        assert_eq!(numbers.n_closed, 0, "it ended by itself");
    });
}

#[test]
fn rows_are_read_a_batch_ahead_and_no_further() {
    block_on(async |cx| {
        let mut numbers = Numbers {
            end: i64::MAX,
            ..Numbers::default()
        };
        let mut rows: Rows<'_, _, i64> = Rows::open(cx, &mut numbers, QUERY).await.unwrap();
        assert_eq!(rows.next(cx).await.unwrap(), Some(0));
        drop(rows);
        assert_eq!(numbers.next, 64);
        assert_eq!(numbers.n_closed, 1, "the query was given up");
    });
}

#[test]
fn an_error_comes_after_the_rows_before_it_and_names_its_row() {
    block_on(async |cx| {
        let mut numbers = Numbers {
            end: 200,
            text_at: Some(100),
            ..Numbers::default()
        };
        let mut rows: Rows<'_, _, i64> = Rows::open(cx, &mut numbers, QUERY).await.unwrap();
        for expected in 0..100 {
            assert_eq!(rows.next(cx).await.unwrap(), Some(expected));
        }
        let Outcome::Err(error) = rows.next(cx).await else {
            panic!("a text was read as a number")
        };
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("row 101"), "{error}");
        assert_eq!(rows.next(cx).await.unwrap(), None, "the query is over");
        drop(rows);
        assert_eq!(numbers.n_closed, 1);
    });
}

#[test]
fn a_cancelled_call_loses_no_row() {
    block_on(async |cx| {
        let mut numbers = Numbers {
            end: 2,
            is_cancelled: true,
            ..Numbers::default()
        };
        let mut rows: Rows<'_, _, i64> = Rows::open(cx, &mut numbers, QUERY).await.unwrap();
        assert!(rows.next(cx).await.is_cancelled());
        assert_eq!(rows.next(cx).await.unwrap(), Some(0));
    });
}

#[test]
fn a_stream_is_told_once_with_the_rows_that_were_read() {
    /// Pulls rows, and returns what was told of it.
    fn told(numbers: Numbers, n_pulled: usize) -> Vec<String> {
        let mut numbers = numbers;
        events(tracing::Level::DEBUG, || {
            block_on(async |cx| {
                let opened: Outcome<Rows<'_, _, i64>, _> =
                    Rows::open(cx, &mut numbers, QUERY).await;
                let mut rows = opened.unwrap();
                for _ in 0..n_pulled {
                    let _ = rows.next(cx).await;
                }
            });
        })
    }
    let numbers = |end| Numbers {
        end,
        ..Numbers::default()
    };
    let all = r#"sqlmodel::statement message=done sql="SELECT n" n_rows=100"#;
    assert_eq!(told(numbers(100), 101), [all]);
    let some = r#"sqlmodel::statement message=dropped sql="SELECT n" n_rows=64"#;
    assert_eq!(told(numbers(100), 3), [some], "a batch was read");
    let none = r#"sqlmodel::statement message=dropped sql="SELECT n" n_rows=0"#;
    assert_eq!(told(numbers(100), 0), [none]);
    let broken = Numbers {
        text_at: Some(70),
        ..numbers(100)
    };
    let failed = told(broken, 101);
    assert_eq!(failed.len(), 1);
    let beginning = r#"sqlmodel::statement message=failed sql="SELECT n" n_rows=71 error="#;
    assert!(failed[0].starts_with(beginning), "{failed:?}");
}

#[test]
fn portions_leave_the_executor_free_and_end_with_none() {
    block_on(async |cx| {
        let mut numbers = Numbers {
            end: 5,
            ..Numbers::default()
        };
        let opened: Outcome<Portions<'_, _, i64>, _> =
            Portions::open(cx, &mut numbers, QUERY, 2).await;
        let mut portions = opened.unwrap();
        for expected in [vec![0, 1], vec![2, 3], vec![4], vec![], vec![]] {
            assert_eq!(portions.next(cx).await.unwrap(), expected);
            portions.executor().execute(cx, QUERY).await.unwrap();
        }
        drop(portions);
        assert_eq!(numbers.n_closed, 0, "it ended by itself");
    });
}

#[test]
fn a_cancelled_portion_ends_the_query_with_an_error() {
    block_on(async |cx| {
        let mut numbers = Numbers {
            end: 5,
            is_cancelled: true,
            ..Numbers::default()
        };
        let opened: Outcome<Portions<'_, _, i64>, _> =
            Portions::open(cx, &mut numbers, QUERY, 2).await;
        let mut portions = opened.unwrap();
        assert!(portions.next(cx).await.is_cancelled());
        let Outcome::Err(error) = portions.next(cx).await else {
            panic!("rows were lost in silence")
        };
        assert_eq!(error.kind(), ErrorKind::Usage);
        drop(portions);
        assert_eq!(numbers.n_closed, 1);
    });
}
