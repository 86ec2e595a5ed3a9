//! Rebuilds the crate when a migration is added: the files are embedded by a macro, which sees changed files only.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
