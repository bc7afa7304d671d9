//! Dates and times of the `time` crate.

use time::{Month, OffsetDateTime, PrimitiveDateTime, UtcOffset};

use super::temporal::{from_parts, parts_of, time_parts_of};
use crate::value::{Date, Duration, Time, Timestamp};

fn to_date(date: time::Date) -> Option<Date> {
    parts_of(
        date.year(),
        u32::from(u8::from(date.month())),
        u32::from(date.day()),
    )
}

fn to_time(at: time::Time) -> Option<Time> {
    time_parts_of(
        u32::from(at.hour()),
        u32::from(at.minute()),
        u32::from(at.second()),
        at.nanosecond(),
    )
}

fn to_timestamp(at: PrimitiveDateTime) -> Option<Timestamp> {
    Some(Timestamp {
        date: to_date(at.date())?,
        time: to_time(at.time())?,
    })
}

fn from_date(date: Date) -> Option<time::Date> {
    let month = Month::try_from(date.month()).ok()?;
    time::Date::from_calendar_date(i32::from(date.year()), month, date.day()).ok()
}

fn from_time(at: Time) -> Option<time::Time> {
    time::Time::from_hms_micro(at.hour(), at.minute(), at.second(), at.microsecond()).ok()
}

fn from_timestamp(at: Timestamp) -> Option<PrimitiveDateTime> {
    Some(PrimitiveDateTime::new(
        from_date(at.date)?,
        from_time(at.time)?,
    ))
}

from_parts! {
    time::Date: Date, date, "a day between the years 1 and 9999", |value| to_date(*value), from_date;
    time::Time: Time, time, "a time of day", |value| to_time(*value), from_time;
    PrimitiveDateTime: Timestamp, timestamp, "a time between the years 1 and 9999",
        |value| to_timestamp(*value), from_timestamp;
    OffsetDateTime: Timestamptz, timestamp, "a time between the years 1 and 9999",
        |value| {
            let utc = value.checked_to_offset(UtcOffset::UTC)?;
            to_timestamp(PrimitiveDateTime::new(utc.date(), utc.time()))
        },
        |at| from_timestamp(at).map(PrimitiveDateTime::assume_utc);
    time::Duration: Duration, duration, "a span of less than 292,000 years",
        |value| i64::try_from(value.whole_microseconds()).ok().map(|micros| Duration { micros }),
        |span: Duration| Some(Self::microseconds(span.micros));
}
