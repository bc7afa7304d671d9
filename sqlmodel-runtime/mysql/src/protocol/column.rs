//! What the server tells about a column of a result.

use std::borrow::Cow;

use super::wire::{Cursor, Malformed};

/// How the values of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnType {
    Null,
    Tiny,
    Short,
    Year,
    Int,
    Long,
    Float,
    Double,
    Decimal,
    Date,
    DateTime,
    Time,
    Bit,
    Json,
    /// Text, or bytes where the character set is `binary`.
    String,
}

/// One column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: Box<str>,
    pub(crate) ty: ColumnType,
    pub(crate) is_unsigned: bool,
    /// Whether strings are bytes.
    pub(crate) is_binary: bool,
}

impl Column {
    /// Returns the type in SQL's words, without lengths. Types that travel as strings are not told from one another.
    pub(crate) fn type_name(&self) -> Cow<'static, str> {
        let name = match (self.ty, self.is_binary) {
            (ColumnType::Null, _) => "null",
            (ColumnType::Tiny, _) => "tinyint",
            (ColumnType::Short, _) => "smallint",
            (ColumnType::Year, _) => "year",
            (ColumnType::Int, _) => "int",
            (ColumnType::Long, _) => "bigint",
            (ColumnType::Float, _) => "float",
            (ColumnType::Double, _) => "double",
            (ColumnType::Decimal, _) => "decimal",
            (ColumnType::Date, _) => "date",
            (ColumnType::DateTime, _) => "datetime",
            (ColumnType::Time, _) => "time",
            (ColumnType::Bit, _) => "bit",
            (ColumnType::Json, _) => "json",
            (ColumnType::String, false) => "varchar",
            (ColumnType::String, true) => "varbinary",
        };
        match self.is_unsigned {
            true => format!("{name} unsigned").into(),
            false => name.into(),
        }
    }
}

/// A column's definition as it stands in its packet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Definition<'p> {
    name: &'p [u8],
    ty: ColumnType,
    is_unsigned: bool,
    is_binary: bool,
}

const UNSIGNED: u16 = 32;
/// The number of the character set `binary`.
const BINARY: u16 = 63;

impl<'p> Definition<'p> {
    pub(crate) fn read(payload: &'p [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(payload);
        // Catalog, schema, table, and the table's own name.
        for _ in 0..4 {
            cursor.sized()?;
        }
        let name = cursor.sized()?;
        let _own_name = cursor.sized()?;
        let _length = cursor.length()?;
        let charset = cursor.u16()?;
        let _width = cursor.u32()?;
        let ty = ColumnType::parse(cursor.u8()?)?;
        Ok(Self {
            name,
            ty,
            is_unsigned: cursor.u16()? & UNSIGNED != 0,
            is_binary: charset == BINARY,
        })
    }

    /// Tells whether a column is what this defines.
    pub(crate) fn is(&self, column: &Column) -> bool {
        self.name == column.name.as_bytes()
            && self.ty == column.ty
            && self.is_unsigned == column.is_unsigned
            && self.is_binary == column.is_binary
    }

    pub(crate) fn to_column(self) -> Column {
        Column {
            name: String::from_utf8_lossy(self.name).into(),
            ty: self.ty,
            is_unsigned: self.is_unsigned,
            is_binary: self.is_binary,
        }
    }
}

impl ColumnType {
    fn parse(number: u8) -> Result<Self, Malformed> {
        Ok(match number {
            0x00 | 0xf6 => Self::Decimal,
            0x01 => Self::Tiny,
            0x02 => Self::Short,
            0x03 | 0x09 => Self::Int,
            0x04 => Self::Float,
            0x05 => Self::Double,
            0x06 => Self::Null,
            0x07 | 0x0c | 0x11 | 0x12 => Self::DateTime,
            0x08 => Self::Long,
            0x0a | 0x0e => Self::Date,
            0x0b | 0x13 => Self::Time,
            0x0d => Self::Year,
            0x0f | 0xf7..=0xff | 0xf2 => Self::String,
            0x10 => Self::Bit,
            0xf5 => Self::Json,
            _ => return Err(Malformed("a type of a column")),
        })
    }
}
