//! A password that is lost, or not wanted any more: the reminder, the mailed link, and setting a new one (A10, A12–A16,
//! B22–B26, C14). None of it tells a known address from an unknown one (R4).

use crate::{
    ANONYMOUS, App, Caller, Done, Error, LinkPurpose, Problem, ProblemCode, Viewer,
    chosen::Chosen,
    credentials::Credential,
    links::{invalid_link, works},
    registration::{by_link, names},
    retrying,
};
use domain::{
    AccountId, Metadata, OrganisationId, Timestamp,
    account::{
        Account, Command, Event, IssuedLink,
        recovery::{self, NewSecrets, ResetBy},
    },
    address::EmailAddress,
    audit::Right,
    id::{AddressTag, LinkId},
    reservation::{self, Reservation},
    user_name::UserName,
};
use eventstore::{Commit, Position};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

/// A new password, and the right to set it.
pub struct NewPassword {
    /// Of a mailed link, or what the right answers gave.
    pub token: String,
    /// Chosen by the person.
    pub password: SecretString,
    /// A new hint for oneself, where the policy asks for one (A12).
    pub reminder: Option<SecretString>,
}

/// What became of a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordSet {
    /// It works now (B25).
    Effective,
    /// It works once the link of a mail is followed; the old one works until then (A13, A15).
    Staged {
        /// Until when that is possible (A14).
        activate_by: Timestamp,
    },
}

/// A new password that does not count yet (A13–A15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordChange {
    /// When it was set.
    pub staged_at: Timestamp,
    /// From then on the old one stays (A14).
    pub activate_by: Timestamp,
}

/// Requests that may wait to be looked into; beyond that whoever asks is told to come back.
const WAITING: usize = 256;

impl App {
    /// Has the reminder phrase mailed, if there is one (A10). By an address or a user name.
    pub async fn request_reminder(&self, caller: &Caller, typed: &str) -> Result<(), Error> {
        let rules = self.rules(caller.organisation).await?;
        offered(rules.policy.recovery.reminder_phrase)?;
        let asked = self.asked(caller, typed).await?;
        let app = self.clone();
        self.later(async move {
            let Some(account) = app.reserved_for(asked).await? else { return Ok(()) };
            let at = app.log.now();
            let send = || recovery::Command::SendReminder { at };
            app.order(asked.organisation, account, &ANONYMOUS, send).await.map(drop)
        })
    }

    /// Has a reset link mailed, if there is a password (B22, C14). By an address or a user name.
    pub async fn request_password_link(&self, caller: &Caller, typed: &str) -> Result<(), Error> {
        let rules = self.rules(caller.organisation).await?;
        offered(rules.policy.recovery.link)?;
        let asked = self.asked(caller, typed).await?;
        let app = self.clone();
        self.later(async move {
            let Some(account) = app.reserved_for(asked).await? else { return Ok(()) };
            let link = app.log.clock().new_id();
            app.send_reset(asked.organisation, account, ResetBy::Person, link, &ANONYMOUS).await.map(drop)
        })
    }

    /// Has a reset link mailed to somebody; nobody sets another's password (B26).
    pub async fn request_password_link_for(
        &self,
        viewer: &Viewer,
        account: AccountId,
        key: &str,
    ) -> Result<Done<AccountId>, Error> {
        let meta = self.authorise(viewer, Right::Administer).await?;
        let holder = self.holder(viewer.organisation, account).await?;
        if holder.credentials.is_none() {
            let message = "This person has no password yet; send the invitation again.";
            return Err(Problem::new(ProblemCode::NotAllowed, message).into());
        }
        // The same request is for the same link, and a link is mailed once.
        let link = LinkId::new(Uuid::new_v5(&viewer.account.uuid(), key.as_bytes()));
        let by = ResetBy::Administrator;
        let position = self.send_reset(viewer.organisation, account, by, link, &meta).await?;
        self.wait_for(position).await?;
        Ok(Done { value: account, position })
    }

