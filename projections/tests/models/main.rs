//! The read models on both databases: from commands, over the log, to what a query answers.

mod audit;
mod correspondence;
mod drafts;
mod mailbox;
mod notifications;
mod people;
mod rebuild;
mod runner;
mod statements;
mod world;
