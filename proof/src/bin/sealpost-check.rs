//! Checks a verification bundle with nothing but the log's public key: no server, no database, no key of the vault. Small, so
//! that whoever must believe it can read it.

use proof::{
    bundle::{BundleError, Options, check},
    note::{self, Verifier},
    time::parse_age,
    verdict::Verdict,
};
use std::{
    fs::File,
    io::{self, ErrorKind, IsTerminal, Read, Write},
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

const USAGE: &str = "\
Checks a verification bundle of Sealpost's log.

    sealpost-check BUNDLE --key KEY [--anchor FILE]… [--max-age AGE]

BUNDLE           the file, or - for the standard input
--key KEY        the log's verifier key, name+hash+key, or a file that holds it;
                 get it from elsewhere than the bundle
--anchor FILE    checkpoints that were kept away from the log, as often as there are files
--max-age AGE    how old the last checkpoint may be: 90s, 15m, 24h, 7d

Exits with 0 sound, 2 tampered, 3 rolled back, 4 forked, 5 stale; 1 when the bundle cannot be read,
64 when this was not called as above.
";

/// It cannot be read.
const UNREADABLE: u8 = 1;
/// `EX_USAGE` of BSD's sysexits.
const USED_WRONGLY: u8 = 64;

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(code) => ExitCode::from(code),
        Err(problem) => {
            eprintln!("sealpost-check: {problem}\n\n{USAGE}");
            ExitCode::from(USED_WRONGLY)
        }
    }
}

/// What was asked for.
struct Asked {
    bundle: String,
    key: Verifier,
    options: Options,
}

/// Checks and prints. An error is a mistake of whoever called.
fn run(arguments: impl Iterator<Item = String>) -> Result<u8, String> {
    let Some(Asked { bundle, key, options }) = read(arguments)? else {
        return Ok(say(USAGE).map_or(UNREADABLE, |()| 0));
    };
    let from: Box<dyn Read> = match bundle.as_str() {
        "-" => Box::new(io::stdin()),
        path => Box::new(File::open(path).map_err(|problem| format!("{path}: {problem}"))?),
    };
    Ok(match check(from, &key, &options) {
        Ok(report) => match say(&report.to_string()) {
            Ok(()) => report.verdict().exit_code(),
            Err(_) => UNREADABLE,
        },
        Err(problem) => {
            eprintln!("sealpost-check: {problem}");
            match problem {
                BundleError::Damaged { .. } | BundleError::OtherKey(_) => Verdict::Tampered.exit_code(),
                BundleError::Io(_) | BundleError::NotABundle => UNREADABLE,
            }
        }
    })
}

/// Reads the arguments; `None` when help was asked for.
fn read(mut arguments: impl Iterator<Item = String>) -> Result<Option<Asked>, String> {
    let (mut bundle, mut key, mut anchors, mut age) = (None, None, vec![], None);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--key" if key.is_none() => key = Some(verifier(&value()?)?),
            "--anchor" => anchors.extend(note::each(&text_of(&value()?)?).map(str::to_owned)),
            "--max-age" if age.is_none() => {
                let text = value()?;
                let parsed = parse_age(&text);
                age =
                    Some(parsed.ok_or_else(|| format!("{text} is no age; write it as 90s, 15m, 24h or 7d"))?);
            }
            other if other.starts_with("--") => return Err(format!("{other} is unknown, or there twice")),
            _ if bundle.is_none() => bundle = Some(argument),
            other => return Err(format!("{other} is one bundle too many")),
        }
    }
    let bundle = bundle.ok_or("which bundle is it?")?;
    let key = key.ok_or("--key is missing; without the log's key nothing is proven")?;
    let progress: fn(u64, u64) = if io::stderr().is_terminal() { show } else { |_, _| {} };
    let stale_before = age.map(|age| now().saturating_sub(age));
    Ok(Some(Asked {
        bundle,
        key,
        options: Options { anchors, stale_before, progress, ..Options::default() },
    }))
}

/// A key as it is, or in a file.
fn verifier(text: &str) -> Result<Verifier, String> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let kept = text_of(text)
        .map_err(|problem| format!("this is neither a verifier key nor a file with one: {problem}"))?;
    kept.parse().map_err(|problem| format!("{text}: {problem}"))
}

fn text_of(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|problem| format!("{path}: {problem}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "how old a checkpoint is depends on today, and nothing else here does"
)]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn show(done: u64, of: u64) {
    let percent = (u128::from(done) * 100).checked_div(u128::from(of)).unwrap_or(100);
    eprint!("\r{percent:3} % of {of} events{}", if done == of { "\n" } else { "" });
}

/// Whoever reads only the beginning, such as `head`, has seen enough.
fn say(text: &str) -> io::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(problem) if problem.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
