use super::*;

/// The positions of the first keys, which must never change: rows are stored there.
#[track_caller]
fn check<K: Key>(keys: &[K], expected: &[usize]) {
    let shards = Shards::hashed((0..5).collect());
    let found: Vec<usize> = keys.iter().map(|key| *shards.of(key)).collect();
    assert_eq!(found, expected);
}

#[test]
fn keys_stay_where_they_are_in_every_version() {
    check(&[0_i64, 1, 2, 3, -1, i64::MAX], &[3, 2, 3, 1, 2, 3]);
    check(&[0_i16, 1, 2, 3, -1], &[3, 2, 3, 1, 2]);
    check(
        &["".to_owned(), "a".to_owned(), "Zoë".to_owned()],
        &[1, 3, 0],
    );
    check(&[Value::Uuid([7; 16]), Value::Uuid([8; 16])], &[0, 4]);
    check(
        &[
            (1_i64, "a".to_owned()),
            (2, "a".to_owned()),
            (1, "b".to_owned()),
        ],
        &[4, 1, 4],
    );
}

#[test]
fn keys_are_spread_evenly() {
    let shards = Shards::hashed((0..4).collect());
    let mut counts = [0; 4];
    for key in 0_i64..10_000 {
        counts[*shards.of(&key)] += 1;
    }
    assert!(
        counts.iter().all(|count| (2300..2700).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn a_new_shard_takes_its_share_and_nothing_else_moves() {
    let (four, five) = (
        Shards::hashed((0..4).collect()),
        Shards::hashed((0..5).collect()),
    );
    let mut n_moved = 0;
    for key in 0_i64..10_000 {
        let (before, after): (&usize, &usize) = (four.of(&key), five.of(&key));
        if before != after {
            assert_eq!(*after, 4);
            n_moved += 1;
        }
    }
    assert!((1800..2200).contains(&n_moved), "{n_moved}");
}
