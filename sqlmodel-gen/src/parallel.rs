//! Work on many items by all processors.

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Fewer items are done before a thread has started.
const MIN_ITEMS: usize = 64;

/// Returns what a function makes of each item, in the order of the items.
///
/// Each processor takes the next few items as soon as it is done with its last, so items need not cost the same; dear ones are
/// best put first.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], function: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if items.len() < MIN_ITEMS {
        return items.iter().map(function).collect();
    }
    let n_threads = thread::available_parallelism().map_or(1, usize::from);
    let chunks: Vec<&[T]> = chunks(items, n_threads).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let position = next.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = chunks.get(position) else {
                return done;
            };
            done.push((position, chunk.iter().map(&function).collect::<Vec<R>>()));
        }
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..n_threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(position, _)| *position);
    done.into_iter().flat_map(|(_, results)| results).collect()
}

/// Cuts items into pieces small enough that no processor waits long for another; the first items, the dear ones, stand alone.
fn chunks<T>(items: &[T], n_threads: usize) -> impl Iterator<Item = &[T]> {
    const N_ALONE: usize = 16;
    let (alone, rest) = items.split_at(N_ALONE.min(items.len()));
    let n_each = (rest.len() / (n_threads * 16)).max(1);
    alone.chunks(1).chain(rest.chunks(n_each))
}

#[cfg(test)]
mod tests {
    use super::map;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        for n in [0, 1, 63, 64, 65, 1_000] {
            let items: Vec<usize> = (0..n).collect();
            let expected: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(map(&items, |item| item * 2), expected);
        }
    }

    #[test]
    #[should_panic(expected = "item 500")]
    fn a_panic_is_passed_on() {
        let items: Vec<usize> = (0..1_000).collect();
        map(&items, |item| assert!(*item != 500, "item {item}"));
    }
}