    /// Sets a new password: it works at once, or waits for its confirmation, by how the right to it came about (A12, B25).
    pub async fn set_password(&self, caller: &Caller, new: NewPassword) -> Result<Done<PasswordSet>, Error> {
        let organisation = caller.organisation;
        let rules = self.rules(organisation).await?;
        let found = self.find_link(organisation, LinkPurpose::SetPassword, &new.token).await?;
        let row = found.ok_or_else(|| invalid_link("token"))?;
        works(&row, self.log.now(), "token")?;
        let account = row.account;
        let holder = self.holder(organisation, account).await?;
        let address = holder.address.value().cloned().ok_or_else(|| invalid_link("token"))?;
        let profile = holder.profile.value().cloned().unwrap_or_default();
        let user_name = holder.user_name.as_ref().and_then(|name| name.value());
        let problems = self
            .complaints_of_secrets(Chosen {
                password: new.password.clone(),
                reminder: new.reminder.clone(),
                phrase_asked: rules.policy.recovery.reminder_phrase,
                address,
                names: names(&profile, user_name),
            })
            .await?;
        if !problems.is_empty() {
            return Err(Error::Problems(problems));
        }
        let secrets = self.sealed_secrets(organisation, account, new.password, new.reminder).await?;
        let at = self.log.now();
        let expires_at = at.plus(rules.policy.recovery.activation_window);
        let activation =
            self.issue_link(organisation, account, LinkPurpose::ActivatePassword, expires_at).await?;
        let permit = LinkId::new(row.link);
        let set = recovery::Command::SetPassword { permit, secrets, activation, at };
        let (events, position) = self.recovering(organisation, account, &by_link(account), set).await?;
        self.wait_for(position).await?;
        let staged = events.iter().find_map(|event| {
            let Event::Recovery(recovery::Event::PasswordStaged { activation, .. }) = event else {
                return None;
            };
            Some(activation.expires_at)
        });
        let value = staged.map_or(PasswordSet::Effective, |activate_by| PasswordSet::Staged { activate_by });
        Ok(Done { value, position })
    }

    /// Makes a new password count, by the mailed link (A13, A14). Works once.
    pub async fn activate_password(&self, caller: &Caller, token: &str) -> Result<Done<AccountId>, Error> {
        let organisation = caller.organisation;
        let found = self.find_link(organisation, LinkPurpose::ActivatePassword, token).await?;
        let row = found.ok_or_else(|| invalid_link("token"))?;
        let at = self.log.now();
        works(&row, at, "token")?;
        let activate = recovery::Command::ActivatePassword { link: LinkId::new(row.link), at };
        let meta = by_link(row.account);
        let (_, position) = self.recovering(organisation, row.account, &meta, activate).await?;
        self.wait_for(position).await?;
        Ok(Done { value: row.account, position })
    }

    /// The change of the viewer's password that waits for its confirmation, if any (A13).
    #[must_use]
    pub fn password_change(&self, viewer: &Viewer) -> Option<PasswordChange> {
        let staged = viewer.holder.recovery.staged.as_ref()?;
        let activate_by = staged.activation.expires_at;
        (self.log.now() < activate_by).then_some(PasswordChange { staged_at: staged.at, activate_by })
    }

    /// Waits until everything that strangers asked for so far was looked into.
    pub async fn finish_requests(&self) {
        self.later.close();
        self.later.wait().await;
        self.later.reopen();
    }

    /// Mails a reset link, where there is a password.
    pub(crate) async fn send_reset(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        by: ResetBy,
        link: LinkId,
        meta: &Metadata,
    ) -> Result<Position, Error> {
        let life = self.rules(organisation).await?.policy.recovery.reset_link_life;
        let at = self.log.now();
        let purpose = LinkPurpose::SetPassword;
        let link = self.link_of_id(organisation, account, purpose, link, at.plus(life)).await?;
        let issue = || recovery::Command::IssueReset { by, link: link.clone(), at };
        self.order(organisation, account, meta, issue).await
    }

