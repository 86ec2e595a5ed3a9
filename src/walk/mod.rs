//! The main job, played by roles over HTTP: one message lives its whole life. `sealpost demo --walk` prints it; the story
//! test runs it on both databases. Time moves by the injected clock, never by waiting.

mod after;
mod audit;
mod before;
pub mod client;
mod copy;
mod files;
mod gateway;
pub mod letters;
mod story;

use crate::node::Node;
use anyhow::{Context, Result};
use domain::OrganisationId;
use eventstore::Clock;
use std::{net::SocketAddr, path::PathBuf};

/// A node with people on it, whose clock the walk may move.
pub struct Stage<'a> {
    /// The node. The walk talks to it over HTTP; it only lets its jobs run, as time would.
    pub node: &'a Node,
    /// Its clock.
    pub clock: Clock,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it takes mail.
    pub gateway: SocketAddr,
    /// The local mailbox.
    pub mail: PathBuf,
    /// Who is there.
    pub cast: Cast,
    /// Where copies of the database can be put; `None` reads the database itself a second time.
    pub copies: Option<PathBuf>,
}

/// The people of the organisation.
#[derive(Clone)]
pub struct Cast {
    /// Whose they are.
    pub organisation: OrganisationId,
    /// What each is, their address, their password.
    pub people: Vec<(String, String, String)>,
}

impl Cast {
    /// Address and password of whoever has this address.
    fn person(&self, address: &str) -> Result<(&str, &str)> {
        let found = self.people.iter().find(|(_, theirs, _)| theirs == address);
        found
            .map(|(_, address, password)| (address.as_str(), password.as_str()))
            .context("nobody has this address")
    }
}

/// Plays every step; the error names the one that did not hold.
pub async fn run(stage: &Stage<'_>) -> Result<()> {
    let mut story = story::Story::begin(stage).await.context("the people log in")?;
    told("a member writes to a new address", story.write_to_a_new_address().await)?;
    told("another address cannot register", story.another_address_is_refused().await)?;
    told("the invited address registers", story.register().await)?;
    told("no login before activation", story.no_login_before_activation().await)?;
    told("looking at the activation link changes nothing", story.looking_at_the_link().await)?;
    told("pressing its button activates, once", story.activate_once().await)?;
    told("wrong password and unknown address: one answer", story.one_answer_to_failures().await)?;
    told("the fifth failure locks", story.the_fifth_failure_locks().await)?;
    told("the lockout ends at the time that the mail named", story.the_lockout_ends().await)?;
    told("the inbox shows the message", story.the_inbox_shows_it().await)?;
    told("opening shows the text and is recorded", story.open().await)?;
    told("the guest answers", story.reply().await)?;
    told("forwarding within the own domain works", story.forward_within_the_domain().await)?;
    told("forwarding outside is refused by name", story.forward_outside_is_refused().await)?;
    told("a second message is announced", story.a_second_message_is_announced().await)?;
    told("letters in other alphabets arrive as written", story.other_letters_arrive().await)?;
    told("a draft outlives a session", story.a_draft_outlives_a_session().await)?;
    told("a file arrives in pieces", story.a_file_arrives_in_pieces().await)?;
    told("its recipient keeps it, alone and in a Zip file", story.the_recipient_keeps_it().await)?;
    told("a mail through the gateway is secured by a rule", story.a_mail_is_secured_by_a_rule().await)?;
    told("the first message expires for everyone", story.the_first_message_expires().await)?;
    told("its day key is destroyed, a copy opens nothing", story.a_copy_opens_nothing().await)?;
    told("the guest leaves by the link of a mail", story.the_guest_leaves().await)?;
    told("no mail follows, received mail is out of reach", story.what_leaving_means().await)?;
    told("the audit lists it all, in order", story.the_audit_lists_it_all().await)?;
    told("the audit filters, and pages both ways", story.the_audit_filters_and_pages().await)?;
    told("a guest and an administrator are refused, on record", story.others_are_refused().await)?;
    story.print_audit().await.context("the audit as a table")
}

fn told(step: &str, outcome: Result<String>) -> Result<()> {
    let what = outcome.with_context(|| step.to_owned())?;
    println!("ok  {step:<52} {what}");
    Ok(())
}
