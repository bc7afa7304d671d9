//! An allocator that counts, for tests of how much memory a piece of work takes.
#![expect(
    unsafe_code,
    reason = "an allocator is unsafe by its trait; this one counts and passes on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, which counts the bytes of each thread; for `#[global_allocator]` in a test.
#[derive(Debug)]
pub struct Counting;

thread_local! {
    /// The bytes that this thread holds, and the most that it held since they were last looked at.
    static HELD: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// Returns the most bytes that this thread held at once during a piece of work, beyond what it held before.
///
/// Zero without [`Counting`] as the allocator.
pub fn peak_bytes(work: impl FnOnce()) -> usize {
    let before = HELD.get().0;
    HELD.set((before, before));
    work();
    HELD.get().1.saturating_sub(before)
}

fn note(n_more: usize, n_less: usize) {
    // A thread that ends has no count any more; another one may free what this one has taken.
    let _ = HELD.try_with(|held| {
        let (n_held, most) = held.get();
        let n_held = n_held.saturating_add(n_more).saturating_sub(n_less);
        held.set((n_held, most.max(n_held)));
    });
}

// SAFETY: every call goes to the system's allocator with the arguments unchanged, and what it returns is returned; counting
// allocates nothing, because the cell is const and has no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: as our caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: as our caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both may exist for a moment.
        note(size, 0);
        note(0, layout.size());
        // SAFETY: as our caller promises.
        unsafe { System.realloc(place, layout, size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        note(0, layout.size());
        // SAFETY: as our caller promises.
        unsafe { System.dealloc(place, layout) }
    }
}
