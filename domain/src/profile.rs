//! What can stand in a profile, when it is first filled in and whenever it is changed (A3, A5, A19).

use crate::{account::Profile, policy::ProfileField};
use std::collections::BTreeSet;

/// Characters of each text.
pub const TEXT_CHARACTERS: usize = 200;

/// A field of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// One that the policy can ask for.
    Data(ProfileField),
    /// The language; it has a default and is never asked for.
    Language,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Complaint {
    /// It is asked for, and empty.
    Missing,
    /// Longer than [`TEXT_CHARACTERS`].
    TooLong,
    /// Several lines, or a control character.
    ControlCharacter,
}

/// Every field.
pub const FIELDS: [Field; 7] = [
    Field::Data(ProfileField::GivenName),
    Field::Data(ProfileField::FamilyName),
    Field::Data(ProfileField::Company),
    Field::Data(ProfileField::Telephone),
    Field::Data(ProfileField::PostalAddress),
    Field::Data(ProfileField::MemberNumber),
    Field::Language,
];

/// Everything that is wrong with a profile of which these fields are asked for; each field once.
#[must_use]
pub fn complaints(profile: &Profile, asked: &BTreeSet<ProfileField>) -> Vec<(Field, Complaint)> {
    let complaint = |field: Field| match profile.text(field).map(str::trim) {
        None | Some("") => field.is_among(asked).then_some(Complaint::Missing),
        Some(text) if text.chars().count() > TEXT_CHARACTERS => Some(Complaint::TooLong),
        Some(text) if text.chars().any(|c| c.is_control() && !field.takes(c)) => {
            Some(Complaint::ControlCharacter)
        }
        Some(_) => None,
    };
    FIELDS.into_iter().filter_map(|field| Some((field, complaint(field)?))).collect()
}

impl Profile {
    /// What stands in a field.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&str> {
        match field {
            Field::Data(ProfileField::GivenName) => self.given_name.as_deref(),
            Field::Data(ProfileField::FamilyName) => self.family_name.as_deref(),
            Field::Data(ProfileField::Company) => self.company.as_deref(),
            Field::Data(ProfileField::Telephone) => self.telephone.as_deref(),
            Field::Data(ProfileField::PostalAddress) => self.postal_address.as_deref(),
            Field::Data(ProfileField::MemberNumber) => self.member_number.as_deref(),
            Field::Language => self.language.as_deref(),
        }
    }

    /// The profile after a change: what is left out stays (A19), and an empty text takes one away.
    #[must_use]
    pub fn changed(&self, change: &Self) -> Self {
        let text = |field| match change.text(field).map(str::trim) {
            None => self.text(field).map(str::to_owned),
            Some("") => None,
            Some(text) => Some(text.to_owned()),
        };
        Self {
            given_name: text(Field::Data(ProfileField::GivenName)),
            family_name: text(Field::Data(ProfileField::FamilyName)),
            company: text(Field::Data(ProfileField::Company)),
            telephone: text(Field::Data(ProfileField::Telephone)),
            postal_address: text(Field::Data(ProfileField::PostalAddress)),
            member_number: text(Field::Data(ProfileField::MemberNumber)),
            language: text(Field::Language),
        }
    }
}

impl Field {
    fn is_among(self, asked: &BTreeSet<ProfileField>) -> bool {
        match self {
            Self::Data(field) => asked.contains(&field),
            Self::Language => false,
        }
    }

    /// An address is written on several lines.
    fn takes(self, c: char) -> bool {
        self == Self::Data(ProfileField::PostalAddress) && matches!(c, '\n' | '\r')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(given_name: &str) -> Profile {
        Profile { given_name: Some(given_name.into()), ..Profile::default() }
    }

    /// A3, A5: what is asked for must be there, and each text is one line of 200 characters at most.
    #[test]
    fn a_text_has_bounds() {
        let asked = BTreeSet::from([ProfileField::GivenName]);
        let field = Field::Data(ProfileField::GivenName);
        let of = |text: &str| complaints(&profile(text), &asked);
        assert_eq!(of("Ada"), []);
        assert_eq!(of(" "), [(field, Complaint::Missing)]);
        assert_eq!(of(&"ä".repeat(TEXT_CHARACTERS)), []);
        assert_eq!(of(&"ä".repeat(TEXT_CHARACTERS + 1)), [(field, Complaint::TooLong)]);
        assert_eq!(of("A\nda"), [(field, Complaint::ControlCharacter)]);
        assert_eq!(complaints(&profile(""), &BTreeSet::new()), []);
        let home = Profile { postal_address: Some("Lake 1\nNorth".into()), ..profile("Ada") };
        assert_eq!(complaints(&home, &asked), []);
    }

    /// A19: what a change leaves out stays, and what it empties is gone.
    #[test]
    fn what_is_left_out_stays() {
        let before = Profile { company: Some("Lake".into()), ..profile("Ada") };
        let change =
            Profile { company: Some(" ".into()), telephone: Some(" 1 ".into()), ..Profile::default() };
        let after = before.changed(&change);
        assert_eq!(after, Profile { telephone: Some("1".into()), ..profile("Ada") });
    }
}
