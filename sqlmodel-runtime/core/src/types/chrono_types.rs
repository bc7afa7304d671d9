//! Dates and times of the `chrono` crate.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use super::temporal::{from_parts, parts_of, time_parts_of};
use crate::value::{Date, Duration, Time, Timestamp};

fn to_date(date: NaiveDate) -> Option<Date> {
    parts_of(date.year(), date.month(), date.day())
}

fn to_time(time: NaiveTime) -> Option<Time> {
    // A leap second shows as a nanosecond past the second.
    time_parts_of(time.hour(), time.minute(), time.second(), time.nanosecond())
}

fn to_timestamp(at: NaiveDateTime) -> Option<Timestamp> {
    Some(Timestamp {
        date: to_date(at.date())?,
        time: to_time(at.time())?,
    })
}

fn from_date(date: Date) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(
        i32::from(date.year()),
        u32::from(date.month()),
        u32::from(date.day()),
    )
}

fn from_time(time: Time) -> Option<NaiveTime> {
    NaiveTime::from_hms_micro_opt(
        u32::from(time.hour()),
        u32::from(time.minute()),
        u32::from(time.second()),
        time.microsecond(),
    )
}

fn from_timestamp(at: Timestamp) -> Option<NaiveDateTime> {
    Some(from_date(at.date)?.and_time(from_time(at.time)?))
}

from_parts! {
    NaiveDate: Date, date, "a day between the years 1 and 9999", |value| to_date(*value), from_date;
    NaiveTime: Time, time, "a time of day without a leap second", |value| to_time(*value), from_time;
    NaiveDateTime: Timestamp, timestamp, "a time between the years 1 and 9999",
        |value| to_timestamp(*value), from_timestamp;
    DateTime<Utc>: Timestamptz, timestamp, "a time between the years 1 and 9999",
        |value| to_timestamp(value.naive_utc()), |at| from_timestamp(at).map(|at| at.and_utc());
    TimeDelta: Duration, duration, "a span of less than 292,000 years",
        |value| value.num_microseconds().map(|micros| Duration { micros }),
        |span: Duration| Some(Self::microseconds(span.micros));
}
