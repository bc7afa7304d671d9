use super::*;
use crate::seam::{CancelKind, block_on, within};

const SOON: Duration = Duration::from_millis(20);
const NEVER: Duration = Duration::from_secs(3600);

/// Waits for something that never happens.
async fn never(wait: Wait<'_>) -> Outcome<(), Elapsed> {
    wait.poll(|_| Poll::Pending).await
}

#[test]
fn a_limit_ends_a_wait() {
    block_on(async |cx| {
        let waited = never(Wait::on(cx).at_most(SOON)).await;
        assert!(matches!(waited, Outcome::Err(Elapsed)), "{waited:?}");
        assert!(Wait::on(cx).at_most(SOON).sleep().await.is_ok());
    });
}

#[test]
fn the_deadline_of_the_given_context_ends_a_wait() {
    block_on(async |cx| {
        let waited = never(Wait::on(&within(cx, SOON)).at_most(NEVER)).await;
        assert!(waited.is_cancelled(), "{waited:?}");
        assert!(cx.checkpoint().is_ok(), "the task itself goes on");
    });
}

#[test]
fn cancelling_the_given_context_ends_a_wait() {
    block_on(async |cx| {
        let request = within(cx, NEVER);
        let other = request.clone();
        let thread = std::thread::spawn(move || {
            std::thread::park_timeout(SOON);
            other.cancel_with(CancelKind::User, Some("test"));
        });
        let waited = never(Wait::on(&request)).await;
        assert!(waited.is_cancelled(), "{waited:?}");
        thread.join().unwrap();
    });
}

#[test]
fn a_masked_wait_goes_on_through_cancellation() {
    block_on(async |cx| {
        cx.cancel_with(CancelKind::User, Some("test"));
        assert!(never(Wait::on(cx)).await.is_cancelled());
        let mut n_polls = 0;
        let waited = Wait::masked(cx, NEVER)
            .poll(|task| {
                n_polls += 1;
                task.waker().wake_by_ref();
                match n_polls {
                    3 => Poll::Ready(()),
                    _ => Poll::Pending,
                }
            })
            .await;
        assert!(waited.is_ok(), "{waited:?}");
        assert!(matches!(
            never(Wait::masked(cx, SOON)).await,
            Outcome::Err(Elapsed)
        ));
    });
}

#[test]
fn an_operation_that_takes_too_long_is_an_error_of_the_operating_system() {
    block_on(async |cx| {
        let waited = Wait::on(cx)
            .at_most(SOON)
            .poll_io(|_| Poll::<io::Result<()>>::Pending)
            .await;
        assert!(matches!(waited, Outcome::Err(error) if error.kind() == io::ErrorKind::TimedOut));
    });
}
