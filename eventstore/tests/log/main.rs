//! The log, its keys and the attachments: every behaviour on SQLite and on PostgreSQL.

mod appending;
mod blobs;
mod concurrency;
mod crash;
mod destruction;
mod dying;
mod idempotency;
mod key_files;
mod leases;
mod notary;
mod replaying;
mod roots;
mod secrecy;
mod sections;
mod support;
mod tampering;
