//! NUMERIC: groups of four decimal digits, with the place of the first one and the number of digits to show.

use sqlmodel_core::value::Decimal;

use crate::protocol::Malformed;
use crate::protocol::reader::Reader;

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
/// 38 digits before the point and 38 after it.
const MAX_GROUPS: usize = 20;

pub(super) fn write(decimal: Decimal, out: &mut Vec<u8>) {
    let mantissa = decimal.mantissa();
    let unit = 10u128.pow(u32::from(decimal.scale()));
    let mut groups = [0u16; MAX_GROUPS];
    let mut n_groups = 0;
    let mut push = |group: u128| {
        if let (Some(slot), Ok(group)) = (groups.get_mut(n_groups), u16::try_from(group)) {
            *slot = group;
            n_groups += 1;
        }
    };

    // Before the point, from the left.
    let whole = mantissa.unsigned_abs() / unit;
    let mut n_whole: i16 = 0;
    let mut place = 10_000u128.pow(9);
    while place > 0 {
        if whole >= place {
            push(whole / place % 10_000);
            n_whole += 1;
        }
        place /= 10_000;
    }
    // After it.
    let mut rest = mantissa.unsigned_abs() % unit;
    let mut n_digits = u32::from(decimal.scale());
    while n_digits > 0 {
        let n_after = n_digits.saturating_sub(4);
        push(rest / 10u128.pow(n_after) * 10u128.pow(4 - (n_digits - n_after)));
        rest %= 10u128.pow(n_after);
        n_digits = n_after;
    }

    let groups = groups.get(..n_groups).unwrap_or_default();
    let n_leading = groups.iter().take_while(|group| **group == 0).count();
    let n_trailing = groups.iter().rev().take_while(|group| **group == 0).count();
    let used = groups
        .get(n_leading..n_groups - n_trailing)
        .unwrap_or_default();
    let n_used = u16::try_from(used.len()).expect("there are at most twenty groups");
    let n_skipped = i16::try_from(n_leading).expect("there are at most twenty groups");
    let sign = if mantissa < 0 { NEGATIVE } else { POSITIVE };
    let weight = if used.is_empty() {
        0
    } else {
        n_whole - 1 - n_skipped
    };
    out.extend_from_slice(&n_used.to_be_bytes());
    out.extend_from_slice(&weight.to_be_bytes());
    out.extend_from_slice(&sign.to_be_bytes());
    out.extend_from_slice(&u16::from(decimal.scale()).to_be_bytes());
    for group in used {
        out.extend_from_slice(&group.to_be_bytes());
    }
}

/// Reads a number; `None` for NaN, the infinities, and what has more than 38 digits.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Decimal>, Malformed> {
    let mut reader = Reader(bytes);
    let n_groups = reader.u16()?;
    let weight = i16::from_be_bytes(reader.array()?);
    let sign = reader.u16()?;
    let scale = reader.u16()?;
    if sign != POSITIVE && sign != NEGATIVE {
        return Ok(None);
    }
    let mut mantissa: i128 = 0;
    let mut place = i32::from(weight);
    for _ in 0..n_groups {
        let group = i128::from(reader.u16()?);
        // The digits of this group that are shown: all four, or the first ones of the last group.
        let n_shown = (4 * place + 4 + i32::from(scale)).clamp(0, 4);
        let unit = 10i128.pow(u32::try_from(4 - n_shown).map_err(|_| Malformed)?);
        if group % unit != 0 || group > 9_999 {
            return Err(Malformed);
        }
        let Some(longer) = mantissa
            .checked_mul(10_000 / unit)
            .and_then(|mantissa| mantissa.checked_add(group / unit))
        else {
            return Ok(None);
        };
        mantissa = longer;
        place -= 1;
    }
    // Zeros at the end have no groups.
    let n_shown = 4 * (place + 1) + i32::from(scale);
    if mantissa != 0 && n_shown > 0 {
        let shifted = u32::try_from(n_shown)
            .ok()
            .and_then(|n_zeros| 10i128.checked_pow(n_zeros))
            .and_then(|unit| mantissa.checked_mul(unit));
        match shifted {
            Some(shifted) => mantissa = shifted,
            None => return Ok(None),
        }
    }
    let signed = if sign == NEGATIVE {
        -mantissa
    } else {
        mantissa
    };
    Ok(u8::try_from(scale)
        .ok()
        .and_then(|scale| Decimal::try_new(signed, scale)))
}
