//! What the library asks while a statement runs: whether it shall go on, and whether to wait for a lock.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};

use rusqlite::ffi;
use sqlmodel_core::Cx;

use super::Handle;

/// The instructions of SQLite's machine between two looks at the context: some tens of microseconds.
const INSTRUCTIONS: c_int = 2_000;

/// The callbacks of a connection. It must be dropped before the connection is closed.
pub(super) struct Watch {
    handle: Handle,
    /// From `Box::into_raw`: the library has the same pointer.
    answers: NonNull<Answers>,
}

// SAFETY: `answers` is used by the thread that uses the connection, one at a time.
unsafe impl Send for Watch {}
// SAFETY: what a shared reference gives access to is `during` and `may_wait`, which are called with the statement of the
// connection borrowed for writing, and so by one thread at a time.
unsafe impl Sync for Watch {}

struct Answers {
    /// The context of the statement that runs; null while none does.
    cx: Cell<*const Cx>,
    /// Whether the library has asked whether it shall wait for a lock.
    was_asked: Cell<bool>,
}

impl Watch {
    /// Sets the callbacks.
    pub(super) fn install(handle: Handle) -> Self {
        let answers = Box::new(Answers {
            cx: Cell::new(ptr::null()),
            was_asked: Cell::new(false),
        });
        let answers = NonNull::from(Box::leak(answers));
        let data = answers.as_ptr().cast::<c_void>();
        // SAFETY: the connection is open, and `answers` lives until the callbacks are taken away.
        unsafe {
            ffi::sqlite3_progress_handler(handle.0.as_ptr(), INSTRUCTIONS, Some(on_progress), data);
            ffi::sqlite3_busy_handler(handle.0.as_ptr(), Some(on_busy), data);
        }
        Self { handle, answers }
    }

    /// Runs a step, which stops when the context is cancelled.
    #[inline]
    pub(super) fn during<T>(&self, cx: &Cx, step: impl FnOnce() -> T) -> T {
        let answers = self.answers();
        answers.cx.set(cx);
        answers.was_asked.set(false);
        let result = step();
        answers.cx.set(ptr::null());
        result
    }

    /// Forgets what was asked before.
    pub(super) fn forget(&self) {
        self.answers().was_asked.set(false);
    }

    /// Tells whether the last step met a lock that may be waited for.
    ///
    /// The library does not ask where two connections would wait for each other.
    pub(super) fn may_wait(&self) -> bool {
        self.answers().was_asked.get()
    }

    fn answers(&self) -> &Answers {
        // SAFETY: it lives as long as `self`, and there are only shared references to it.
        unsafe { self.answers.as_ref() }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // SAFETY: the connection is open, and calls nothing back once the callbacks are gone; then the box is ours again.
        unsafe {
            ffi::sqlite3_progress_handler(self.handle.0.as_ptr(), 0, None, ptr::null_mut());
            ffi::sqlite3_busy_handler(self.handle.0.as_ptr(), None, ptr::null_mut());
            drop(Box::from_raw(self.answers.as_ptr()));
        }
    }
}

/// Called now and then by a running statement; anything but 0 interrupts it.
unsafe extern "C" fn on_progress(answers: *mut c_void) -> c_int {
    // SAFETY: the library gives back the pointer of `install`, which is valid until the callback is taken away.
    let answers = unsafe { &*answers.cast::<Answers>() };
    // SAFETY: `during` sets the pointer for the time of a step, in which the context is borrowed. It is null at other times.
    match unsafe { answers.cx.get().as_ref() } {
        Some(cx) => c_int::from(cx.checkpoint().is_err()),
        None => 0,
    }
}

/// Called when a lock is held by another connection; 0 gives up at once, so that the wait is ours and blocks no thread.
unsafe extern "C" fn on_busy(answers: *mut c_void, _: c_int) -> c_int {
    // SAFETY: the library gives back the pointer of `install`, which is valid until the callback is taken away.
    let answers = unsafe { &*answers.cast::<Answers>() };
    answers.was_asked.set(true);
    0
}
