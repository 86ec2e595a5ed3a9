use super::*;
use crate::{decider::kit::given, policy::Pack};
use uuid::Uuid;

const AT: Timestamp = Timestamp::from_micros(1_767_600_000_000_000);

fn founded() -> Event {
    Event::Founded {
        identity: Identity {
            name: "Insurer".into(),
            portal_url: "https://mail.insurer.example".into(),
            do_not_reply: "do-not-reply@insurer.example".into(),
        },
        policy: Box::new(Policy::from_pack(Pack::Portal)),
        domains: BTreeSet::new(),
        at: AT,
    }
}

/// K2: an organisation is founded once, with a policy within its bounds, and before that nothing can be asked of it.
#[test]
fn an_organisation_is_founded_once() {
    let Event::Founded { identity, policy, domains, at } = founded() else { unreachable!() };
    let found = |policy| Command::Found { identity: identity.clone(), policy, domains: domains.clone(), at };
    given::<Organisation>([]).when(found(policy.clone())).then([founded()]);
    given::<Organisation>([founded()]).when(found(policy.clone())).then_refused(Refusal::AlreadyFounded);
    given::<Organisation>([]).when(found(bad_policy())).then_refused(Refusal::BadPolicy);
    let early = [
        change(policy, 1, None),
        update("Insurer", Presentation::default()),
        claim("insurer.example"),
        release("insurer.example"),
        grant(1, Role::Administrator),
        revoke(1, Role::Administrator),
    ];
    for command in early {
        given::<Organisation>([]).when(command).then_refused(Refusal::NotFounded);
    }
}

/// B29: an organisation that mails could not come from, or lead to, is not founded.
#[test]
fn an_identity_is_complete() {
    let Event::Founded { identity, policy, domains, at } = founded() else { unreachable!() };
    for bad in [
        Identity { name: "two\nlines".into(), ..identity.clone() },
        Identity { portal_url: "mail.insurer.example".into(), ..identity.clone() },
        Identity { portal_url: "https://mail.insurer.example/".into(), ..identity.clone() },
        Identity { do_not_reply: "nobody".into(), ..identity.clone() },
    ] {
        let found = Command::Found { identity: bad, policy: policy.clone(), domains: domains.clone(), at };
        given::<Organisation>([]).when(found).then_refused(Refusal::BadIdentity);
    }
}

fn account(n: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(n))
}
fn granted(n: u128, role: Role) -> Event {
    Event::RoleGranted { account: account(n), role, at: AT }
}
fn grant(n: u128, role: Role) -> Command {
    Command::GrantRole { account: account(n), role, at: AT }
}

fn revoke(n: u128, role: Role) -> Command {
    Command::RevokeRole { account: account(n), role, at: AT }
}
fn change(policy: Box<Policy>, version: u32, reason: Option<&str>) -> Command {
    changing(policy, version, reason, true)
}
fn changing(policy: Box<Policy>, version: u32, reason: Option<&str>, second_person: bool) -> Command {
    Command::ChangePolicy { policy, version, reason: reason.map(Into::into), second_person, at: AT }
}
fn changed(pack: Pack, version: u32, reason: Option<&str>) -> Event {
    let policy = Box::new(Policy::from_pack(pack));
    Event::PolicyChanged { policy, version, reason: reason.map(Into::into), at: AT }
}
/// Nobody could mistype a password.
fn bad_policy() -> Box<Policy> {
    let mut policy = Policy::default();
    policy.sessions.lockout_threshold = 1;
    Box::new(policy)
}
fn update(name: &str, presentation: Presentation) -> Command {
    Command::Update { name: name.into(), presentation: Box::new(presentation), at: AT }
}
fn updated(name: &str, presentation: Presentation) -> Event {
    Event::Updated { name: name.into(), presentation: Box::new(presentation), at: AT }
}
fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}
fn claim(text: &str) -> Command {
    Command::ClaimDomain { domain: domain(text), at: AT }
}
fn claimed(text: &str) -> Event {
    Event::DomainClaimed { domain: domain(text), at: AT }
}
fn release(text: &str) -> Command {
    Command::ReleaseDomain { domain: domain(text), at: AT }
}
fn released(text: &str) -> Event {
    Event::DomainReleased { domain: domain(text), at: AT }
}

/// K2: a role is granted once, and repeating it stays quiet.
#[test]
fn a_role_is_granted_once() {
    given::<Organisation>([founded()])
        .when(grant(1, Role::ComplianceOfficer))
        .then([granted(1, Role::ComplianceOfficer)]);
    given::<Organisation>([founded(), granted(1, Role::ComplianceOfficer)])
        .when(grant(1, Role::ComplianceOfficer))
        .then_nothing();
}

/// K2: nobody both reads content and administers.
#[test]
fn administration_and_content_do_not_meet() {
    given::<Organisation>([founded(), granted(1, Role::Administrator)])
        .when(grant(1, Role::BreakGlass))
        .then_refused(Refusal::ConflictingRole);
}

/// K2: a role is taken away once, and can be granted anew.
#[test]
fn a_role_is_taken_away_once() {
    let held = granted(1, Role::Approver);
    let lost = Event::RoleRevoked { account: account(1), role: Role::Approver, at: AT };
    given::<Organisation>([founded(), held.clone()]).when(revoke(1, Role::Approver)).then([lost.clone()]);
    let past = [founded(), held.clone(), lost];
    given::<Organisation>(&past).when(revoke(1, Role::Approver)).then_nothing();
    given::<Organisation>(&past).when(grant(1, Role::Approver)).then([held]);
}

