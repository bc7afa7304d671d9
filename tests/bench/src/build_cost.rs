//! x
use crate::Result;
use crate::arguments::Arguments;
pub(crate) fn run(_: &Arguments) -> Result<()> {
    Ok(())
}
