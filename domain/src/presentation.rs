//! How an organisation shows itself: colour, words, support and the client programs that it supports (A47, B35, B54, B55).

use serde::{Deserialize, Serialize};

/// What is shown in public. Holds neither content nor a person's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presentation {
    /// Accent of pages and mails as `#rrggbb`, dark enough for white text on it (R8).
    pub colour: String,
    /// Words of the notification mail besides its link, at most [`TEXT_CHARACTERS`] (A7, B35).
    pub notification_text: String,
    /// The organisation's own words, Markdown, at most [`STATEMENT_CHARACTERS`] (A47).
    pub privacy_statement: String,
    /// Telephone numbers, at most [`ENTRIES`] (A47).
    pub support: Vec<SupportContact>,
    /// Client programs that work here, at most [`ENTRIES`] (B54, B55).
    pub clients: Vec<SupportedClient>,
}

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupportContact {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// E.164, such as `+15551230000`.
    pub telephone: String,
    /// When someone answers, in words.
    #[serde(default)]
    pub hours: Option<String>,
}

/// A client program that the organisation supports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupportedClient {
    /// Its name, as it names itself.
    pub name: String,
    /// Where it runs.
    pub platform: String,
    /// Older ones are refused; numbers and dots.
    pub minimum_version: String,
    /// The version that the server wants (B54); numbers and dots.
    pub wanted_version: String,
}

/// Something shown in public that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct PresentationProblem {
    /// Its path, such as `support`.
    pub field: &'static str,
    /// One sentence that says what to choose.
    pub why: &'static str,
}

/// Characters of the notification's words.
pub const TEXT_CHARACTERS: usize = 2000;
/// Characters of the privacy statement.
pub const STATEMENT_CHARACTERS: usize = 100_000;
/// Entries of each list.
pub const ENTRIES: usize = 100;
/// Characters of a name, a platform, a version or of hours.
const WORD_CHARACTERS: usize = 100;
/// WCAG 2.2, success criterion 1.4.3.
const CONTRAST: f64 = 4.5;

/// A blue that white text stands out on.
impl Default for Presentation {
    fn default() -> Self {
        Self {
            colour: "#1f4f82".into(),
            notification_text: String::new(),
            privacy_statement: String::new(),
            support: vec![],
            clients: vec![],
        }
    }
}

impl Presentation {
    /// Everything that cannot be shown, in the order of the fields.
    #[must_use]
    pub fn problems(&self) -> Vec<PresentationProblem> {
        let mut problems = vec![];
        let mut unless = |holds: bool, field, why| {
            if !holds {
                problems.push(PresentationProblem { field, why });
            }
        };
        let contrast = rgb(&self.colour).map(contrast_to_white);
        unless(contrast.is_some(), "colour", "Write the colour as # and six hexadecimal digits.");
        unless(
            contrast.is_none_or(|ratio| ratio >= CONTRAST),
            "colour",
            "Choose a darker colour: white text on it needs a contrast of 4.5 to 1.",
        );
        unless(
            is_text(&self.notification_text, TEXT_CHARACTERS),
            "notificationText",
            "Use 2000 characters at most, and no control characters.",
        );
        unless(
            is_text(&self.privacy_statement, STATEMENT_CHARACTERS),
            "privacyStatement",
            "Use 100000 characters at most, and no control characters.",
        );
        unless(
            self.support.len() <= ENTRIES && self.support.iter().all(SupportContact::is_valid),
            "support",
            "List at most 100 contacts, each with a country such as US and a number such as +15551230000.",
        );
        unless(
            self.clients.len() <= ENTRIES && self.clients.iter().all(SupportedClient::is_valid),
            "clients",
            "List at most 100 clients, each with name, platform and versions such as 2.10.1, the wanted one no older than \
             the minimum.",
        );
        problems
    }
}

impl SupportContact {
    fn is_valid(&self) -> bool {
        let digits = self.telephone.strip_prefix('+').unwrap_or_default();
        self.country.len() == 2
            && self.country.bytes().all(|letter| letter.is_ascii_uppercase())
            && (7..=15).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit())
            && self.hours.as_ref().is_none_or(|hours| is_word(hours))
    }
}