/// K2: the last administrator stays; with another one left, an administrator may go.
#[test]
fn the_last_administrator_stays() {
    let (one, two) = (granted(1, Role::Administrator), granted(2, Role::Administrator));
    let lost = Event::RoleRevoked { account: account(1), role: Role::Administrator, at: AT };
    given::<Organisation>([founded(), one.clone()])
        .when(revoke(1, Role::Administrator))
        .then_refused(Refusal::LastAdministrator);
    given::<Organisation>([founded(), one.clone()]).when(revoke(2, Role::Administrator)).then_nothing();
    given::<Organisation>([founded(), one, two]).when(revoke(1, Role::Administrator)).then([lost]);
}

/// Q8: a policy change names the version it saw; a stale one is refused, the same policy again is quiet.
#[test]
fn a_policy_change_names_what_it_saw() {
    let to = |pack, version| change(Box::new(Policy::from_pack(pack)), version, None);
    let second = changed(Pack::Envelope, 2, None);
    given::<Organisation>([founded()]).when(to(Pack::Envelope, 1)).then([second.clone()]);
    given::<Organisation>([founded()]).when(to(Pack::Envelope, 2)).then_refused(Refusal::StalePolicy);
    given::<Organisation>([founded()]).when(to(Pack::Portal, 1)).then_nothing();
    let past = [founded(), second];
    given::<Organisation>(&past).when(to(Pack::Envelope, 1)).then_refused(Refusal::StalePolicy);
    given::<Organisation>(&past).when(to(Pack::Portal, 2)).then([changed(Pack::Portal, 3, None)]);
    given::<Organisation>([founded()]).when(change(bad_policy(), 1, None)).then_refused(Refusal::BadPolicy);
}

/// K3: what is kept for a shorter time needs a second person, whatever else changes with it; anything else needs none.
#[test]
fn shorter_retention_needs_a_second_person() {
    let alone = |policy, version| changing(Box::new(Policy::from_pack(policy)), version, None, false);
    given::<Organisation>([founded()]).when(alone(Pack::Envelope, 1)).then([changed(
        Pack::Envelope,
        2,
        None,
    )]);
    let past = [founded(), changed(Pack::Envelope, 2, None)];
    given::<Organisation>(&past).when(alone(Pack::Portal, 2)).then_refused(Refusal::SecondPersonNeeded);
    given::<Organisation>(&past).when(alone(Pack::Portal, 1)).then_refused(Refusal::StalePolicy);
    let agreed = change(Box::new(Policy::from_pack(Pack::Portal)), 2, None);
    given::<Organisation>(&past).when(agreed).then([changed(Pack::Portal, 3, None)]);
}

/// Q8: the reason for a change is kept; one that is too long or has control characters is refused.
#[test]
fn a_policy_change_has_a_reason() {
    let with = |reason| change(Box::new(Policy::from_pack(Pack::Envelope)), 1, Some(reason));
    let longest = "é".repeat(REASON_CHARACTERS);
    for reason in ["The regulator asked", longest.as_str()] {
        given::<Organisation>([founded()]).when(with(reason)).then([changed(
            Pack::Envelope,
            2,
            Some(reason),
        )]);
    }
    for reason in [format!("{longest}.").as_str(), "two\nlines", "\u{1b}[2J"] {
        given::<Organisation>([founded()]).when(with(reason)).then_refused(Refusal::BadReason);
    }
}

/// A47: name and presentation are changed as a whole, once; what cannot be shown is refused.
#[test]
fn what_is_shown_is_changed() {
    let green = || Presentation { colour: "#1f5f3f".into(), ..Presentation::default() };
    let past = [founded(), updated("Mutual", green())];
    given::<Organisation>([founded()]).when(update("Insurer", green())).then([updated("Insurer", green())]);
    given::<Organisation>([founded()])
        .when(update("Mutual", Presentation::default()))
        .then([updated("Mutual", Presentation::default())]);
    given::<Organisation>([founded()]).when(update("Insurer", Presentation::default())).then_nothing();
    given::<Organisation>(&past).when(update("Mutual", green())).then_nothing();
    let pale = Presentation { colour: "#ffffff".into(), ..green() };
    given::<Organisation>(&past).when(update("Mutual", pale)).then_refused(Refusal::BadPresentation);
    for name in ["", " ", "two\nlines", "a".repeat(101).as_str()] {
        given::<Organisation>(&past).when(update(name, green())).then_refused(Refusal::BadIdentity);
    }
}

/// A26, B50: a domain becomes the organisation's own once, case apart.
#[test]
fn a_domain_is_claimed_once() {
    given::<Organisation>([founded()]).when(claim("insurer.example")).then([claimed("insurer.example")]);
    let past = [founded(), claimed("insurer.example")];
    given::<Organisation>(&past).when(claim("Insurer.EXAMPLE")).then_nothing();
    given::<Organisation>(&past).when(claim("mail.insurer.example")).then([claimed("mail.insurer.example")]);
}

/// A26, B50: a domain is given up once, and can be claimed anew.
#[test]
fn a_domain_is_given_up_once() {
    let past = [founded(), claimed("insurer.example")];
    given::<Organisation>(&past).when(release("insurer.example")).then([released("insurer.example")]);
    given::<Organisation>([founded()]).when(release("insurer.example")).then_nothing();
    let given_up = [&past[..], &[released("insurer.example")]].concat();
    given::<Organisation>(&given_up).when(release("insurer.example")).then_nothing();
    given::<Organisation>(&given_up).when(claim("insurer.example")).then([claimed("insurer.example")]);
}
