//! The rules of secure mail, each shown over HTTP by the people whom it concerns, on both databases.

mod access;
mod audit;
mod composing;
mod drafts;
#[path = "../house/mod.rs"]
mod house;
mod injection;
mod input;
mod leaving;
mod packs;
mod raw;
mod registration;
mod repeats;
mod replying;
mod sessions;
mod stage;
mod sweeping;
mod uploads;
