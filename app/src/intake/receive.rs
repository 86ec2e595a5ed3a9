//! A mail that is handed over: whose it is, which way it goes.

use super::{Handover, Onward, Receiving, Reception, inbound::Reply, mime, outgoing::Outgoing};
use crate::{App, Error};
use domain::{
    OrganisationId,
    address::{Domain, EmailAddress},
    organisation,
};
use std::{collections::BTreeMap, sync::Arc};

/// An organisation with its rules.
pub(super) type Home = (OrganisationId, Arc<organisation::State>);

impl App {
    /// Whether mail for a recipient is taken at all, as far as its envelope tells: what comes to an address that nobody reads,
    /// and what an organisation's own people send. Mail without a sender can be a report or somebody's automatic answer;
    /// whose it is, only the mail itself says.
    pub async fn accepts_recipient(&self, sender: Option<&str>, recipient: &str) -> Result<Receiving, Error> {
        let Ok(recipient) = EmailAddress::parse(recipient) else {
            return Ok(Receiving::refused(550, "5.1.3", "this is no address that mail can be sent to"));
        };
        let homes = self.homes().await?;
        let sender = sender.map(EmailAddress::parse);
        let taken = match &sender {
            None => true,
            Some(Ok(sender)) => home_of(&homes, sender.domain()).is_some(),
            Some(Err(_)) => false,
        };
        if taken || unread_by(&homes, &recipient).is_some() {
            Ok(Receiving::Accepted)
        } else {
            Ok(Receiving::refused(550, "5.7.1", NOBODYS))
        }
    }

    /// Takes a mail: makes a secure message of it, holds it, refuses it or hands it to the relay, as the content rules say (G2,
    /// C1); reads what came to the address that nobody reads (B30, B31, B36, R15). When it answers [`Reception::Taken`], the
    /// mail is in the log or with the relay. Whoever hands it over again gets the same answer, and it is there once.
    pub async fn receive_mail(&self, handover: Handover, onward: &dyn Onward) -> Result<Reception, Error> {
        let raw = handover.raw.clone();
        let read = tokio::task::spawn_blocking(move || mime::read(&raw)).await.map_err(Error::internal)?;
        let mail = match read {
            Ok(mail) => mail,
            Err(why) => return Ok(why.into()),
        };
        let homes = self.homes().await?;
        let (mut unread, mut leaving) = (BTreeMap::new(), vec![]);
        for recipient in &handover.recipients {
            match EmailAddress::parse(recipient).ok().and_then(|address| unread_by(&homes, &address)) {
                Some(home) => {
                    unread.insert(home.0, home);
                }
                None => leaving.push(recipient.clone()),
            }
        }
        let reverse_path = handover.sender.as_deref().and_then(|sender| EmailAddress::parse(sender).ok());
        // First what can be done twice without harm: should the rest fail, the whole mail comes again.
        for home in unread.into_values() {
            let reply = Reply { home, homes: &homes, mail: &mail, reverse_path: reverse_path.as_ref() };
            self.take_reply(&reply).await?;
        }
        if leaving.is_empty() {
            return Ok(Reception::Taken);
        }
        let author = mail.from.as_ref().map(|from| &from.address);
        let mut own = author.into_iter().chain(&reverse_path);
        let own = own.find_map(|address| Some((address, home_of(&homes, address.domain())?)));
        let Some((author, (organisation, rules))) = own else {
            return Ok(Reception::refused(550, "5.7.1", NOBODYS));
        };
        let author = author.clone();
        let outgoing = Outgoing { organisation, rules, author, recipients: leaving, handover, mail };
        self.take_outgoing(outgoing, onward).await
    }

    async fn homes(&self) -> Result<Vec<Home>, Error> {
        let mut homes = vec![];
        for row in self.models.organisations().await? {
            homes.push((row.organisation, self.rules(row.organisation).await?));
        }
        Ok(homes)
    }
}

const NOBODYS: &str = "neither sender nor recipient belongs to an organisation here";

/// The organisation whose notifications come from this address.
pub(super) fn unread_by(homes: &[Home], address: &EmailAddress) -> Option<Home> {
    let is_it = |rules: &organisation::State| {
        let identity = rules.founded.as_ref();
        identity.is_some_and(|identity| EmailAddress::parse(&identity.do_not_reply).as_ref() == Ok(address))
    };
    homes.iter().find(|(_, rules)| is_it(rules)).cloned()
}

/// The organisation whose own domain this is.
fn home_of(homes: &[Home], domain: &Domain) -> Option<Home> {
    homes.iter().find(|(_, rules)| rules.domains.contains(domain)).cloned()
}
