//! Programs that others wrote, in Python.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Output, Stdio},
};

/// Where `tests/run.sh` installs them.
const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/python/bin");

/// A server that speaks S3 (moto), stopped when it is dropped.
pub struct S3 {
    server: Child,
    pub endpoint: String,
}

/// Runs a script that must succeed.
pub fn run(script: &str, arguments: &[&str]) -> Output {
    let output = program("python").arg("-c").arg(script).args(arguments).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

impl S3 {
    pub fn start() -> Self {
        let mut server = program("moto_server")
            .args(["--host", "127.0.0.1", "--port", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut said = BufReader::new(server.stderr.take().expect("it is piped")).lines();
        let endpoint = said.find_map(|line| Some(line.ok()?.rsplit_once("Running on ")?.1.to_owned()));
        // Who says nothing more is not held up by a full pipe.
        std::thread::spawn(move || said.for_each(drop));
        Self { server, endpoint: endpoint.expect("it listens") }
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn program(name: &str) -> Command {
    let path = format!("{PROGRAMS}/{name}");
    assert!(
        std::path::Path::new(&path).exists(),
        "{path} is missing; run ./tests/run.sh, or: python3 -m venv target/python && target/python/bin/pip install -r tests/requirements.txt"
    );
    Command::new(path)
}
