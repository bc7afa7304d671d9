//! A prepared statement, and the row it stands on.

use std::ffi::{CStr, c_char, c_int};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use rusqlite::ffi;
use rusqlite::types::ValueRef;
use sqlmodel_core::Error;

use super::Handle;
use crate::value::Datum;

/// A prepared statement. It must be dropped before its connection is closed.
pub(super) struct Statement {
    raw: NonNull<ffi::sqlite3_stmt>,
    n_params: usize,
    /// Whether something was bound or stepped since the statement was at rest.
    is_in_use: bool,
}

// SAFETY: a statement may be used from any thread that may use its connection; `Database` keeps the two together.
unsafe impl Send for Statement {}

/// How long the library may read a text or bytes that were bound.
#[derive(Clone, Copy)]
pub(super) enum Lifetime {
    /// While the statement runs: they stay where they are.
    Borrowed,
    /// They may be gone after binding: the library copies them.
    Copied,
}

impl Statement {
    /// Prepares the one statement in a text.
    pub(super) fn prepare(handle: Handle, sql: &str) -> Result<Self, Error> {
        let (raw, rest) = prepare_first(handle, sql)?;
        let Some(raw) = raw else {
            return Err(Error::usage("the text holds no statement"));
        };
        // SAFETY: the statement was prepared above and not finalized.
        let n_params = unsafe { ffi::sqlite3_bind_parameter_count(raw.as_ptr()) };
        let statement = Self {
            raw,
            n_params: usize::try_from(n_params).unwrap_or(0),
            is_in_use: false,
        };
        statement.check_rest(handle, rest)?;
        Ok(statement)
    }

    /// Refuses a second statement; comments and semicolons may follow the first.
    fn check_rest(&self, handle: Handle, rest: &str) -> Result<(), Error> {
        if rest.trim().is_empty() {
            return Ok(());
        }
        match prepare_first(handle, rest) {
            Ok((None, "")) => Ok(()),
            Ok((None, rest)) => self.check_rest(handle, rest),
            Ok((Some(second), _)) => {
                // SAFETY: it was prepared above, and nobody else has it.
                unsafe { ffi::sqlite3_finalize(second.as_ptr()) };
                Err(several_statements())
            }
            Err(_) => Err(several_statements()),
        }
    }

    pub(super) fn parameter_count(&self) -> usize {
        self.n_params
    }

    /// Puts a statement into use that is at rest, or was never put to rest because its user was leaked.
    #[inline]
    pub(super) fn take(&mut self) {
        if std::mem::replace(&mut self.is_in_use, true) {
            self.rest();
            self.is_in_use = true;
        }
    }

    /// Binds the parameter at a position counted from 0.
    ///
    /// # Safety
    ///
    /// A borrowed text or borrowed bytes must stay where they are while the statement is stepped, until another value is bound in
    /// their place.
    #[inline]
    pub(super) unsafe fn bind(
        &mut self,
        position: usize,
        datum: &Datum<'_>,
        lifetime: Lifetime,
    ) -> Result<(), Error> {
        let raw = self.raw.as_ptr();
        let index = c_int::try_from(position + 1).unwrap_or(c_int::MAX);
        let borrowed = || match lifetime {
            Lifetime::Borrowed => ffi::SQLITE_STATIC(),
            Lifetime::Copied => ffi::SQLITE_TRANSIENT(),
        };
        // SAFETY: the statement is not finalized, and the library refuses an index without a parameter. Pointers and lengths
        // are those of slices; the library reads them now, or as long as the caller promises.
        let code = unsafe {
            match datum {
                Datum::Null => ffi::sqlite3_bind_null(raw, index),
                Datum::Integer(value) => ffi::sqlite3_bind_int64(raw, index, *value),
                Datum::Real(value) => ffi::sqlite3_bind_double(raw, index, *value),
                Datum::Text(text) => bind_text(raw, index, text, borrowed()),
                Datum::MadeText(text) => bind_text(raw, index, text, ffi::SQLITE_TRANSIENT()),
                Datum::Blob(bytes) => {
                    // Of no bytes, the library would make a NULL for a null pointer; a slice has none.
                    let length = bytes.len() as u64;
                    ffi::sqlite3_bind_blob64(raw, index, bytes.as_ptr().cast(), length, borrowed())
                }
            }
        };
        match code {
            ffi::SQLITE_OK => Ok(()),
            code => Err(self.error(code)),
        }
    }

    /// Runs the statement up to its next row or its end.
    #[inline]
    pub(super) fn step(&mut self) -> c_int {
        // SAFETY: the statement is not finalized, and no row of it is borrowed.
        unsafe { ffi::sqlite3_step(self.raw.as_ptr()) }
    }

    /// Ends the run. What was bound stays bound, and is not read: to unbind it would have the library prepare some statements
    /// again (`sqlite3_clear_bindings` expires those whose plan looks at a parameter).
    #[inline]
    pub(super) fn rest(&mut self) {
        self.is_in_use = false;
        // SAFETY: the statement is not finalized. What reset returns is the error that step returned before.
        unsafe { ffi::sqlite3_reset(self.raw.as_ptr()) };
    }

    /// Returns the row that the statement stands on; its columns are NULL when it stands on none.
    #[inline]
    pub(super) fn row(&self) -> Row<'_> {
        Row {
            raw: self.raw,
            statement: PhantomData,
        }
    }

    /// Returns the error that the last call for this statement reported.
    #[cold]
    pub(super) fn error(&self, code: c_int) -> Error {
        // SAFETY: the statement is not finalized, so its connection is open.
        let handle = unsafe { ffi::sqlite3_db_handle(self.raw.as_ptr()) };
        let handle = NonNull::new(handle).expect("a statement belongs to a connection");
        Handle(handle).error(code)
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        // SAFETY: the statement was prepared by us, and this is the only time it is finalized.
        unsafe { ffi::sqlite3_finalize(self.raw.as_ptr()) };
    }
}

