//! Arrays of one dimension, in both formats.

use sqlmodel_core::Value;

use super::encode::{self, EncodeError};
use super::is_text;
use crate::protocol::Malformed;
use crate::protocol::backend::{Cell, read_cells};
use crate::protocol::frontend::{Count, Format, counted};
use crate::protocol::reader::Reader;

/// The elements of an array, as they stand in its bytes.
pub(super) struct Elements {
    pub(super) oid: u32,
    pub(super) cells: Vec<Cell>,
}

/// Finds the elements; `None` for an array of several dimensions.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Elements>, Malformed> {
    let mut reader = Reader(bytes);
    let n_dimensions = reader.u32()?;
    reader.u32()?;
    let oid = reader.u32()?;
    let mut cells = Vec::new();
    match n_dimensions {
        0 => {}
        1 => {
            let n_elements = usize::try_from(reader.u32()?).map_err(|_| Malformed)?;
            reader.u32()?;
            read_cells(bytes, bytes.len() - reader.0.len(), n_elements, &mut cells)?;
        }
        _ => return Ok(None),
    }
    Ok(Some(Elements { oid, cells }))
}

/// Appends an array in binary; `None` when an element has no binary format for the type.
pub(super) fn write_binary(
    values: &[Value<'_>],
    element: u32,
    out: &mut Vec<u8>,
) -> Result<Option<()>, EncodeError> {
    let Ok(n_values) = u32::try_from(values.len()) else {
        return Err(EncodeError("a list of more than four billion elements"));
    };
    let n_dimensions = u32::from(n_values > 0);
    let has_null = u32::from(values.iter().any(Value::is_null));
    for number in [n_dimensions, has_null, element] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    if n_values > 0 {
        for number in [n_values, 1] {
            out.extend_from_slice(&number.to_be_bytes());
        }
    }
    for value in values {
        if value.is_null() {
            out.extend_from_slice(&encode::NULL);
            continue;
        }
        let mut is_binary = Ok(None);
        counted(out, Count::WithoutItself, |out| {
            is_binary = encode::binary(value, element, out);
        });
        match is_binary? {
            Some(Format::Binary) => {}
            Some(Format::Text) if is_text(element) => {}
            _ => return Ok(None),
        }
    }
    Ok(Some(()))
}

/// Appends an array as text: `{1,NULL,"two \"words\""}`.
pub(super) fn write_text(values: &[Value<'_>], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    out.push(b'{');
    let mut text = Vec::new();
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        match value {
            Value::Null => out.extend_from_slice(b"NULL"),
            Value::Array(_) => return Err(EncodeError("a list in a list")),
            value => {
                text.clear();
                encode::text(value, &mut text)?;
                out.push(b'"');
                for &byte in &text {
                    if matches!(byte, b'"' | b'\\') {
                        out.push(b'\\');
                    }
                    out.push(byte);
                }
                out.push(b'"');
            }
        }
    }
    out.push(b'}');
    Ok(())
}
