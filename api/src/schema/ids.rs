//! Ids of objects: opaque and stable. An id says what it is of, so that `node` finds it and none stands in for another.

use app::EventRef;
use async_graphql::ID;
use base64ct::{Base64UrlUnpadded, Encoding};
use domain::OrganisationId;
use eventstore::Position;
use uuid::Uuid;

/// What an id is of. The numbers are part of every id that was given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Organisation = 1,
    Viewer = 2,
    Account = 3,
    Session = 4,
    Mailbox = 5,
    Message = 6,
    Draft = 7,
    Attachment = 8,
    Delivery = 9,
    Notification = 10,
    Invitation = 11,
    Event = 12,
    Client = 13,
    Alias = 14,
    Policy = 15,
    ContentRule = 16,
    RuleHit = 17,
    TriedHit = 18,
    DryRun = 19,
    Work = 20,
    Review = 21,
    BreakGlass = 22,
    Access = 26,
    Replay = 40,
    ReplayEffect = 41,
}

const KINDS: [Kind; 25] = [
    Kind::Organisation,
    Kind::Viewer,
    Kind::Account,
    Kind::Session,
    Kind::Mailbox,
    Kind::Message,
    Kind::Draft,
    Kind::Attachment,
    Kind::Delivery,
    Kind::Notification,
    Kind::Invitation,
    Kind::Event,
    Kind::Client,
    Kind::Alias,
    Kind::Policy,
    Kind::ContentRule,
    Kind::RuleHit,
    Kind::TriedHit,
    Kind::DryRun,
    Kind::Work,
    Kind::Review,
    Kind::BreakGlass,
    Kind::Access,
    Kind::Replay,
    Kind::ReplayEffect,
];

/// The id of an object.
pub(crate) fn id(kind: Kind, uuid: Uuid) -> ID {
    encode(kind, uuid.as_bytes())
}

/// The id of a message's delivery to an account.
pub(crate) fn delivery(message: Uuid, account: Uuid) -> ID {
    encode(Kind::Delivery, &[*message.as_bytes(), *account.as_bytes()].concat())
}

/// The id of an account's alias.
pub(crate) fn alias(alias: Uuid, account: Uuid) -> ID {
    encode(Kind::Alias, &[*alias.as_bytes(), *account.as_bytes()].concat())
}

/// The id of what a dry run found in a message.
pub(crate) fn tried_hit(run: Uuid, message: Uuid) -> ID {
    encode(Kind::TriedHit, &[*run.as_bytes(), *message.as_bytes()].concat())
}

/// The id of an effect of a replay, which has a number there.
pub(crate) fn replay_effect(replay: Uuid, number: i64) -> ID {
    let number = u128::from(number.unsigned_abs()).to_be_bytes();
    encode(Kind::ReplayEffect, &[*replay.as_bytes(), number].concat())
}

/// The id of an event, with its place in the log: an event is found by its place alone.
pub(crate) fn event(event: EventRef) -> ID {
    encode(Kind::Event, &[*event.id.as_bytes(), place(event.position)].concat())
}

/// The event that such an id names.
pub(crate) fn parse_event(id: &ID) -> Option<EventRef> {
    match decode(id)? {
        (Kind::Event, id, Some(place)) => Some(EventRef { position: position(place)?, id }),
        _ => None,
    }
}

/// The id of an access to a message, by the place of its event in the log.
pub(crate) fn access(message: Uuid, position: Position) -> ID {
    encode(Kind::Access, &[*message.as_bytes(), place(position)].concat())
}

/// The place in the log that is the second part of an id.
pub(crate) fn position(place: Uuid) -> Option<Position> {
    Position::try_from(place.as_u128()).ok()
}

fn place(position: Position) -> [u8; 16] {
    u128::from(position.unsigned_abs()).to_be_bytes()
}

/// The id of an organisation, which has a number.
pub(crate) fn organisation(organisation: OrganisationId) -> ID {
    id(Kind::Organisation, Uuid::from_u128(organisation.0.into()))
}

/// The id of a version of the policy, which has a number.
pub(crate) fn policy(version: u32) -> ID {
    id(Kind::Policy, Uuid::from_u128(version.into()))
}

/// The UUID in an id of that kind; of a delivery it is the message's, of an alias its own, of a dry run's find the run's.
pub(crate) fn parse(kind: Kind, id: &ID) -> Option<Uuid> {
    match decode(id)? {
        (found, first, _) if found == kind => Some(first),
        _ => None,
    }
}

/// What an id is of, and its UUID; the second one of a delivery or an alias is the account's, of a dry
/// run's find the message's, of a replay's effect its number, of an event its place in the log.
pub(crate) fn decode(id: &ID) -> Option<(Kind, Uuid, Option<Uuid>)> {
    let bytes = Base64UrlUnpadded::decode_vec(id.as_str()).ok()?;
    let (kind, rest) = bytes.split_first()?;
    let kind = KINDS.into_iter().find(|known| *known as u8 == *kind)?;
    let (first, rest) = rest.split_first_chunk::<16>()?;
    let second = match (kind, rest) {
        (
            Kind::Delivery | Kind::Alias | Kind::TriedHit | Kind::ReplayEffect | Kind::Event | Kind::Access,
            rest,
        ) => Some(Uuid::from_bytes(rest.try_into().ok()?)),
        (_, []) => None,
        _ => return None,
    };
    Some((kind, Uuid::from_bytes(*first), second))
}

fn encode(kind: Kind, bytes: &[u8]) -> ID {
    Base64UrlUnpadded::encode_string(&[&[kind as u8], bytes].concat()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R4: an id reads as what it is of and as nothing else, and nonsense reads as nothing.
    #[test]
    fn an_id_carries_its_kind() {
        let uuid = Uuid::from_u128(7);
        let message = id(Kind::Message, uuid);
        assert_eq!(parse(Kind::Message, &message), Some(uuid));
        assert_eq!(parse(Kind::Draft, &message), None);
        let recorded = EventRef { position: 9, id: uuid };
        assert_eq!(parse_event(&event(recorded)), Some(recorded));
        assert_eq!(parse_event(&message), None);
        assert_eq!(decode(&delivery(uuid, Uuid::max())), Some((Kind::Delivery, uuid, Some(Uuid::max()))));
        assert!(
            ["", "AA", "!", message.as_str().get(..20).unwrap()]
                .iter()
                .all(|id| decode(&(*id).into()).is_none())
        );
    }
}
