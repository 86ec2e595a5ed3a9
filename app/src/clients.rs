//! Client programs: a program shows a code, a person approves it in a session of theirs, and the program fetches a
//! credential of its own, once (RFC 8628, B51, B53, B54).

use crate::{
    ANONYMOUS, App, Caller, Done, Error, Problem, ProblemCode, Viewer, error::not_found, retrying,
    sessions::session_token_hash,
};
use domain::{
    AccountId, Metadata, OrganisationId, SessionId, Timestamp,
    account::{
        Account, Command as OfAccount, NewSession,
        client::{Command as OfClient, PROGRAM_CHARACTERS, Program},
    },
    device::{Command, Device, Refusal, State},
    event::Actor,
    id::{ClientId, DeviceTag},
    organisation,
    period::Period,
    policy::Network,
};
use eventstore::{Commit, Position};
use seal::{Token, blind, codes, opaque};
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeMap, sync::PoisonError};

/// What a program gets that asks for a credential (RFC 8628 §3.2).
#[derive(Debug)]
pub struct ClientRequest {
    /// Kept by the program.
    pub device_code: SecretString,
    /// Shown to the person, such as `WDJB-MJHT`.
    pub user_code: String,
    /// Where the person types it.
    pub verification_url: String,
    /// How often to ask.
    pub interval: Period,
    /// Until when it can be approved and fetched.
    pub expires_at: Timestamp,
}

/// A credential, handed out once and stored nowhere.
#[derive(Debug)]
pub struct ClientCredential {
    /// What the program sends with each request (RFC 6750 §2.1).
    pub credential: SecretString,
    /// The program.
    pub client: ClientView,
}

/// A client program of an account, as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientView {
    /// Which.
    pub id: ClientId,
    /// What it said that it is.
    pub program: Program,
    /// Since when.
    pub activated_at: Timestamp,
    /// Whether its credential is refused.
    pub blocked: bool,
    /// When it was last used; nothing before it fetched its credential.
    pub last_used_at: Option<Timestamp>,
}

/// How long a request waits: time to find a browser and to log in there, and little to guess a code (RFC 8628 §5.1).
const REQUEST_LIFE: Period = Period::minutes(10);
/// How often a program asks whether it was approved; what RFC 8628 §3.2 takes for the usual.
const INTERVAL: Period = Period::seconds(5);
/// How long a credential works, used or not: one that was forgotten on an old machine ends by itself, and a person says
/// once a year that the program is theirs.
const CREDENTIAL_LIFE: Period = Period::years(1);
/// Requests of one network within [`COUNTED`] that are taken: a room full of new machines.
const REQUESTS: u32 = 20;
/// How long requests are counted before the count begins anew.
const COUNTED: Period = Period::minutes(10);
/// How often a code that another request shows is drawn again. Of 20⁸ codes even the first is hardly ever taken.
const DRAWS: usize = 4;
/// What a device code is sealed for.
const DEVICE: &str = "device";

/// Requests of each network since the count began. Anyone may ask, and each request that is taken is an event: without a
/// bound a stranger could fill the log. Each node counts by itself and forgets when it stops; the bound is there all the
/// same, and counting in the log would write what it is to keep out.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    until: Option<Timestamp>,
    counts: BTreeMap<(OrganisationId, Network), u32>,
}

impl Requests {
    /// Counts a request; whether it is taken.
    fn admit(&mut self, organisation: OrganisationId, network: Network, at: Timestamp) -> bool {
        if self.until.is_none_or(|until| until <= at) {
            *self = Self { until: Some(at.plus(COUNTED)), counts: BTreeMap::new() };
        }
        let count = self.counts.entry((organisation, network)).or_default();
        *count = count.saturating_add(1);
        *count <= REQUESTS
    }
}

impl Viewer {
    /// The client program that acts for this person, if it is no browser.
    #[must_use]
    pub fn client(&self) -> Option<ClientId> {
        self.holder.sessions.iter().find(|live| live.id == self.session)?.client
    }

    /// Refuses a client program what decides whose the account is and what becomes of it: its credential lasts a year, is
    /// not asked for a second factor, and outlives a changed password.
    pub(crate) fn in_person(&self) -> Result<(), Problem> {
        if self.client().is_none() {
            return Ok(());
        }
        let message = "Do this in a browser: a client program cannot.";
        Err(Problem::new(ProblemCode::NotAllowed, message))
    }
}

