use crate::{Date, Time, Timestamp};

#[track_caller]
fn check_date(text: &str, canonical: Option<&str>) {
    assert_eq!(
        Date::parse(text).map(|date| date.to_string()).as_deref(),
        canonical,
        "{text}"
    );
}

#[track_caller]
fn check_time(text: &str, canonical: Option<&str>) {
    assert_eq!(
        Time::parse(text).map(|time| time.to_string()).as_deref(),
        canonical,
        "{text}"
    );
}

#[track_caller]
fn check_timestamp(text: &str, canonical: Option<&str>) {
    let timestamp = Timestamp::parse(text).map(|timestamp| timestamp.to_string());
    assert_eq!(timestamp.as_deref(), canonical, "{text}");
}

#[test]
fn date_is_one_of_the_calendar() {
    check_date("2024-02-29", Some("2024-02-29"));
    check_date("2000-02-29", Some("2000-02-29"));
    check_date("0001-01-01", Some("0001-01-01"));
    check_date("9999-12-31", Some("9999-12-31"));

    check_date("2023-02-29", None);
    check_date("1900-02-29", None);
    check_date("2024-04-31", None);
    check_date("2024-13-01", None);
    check_date("2024-00-10", None);
    check_date("2024-01-00", None);
    check_date("0000-01-01", None);
}

#[test]
fn date_is_spelled_in_full() {
    for text in [
        "",
        "2024",
        "2024-1-1",
        "2024-01-01 ",
        "+024-01-01",
        "2024/01/01",
        "２024-01-01",
    ] {
        check_date(text, None);
    }
}

#[test]
fn time_gets_six_digits_of_a_second() {
    check_time("23:59", Some("23:59:00.000000"));
    check_time("00:00:00", Some("00:00:00.000000"));
    check_time("12:34:56.7", Some("12:34:56.700000"));
    check_time("12:34:56.000001", Some("12:34:56.000001"));
}

#[test]
fn time_is_one_of_the_clock() {
    for text in [
        "24:00",
        "12:60",
        "12:00:60",
        "12:00:00.",
        "12:00:00.1234567",
        "12:00:00.-1",
        "9:00",
    ] {
        check_time(text, None);
    }
}

#[test]
fn timestamp_is_a_date_and_a_time() {
    check_timestamp("2024-02-29 12:00", Some("2024-02-29 12:00:00.000000"));
    check_timestamp("2024-02-29T12:00:00.25", Some("2024-02-29 12:00:00.250000"));
    check_timestamp("2024-02-29T12:00:00Z", None);
    check_timestamp("2024-02-29", None);
}
