//! The portal's pages over HTTP, on both databases.

mod aliases;
mod device;
mod house;
mod links;
mod login;
mod pages;
mod passwords;
mod second_factor;