    /// A link, or what answers give in its place, to set a password with.
    pub(crate) async fn set_password_link(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        expires_at: Timestamp,
    ) -> Result<IssuedLink<LinkId>, Error> {
        self.issue_link(organisation, account, LinkPurpose::SetPassword, expires_at).await
    }

    /// Reads whom a stranger means, in the same way for everybody.
    pub(crate) async fn asked(&self, caller: &Caller, typed: &str) -> Result<Asked, Error> {
        self.hear(caller).await?;
        let organisation = caller.organisation;
        let tag = if let Ok(address) = EmailAddress::parse(typed) {
            self.address_tag(organisation, &address).await?
        } else if let Ok(name) = UserName::parse(typed) {
            self.user_name_tag(organisation, &name).await?
        } else {
            let message = "Give an address, or the user name that you log in with.";
            return Err(Problem::new(ProblemCode::Invalid, message).at(["address"]).into());
        };
        Ok(Asked { organisation, tag })
    }

    /// Whose it is, if it is anybody's.
    pub(crate) async fn reserved_for(&self, asked: Asked) -> Result<Option<AccountId>, Error> {
        Ok(match self.log.load::<Reservation>(asked.organisation, asked.tag.uuid()).await?.state {
            reservation::State::Free => None,
            reservation::State::Held { account } => Some(account),
        })
    }

    /// Looks into a request once it was answered, so that the answer takes as long whoever is meant (R4).
    fn later(&self, request: impl Future<Output = Result<(), Error>> + Send + 'static) -> Result<(), Error> {
        if self.later.len() >= WAITING {
            return Err(Error::Busy);
        }
        self.later.spawn(async move {
            if let Err(error) = request.await {
                tracing::warn!(%error, "a mail that was asked for was not ordered");
            }
        });
        Ok(())
    }

    /// Orders a mail, where there is one to be sent.
    async fn order(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        meta: &Metadata,
        command: impl Fn() -> recovery::Command,
    ) -> Result<Position, Error> {
        self.instruct(organisation, account, meta, || Command::Recover(command())).await
    }

    /// Decides and appends; gives what happened.
    pub(crate) async fn recovering(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        meta: &Metadata,
        command: recovery::Command,
    ) -> Result<(Vec<Event>, Position), Error> {
        let command = &command;
        retrying(move || async move {
            let loaded = self.log.load::<Account>(organisation, account.uuid()).await?;
            let decided = loaded.decide_seeing(Command::Recover(command.clone()));
            let (change, events) = decided.map_err(|refusal| Problem::from(refusal).at(["token"]))?;
            let appended = self.log.append(Commit::new(organisation, meta, vec![change])).await?;
            Ok((events, appended.position()))
        })
        .await
    }

    async fn sealed_secrets(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        password: SecretString,
        reminder: Option<SecretString>,
    ) -> Result<NewSecrets, Error> {
        let hash = self.hash(password).await?;
        let password =
            self.seal_credential(organisation, account, Credential::Password, hash.as_bytes()).await?;
        let phrase =
            reminder.as_ref().map(ExposeSecret::expose_secret).filter(|phrase| !phrase.trim().is_empty());
        let reminder = match phrase {
            Some(phrase) => {
                let what = Credential::Reminder;
                Some(self.seal_credential(organisation, account, what, phrase.as_bytes()).await?)
            }
            None => None,
        };
        Ok(NewSecrets { password, reminder })
    }
}

/// Whom a stranger means, as far as streams name it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) organisation: OrganisationId,
    pub(crate) tag: AddressTag,
}

/// Refuses a way that the policy has not, in the same words to everybody.
pub(crate) fn offered(is_offered: bool) -> Result<(), Error> {
    if is_offered {
        return Ok(());
    }
    let message = "This organisation does not offer this way; the login page shows those that it has.";
    Err(Problem::new(ProblemCode::NotAllowed, message).into())
}
