//! From an invitation to an account that can log in, and who a person is.

use super::*;
use crate::decider::replay;

fn registration(typed: &str, at: Timestamp) -> Register {
    Register {
        invitation: id(3),
        address: address(typed),
        profile: Profile::default(),
        user_name: None,
        credentials: credentials(),
        activation: Some(link(4)),
        at,
    }
}
fn register(form: Register) -> Command {
    Command::Register(Box::new(form))
}
fn resent(n: u128, at: Timestamp) -> Event {
    Event::InvitationResent { invitation: link_until(n, minutes(120)), at }
}

/// A1, B8: an invitation is bound to one address; inviting again stays quiet until it lapsed, then a new link goes out.
#[test]
fn an_invitation_is_sent_once_and_again_when_it_lapsed() {
    given::<Account>([]).when(Command::Invite(invite(NOON))).then([invited()]);
    given::<Account>([invited()]).when(Command::Invite(invite(minutes(59)))).then_nothing();
    let again = Invite { invitation: link_until(5, minutes(120)), ..invite(minutes(60)) };
    given::<Account>([invited()]).when(Command::Invite(again.clone())).then([resent(5, minutes(60))]);
    given::<Account>([invited(), resent(5, minutes(60))]).when(Command::Invite(again)).then_nothing();
    given::<Account>(active()).when(Command::Invite(invite(minutes(90)))).then_nothing();
}

/// R11: an invitation lapses at its time, not before, once, and not when it was taken up.
#[test]
fn an_invitation_lapses_at_its_time() {
    let lapse = |at| Command::LapseInvitation { at };
    let lapsed = Event::InvitationLapsed { at: minutes(60) };
    given::<Account>([invited()]).when(lapse(seconds(60 * 60 - 1))).then_nothing();
    given::<Account>([invited()]).when(lapse(minutes(60))).then([lapsed.clone()]);
    given::<Account>([invited(), lapsed.clone()]).when(lapse(minutes(61))).then_nothing();
    given::<Account>(awaiting_activation()).when(lapse(minutes(60))).then_nothing();
    given::<Account>([]).when(lapse(NOON)).then_refused(Refusal::NotInvited);
    given::<Account>([invited(), lapsed, resent(5, minutes(60))])
        .when(lapse(minutes(120)))
        .then([Event::InvitationLapsed { at: minutes(120) }]);
}

/// R11, R13: an invitation is sent again with a new link, lapsed or not, but not twice in one minute.
#[test]
fn an_invitation_is_sent_again() {
    let resend = |at| Command::ResendInvitation { invitation: link_until(5, minutes(120)), at };
    given::<Account>([invited()]).when(resend(seconds(59))).then_nothing();
    given::<Account>([invited()]).when(resend(minutes(1))).then([resent(5, minutes(1))]);
    given::<Account>([invited()]).when(resend(minutes(90))).then([resent(5, minutes(90))]);
    given::<Account>([invited(), resent(5, minutes(1))]).when(resend(minutes(1))).then_nothing();
    given::<Account>(active()).when(resend(minutes(1))).then_refused(Refusal::AlreadyRegistered);
    given::<Account>(closed()).when(resend(minutes(1))).then_refused(Refusal::Closed);
}

/// R11: once an invitation was sent again, the old link registers nobody.
#[test]
fn the_old_link_is_dead() {
    given::<Account>([invited(), resent(5, minutes(1))])
        .when(register(registration(ADDRESS, minutes(2))))
        .then([Event::RegistrationRefused { why: RegistrationFailure::LinkExpired, at: minutes(2) }]);
}

/// A4, B3, B8: the invited address registers, case apart, and a confirmation goes out.
#[test]
fn the_invited_address_registers() {
    given::<Account>([invited()])
        .when(register(registration("ada@guest.EXAMPLE", NOON)))
        .then(&awaiting_activation()[1..]);
}

/// A5, C5: profile, password, phrase, questions and user name are what was typed.
#[test]
fn a_registration_is_remembered() {
    let profile = Profile { given_name: Some("Ada".into()), ..Profile::default() };
    let user_name = UserName::parse("ada.l").unwrap();
    let form = Register {
        profile: profile.clone(),
        user_name: Some(user_name.clone()),
        ..registration(ADDRESS, NOON)
    };
    let events = Account::decide(&replay::<Account>(&[invited()]), register(form)).unwrap();
    let holder = holder_of(&[vec![invited()], events].concat());
    assert_eq!(holder.profile.value(), Some(&profile));
    assert_eq!(holder.user_name.unwrap().value(), Some(&user_name));
    assert_eq!(holder.credentials, Some(credentials()));
}

/// B9: another address is refused, and the refusal is on record.
#[test]
fn another_address_is_refused() {
    given::<Account>([invited()])
        .when(register(registration("eve@guest.example", NOON)))
        .then([Event::RegistrationRefused { why: RegistrationFailure::AnotherAddress, at: NOON }]);
}

