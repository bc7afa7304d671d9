//! Days and times as PostgreSQL counts them: from the first of January 2000.

use sqlmodel_core::value::{Date, Time, Timestamp};

/// Days from the first of January 1970 to the first of January 2000.
const EPOCH: i64 = 10_957;
const MICROS_PER_SECOND: i64 = 1_000_000;
pub(super) const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// Returns the days since the epoch; of Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms".
pub(super) fn days_of(date: Date) -> i32 {
    let (year, month, day) = (
        i64::from(date.year()),
        i64::from(date.month()),
        i64::from(date.day()),
    );
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468 - EPOCH;
    i32::try_from(days).expect("days of the years 1 to 9999 fit")
}

/// Returns the day, or `None` when it is not in the years 1 to 9999; the infinities of PostgreSQL are not.
pub(super) fn date_of(days: i64) -> Option<Date> {
    // Keeps the sums below far from overflowing.
    if !(-10_000_000..10_000_000).contains(&days) {
        return None;
    }
    let shifted = days + EPOCH + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date::try_new(
        u16::try_from(year).ok()?,
        u8::try_from(month).ok()?,
        u8::try_from(day).ok()?,
    )
}

pub(super) fn micros_of(time: Time) -> i64 {
    let seconds =
        (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
    seconds * MICROS_PER_SECOND + i64::from(time.microsecond())
}

/// Returns the time of day; `None` for 24:00:00, which PostgreSQL has and clocks do not.
pub(super) fn time_of(micros: i64) -> Option<Time> {
    let seconds = micros.div_euclid(MICROS_PER_SECOND);
    Time::try_new(
        u8::try_from(seconds / 3_600).ok()?,
        u8::try_from(seconds / 60 % 60).ok()?,
        u8::try_from(seconds % 60).ok()?,
        u32::try_from(micros.rem_euclid(MICROS_PER_SECOND)).ok()?,
    )
}

pub(super) fn timestamp_micros_of(timestamp: Timestamp) -> i64 {
    i64::from(days_of(timestamp.date)) * MICROS_PER_DAY + micros_of(timestamp.time)
}

pub(super) fn timestamp_of(micros: i64) -> Option<Timestamp> {
    Some(Timestamp {
        date: date_of(micros.div_euclid(MICROS_PER_DAY))?,
        time: time_of(micros.rem_euclid(MICROS_PER_DAY))?,
    })
}