impl SupportedClient {
    fn is_valid(&self) -> bool {
        is_word(&self.name)
            && is_word(&self.platform)
            && match (version(&self.minimum_version), version(&self.wanted_version)) {
                (Some(minimum), Some(wanted)) => minimum <= wanted,
                (None, _) | (_, None) => false,
            }
    }

    /// Whether a client of that version is too old to be served; one whose version cannot be read is (B54).
    #[must_use]
    pub fn is_too_old(&self, offered: &str) -> bool {
        version(offered) < version(&self.minimum_version)
    }
}

/// The numbers of a version, such as `2.10.1`; `None` when it is none. Missing numbers at the end count as zero.
fn version(text: &str) -> Option<Vec<u32>> {
    let parts: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
    let mut parts = parts.filter(|parts| parts.len() <= 4)?;
    parts.resize(4, 0);
    Some(parts)
}

fn is_word(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= WORD_CHARACTERS && !text.chars().any(char::is_control)
}

fn is_text(text: &str, most: usize) -> bool {
    text.chars().count() <= most && text.chars().all(|c| !c.is_control() || c == '\n')
}

fn rgb(colour: &str) -> Option<[u8; 3]> {
    let digits = colour.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some([channel(0)?, channel(2)?, channel(4)?])
}

/// The contrast ratio of WCAG 2.2 between this colour and white.
fn contrast_to_white(rgb: [u8; 3]) -> f64 {
    let linear = |channel: u8| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    let [red, green, blue] = rgb.map(linear);
    1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(change: impl FnOnce(&mut Presentation)) -> Vec<&'static str> {
        let mut presentation = Presentation::default();
        change(&mut presentation);
        presentation.problems().into_iter().map(|problem| problem.field).collect()
    }

    /// R8: an accent that white text does not stand out on is refused, and so is what is no colour.
    #[test]
    fn a_pale_colour_is_refused() {
        assert!(problems(|_| ()).is_empty());
        assert!(problems(|shown| shown.colour = "#767676".into()).is_empty());
        for colour in ["#777777", "#ffffff", "red", "#12345", "#1234567", "#12345é"] {
            assert_eq!(problems(|shown| shown.colour = colour.into()), ["colour"], "{colour}");
        }
    }

    /// A47, B35: texts are bounded and hold no control characters, which could begin a header of a mail.
    #[test]
    fn texts_are_bounded() {
        assert!(problems(|shown| shown.notification_text = "Two\nlines".into()).is_empty());
        assert_eq!(problems(|shown| shown.notification_text = "A\r\nBcc: x".into()), ["notificationText"]);
        assert_eq!(problems(|shown| shown.notification_text = "a".repeat(2001)), ["notificationText"]);
        assert_eq!(problems(|shown| shown.privacy_statement = "a".repeat(100_001)), ["privacyStatement"]);
    }

    /// A47: a support contact has a country and a number that can be dialled.
    #[test]
    fn a_support_contact_can_be_called() {
        let contact = |country: &str, telephone: &str| SupportContact {
            country: country.into(),
            telephone: telephone.into(),
            hours: None,
        };
        assert!(problems(|shown| shown.support = vec![contact("US", "+15551230000")]).is_empty());
        for (country, telephone) in
            [("us", "+15551230000"), ("USA", "+15551230000"), ("US", "555-1230"), ("US", "+")]
        {
            assert_eq!(problems(|shown| shown.support = vec![contact(country, telephone)]), ["support"]);
        }
    }

    /// B54, B55: versions are compared by their numbers, and the wanted one is no older than the minimum.
    #[test]
    fn a_supported_client_has_versions() {
        let client = |minimum: &str, wanted: &str| SupportedClient {
            name: "Plugin".into(),
            platform: "Outlook".into(),
            minimum_version: minimum.into(),
            wanted_version: wanted.into(),
        };
        assert!(problems(|shown| shown.clients = vec![client("2.9", "2.10")]).is_empty());
        for (minimum, wanted) in [("2.10", "2.9"), ("", "1"), ("1.x", "2"), ("1.2.3.4.5", "2")] {
            assert_eq!(problems(|shown| shown.clients = vec![client(minimum, wanted)]), ["clients"]);
        }
        let supported = client("2.9", "2.10");
        assert!(supported.is_too_old("2.8.9") && supported.is_too_old("unknown"));
        assert!(!supported.is_too_old("2.9.0") && !supported.is_too_old("2.10"));
    }
}
