//! Signing off what others did (Q2, Q10), and who did so.

use crate::{App, AuditedEvent, Done, Error, Problem, ProblemCode, Viewer, error::not_found};
use domain::{
    AccountId, OrganisationId, Timestamp,
    audit::Right,
    event::Event,
    id::ReviewId,
    review::{self, COMMENT_CHARACTERS, Command, EVENTS, Examined, Finding, Refusal},
};
use eventstore::{
    Position, Recorded,
    log::{ContentKeys, StreamName},
};
use projections::audit::actor;
use std::collections::HashMap;
use uuid::Uuid;

/// An event of the audit, as whoever saw it names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRef {
    /// Its place in the log.
    pub position: Position,
    /// Its own id.
    pub id: Uuid,
}

/// What is to be signed off.
#[derive(Debug, Clone)]
pub struct SignOff {
    /// Which events; `None` for what names none.
    pub events: Vec<Option<EventRef>>,
    /// What the reviewer found.
    pub finding: Finding,
    /// In words.
    pub comment: Option<String>,
}

/// A reviewer's sign-off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Which.
    pub id: ReviewId,
    /// Who.
    pub by: AccountId,
    /// When.
    pub at: Timestamp,
    /// What the reviewer found.
    pub finding: Finding,
    /// In the reviewer's own words.
    pub comment: Option<String>,
}

impl App {
    /// Signs events off, all or none. A compliance officer's right; one's own acts are refused (Q2, Q10).
    pub async fn sign_off(
        &self,
        viewer: &Viewer,
        request: SignOff,
    ) -> Result<Done<Vec<AuditedEvent>>, Error> {
        let meta = self.authorise(viewer, Right::ReadAudit).await?;
        let organisation = viewer.organisation;
        // Before anything is read: a list from outside can be of any length.
        if !(1..=EVENTS).contains(&request.events.len()) {
            return Err(Problem::from(Refusal::BadNumber).into());
        }
        let found = self.examined(organisation, &request.events).await?;
        let events =
            found.iter().map(|event| Examined { position: event.position, actor: actor(&event.meta) });
        let events: Vec<_> = events.collect();
        let (id, at): (ReviewId, _) = (self.log.clock().new_id(), self.log.now());
        let sign_off = || Command::SignOff {
            by: viewer.account,
            joined: viewer.holder.joined.iter().copied().collect(),
            events: events.clone(),
            finding: request.finding,
            comment: request.comment.as_deref().map(str::trim).map(str::to_owned),
            at,
        };
        let signed = self.log.execute::<review::Review>(organisation, id.uuid(), &meta, sign_off).await?;
        let position = signed.map_err(refused)?.position();
        self.models.wait_for(position, &["audit"]).await?;
        Ok(Done { value: found.iter().map(AuditedEvent::from).collect(), position })
    }

    /// Who signed events off, by the event's position, the oldest first. Shown with an event, whose reader is known to have
    /// the right.
    pub async fn reviews_of(
        &self,
        organisation: OrganisationId,
        positions: &[Position],
    ) -> Result<HashMap<Position, Vec<Review>>, Error> {
        let pairs = self.models.reviews(organisation, positions).await?;
        let mut signed_in: Vec<_> = pairs.iter().map(|(_, signed_in)| *signed_in).collect();
        signed_in.dedup();
        let signed = self.log.read_positions(organisation, &signed_in, &ContentKeys::none()).await?;
        let reviews: HashMap<_, _> =
            signed.into_iter().filter_map(|event| Some((event.position, review(event)?))).collect();
        let mut by_event: HashMap<_, Vec<_>> = HashMap::new();
        for (event, signed_in) in pairs {
            by_event.entry(event).or_default().extend(reviews.get(&signed_in).cloned());
        }
        Ok(by_event)
    }

    /// One of them, for compliance officers.
    pub async fn review(&self, viewer: &Viewer, id: ReviewId) -> Result<Option<Review>, Error> {
        if viewer.role_for(Right::ReadAudit).is_none() {
            return Ok(None);
        }
        let stream = StreamName { category: <review::Review as domain::Decider>::CATEGORY, id: id.uuid() };
        let events = self.log.read_stream(viewer.organisation, stream, 0, &ContentKeys::none()).await?;
        Ok(events.into_iter().find_map(review))
    }

    /// The events that are named, in that order, or a problem for each that is not there.
    async fn examined(
        &self,
        organisation: OrganisationId,
        wanted: &[Option<EventRef>],
    ) -> Result<Vec<Recorded>, Error> {
        let positions: Vec<_> = wanted.iter().flatten().map(|event| event.position).collect();
        let events = self.log.read_positions(organisation, &positions, &ContentKeys::none()).await?;
        let by_position: HashMap<_, _> = events.into_iter().map(|event| (event.position, event)).collect();
        let (mut found, mut problems) = (vec![], vec![]);
        for (place, wanted) in wanted.iter().enumerate() {
            let event = wanted.and_then(|wanted| {
                by_position.get(&wanted.position).filter(|event| event.event_id == wanted.id)
            });
            match event {
                Some(event) => found.push(event.clone()),
                None => problems.push(at_event(place, not_found("event"))),
            }
        }
        if problems.is_empty() { Ok(found) } else { Err(Error::Problems(problems)) }
    }
}

fn review(recorded: Recorded) -> Option<Review> {
    let Event::Review(id, review::Event::Reviewed { by, finding, comment, at, .. }) = recorded.event else {
        return None;
    };
    let comment = comment.and_then(|comment| comment.value().cloned());
    Some(Review { id, by, at, finding, comment })
}

/// One's own acts are named one by one.
fn refused(refusal: Refusal) -> Error {
    let Refusal::OwnActs(places) = refusal else { return Problem::from(refusal).into() };
    let message = "You did this yourself; somebody else must sign it off.";
    let own = |place| at_event(place, Problem::new(ProblemCode::NotAllowed, message));
    Error::Problems(places.into_iter().map(own).collect())
}

fn at_event(place: usize, problem: Problem) -> Problem {
    problem.at(["eventIds", &place.to_string()])
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::BadNumber => {
                Self::new(ProblemCode::Invalid, format!("Sign off 1 to {EVENTS} events at once."))
                    .at(["eventIds"])
            }
            Refusal::OwnActs(_) => {
                Self::new(ProblemCode::NotAllowed, "Nobody signs off what they did themselves.")
                    .at(["eventIds"])
            }
            Refusal::BadComment => Self::new(
                ProblemCode::TooLong,
                format!("Give the comment in {COMMENT_CHARACTERS} characters at most."),
            )
            .at(["comment"]),
        }
    }
}
