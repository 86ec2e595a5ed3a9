//! One's own identifying data (A19).

use crate::{App, Done, Error, Problem, ProblemCode, Viewer};
use domain::{
    AccountId,
    account::{Command, Profile},
    policy::ProfileField,
    profile::{Complaint, Field, TEXT_CHARACTERS, complaints as judge},
};
use std::collections::BTreeSet;

impl App {
    /// Changes identifying data. What is left out stays, and what is asked for cannot be emptied (A19).
    pub async fn update_profile(&self, viewer: &Viewer, change: &Profile) -> Result<Done<AccountId>, Error> {
        let Viewer { organisation, account, .. } = *viewer;
        let before = self.holder(organisation, account).await?.profile.value().cloned().unwrap_or_default();
        let profile = before.changed(change);
        // What the policy came to ask for since is no reason to refuse the rest.
        let mut problems = judge(&profile, &viewer.rules.policy.accounts.profile_fields);
        problems.retain(|(field, _)| change.text(*field).is_some());
        if !problems.is_empty() {
            return Err(Error::Problems(problems.into_iter().map(problem).collect()));
        }
        let at = self.log.now();
        let update = || Command::UpdateProfile { profile: Box::new(profile.clone()), at };
        self.tell(organisation, account, &viewer.meta(), update).await
    }
}

/// Everything that is wrong with a whole profile of which these fields are asked for.
pub(crate) fn complaints(profile: &Profile, asked: &BTreeSet<ProfileField>) -> Vec<Problem> {
    judge(profile, asked).into_iter().map(problem).collect()
}

fn problem((field, complaint): (Field, Complaint)) -> Problem {
    let problem = match complaint {
        Complaint::Missing => Problem::new(ProblemCode::Required, "Fill this in."),
        Complaint::TooLong => {
            Problem::new(ProblemCode::TooLong, format!("Use {TEXT_CHARACTERS} characters at most."))
        }
        Complaint::ControlCharacter => Problem::new(ProblemCode::Invalid, "Write this in one line."),
    };
    problem.at(["profile", name(field)])
}

/// A field's name in the input.
fn name(field: Field) -> &'static str {
    match field {
        Field::Data(ProfileField::GivenName) => "givenName",
        Field::Data(ProfileField::FamilyName) => "familyName",
        Field::Data(ProfileField::Company) => "company",
        Field::Data(ProfileField::Telephone) => "telephone",
        Field::Data(ProfileField::PostalAddress) => "postalAddress",
        Field::Data(ProfileField::MemberNumber) => "memberNumber",
        Field::Language => "language",
    }
}
