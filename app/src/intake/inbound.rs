//! What comes to the address that nobody reads: reports on mails that did not arrive (R15), wishes to leave (B36, B37), and
//! answers that reach nobody (B30, B31). No mail is passed on from here, and no program is answered (R13).

use super::{
    leaving::{Wish, wish},
    mime::{Action, Incoming, Report},
    outgoing::notification_named,
    receive::{Home, unread_by},
};
use crate::{ANONYMOUS, App, Error};
use domain::{
    OrganisationId,
    address::EmailAddress,
    replier::{Command, Matter, Replier},
};

/// A mail to the address that an organisation's notifications come from.
pub(super) struct Reply<'a> {
    pub(super) home: Home,
    pub(super) homes: &'a [Home],
    pub(super) mail: &'a Incoming,
    /// Where an answer goes, if one is wanted (RFC 3834 §4).
    pub(super) reverse_path: Option<&'a EmailAddress>,
}

impl App {
    pub(super) async fn take_reply(&self, reply: &Reply<'_>) -> Result<(), Error> {
        let result = match &reply.mail.report {
            Some(report) => {
                self.note_bounces(reply.home.0, report).await?;
                "report"
            }
            None => self.answer_reply(reply).await?,
        };
        metrics::counter!("sealpost_replies_total", "result" => result).increment(1);
        Ok(())
    }

    /// Records what came back. That another server goes on trying, or delivered, changes nothing.
    async fn note_bounces(&self, organisation: OrganisationId, report: &Report) -> Result<(), Error> {
        let failed = report.recipients.iter().filter(|fate| fate.action == Action::Failed);
        for fate in failed {
            for notification in report.originals.iter().filter_map(|id| notification_named(id)) {
                self.note_bounce(organisation, notification, &fate.recipient, fate.status).await?;
            }
        }
        Ok(())
    }

    /// Says what became of it, for the figures.
    async fn answer_reply(&self, reply: &Reply<'_>) -> Result<&'static str, Error> {
        let (organisation, rules) = &reply.home;
        let Some(reverse_path) = reply.reverse_path.filter(|_| !reply.mail.automatic) else {
            return Ok("automatic");
        };
        if is_of_a_program(reverse_path) || unread_by(reply.homes, reverse_path).is_some() {
            return Ok("automatic");
        }
        let from = reply.mail.from.as_ref().map(|from| &from.address);
        let wished = from.zip(rules.founded.as_ref());
        let wished = wished.map(|(from, identity)| (from, wish(reply.mail, from, identity)));
        match wished {
            Some((from, Wish::Leave)) if self.is_proven(reply.mail, from) => {
                self.leave_by_mail(*organisation, from).await?;
                Ok("leaving")
            }
            // To the address itself: whoever forged the mail gets nothing.
            Some((from, Wish::Leave)) => {
                self.owe_notice(*organisation, from, Matter::ConfirmLeaving).await?;
                Ok("leaving_unproven")
            }
            Some((_, Wish::LeaveNobodyKnowsWhat)) => {
                self.owe_notice(*organisation, reverse_path, Matter::NamesTooLittle).await?;
                Ok("leaving_unclear")
            }
            Some((_, Wish::Other)) | None => {
                self.owe_notice(*organisation, reverse_path, Matter::Unread).await?;
                Ok("unread")
            }
        }
    }

    /// Owes an address an answer, once a day; the same for every address (R4).
    async fn owe_notice(
        &self,
        organisation: OrganisationId,
        address: &EmailAddress,
        about: Matter,
    ) -> Result<(), Error> {
        let tag = self.address_tag(organisation, address).await?;
        let at = self.log.now();
        let owe = || Command::OweNotice { address: address.clone(), about, automatic: false, at };
        let Ok(_) = self.log.execute::<Replier>(organisation, tag.uuid(), &ANONYMOUS, owe).await?;
        Ok(())
    }
}

/// Local parts of programs that answer mail without saying that they are programs (RFC 3834 §2, RFC 2142).
const PROGRAMS: [&str; 9] = [
    "mailer-daemon",
    "postmaster",
    "noreply",
    "no-reply",
    "no_reply",
    "donotreply",
    "do-not-reply",
    "bounce",
    "bounces",
];

fn is_of_a_program(address: &EmailAddress) -> bool {
    let local = address.normalised().split(['@', '+']).next().unwrap_or_default();
    PROGRAMS.contains(&local) || local.starts_with("owner-") || local.ends_with("-request")
}
