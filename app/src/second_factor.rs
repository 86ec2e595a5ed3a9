//! The second factor: enrolling an authenticator, and the codes that it gives (RFC 6238), or that are kept on paper.

use crate::{
    App, Caller, Done, Error, Problem, ProblemCode, SecondFactorCode, Viewer, credentials::Credential,
    retrying,
};
use domain::{
    AccountId, Decider, OrganisationId, SessionId, Timestamp,
    account::{Account, Command, FactorUse, FactorVerdict, Holder, SessionEnd, second_factor},
    address::EmailAddress,
    bytes::Sealed,
};
use eventstore::{
    Commit,
    log::{Change, Loaded},
};
use seal::{
    codes::{RECOVERY_CODES, hash_recovery_code, recovery_codes},
    totp::{SECRET_BYTES, TotpSecret},
};
use secrecy::{ExposeSecret, SecretString};

/// Kinds of second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactorKind {
    /// Codes of an authenticator (RFC 6238).
    Totp,
    /// Codes on paper, once each.
    RecoveryCode,
}

/// What a person can give who has enrolled; nothing for others.
pub(crate) fn kinds(holder: &Holder) -> Vec<SecondFactorKind> {
    match &holder.second_factor {
        Some(own) if own.used_codes.len() < RECOVERY_CODES => {
            vec![SecondFactorKind::Totp, SecondFactorKind::RecoveryCode]
        }
        Some(_) => vec![SecondFactorKind::Totp],
        None => vec![],
    }
}

impl Viewer {
    /// What this person has enrolled.
    #[must_use]
    pub fn second_factors(&self) -> Vec<SecondFactorKind> {
        kinds(&self.holder)
    }
}

impl App {
    /// Begins to enrol an authenticator. Gives the URL that it reads, which works for ten minutes.
    pub async fn request_totp(
        &self,
        caller: &Caller,
        viewer: &Viewer,
        password: &SecretString,
    ) -> Result<Done<SecretString>, Error> {
        viewer.in_person()?;
        self.prove(caller, viewer.account, password, &viewer.meta()).await?;
        let Viewer { organisation, account, .. } = *viewer;
        let (secret, at) = (TotpSecret::random(), self.log.now());
        let sealed = self.seal_credential(organisation, account, Credential::Totp, secret.expose()).await?;
        let request = || Command::Factor(second_factor::Command::Request { secret: sealed.clone(), at });
        let position = self.instruct(organisation, account, &viewer.meta(), request).await?;
        let issuer = viewer.rules.founded.as_ref().map_or("", |identity| identity.name.as_str());
        let label = viewer.holder.address.value().map_or("", EmailAddress::normalised);
        Ok(Done { value: secret.otpauth_url(issuer, label), position })
    }

    /// Completes that by a first code. Gives the codes for paper: they are shown once. A wrong code counts against the
    /// caller's network, so that nobody tries them all.
    pub async fn confirm_totp(
        &self,
        caller: &Caller,
        viewer: &Viewer,
        code: &SecretString,
    ) -> Result<Done<Vec<SecretString>>, Error> {
        viewer.in_person()?;
        self.hear(caller).await?;
        let Viewer { organisation, account, .. } = *viewer;
        let codes = recovery_codes();
        let hashes: Vec<u8> =
            codes.iter().flat_map(|code| hash_recovery_code(code.expose_secret())).collect();
        let sealed = self.seal_credential(organisation, account, Credential::RecoveryCodes, &hashes).await?;
        let (meta, sealed) = (&viewer.meta(), &sealed);
        // The secret that the code is compared with is that of the state that decides.
        let confirmed = retrying(move || async move {
            let loaded = self.log.load::<Account>(organisation, account.uuid()).await?;
            let waiting = loaded.state.holder().and_then(|holder| holder.enrolment.as_ref());
            let step = match waiting {
                Some(waiting) => {
                    self.matching_step(organisation, account, &waiting.secret, code, None).await?
                }
                None => None,
            };
            let (recovery_codes, at) = (sealed.clone(), self.log.now());
            let confirm = second_factor::Command::Confirm { step, recovery_codes, at };
            let changes = enrolling(loaded, confirm, viewer.session, at)?;
            Ok(self.log.append(Commit::new(organisation, meta, changes)).await?.position())
        })
        .await;
        if confirmed.as_ref().is_err_and(is_wrong_code) {
            self.count_failure(caller).await?;
        }
        Ok(Done { value: codes.into(), position: confirmed? })
    }

