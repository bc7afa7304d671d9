//! What a process costs: wall time, processor time and memory, of itself and of everything that it started and waited for.

use std::process::Command;
use std::time::{Duration, Instant};
use std::{fmt, io};

use crate::Result;

/// The cost of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// From start to end; what else the machine does counts too.
    pub(crate) wall: Duration,
    /// User and system time; hardly depends on what else the machine does.
    pub(crate) cpu: Duration,
    /// The most memory that any one of the processes had resident, in bytes.
    pub(crate) peak: u64,
}

/// Runs a command to its end and returns what it cost.
///
/// # Errors
///
/// When it cannot be started, or ends with anything but success.
pub(crate) fn run(command: &mut Command) -> Result<Cost> {
    let (cost, status) = cost_of(command)?;
    if status != 0 {
        return Err(format!("{command:?} ended with status {status}").into());
    }
    Ok(cost)
}

/// Runs a command to its end and returns what it cost, and its exit status: 128 and more for a signal, as shells have it.
pub(crate) fn cost_of(command: &mut Command) -> io::Result<(Cost, u8)> {
    let start = Instant::now();
    // The child is waited for below and nowhere else, so its id stays its own.
    let child = command.spawn()?;
    let (status, usage) = wait(child.id())?;
    let wall = start.elapsed();
    let cost = Cost {
        wall,
        cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
        // Linux counts in units of 1,024 bytes; getrusage(2).
        peak: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
    };
    Ok((cost, status))
}

#[expect(unsafe_code, reason = "wait4 is a call of the C library")]
fn wait(id: u32) -> io::Result<(u8, libc::rusage)> {
    let id = libc::pid_t::try_from(id).map_err(io::Error::other)?;
    let mut status = 0;
    // SAFETY: all-zero bytes are a valid `rusage`, which is made of numbers only.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are to live, writable variables of the types that wait4(2) asks for.
        if unsafe { libc::wait4(id, &raw mut status, 0, &raw mut usage) } == id {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let code = if libc::WIFEXITED(status) {
        libc::WEXITSTATUS(status)
    } else {
        128 + libc::WTERMSIG(status)
    };
    Ok((u8::try_from(code).unwrap_or(u8::MAX), usage))
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

/// The costs of several runs of the same thing.
#[derive(Debug, Default)]
pub(crate) struct Costs(Vec<Cost>);

impl Costs {
    pub(crate) fn push(&mut self, cost: Cost) {
        self.0.push(cost);
    }

    /// The shortest wall time.
    pub(crate) fn wall(&self) -> Duration {
        self.0
            .iter()
            .map(|cost| cost.wall)
            .min()
            .unwrap_or_default()
    }

    /// The median of the wall times.
    pub(crate) fn median_wall(&self) -> Duration {
        let mut walls: Vec<Duration> = self.0.iter().map(|cost| cost.wall).collect();
        walls.sort_unstable();
        walls.get(walls.len() / 2).copied().unwrap_or_default()
    }

    /// The least processor time.
    pub(crate) fn cpu(&self) -> Duration {
        self.0.iter().map(|cost| cost.cpu).min().unwrap_or_default()
    }

    /// The most memory of any run, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.0
            .iter()
            .map(|cost| cost.peak)
            .max()
            .unwrap_or_default()
    }
}

/// A duration in milliseconds, for tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Millis(pub(crate) Duration);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1}", self.0.as_secs_f64() * 1000.0)
    }
}

/// A duration in seconds, for tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seconds(pub(crate) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0.as_secs_f64())
    }
}

/// A number of bytes in megabytes of a million, for tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Megabytes(pub(crate) u64);

impl fmt::Display for Megabytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 / 1_000_000)
    }
}

/// How often the second duration fits into the first.
pub(crate) fn ratio(duration: Duration, unit: Duration) -> f64 {
    duration.as_secs_f64() / unit.as_secs_f64()
}