impl App {
    /// A program asks for a credential. By anyone, so that the answer tells nothing but where to go.
    pub async fn request_client_activation(
        &self,
        caller: &Caller,
        program: Program,
    ) -> Result<Done<ClientRequest>, Error> {
        let organisation = caller.organisation;
        self.hear(caller).await?;
        if !program.is_valid() {
            let message = format!(
                "Give name, version and platform, each in one line of {PROGRAM_CHARACTERS} characters at most."
            );
            return Err(Problem::new(ProblemCode::Invalid, message).into());
        }
        let rules = self.rules(organisation).await?;
        if let Some(minimum) = minimum_version(&rules, &program.name, &program.version) {
            return Err(Error::ClientTooOld { minimum });
        }
        let at = self.log.now();
        if !self.admit(caller, at) {
            return Err(Error::Throttled);
        }
        let expires_at = at.plus(REQUEST_LIFE);
        for _ in 0..DRAWS {
            let user_code = codes::user_code();
            let device = self.device_tag(organisation, &user_code).await?;
            let request = || Command::Request { program: program.clone(), expires_at, at };
            let asked = self.log.execute::<Device>(organisation, device.uuid(), &ANONYMOUS, request).await?;
            if let Ok(appended) = asked {
                let device_code = self.device_code(organisation, device, expires_at).await?;
                let verification_url = verification_url(&rules);
                let value = ClientRequest {
                    device_code,
                    user_code,
                    verification_url,
                    interval: INTERVAL,
                    expires_at,
                };
                return Ok(Done { value, position: appended.position() });
            }
        }
        Err(Error::Busy)
    }

    /// What the program says that it is which shows this code: to be seen before it is approved (RFC 8628 §5.4). A wrong
    /// code counts against the caller's network.
    pub async fn asking_program(&self, caller: &Caller, user_code: &str) -> Result<Program, Error> {
        Ok(self.asking(caller, user_code).await?.1)
    }

    /// Makes the program that shows this code one of the viewer's. A person does that: a program that could would outlive
    /// its own blocking as another one.
    pub async fn approve_client(
        &self,
        caller: &Caller,
        viewer: &Viewer,
        user_code: &str,
    ) -> Result<Done<ClientView>, Error> {
        if viewer.client().is_some() {
            let message = "Approve it in a browser: a client cannot activate another one.";
            return Err(Problem::new(ProblemCode::NotAllowed, message).into());
        }
        let (device, program) = self.asking(caller, user_code).await?;
        let Viewer { organisation, account, .. } = *viewer;
        let (client, at): (ClientId, _) = (self.log.clock().new_id(), self.log.now());
        let (meta, program) = (&viewer.meta(), &program);
        let position = retrying(move || async move {
            let request = self.log.load::<Device>(organisation, device.uuid()).await?;
            let approve = Command::Approve { account, client, at };
            let approved = request.decide(approve).map_err(|_| unknown_code("userCode"))?;
            let holder = self.log.load::<Account>(organisation, account.uuid()).await?;
            let activate = OfClient::Activate { client, program: program.clone(), at };
            let activated = holder.decide(OfAccount::Client(activate)).map_err(Problem::from)?;
            let commit = Commit::new(organisation, meta, vec![approved, activated]);
            Ok(self.log.append(commit).await?.position())
        })
        .await?;
        self.wait_for(position).await?;
        self.client_done(organisation, account, client, position).await
    }

    /// The program fetches its credential. Whoever has the device code is the program: only the server can make one.
    pub async fn confirm_client_activation(
        &self,
        caller: &Caller,
        device_code: &SecretString,
    ) -> Result<Done<ClientCredential>, Error> {
        let organisation = caller.organisation;
        let read = self.read_device_code(organisation, device_code).await?;
        let (device, until) = read.ok_or_else(|| unknown_code("deviceCode"))?;
        let (token, at) = (Token::random(), self.log.now());
        let session: SessionId = self.log.clock().new_id();
        let hash = session_token_hash(&token);
        let (account, client, position) = retrying(move || async move {
            let request = self.log.load::<Device>(organisation, device.uuid()).await?;
            // A code that is drawn again later makes another request: this one's time is not that one's.
            if waits_until(&request.state) != Some(until) {
                return Err(unknown_code("deviceCode"));
            }
            let fetched = request.decide(Command::Fetch { at }).map_err(not_fetched)?;
            let State::Approved { account, client, .. } = request.state else {
                return Err(unknown_code("deviceCode"));
            };
            let loaded = self.log.load::<Account>(organisation, account.uuid()).await?;
            let device = loaded.state.holder().and_then(|holder| program_of(&holder.clients, client));
            let device = device.map(|program| in_words(&program)).unwrap_or_default();
            let session = NewSession { id: session, token: hash, device, ends_at: at.plus(CREDENTIAL_LIFE) };
            let begin = OfClient::Begin { client, session, from: caller.network, at };
            // Blocked, deleted or closed meanwhile: for the program that is as if nobody had approved it.
            let started = loaded.decide(OfAccount::Client(begin)).map_err(|_| unknown_code("deviceCode"))?;
            let meta = Metadata::by(Actor::Person { account, role: None });
            let commit = Commit::new(organisation, &meta, vec![fetched, started]);
            Ok((account, client, self.log.append(commit).await?.position()))
        })
        .await?;
        // The next request brings the credential: it must be known by then (R17).
        self.wait_for(position).await?;
        let credential = self.session_credential(organisation, session, &token).await?;
        let done = self.client_done(organisation, account, client, position).await?;
        Ok(Done { value: ClientCredential { credential, client: done.value }, position })
    }

