//! What officers are told at once.

use super::words::{Button, Words, stressed, text};
use domain::{Timestamp, organisation::Identity};

/// K6: that, and until when. By whom, why and to what is for who has logged in.
pub(crate) fn alert(of: &Identity, until: Timestamp) -> Words {
    Words {
        subject: format!("Emergency access was opened at {}", of.name),
        heading: "Emergency access was opened".to_owned(),
        says: vec![
            text(format!(
                "Somebody who has the right to opened emergency access to secure messages of {}. By whom, why and to which \
                 messages you see once you have logged in.",
                of.name
            )),
            stressed("It ends by itself at ", until.to_string()),
        ],
        button: Some(Button { label: "Log in", url: format!("{}/", of.portal_url) }),
        adds: vec![text("Look at what was done with it, and sign it off.")],
    }
}
