//! The jobs on real databases, mails in a real mailbox and at a real relay.

mod anchoring;
mod gateway;
mod local_mailbox;
mod notifications;
mod outages;
mod peer;
mod relay;
mod scheduling;
mod support;
mod taking_turns;
