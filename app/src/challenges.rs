//! The questions by which a person who lost the password is known (A11). Whoever has none is asked some that stay the same,
//! and their answers cost the same work (R4).

use crate::{
    ANONYMOUS, App, Caller, Done, Error, LinkPurpose, Problem, ProblemCode,
    credentials::Credential,
    recovery::{Asked, offered},
    registration::SealedChallenge,
};
use domain::{
    AccountId, Metadata, OrganisationId, Timestamp,
    account::{Account, Event, Stage, Verdict, recovery},
    challenge::{QUESTIONS, decoys},
    event::Actor,
    id::AddressTag,
    period::Period,
    reservation::{self, Reservation},
};
use eventstore::Position;
use seal::{blind, opaque, password::normalise_answer};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// What somebody is asked who lost the password (A11).
pub struct AskedQuestions {
    /// Hand it back with the answers, within a quarter of an hour.
    pub token: SecretString,
    /// In the order in which they are to be answered.
    pub questions: Vec<String>,
}

/// How long questions can be answered, and a password be set after that.
const CHALLENGE_LIFE: Period = Period::minutes(15);
/// Under what a challenge's token is hidden.
const CHALLENGE: &str = "challenge";
/// As long as what is sealed of somebody's questions, and of nobody.
const NOTHING: &[u8] = br#"[{"question":"In which town were you born, if any?","answer":"$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
{"question":"What was your first school, if any?","answer":"$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]"#;

impl App {
    /// The questions to be answered: one's own, or for everybody else some that stay the same (A11, R4).
    pub async fn request_password_challenge(
        &self,
        caller: &Caller,
        typed: &str,
    ) -> Result<AskedQuestions, Error> {
        let organisation = caller.organisation;
        let rules = self.rules(organisation).await?;
        offered(rules.policy.recovery.challenge)?;
        let asked = self.asked(caller, typed).await?;
        let (_, own) = self.challenges(asked).await?;
        let index = self.index_key(organisation).await?;
        let decoys = decoys(blind::blind(&index, "decoy-questions", &asked.tag.bytes()));
        let questions = if own.is_empty() {
            decoys.map(str::to_owned).to_vec()
        } else {
            own.into_iter().map(|challenge| challenge.question).collect()
        };
        let value = [&asked.tag.bytes()[..], &self.log.now().micros().to_be_bytes()].concat();
        Ok(AskedQuestions { token: opaque::hide(&index, CHALLENGE, &value).into(), questions })
    }

    /// Answers the questions; gives the token to set a new password with. One answer to every failure (A11, R4).
    pub async fn answer_password_challenge(
        &self,
        caller: &Caller,
        token: &str,
        answers: &[SecretString],
    ) -> Result<Done<SecretString>, Error> {
        let organisation = caller.organisation;
        let rules = self.rules(organisation).await?;
        offered(rules.policy.recovery.challenge)?;
        self.hear(caller).await?;
        let asked = self.revealed(organisation, token).await?;
        let (account, own) = match asked {
            Some(asked) => self.challenges(asked).await?,
            None => (None, vec![]),
        };
        if let Some(asked) = asked {
            // A failure at an unknown address is sealed under it (R4).
            self.typed_key(organisation, asked.tag).await?;
        }
        let verdict = self.compare(own, answers).await?;
        let permitted = match (account, asked) {
            (Some(account), _) => {
                let lockout = rules.policy.sessions.lockout();
                let at = self.log.now();
                let permit = self.set_password_link(organisation, account, at.plus(CHALLENGE_LIFE)).await?;
                let from = caller.network;
                let answer =
                    recovery::Command::AnswerChallenge { answers: verdict, from, lockout, permit, at };
                self.answer_of_account(organisation, account, verdict, answer).await?
            }
            (None, Some(asked)) => {
                let (from, at) = (caller.network, self.log.now());
                let fail = || reservation::Command::FailChallenge { from, at };
                // Somebody may have been given the address this very moment: then there is nothing to record here.
                let _ =
                    self.log.execute::<Reservation>(organisation, asked.tag.uuid(), &ANONYMOUS, fail).await?;
                None
            }
            (None, None) => None,
        };
        let Some((token, position)) = permitted else {
            self.count_failure(caller).await?;
            let message = "The answers do not match, or they came too late or too often; begin again.";
            return Err(Problem::new(ProblemCode::RecoveryFailed, message).into());
        };
        self.wait_for(position).await?;
        Ok(Done { value: token, position })
    }

    /// Who has the address and which questions they set; nothing where there is nobody, after the same reading.
    async fn challenges(&self, asked: Asked) -> Result<(Option<AccountId>, Vec<SealedChallenge>), Error> {
        let organisation = asked.organisation;
        let held = self.reserved_for(asked).await?;
        // Nobody's account has the address's own number.
        let account = held.unwrap_or(AccountId::new(asked.tag.uuid()));
        let loaded = self.log.load::<Account>(organisation, account.uuid()).await?;
        let holder = loaded.state.holder().filter(|holder| holder.stage != Stage::Closed);
        let sealed = holder.and_then(|holder| holder.credentials.as_ref()?.challenges.clone());
        let Some(sealed) = sealed else {
            self.open_nothing(organisation).await?;
            return Ok((held, vec![]));
        };
        let opened = self.open_credential(organisation, account, Credential::Challenges, &sealed).await?;
        Ok((held, opened.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default()))
    }

    /// The work of opening and reading somebody's questions, for whoever has none (R4).
    async fn open_nothing(&self, organisation: OrganisationId) -> Result<(), Error> {
        let index = self.index_key(organisation).await?;
        let sealed = seal::seal(&index, CHALLENGE, &[], NOTHING);
        let opened = seal::open(&index, CHALLENGE, &[], &sealed).ok();
        let read = opened.and_then(|json| serde_json::from_slice::<Vec<SealedChallenge>>(&json).ok());
        // Kept from being left out as what nobody needs.
        std::hint::black_box(read);
        Ok(())
    }

    /// Whom a challenge was given out for, if that is not too long ago.
    async fn revealed(&self, organisation: OrganisationId, token: &str) -> Result<Option<Asked>, Error> {
        let index = self.index_key(organisation).await?;
        let Some(value) = opaque::reveal(&index, CHALLENGE, token) else { return Ok(None) };
        let Some((tag, at)) = value.split_first_chunk::<16>() else { return Ok(None) };
        let Ok(at) = at.try_into().map(i64::from_be_bytes) else { return Ok(None) };
        let asked = Asked { organisation, tag: AddressTag::from_bytes(*tag) };
        let is_over = Timestamp::from_micros(at).plus(CHALLENGE_LIFE) <= self.log.now();
        Ok((!is_over).then_some(asked))
    }

    /// Compares all answers, be there any to compare with or not: always as many hashes.
    async fn compare(&self, own: Vec<SealedChallenge>, answers: &[SecretString]) -> Result<Verdict, Error> {
        let mut right = answers.len() == QUESTIONS && own.len() == QUESTIONS;
        let mut hashes = own.into_iter().map(|challenge| Zeroizing::new(challenge.answer));
        let mut answers = answers.iter().map(|answer| normalise_answer(answer.expose_secret()));
        for _ in 0..QUESTIONS {
            let answer = SecretString::from(answers.next().unwrap_or_default().as_str());
            right &= self.check(answer, hashes.next()).await? == Verdict::Right;
        }
        Ok(if right { Verdict::Right } else { Verdict::Wrong })
    }

    /// What an account says to answers: a token, if they are right and were not wrong too often.
    async fn answer_of_account(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        answers: Verdict,
        answer: recovery::Command,
    ) -> Result<Option<(SecretString, Position)>, Error> {
        let by = match answers {
            Verdict::Right => Actor::Person { account, role: None },
            Verdict::Wrong => Actor::Anonymous,
        };
        let meta = Metadata { by, ..ANONYMOUS };
        let (events, position) = self.recovering(organisation, account, &meta, answer).await?;
        let permit = events.iter().find_map(|event| {
            let Event::Recovery(recovery::Event::ResetRequested { link, .. }) = event else { return None };
            Some(link.id.uuid())
        });
        let Some(permit) = permit else { return Ok(None) };
        let token = self.link_token(organisation, account, LinkPurpose::SetPassword, permit).await?;
        Ok(Some((token.into(), position)))
    }
}
