//! What the numbers were measured on.

use std::fs;
use std::process::Command;
use std::thread;

use crate::Result;

/// One line: processor, cores, compiler and load; nothing that names the machine.
pub(crate) fn facts() -> Result<String> {
    let rustc = Command::new("rustc").arg("--version").output()?;
    let rustc = String::from_utf8_lossy(&rustc.stdout).trim().to_owned();
    let cores = thread::available_parallelism()?;
    let processor = processor().unwrap_or_else(|| "unknown processor".to_owned());
    let load = load().unwrap_or_else(|| "unknown".to_owned());
    Ok(format!(
        "{cores} cores of {processor}; {rustc}; load average at the start {load}."
    ))
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    let (_, name) = line.split_once(':')?;
    Some(name.trim().to_owned())
}

/// The load average of the last minute: how many processes wanted to run.
pub(crate) fn load() -> Option<String> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next().map(str::to_owned)
}
