//! What a mail says, in the parts that both its forms are made of.

use domain::Timestamp;

/// What one mail says, between the organisation's name and what stands under every mail.
pub(crate) struct Words {
    /// Subject; the organisation's name at most (R12).
    pub(crate) subject: String,
    pub(crate) heading: String,
    /// Before the button.
    pub(crate) says: Vec<Paragraph>,
    pub(crate) button: Option<Button>,
    /// Under the button.
    pub(crate) adds: Vec<Paragraph>,
}

/// The one thing to do.
pub(crate) struct Button {
    pub(crate) label: &'static str,
    pub(crate) url: String,
}

/// A paragraph.
pub(crate) enum Paragraph {
    /// Running words.
    Text(Vec<Piece>),
    /// Somebody's own words, apart from ours.
    Quote(String),
}

/// A piece of a paragraph.
pub(crate) enum Piece {
    Plain(String),
    /// What the eye should find, such as a date.
    Strong(String),
    Link {
        label: &'static str,
        url: String,
    },
}

pub(crate) fn text(words: impl Into<String>) -> Paragraph {
    Paragraph::Text(vec![Piece::Plain(words.into())])
}

/// Words up to something that stands out, which ends the sentence.
pub(crate) fn stressed(words: impl Into<String>, strong: String) -> Paragraph {
    Paragraph::Text(vec![Piece::Plain(words.into()), Piece::Strong(strong), Piece::Plain(".".into())])
}

/// A day, for people.
pub(crate) fn date(at: Timestamp) -> String {
    let day = at.day();
    format!("{} {} {}", day.day(), day.month(), day.year())
}
