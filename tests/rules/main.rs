//! The rules of secure mail, each shown over HTTP by the people whom it concerns, on both databases.

mod abuse;
mod access;
mod administration;
mod aliases;
mod audit;
mod browser;
mod clients;
mod composing;
mod conformance;
mod drafts;
#[path = "../house/mod.rs"]
mod house;
mod injection;
mod input;
mod leaving;
mod links;
mod login;
mod organisation;
mod own_account;
mod packs;
mod policy;
mod raw;
mod recovery;
mod registration;
mod repeats;
mod replying;
mod second_factor;
mod sessions;
mod stage;
mod sweeping;
mod uploads;
