//! Asking for a password outside a login: again, before something that a stolen session must not do, and of the account
//! whose mail joins another inbox (B43).

use crate::{App, Caller, Error, Problem, ProblemCode, retrying};
use domain::{
    AccountId, Metadata,
    account::{Account, Command, Event, FactorVerdict, Stage, Verdict},
};
use eventstore::Commit;
use secrecy::SecretString;

/// What a right password proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It would log in.
    Whole,
    /// A second factor would be asked for as well.
    Half,
}

impl App {
    /// Whether this is the account's password, by the rules of a login: a wrong one is on record, counts towards a lockout
    /// and against the network, and during a lockout the right one is refused too, so that nobody can guess here what they
    /// could not guess there (A17, R3). No session begins.
    pub(crate) async fn prove(
        &self,
        caller: &Caller,
        account: AccountId,
        password: &SecretString,
        meta: &Metadata,
    ) -> Result<Proof, Error> {
        self.hear(caller).await?;
        let organisation = caller.organisation;
        let holder = self.holder(organisation, account).await?;
        let hash = self.password_hash(organisation, account, Some(&holder)).await?;
        let verdict = self.check_heard(caller, password.clone(), hash).await?;
        let rules = self.rules(organisation).await?;
        // Nobody gets its session: only what fails is appended.
        let (attempt, _) = &self.new_attempt(caller, &rules, verdict, FactorVerdict::NotGiven);
        let _turn = self.turn(caller).await?;
        let proof = retrying(move || async move {
            let loaded = self.log.load::<Account>(organisation, account.uuid()).await?;
            let command = Command::LogIn(Box::new(attempt.clone()));
            let (change, events) = loaded.decide_seeing(command).map_err(Problem::from)?;
            if verdict == Verdict::Right {
                if events.is_empty() {
                    return Ok(Some(Proof::Half));
                }
                // Whoever has not activated the account yet cannot log in, but knows its password all the same.
                let waits = |stage: &Stage| matches!(stage, Stage::Registered { .. });
                if loaded.state.holder().is_some_and(|person| waits(&person.stage))
                    || events.iter().any(|event| matches!(event, Event::LoggedIn { .. }))
                {
                    return Ok(Some(Proof::Whole));
                }
            }
            let changes = vec![change, self.failure(caller).await?];
            self.log.append(Commit::new(organisation, meta, changes)).await?;
            Ok(None)
        })
        .await?;
        let message = "The password is wrong, or cannot be tried now.";
        proof.ok_or_else(|| Problem::new(ProblemCode::LoginFailed, message).at(["password"]).into())
    }
}
