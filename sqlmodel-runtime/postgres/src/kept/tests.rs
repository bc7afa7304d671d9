use super::*;

#[test]
fn the_oldest_make_room() {
    let mut kept = Kept::default();
    for number in 0..=MAX_MESSAGES {
        kept.push(number, 1);
    }
    assert_eq!(kept.pop(), Some(1));
    assert_eq!(kept.take().len(), MAX_MESSAGES - 1);
    for (number, n_bytes) in [(1, 2), (2, 1), (3, MAX_BYTES - 1), (4, 1)] {
        kept.push(number, n_bytes);
    }
    assert_eq!(kept.take(), [3, 4]);
    kept.push(5, MAX_BYTES + 1);
    assert!(kept.take().is_empty());
    assert_eq!(kept.n_bytes, 0);
}
