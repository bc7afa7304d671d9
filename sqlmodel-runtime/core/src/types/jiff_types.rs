//! Dates and times of the `jiff` crate.

use jiff::civil;
use jiff::tz::Offset;

use super::temporal::{from_parts, parts_of, time_parts_of};
use crate::value::{Date, Duration, Time, Timestamp};

fn to_date(date: civil::Date) -> Option<Date> {
    let month = u32::try_from(date.month()).ok()?;
    parts_of(
        i32::from(date.year()),
        month,
        u32::try_from(date.day()).ok()?,
    )
}

fn to_time(time: civil::Time) -> Option<Time> {
    time_parts_of(
        u32::try_from(time.hour()).ok()?,
        u32::try_from(time.minute()).ok()?,
        u32::try_from(time.second()).ok()?,
        u32::try_from(time.subsec_nanosecond()).ok()?,
    )
}

fn to_timestamp(at: civil::DateTime) -> Option<Timestamp> {
    Some(Timestamp {
        date: to_date(at.date())?,
        time: to_time(at.time())?,
    })
}

fn from_date(date: Date) -> Option<civil::Date> {
    let year = i16::try_from(date.year()).ok()?;
    civil::Date::new(
        year,
        i8::try_from(date.month()).ok()?,
        i8::try_from(date.day()).ok()?,
    )
    .ok()
}

fn from_time(time: Time) -> Option<civil::Time> {
    civil::Time::new(
        i8::try_from(time.hour()).ok()?,
        i8::try_from(time.minute()).ok()?,
        i8::try_from(time.second()).ok()?,
        i32::try_from(time.microsecond()).ok()? * 1000,
    )
    .ok()
}

fn from_timestamp(at: Timestamp) -> Option<civil::DateTime> {
    Some(from_date(at.date)?.to_datetime(from_time(at.time)?))
}

from_parts! {
    civil::Date: Date, date, "a day between the years 1 and 9999", |value| to_date(*value), from_date;
    civil::Time: Time, time, "a time of day", |value| to_time(*value), from_time;
    civil::DateTime: Timestamp, timestamp, "a time between the years 1 and 9999",
        |value| to_timestamp(*value), from_timestamp;
    jiff::Timestamp: Timestamptz, timestamp, "a time between the years 1 and 9999",
        |value| to_timestamp(Offset::UTC.to_datetime(*value)),
        |at| Offset::UTC.to_timestamp(from_timestamp(at)?).ok();
    jiff::SignedDuration: Duration, duration, "a span of less than 292,000 years",
        |value| i64::try_from(value.as_micros()).ok().map(|micros| Duration { micros }),
        |span: Duration| Some(Self::from_micros(span.micros));
}
