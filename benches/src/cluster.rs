//! A throwaway PostgreSQL as it is installed: everything that makes a commit durable is on.

use anyhow::{Context, Result, ensure};
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// A cluster in a folder of its own, reached by a socket there; stopped and deleted with the value.
pub struct Cluster {
    folder: TempDir,
    binaries: PathBuf,
}

impl Cluster {
    /// Makes and starts one in a new folder beneath `data`.
    pub fn start(data: &Path) -> Result<Self> {
        let folder = TempDir::with_prefix_in("sealpost-bench-pg-", data)?;
        let cluster = Self { folder, binaries: binaries() };
        if is_root() {
            run(Command::new("chown").arg("postgres:").arg(cluster.folder.path()))?;
        }
        let locale = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions"];
        run(cluster.command("initdb").arg("-D").arg(cluster.data()).args(locale)).context(
            "no PostgreSQL server here; install it, or set SEALPOST_BENCH_POSTGRES to the URL of one",
        )?;
        let socket = cluster.folder.path().display();
        let settings = format!(
            "-k {socket} -c listen_addresses='' -c fsync=on -c synchronous_commit=on -c full_page_writes=on"
        );
        let log = cluster.folder.path().join("log");
        let start = ["-s", "-w", "-t", "60", "start"];
        let mut control = cluster.control();
        run(control.arg("-l").arg(log).arg("-o").arg(settings).args(start))?;
        Ok(cluster)
    }

    /// The URL of a database that exists.
    pub fn url(&self) -> String {
        let socket = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{socket}/postgres")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn control(&self) -> Command {
        let mut command = self.command("pg_ctl");
        command.arg("-D").arg(self.data());
        command
    }

    /// PostgreSQL refuses to run as root.
    fn command(&self, name: &str) -> Command {
        let program = self.binaries.join(name);
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Its folder is deleted next: what fails here ends there.
        let _ = run(self.control().args(["-s", "-m", "immediate", "stop"]));
    }
}

fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().display().to_string();
    // The user that PostgreSQL runs as may not be allowed where this program was called.
    let command = command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    let status = command.status().with_context(|| format!("cannot run {name}"))?;
    ensure!(status.success(), "{name} failed: {status}");
    Ok(())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|myself| myself.uid() == 0)
}

/// The folder of `initdb` and `pg_ctl`; empty when they are to be found on the PATH.
fn binaries() -> PathBuf {
    let configured = Command::new("pg_config").arg("--bindir").output().ok();
    let configured = configured.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let packaged = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let packaged = packaged.map(|version| version.path().join("bin"));
    let mut folders = configured.map(PathBuf::from).into_iter().chain(packaged);
    folders.find(|folder| folder.join("initdb").exists()).unwrap_or_default()
}