    /// Refuses a client's credential from now on, for good (B51).
    pub async fn block_client(&self, viewer: &Viewer, client: ClientId) -> Result<Done<ClientView>, Error> {
        let at = self.log.now();
        let position = self.change_client(viewer, || OfClient::Block { client, at }).await?;
        self.client_done(viewer.organisation, viewer.account, client, position).await
    }

    /// Takes a blocked client off the list. Nothing is lost with it: mail is the account's, not the client's (B51).
    pub async fn delete_client(&self, viewer: &Viewer, client: ClientId) -> Result<Done<ClientId>, Error> {
        let at = self.log.now();
        let position = self.change_client(viewer, || OfClient::Delete { client, at }).await?;
        Ok(Done { value: client, position })
    }

    /// The client programs of this person, blocked ones too, in the order in which they came.
    pub async fn clients(&self, viewer: &Viewer) -> Result<Vec<ClientView>, Error> {
        self.clients_of(viewer.organisation, viewer.account).await
    }

    /// Where a person approves a client program (B53).
    pub async fn activation_url(&self, organisation: OrganisationId) -> Result<String, Error> {
        Ok(verification_url(&*self.rules(organisation).await?))
    }

    /// The oldest version of that program that is served here, if this one is older (B54).
    pub async fn outdated(
        &self,
        organisation: OrganisationId,
        name: &str,
        version: &str,
    ) -> Result<Option<String>, Error> {
        Ok(minimum_version(&*self.rules(organisation).await?, name, version))
    }

    fn admit(&self, caller: &Caller, at: Timestamp) -> bool {
        let mut requests = self.client_requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.admit(caller.organisation, Network::around(caller.network), at)
    }

    /// The request that shows this code, if it waits for a person. Unknown, used and expired codes look alike.
    async fn asking(&self, caller: &Caller, user_code: &str) -> Result<(DeviceTag, Program), Error> {
        // Of many guesses at once each counts before the next is looked at.
        let _turn = self.turn(caller).await?;
        self.hear(caller).await?;
        if let Some(code) = codes::normalise_user_code(user_code) {
            let device = self.device_tag(caller.organisation, &code).await?;
            let request = self.log.load::<Device>(caller.organisation, device.uuid()).await?;
            if let State::Pending { program, expires_at } = request.state
                && self.log.now() < expires_at
            {
                return Ok((device, program));
            }
        }
        self.count_failure(caller).await?;
        Err(unknown_code("userCode"))
    }

    async fn change_client(
        &self,
        viewer: &Viewer,
        command: impl Fn() -> OfClient,
    ) -> Result<Position, Error> {
        let account = viewer.account.uuid();
        let change = || OfAccount::Client(command());
        let done = self.log.execute::<Account>(viewer.organisation, account, &viewer.meta(), change).await?;
        let position = done.map_err(|refusal| Problem::from(refusal).at(["clientId"]))?.position();
        // A blocked client's next request must find its session ended.
        self.wait_for(position).await?;
        Ok(position)
    }

    async fn client_done(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        client: ClientId,
        position: Position,
    ) -> Result<Done<ClientView>, Error> {
        let all = self.clients_of(organisation, account).await?;
        let own = all.into_iter().find(|own| own.id == client).ok_or_else(|| not_found("client"))?;
        Ok(Done { value: own, position })
    }

    async fn clients_of(
        &self,
        organisation: OrganisationId,
        account: AccountId,
    ) -> Result<Vec<ClientView>, Error> {
        let holder = self.holder(organisation, account).await?;
        let used = self.models.clients_last_used(organisation, account).await?;
        let view = |client: &domain::account::Client| {
            Some(ClientView {
                id: client.id,
                program: client.program.value()?.clone(),
                activated_at: client.activated_at,
                blocked: client.blocked,
                last_used_at: used.get(&client.id).copied(),
            })
        };
        Ok(holder.clients.iter().filter_map(view).collect())
    }