/// R11: an old or foreign link registers nobody; one that did its work is refused.
#[test]
fn an_old_or_used_invitation_registers_nobody() {
    let expired = |at| Event::RegistrationRefused { why: RegistrationFailure::LinkExpired, at };
    given::<Account>([invited()])
        .when(register(registration(ADDRESS, minutes(60))))
        .then([expired(minutes(60))]);
    let foreign = Register { invitation: id(5), ..registration(ADDRESS, NOON) };
    given::<Account>([invited()]).when(register(foreign)).then([expired(NOON)]);
    for past in [awaiting_activation(), active(), closed()] {
        given::<Account>(past)
            .when(register(registration(ADDRESS, NOON)))
            .then_refused(Refusal::AlreadyRegistered);
    }
    given::<Account>([]).when(register(registration(ADDRESS, NOON))).then_refused(Refusal::NotInvited);
}

/// C6: where the policy needs no confirmation, registering activates.
#[test]
fn without_an_activation_step_registering_activates() {
    let form = Register { activation: None, ..registration(ADDRESS, NOON) };
    given::<Account>([invited()]).when(register(form)).then([registered(), Event::Activated { at: NOON }]);
}

/// A4: the link activates once, in its time, and no other link does.
#[test]
fn the_link_activates_once() {
    let activate = |n, at| Command::Activate { link: id(n), at };
    given::<Account>(awaiting_activation())
        .when(activate(4, minutes(1)))
        .then([Event::Activated { at: minutes(1) }]);
    given::<Account>(active()).when(activate(4, minutes(1))).then_refused(Refusal::LinkUsed);
    given::<Account>(awaiting_activation()).when(activate(5, NOON)).then_refused(Refusal::LinkInvalid);
    given::<Account>(awaiting_activation()).when(activate(4, minutes(60))).then_refused(Refusal::LinkExpired);
    given::<Account>([invited()]).when(activate(4, NOON)).then_refused(Refusal::LinkInvalid);
    given::<Account>(closed()).when(activate(4, NOON)).then_refused(Refusal::LinkUsed);
}

/// B3, R11, R13: the confirmation is mailed again, at most once a minute, and its old link is dead.
#[test]
fn a_confirmation_is_mailed_again() {
    let resend = |at| Command::ResendActivation { activation: link(5), at };
    let issued = |at| Event::ActivationIssued { activation: link(5), at };
    given::<Account>(awaiting_activation()).when(resend(seconds(59))).then_nothing();
    given::<Account>(awaiting_activation()).when(resend(minutes(1))).then([issued(minutes(1))]);
    after(awaiting_activation(), [issued(minutes(1))]).when(resend(minutes(1))).then_nothing();
    after(awaiting_activation(), [issued(minutes(1))])
        .when(Command::Activate { link: id(4), at: minutes(2) })
        .then_refused(Refusal::LinkInvalid);
    given::<Account>([invited()]).when(resend(minutes(1))).then_refused(Refusal::LinkInvalid);
    given::<Account>(active()).when(resend(minutes(1))).then_refused(Refusal::LinkUsed);
}

/// A19: a profile is changed as a whole; the same one again stays quiet, and a closed account's stays.
#[test]
fn a_profile_is_changed() {
    let profile = Profile { telephone: Some("+15551230000".into()), ..Profile::default() };
    let update = || Command::UpdateProfile { profile: Box::new(profile.clone()), at: NOON };
    let updated = Event::ProfileUpdated { profile: Personal::known(profile.clone()), at: NOON };
    given::<Account>(active()).when(update()).then([updated.clone()]);
    after(active(), [updated]).when(update()).then_nothing();
    given::<Account>(closed()).when(update()).then_refused(Refusal::Closed);
}

/// B41, C15: a guest becomes a member once, and belongs to no group of guests from then on.
#[test]
fn a_guest_becomes_a_member() {
    let promote = || Command::PromoteToMember { at: NOON };
    given::<Account>(active()).when(promote()).then([Event::PromotedToMember { at: NOON }]);
    given::<Account>(member()).when(promote()).then_nothing();
    given::<Account>(closed()).when(promote()).then_refused(Refusal::Closed);
    let holder = holder_of(&member());
    assert_eq!((holder.kind, holder.audience), (Kind::Member, None));
}

/// C15: a guest changes the group or leaves it; members belong to none.
#[test]
fn a_guest_changes_the_group() {
    let set = |audience: Option<&str>| Command::SetAudience { audience: audience.map(Into::into), at: NOON };
    let changed =
        |audience: Option<&str>| Event::AudienceChanged { audience: audience.map(Into::into), at: NOON };
    given::<Account>(active()).when(set(Some("broker"))).then([changed(Some("broker"))]);
    given::<Account>(active()).when(set(None)).then([changed(None)]);
    given::<Account>(active()).when(set(Some("provider"))).then_nothing();
    after(active(), [changed(Some("broker"))]).when(set(Some("broker"))).then_nothing();
    given::<Account>(member()).when(set(Some("broker"))).then_refused(Refusal::NotAGuest);
    given::<Account>(closed()).when(set(Some("broker"))).then_refused(Refusal::Closed);
}