    /// Takes the second factor away, where the policy does not demand it of one of the person's roles.
    pub async fn remove_totp(
        &self,
        caller: &Caller,
        viewer: &Viewer,
        password: &SecretString,
    ) -> Result<Done<()>, Error> {
        viewer.in_person()?;
        self.prove(caller, viewer.account, password, &viewer.meta()).await?;
        let Viewer { organisation, account, .. } = *viewer;
        let demanding = &viewer.rules.policy.accounts.second_factor;
        let demanded = !viewer.rules.roles_of(account).is_disjoint(demanding);
        let at = self.log.now();
        let remove = || Command::Factor(second_factor::Command::Remove { demanded, at });
        let position = self.instruct(organisation, account, &viewer.meta(), remove).await?;
        Ok(Done { value: (), position })
    }

    /// Whether a code is one of the person's. That it counts once is for the account to decide.
    pub(crate) async fn judge_code(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        holder: &Holder,
        code: &SecondFactorCode,
    ) -> Result<FactorVerdict, Error> {
        let Some(own) = &holder.second_factor else { return Ok(FactorVerdict::NotGiven) };
        let used = match code {
            SecondFactorCode::Totp(code) => {
                let step =
                    self.matching_step(organisation, account, &own.secret, code, own.last_step).await?;
                step.map(|step| FactorUse::Totp { step })
            }
            SecondFactorCode::RecoveryCode(code) => {
                let what = Credential::RecoveryCodes;
                let hashes = self.open_credential(organisation, account, what, &own.recovery_codes).await?;
                let given = hash_recovery_code(code.expose_secret());
                // A hash of 80 random bits tells nothing by the time that a comparison takes.
                let found = hashes.and_then(|hashes| hashes.chunks_exact(32).position(|hash| hash == given));
                found
                    .and_then(|index| u8::try_from(index).ok())
                    .map(|index| FactorUse::RecoveryCode { index })
            }
        };
        Ok(used.map_or(FactorVerdict::Wrong, FactorVerdict::Right))
    }

    async fn matching_step(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        secret: &Sealed,
        code: &SecretString,
        last_used: Option<u64>,
    ) -> Result<Option<u64>, Error> {
        let opened = self.open_credential(organisation, account, Credential::Totp, secret).await?;
        let bytes = opened.and_then(|bytes| <[u8; SECRET_BYTES]>::try_from(bytes.as_slice()).ok());
        let seconds = u64::try_from(self.log.now().micros() / 1_000_000).unwrap_or_default();
        let step =
            |bytes| TotpSecret::from_bytes(bytes).matching_step(code.expose_secret(), seconds, last_used);
        Ok(bytes.and_then(step))
    }
}

/// The changes by which a second factor is enrolled. Other sessions end: nobody was asked for it there, and roles that sleep
/// without it would wake in them.
fn enrolling(
    mut loaded: Loaded<Account>,
    confirm: second_factor::Command,
    own: SessionId,
    at: Timestamp,
) -> Result<Vec<Change>, Problem> {
    let sessions = loaded.state.holder().map(|holder| holder.sessions.clone()).unwrap_or_default();
    let others = sessions.iter().filter(|live| live.id != own && live.client.is_none());
    let why = SessionEnd::EndedElsewhere;
    let end = others.map(|other| Command::EndSession { session: other.id, why, at });
    let mut changes = vec![];
    for command in [Command::Factor(confirm)].into_iter().chain(end) {
        let (change, events) = loaded.decide_seeing(command)?;
        changes.push(change);
        // Each is decided after those before it.
        for event in &events {
            loaded.version += 1;
            loaded.state = Account::evolve(loaded.state, event);
        }
    }
    Ok(changes)
}

fn is_wrong_code(error: &Error) -> bool {
    matches!(error, Error::Problems(problems) if problems.iter().any(|problem| problem.code == ProblemCode::SecondFactorFailed))
}
