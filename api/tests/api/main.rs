//! The API as a client meets it: over HTTP, on a listening server, on both databases where data matters.

mod audit;
mod guard;
mod limits;
mod login;
mod mail;
mod node;
mod schema;
mod socket;
mod upload;
