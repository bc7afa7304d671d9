use super::*;

#[test]
fn a_table_with_the_name_of_a_type_has_no_type_of_its_own_name() {
    let n_types = BUILTIN_TYPES.windows(2).filter(|pair| pair[0] < pair[1]);
    assert_eq!(n_types.count(), BUILTIN_TYPES.len() - 1, "in order");
    for name in ["path", "_path", "pg_thing", "trigger"] {
        assert!(is_builtin_type(name), "{name}");
    }
    for name in ["paths", "hero", "Path"] {
        assert!(!is_builtin_type(name), "{name}");
    }
}
