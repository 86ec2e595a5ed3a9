//! The portal's pages over HTTP, on both databases.

mod house;
mod links;
mod pages;
