//! The program itself, run as an operator runs it.

use std::{
    path::Path,
    process::{Command, Output},
};

/// The program, with everything in a folder and a database of its own.
pub fn sealpost(folder: &Path, url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sealpost"))
        .args(arguments)
        .env("SEALPOST_DATABASE__URL", url)
        .env("SEALPOST_KEYS__ROOT_FILE", folder.join("root.key"))
        .env("SEALPOST_KEYS__FOLDER", folder.join("keys"))
        .env("SEALPOST_ATTACHMENTS__FOLDER", folder.join("attachments"))
        .env("SEALPOST_MAIL__FOLDER", folder.join("mail"))
        .output()
        .expect("the program starts")
}
