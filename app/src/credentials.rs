//! What people prove themselves by: hashed and sealed under the account's credential key, compared in constant time, and
//! with the same work where there is nothing to compare with (R4).

use crate::{App, Caller, Error};
use domain::{
    AccountId, OrganisationId,
    account::{Holder, Verdict},
    bytes::Sealed,
};
use eventstore::keys::KeyName;
use seal::password;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// What is sealed under a credential key; its label keeps one from being taken for another.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Credential {
    /// The password's hash.
    Password,
    /// The reminder phrase.
    Reminder,
    /// Challenge questions with hashed answers.
    Challenges,
    /// The secret shared with an authenticator.
    Totp,
    /// Hashes of the codes on paper.
    RecoveryCodes,
}

impl Credential {
    fn label(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Reminder => "reminder",
            Self::Challenges => "challenges",
            Self::Totp => "totp",
            Self::RecoveryCodes => "recovery-codes",
        }
    }
}

impl App {
    /// Seals something under the account's credential key.
    pub(crate) async fn seal_credential(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        what: Credential,
        plaintext: &[u8],
    ) -> Result<Sealed, Error> {
        let key = self.credential_key(organisation, account).await?;
        Ok(Sealed(seal::seal(&key, what.label(), &account.bytes(), plaintext)))
    }

    /// Opens it again; `None` when it is not this account's.
    pub(crate) async fn open_credential(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        what: Credential,
        sealed: &Sealed,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let key = self.credential_key(organisation, account).await?;
        let opened = seal::open(&key, what.label(), &account.bytes(), &sealed.0).ok();
        Ok(opened.map(|bytes| Zeroizing::new(bytes.to_vec())))
    }

    /// Hashes a secret when one of the permits is free, away from the threads that answer requests.
    pub(crate) async fn hash(&self, secret: SecretString) -> Result<Zeroizing<String>, Error> {
        let _permit = self.hashing.acquire().await.map_err(|_| Error::Busy)?;
        tokio::task::spawn_blocking(move || password::hash_password(&secret)).await.map_err(|_| Error::Busy)
    }

    /// Compares a secret with a hash, or with a decoy where there is none, so that both take the same time.
    pub(crate) async fn check(
        &self,
        secret: SecretString,
        hash: Option<Zeroizing<String>>,
    ) -> Result<Verdict, Error> {
        let _permit = self.hashing.acquire().await.map_err(|_| Error::Busy)?;
        compare(secret, hash).await
    }

    /// [`check`](Self::check) for a network that may be guessing: it is heard once more when the permit is there, since
    /// many attempts may have come at once (R3).
    pub(crate) async fn check_heard(
        &self,
        caller: &Caller,
        secret: SecretString,
        hash: Option<Zeroizing<String>>,
    ) -> Result<Verdict, Error> {
        let _permit = self.hashing.acquire().await.map_err(|_| Error::Busy)?;
        self.hear(caller).await?;
        compare(secret, hash).await
    }

    /// The hash of the account's password, if there is one. For nobody's account its key is looked for all the same (R4).
    pub(crate) async fn password_hash(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        holder: Option<&Holder>,
    ) -> Result<Option<Zeroizing<String>>, Error> {
        let Some(own) = holder.and_then(|holder| holder.credentials.as_ref()) else {
            self.log.vault().find(&KeyName::credential(organisation, account)).await?;
            return Ok(None);
        };
        let opened = self.open_credential(organisation, account, Credential::Password, &own.password).await?;
        Ok(opened.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()).map(Zeroizing::new))
    }
}

async fn compare(secret: SecretString, hash: Option<Zeroizing<String>>) -> Result<Verdict, Error> {
    let checked = tokio::task::spawn_blocking(move || {
        let right = match &hash {
            Some(hash) => password::verify_password(&secret, hash),
            None => decoy(&secret),
        };
        if right { Verdict::Right } else { Verdict::Wrong }
    });
    checked.await.map_err(|_| Error::Busy)
}

/// The work of a comparison, and its answer when there is nothing to compare with.
fn decoy(secret: &SecretString) -> bool {
    // Whatever the decoy says, nobody has that password.
    let _ = password::verify_password(secret, password::decoy_hash());
    false
}
