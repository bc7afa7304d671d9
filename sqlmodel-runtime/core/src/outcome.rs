//! Propagation of [`Outcome`] on stable Rust, where `?` does not work on it.
//!
//! [`ok!`](crate::ok) is for functions that return `Outcome`;
//! [`Stop`] carries the three ways not to succeed through code that prefers `Result` and `?`.

use crate::error::{Error, ErrorKind};
use crate::seam::{CancelReason, Outcome, OutcomeError, PanicPayload};

/// Evaluates to the value of an `Outcome::Ok` and returns every other outcome from the function.
///
/// An error is converted with `From`; cancellation and panics pass unchanged.
///
/// # Examples
///
/// ```
/// use sqlmodel_core::{Error, Outcome, ok};
///
/// fn half(n: u64) -> Outcome<u64, Error> {
///     if n % 2 == 0 { Outcome::Ok(n / 2) } else { Outcome::Err(Error::usage("odd")) }
/// }
///
/// fn quarter(n: u64) -> Outcome<u64, Error> {
///     let half_of_it = ok!(half(n));
///     half(half_of_it)
/// }
///
/// assert!(matches!(quarter(8), Outcome::Ok(2)));
/// assert!(quarter(6).is_err());
/// ```
#[macro_export]
macro_rules! ok {
    ($outcome:expr) => {
        match $outcome {
            $crate::seam::Outcome::Ok(value) => value,
            $crate::seam::Outcome::Err(error) => {
                return $crate::seam::Outcome::Err(::core::convert::From::from(error));
            }
            $crate::seam::Outcome::Cancelled(reason) => {
                return $crate::seam::Outcome::Cancelled(reason);
            }
            $crate::seam::Outcome::Panicked(payload) => {
                return $crate::seam::Outcome::Panicked(payload);
            }
        }
    };
}

/// Evaluates to the value of a `Result::Ok` and returns an error as `Outcome::Err`.
///
/// The counterpart of [`ok!`](crate::ok) for synchronous steps inside a function that returns `Outcome`.
#[macro_export]
macro_rules! ok_result {
    ($result:expr) => {
        match $result {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(error) => {
                return $crate::seam::Outcome::Err(::core::convert::From::from(error));
            }
        }
    };
}

/// Questions to what [`Outcome::into_result`] returns where an operation did not succeed.
///
/// # Examples
///
/// ```
/// use sqlmodel_core::{Error, ErrorKind, Outcome, OutcomeErrorExt};
///
/// let refused: Outcome<(), Error> = Outcome::Err(Error::usage("odd"));
/// let stopped = refused.into_result().unwrap_err();
/// assert_eq!(stopped.kind(), Some(ErrorKind::Usage));
/// assert!(stopped.error().is_some_and(|error| !error.is_retryable()));
/// ```
pub trait OutcomeErrorExt {
    /// Returns the error; `None` when the operation was cancelled or panicked.
    fn error(&self) -> Option<&Error>;

    /// Returns the kind of the error; `None` when the operation was cancelled or panicked.
    fn kind(&self) -> Option<ErrorKind> {
        self.error().map(Error::kind)
    }
}

impl OutcomeErrorExt for OutcomeError<Error> {
    fn error(&self) -> Option<&Error> {
        match self {
            Self::Err(error) => Some(error),
            Self::Cancelled(_) | Self::Panicked(_) => None,
        }
    }
}

/// Why an operation did not succeed: the three other arms of [`Outcome`], as the error of a `Result`.
#[derive(Debug)]
pub enum Stop {
    /// The database or the library reported an error.
    Err(Error),
    /// The context was cancelled or its budget was spent.
    Cancelled(CancelReason),
    /// A task panicked.
    Panicked(PanicPayload),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Err(error)
    }
}

impl Stop {
    /// Turns an outcome into a result, so that `?` works on it inside the library.
    ///
    /// # Errors
    ///
    /// Every outcome but `Ok`, unchanged in meaning.
    pub fn check<T>(outcome: Outcome<T, Error>) -> Result<T, Self> {
        match outcome {
            Outcome::Ok(value) => Ok(value),
            Outcome::Err(error) => Err(Self::Err(error)),
            Outcome::Cancelled(reason) => Err(Self::Cancelled(reason)),
            Outcome::Panicked(payload) => Err(Self::Panicked(payload)),
        }
    }

    /// Turns a result back into the outcome it came from.
    pub fn into_outcome<T>(result: Result<T, Self>) -> Outcome<T, Error> {
        match result {
            Ok(value) => Outcome::Ok(value),
            Err(Self::Err(error)) => Outcome::Err(error),
            Err(Self::Cancelled(reason)) => Outcome::Cancelled(reason),
            Err(Self::Panicked(payload)) => Outcome::Panicked(payload),
        }
    }
}
