//! The registration form: from what was typed to what the use case takes.

use crate::{
    fields::{self, Field},
    form::{Filled, Mistake, in_order},
};
use app::{Challenge, RegistrationForm};
use domain::{
    account::Profile,
    address::{AddressError, EmailAddress},
    policy::Policy,
};

/// Every field of the form as this policy has it.
pub(crate) fn fields_of(policy: &Policy) -> Vec<Field> {
    fields::registration(policy).into_iter().flat_map(|group| group.rows).flatten().collect()
}

/// What the use case takes, or what keeps it from being asked. Its own rules are not repeated here.
pub(crate) fn read(filled: &Filled, token: &str, policy: &Policy) -> Result<RegistrationForm, Vec<Mistake>> {
    let fields = fields_of(policy);
    let mut mistakes = filled.blanks(&fields);
    let address = EmailAddress::parse(filled.text("address"));
    if let Err(error) = &address
        && *error != AddressError::Empty
    {
        mistakes.push(Mistake::at("address", &error.to_string()));
    }
    mistakes.extend(filled.differing(&fields));
    match address {
        Ok(address) if mistakes.is_empty() => Ok(RegistrationForm {
            invitation: token.to_owned(),
            address,
            user_name: None,
            password: filled.secret("password"),
            profile: profile(filled),
            reminder: filled.given("reminderPhrase").map(Into::into),
            challenges: challenges(filled, policy),
        }),
        Ok(_) | Err(_) => Err(in_order(mistakes, &fields)),
    }
}

fn profile(filled: &Filled) -> Profile {
    Profile {
        given_name: filled.given("givenName"),
        family_name: filled.given("familyName"),
        company: filled.given("company"),
        telephone: filled.given("telephone"),
        postal_address: filled.given("postalAddress"),
        member_number: filled.given("memberNumber"),
        language: None,
    }
}

fn challenges(filled: &Filled, policy: &Policy) -> Vec<Challenge> {
    let ids: &[_] =
        if policy.recovery.challenge { &[("question1", "answer1"), ("question2", "answer2")] } else { &[] };
    let challenge = |(question, answer): &(&str, &str)| Challenge {
        question: filled.text(question).to_owned(),
        answer: filled.secret(answer),
    };
    ids.iter().map(challenge).collect()
}
