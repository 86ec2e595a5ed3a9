//! Of messages, mails that met a rule, whoever wrote to nobody, and notifications.

use super::{AT, LATER, address, file, id};
use domain::{
    Content, Personal,
    account::Kind,
    address::Mailbox,
    bytes::Sealed,
    content::Action,
    intake,
    message::{self, About, Attachment, Direction, Field, Grant, Onward, Recipient, Taken},
    notification, replier,
};

fn sent() -> message::Event {
    let mailbox = |text| Mailbox::parse(text).expect("a mailbox");
    message::Event::Sent {
        from: id(1),
        recipients: vec![Recipient {
            account: id(2),
            kind: Kind::Member,
            field: Field::Cc,
            notice: Some(notification::Kind::NewMessage),
            notice_at: None,
        }],
        about: Some(About { message: id(8), what: Onward::Forward }),
        content_key: id(10),
        grants: vec![Grant {
            account: id(2),
            direction: Direction::In,
            generation: 1,
            key: Sealed(vec![4; 104]),
        }],
        headline: Content::known(message::Headline {
            subject: "Results".into(),
            from: mailbox("\"Lovelace, Ada\" <ada@insurer.example>"),
            to: vec![mailbox("zoe@guest.example")],
            cc: vec![mailbox("Bob <bob@insurer.example>")],
            attachments: vec![file()],
        }),
        body: Content::known(message::Body { text: "All is well.\n".into(), html: None, original: None }),
        files: vec![],
        secured_by: None,
        attachment_count: 1,
        size_bytes: 52_428_813,
        expires_at: LATER,
        at: AT,
    }
}

pub(super) fn message() -> [message::Event; 12] {
    use message::Event;
    let (by, with) = (id(2), id(11));
    [
        sent(),
        Event::Opened { by, first: true, at: AT },
        Event::Replied { by, with, at: AT },
        Event::Forwarded { by, with, at: AT },
        Event::OnwardRefused { by, what: Onward::Forward, at: AT },
        Event::RuleOverridden {
            by,
            rule: id(13),
            hits: 2,
            reason: Personal::known("It is my own number.".into()),
            at: AT,
        },
        Event::Downloaded { by, what: Taken::Attachment(id(7)), at: AT },
        Event::Printed { by, at: AT },
        Event::Recalled { from: vec![by, id(3)], wholly: true, at: AT },
        Event::Deleted { by, at: AT },
        Event::ExpiryWarned { recipients: vec![by], at: AT },
        Event::Expired { at: LATER },
    ]
}

/// With what came with the gateway and the digest.
pub(super) fn sent_by_gateway() -> (&'static str, message::Event) {
    let mut event = sent();
    if let message::Event::Sent { recipients, files, secured_by, headline, body, .. } = &mut event {
        recipients[0].notice_at = Some(LATER);
        *files = vec![id(7), id(8)];
        *secured_by = Some(id(13));
        let in_parts = || Attachment { parts: vec![5 * 1024 * 1024, 7], ..file() };
        let mut shown = headline.value().cloned().expect("the example has content");
        shown.attachments = vec![in_parts()];
        *headline = Content::known(shown);
        *body = Content::known(message::Body {
            text: "All is well.\n".into(),
            html: Some("<p>All is well.</p>".into()),
            original: Some(Attachment { id: id(8), media_type: "message/rfc822".into(), ..in_parts() }),
        });
    }
    ("gateway", event)
}

pub(super) fn intake() -> [intake::Event; 4] {
    use intake::Event;
    let kept = intake::Kept {
        sender: Some(address("ada@insurer.example")),
        recipients: vec!["zoe@guest.example".into()],
        raw: file(),
    };
    [
        Event::RuleMet {
            rule: id(13),
            action: Action::Hold,
            hits: 3,
            sender: Some(id(1)),
            message: None,
            kept: Some(Content::known(kept)),
            at: AT,
        },
        Event::Decided {
            by: id(4),
            decision: Action::Secure,
            message: Some(id(9)),
            reason: Personal::known("It names a patient.".into()),
            at: AT,
        },
        Event::PassedOn { at: AT },
        Event::PassingFailed { at: AT },
    ]
}

pub(super) fn replier() -> [replier::Event; 1] {
    let address = Personal::known(address("zoe@guest.example"));
    [replier::Event::NoticeOwed { address, about: replier::Matter::Unread, at: AT }]
}

pub(super) fn notification() -> [notification::Event; 5] {
    use notification::Event;
    let about = || notification::About {
        kind: notification::Kind::NewMessage,
        recipient: Some(id(2)),
        message: Some(id(9)),
        sender: None,
    };
    [
        Event::Sent { about: about(), at: AT },
        Event::Deferred { about: about(), reply: Some(451), next_attempt_at: LATER, at: AT },
        Event::Failed { about: about(), reply: Some(550), at: AT },
        Event::Bounced { about: about(), status: Some(notification::MailStatus(5, 1, 1)), at: AT },
        Event::Suppressed { about: about(), why: notification::Suppression::Unsubscribed, at: AT },
    ]
}

pub(super) fn notification_later() -> [(&'static str, notification::Event); 2] {
    let about = |recipient, sender| notification::About {
        kind: notification::Kind::Undeliverable,
        recipient,
        message: None,
        sender,
    };
    [
        ("sender", notification::Event::Sent { about: about(Some(id(2)), Some(id(1))), at: AT }),
        ("address", notification::Event::Sent { about: about(None, None), at: AT }),
    ]
}
