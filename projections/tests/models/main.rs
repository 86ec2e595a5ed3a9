//! The read models on both databases: from commands, over the log, to what a query answers.

mod accounts;
mod acts;
mod aftermath;
mod asking;
mod audit;
mod correspondence;
mod drafts;
mod endings;
mod exports;
mod facts;
mod joining;
mod life;
mod links;
mod mailbox;
mod notifications;
mod people;
mod rebuild;
mod records;
mod runner;
mod sessions;
mod statements;
mod upgrade;
mod world;
