//! The program `sealpost`: configuration, wiring, the command line's commands and the demonstration. Nothing here decides
//! anything about mail.

pub mod commands;
pub mod config;
pub mod demo;
pub mod node;
pub mod walk;