/// The row that a statement stands on, until its next step.
pub(crate) struct Row<'s> {
    raw: NonNull<ffi::sqlite3_stmt>,
    statement: PhantomData<&'s Statement>,
}

impl Row<'_> {
    /// Returns the number of columns.
    pub(crate) fn width(&self) -> usize {
        // SAFETY: the statement is borrowed, so it is not finalized.
        let width = unsafe { ffi::sqlite3_column_count(self.raw.as_ptr()) };
        usize::try_from(width).unwrap_or(0)
    }

    /// Returns a column's name; none for a position outside of the row.
    pub(crate) fn name(&self, at: usize) -> &str {
        // SAFETY: the library returns NULL or a text that ends with NUL and stays until the statement is finalized, prepared again
        // by a step, or asked for the name in UTF-16; the borrow excludes them.
        unsafe {
            let name = ffi::sqlite3_column_name(self.raw.as_ptr(), index(at));
            if name.is_null() {
                return "";
            }
            CStr::from_ptr(name).to_str().unwrap_or_default()
        }
    }

    /// Tells whether a column is NULL; one outside of the row is.
    #[inline]
    pub(crate) fn is_null(&self, at: usize) -> bool {
        self.storage_class(at) == ffi::SQLITE_NULL
    }

    /// Returns a column as it is stored; NULL outside of the row.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> ValueRef<'_> {
        // SAFETY: the statement is borrowed, so it is neither stepped nor finalized while the value and its slices live.
        // The manual wants values of columns "protected", by the mutex of the connection, before they are read: the connection is
        // opened without one, and `Database` lets one thread at a time have it. Each value is read as the class it has, so
        // that the library converts nothing in place and a slice stays valid when the column is read again.
        // The length of a text is asked after the text, as the manual wants it.
        unsafe {
            let value = ffi::sqlite3_column_value(self.raw.as_ptr(), index(at));
            match ffi::sqlite3_value_type(value) {
                ffi::SQLITE_INTEGER => ValueRef::Integer(ffi::sqlite3_value_int64(value)),
                ffi::SQLITE_FLOAT => ValueRef::Real(ffi::sqlite3_value_double(value)),
                ffi::SQLITE_TEXT => {
                    let text = ffi::sqlite3_value_text(value);
                    let length = ffi::sqlite3_value_bytes(value);
                    ValueRef::Text(slice(text, length))
                }
                ffi::SQLITE_BLOB => {
                    let bytes = ffi::sqlite3_value_blob(value);
                    let length = ffi::sqlite3_value_bytes(value);
                    ValueRef::Blob(slice(bytes.cast(), length))
                }
                _ => ValueRef::Null,
            }
        }
    }

    #[inline]
    fn storage_class(&self, at: usize) -> c_int {
        // SAFETY: the statement is borrowed, so it is not finalized.
        unsafe { ffi::sqlite3_column_type(self.raw.as_ptr(), index(at)) }
    }
}

/// The library answers with NULL for an index that has no column, a negative one included.
#[inline]
fn index(at: usize) -> c_int {
    c_int::try_from(at).unwrap_or(-1)
}

/// Makes a slice of what the library returns; a null pointer stands for no bytes.
///
/// # Safety
///
/// The pointer is null, or points to so many bytes that stay as they are for `'r`.
#[inline]
unsafe fn slice<'r>(bytes: *const u8, length: c_int) -> &'r [u8] {
    match usize::try_from(length) {
        Ok(length) if !bytes.is_null() => {
            // SAFETY: that is what the caller promises.
            unsafe { std::slice::from_raw_parts(bytes, length) }
        }
        _ => &[],
    }
}

/// # Safety
///
/// As for [`Statement::bind`].
#[inline]
unsafe fn bind_text(
    raw: *mut ffi::sqlite3_stmt,
    index: c_int,
    text: &str,
    destructor: ffi::sqlite3_destructor_type,
) -> c_int {
    let utf8 = u8::try_from(ffi::SQLITE_UTF8).unwrap_or(1);
    let bytes = text.as_ptr().cast::<c_char>();
    // SAFETY: that is what the caller promises.
    unsafe { ffi::sqlite3_bind_text64(raw, index, bytes, text.len() as u64, destructor, utf8) }
}

/// Prepares the first statement of a text, and returns what follows it. There is none in a comment.
fn prepare_first(
    handle: Handle,
    sql: &str,
) -> Result<(Option<NonNull<ffi::sqlite3_stmt>>, &str), Error> {
    // The library reads up to a NUL, and would run the half before it.
    if sql.contains('\0') {
        return Err(Error::usage(
            "the text of a statement contains a NUL character",
        ));
    }
    let length = c_int::try_from(sql.len())
        .map_err(|_| Error::usage("a statement is longer than SQLite reads"))?;
    let mut raw = ptr::null_mut();
    let mut tail = ptr::null();
    let start = sql.as_ptr().cast::<c_char>();
    // SAFETY: the connection is open. The library reads no further than `length` and sets both pointers.
    let code = unsafe {
        ffi::sqlite3_prepare_v3(
            handle.0.as_ptr(),
            start,
            length,
            ffi::SQLITE_PREPARE_PERSISTENT,
            &raw mut raw,
            &raw mut tail,
        )
    };
    if code != ffi::SQLITE_OK {
        return Err(handle.error(code));
    }
    let n_read = tail.addr().saturating_sub(start.addr());
    Ok((NonNull::new(raw), sql.get(n_read..).unwrap_or_default()))
}

#[cold]
fn several_statements() -> Error {
    Error::usage("one text holds several statements; run them one by one")
}