    /// A request's stream, found by the code that it shows.
    async fn device_tag(&self, organisation: OrganisationId, user_code: &str) -> Result<DeviceTag, Error> {
        let index = self.index_key(organisation).await?;
        Ok(DeviceTag::from_bytes(blind::tag(&index, "user-code", user_code.as_bytes())))
    }

    /// What the program keeps: the request and its time, sealed. It cannot be made by anyone else, and needs no row.
    async fn device_code(
        &self,
        organisation: OrganisationId,
        device: DeviceTag,
        expires_at: Timestamp,
    ) -> Result<SecretString, Error> {
        let index = self.index_key(organisation).await?;
        let value = [&device.bytes()[..], &expires_at.micros().to_be_bytes()].concat();
        Ok(opaque::hide(&index, DEVICE, &value).into())
    }

    async fn read_device_code(
        &self,
        organisation: OrganisationId,
        device_code: &SecretString,
    ) -> Result<Option<(DeviceTag, Timestamp)>, Error> {
        let index = self.index_key(organisation).await?;
        Ok(opaque::reveal(&index, DEVICE, device_code.expose_secret()).and_then(|value| {
            let (device, until) = value.split_first_chunk::<16>()?;
            let until = i64::from_be_bytes(until.try_into().ok()?);
            Some((DeviceTag::from_bytes(*device), Timestamp::from_micros(until)))
        }))
    }
}

/// Of several entries of that name the lowest minimum counts: a program does not say in its header where it runs.
fn minimum_version(rules: &organisation::State, name: &str, version: &str) -> Option<String> {
    let same = |other: &str| other.to_lowercase() == name.to_lowercase();
    let supported = &rules.presentation.clients;
    let mut own = supported.iter().filter(|client| same(&client.name));
    let first = own.next()?;
    let lowest = own.fold(
        first,
        |lowest, client| {
            if lowest.is_too_old(&client.minimum_version) { client } else { lowest }
        },
    );
    lowest.is_too_old(version).then(|| lowest.minimum_version.clone())
}

/// The portal's page where a code is typed.
fn verification_url(rules: &organisation::State) -> String {
    let portal = rules.founded.as_ref().map_or("", |identity| &identity.portal_url);
    format!("{portal}/device")
}

/// Until when a request can be approved or fetched, if it can.
fn waits_until(state: &State) -> Option<Timestamp> {
    match state {
        State::Pending { expires_at, .. } | State::Approved { expires_at, .. } => Some(*expires_at),
        State::Unknown | State::Fetched => None,
    }
}

fn program_of(clients: &[domain::account::Client], client: ClientId) -> Option<Program> {
    clients.iter().find(|own| own.id == client)?.program.value().cloned()
}

/// How a program stands in the list of sessions.
fn in_words(program: &Program) -> String {
    let Program { name, version, platform } = program;
    format!("{name} {version}, {platform}")
}

fn not_fetched(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Pending => {
            let message = "Nobody approved it yet; ask again after the interval.";
            Problem::new(ProblemCode::AuthorizationPending, message).into()
        }
        Refusal::CodeInUse | Refusal::Unknown | Refusal::Expired => unknown_code("deviceCode"),
    }
}

/// The one answer to a code that leads nowhere, whatever the cause.
fn unknown_code(field: &'static str) -> Error {
    let message = "This code does not work; let the program ask for a new one.";
    Problem::new(ProblemCode::NotFound, message).at([field]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// B51, R3: so many requests of one network are taken in ten minutes, whatever others do; then it begins anew.
    #[test]
    fn a_network_asks_so_often() {
        let noon = Timestamp::from_micros(1_767_614_400_000_000);
        let network = |text: &str| Network::around(text.parse().unwrap());
        let (one, other) = (network("198.51.100.7"), network("203.0.113.9"));
        let mut requests = Requests::default();
        for _ in 0..REQUESTS {
            assert!(requests.admit(OrganisationId(1), one, noon));
        }
        assert!(!requests.admit(OrganisationId(1), one, noon));
        assert!(requests.admit(OrganisationId(1), other, noon));
        assert!(requests.admit(OrganisationId(2), one, noon));
        assert!(!requests.admit(OrganisationId(1), one, noon.plus(Period::seconds(599))));
        assert!(requests.admit(OrganisationId(1), one, noon.plus(COUNTED)));
    }
}
