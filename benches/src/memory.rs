//! How much memory a process holds, as Linux tells it.

use anyhow::{Context, Result};

/// Resident memory of a process now and at its highest, in MiB. `process` is a number, or `self`.
pub fn resident(process: &str) -> Result<(f64, f64)> {
    let path = format!("/proc/{process}/status");
    let status = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let mebibytes = |field: &str| -> Result<f64> {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .with_context(|| format!("no {field}"))?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes / 1024.0)
    };
    Ok((mebibytes("VmRSS:")?, mebibytes("VmHWM:")?))
}
