//! The jobs on real databases, mails in a real mailbox and at a real relay.

mod local_mailbox;
mod notifications;
mod relay;
mod scheduling;
mod support;
mod taking_turns;
