//! The fields before a body (RFC 5322 §3.6, RFC 2045, RFC 2183).

use domain::address::{EmailAddress, Mailbox};
use mail_parser::{Address, ContentType, HeaderName, HeaderValue, Message, MessageParser};
use std::sync::LazyLock;

/// Characters of a name before an address; what a [`Mailbox`] has.
const NAME_CHARACTERS: usize = 200;

/// The fields of a part, unfolded and decoded.
pub(super) struct Head {
    /// Every field in its order, encoded words decoded.
    pub(super) fields: Vec<(String, String)>,
    /// Type and subtype, in lower case.
    pub(super) media_type: String,
    pub(super) boundary: Option<String>,
    pub(super) charset: Option<String>,
    /// Content-Transfer-Encoding, in lower case; empty where there is none.
    pub(super) encoding: String,
    /// The name that a file has.
    pub(super) file_name: Option<String>,
    /// Whether it is a file because its sender says so.
    pub(super) is_attachment: bool,
}

/// Fields as text, and those that say what a part is.
static TEXTS: LazyLock<MessageParser> = LazyLock::new(|| {
    MessageParser::new()
        .header_content_type(HeaderName::ContentType)
        .header_content_type(HeaderName::ContentDisposition)
        .default_header_text()
});
/// Fields that hold addresses.
static ADDRESSES: LazyLock<MessageParser> =
    LazyLock::new(|| MessageParser::new().with_address_headers().default_header_ignore());

impl Head {
    /// Reads fields; `default_type` is what a part is that does not say (RFC 2046 §5.1.5).
    pub(super) fn read(raw: &[u8], default_type: &'static str) -> Self {
        let mut head = Self {
            fields: vec![],
            media_type: default_type.to_owned(),
            boundary: None,
            charset: None,
            encoding: String::new(),
            file_name: None,
            is_attachment: false,
        };
        let raw = ended(raw);
        let Some(message) = TEXTS.parse_headers(&raw) else { return head };
        for header in message.headers() {
            match (&header.name, &header.value) {
                (HeaderName::ContentType, HeaderValue::ContentType(value)) => head.note_type(value),
                (HeaderName::ContentDisposition, HeaderValue::ContentType(value)) => {
                    head.is_attachment = value.is_attachment();
                    head.file_name = attribute(value, "filename").or(head.file_name.take());
                }
                (HeaderName::ContentTransferEncoding, HeaderValue::Text(value)) => {
                    head.encoding = value.trim().to_ascii_lowercase();
                }
                (_, _) => {}
            }
            let place = header.offset_start as usize..header.offset_end as usize;
            let value = match &header.value {
                HeaderValue::Text(value) => value.to_string(),
                _ => unfolded(raw.get(place).unwrap_or_default()),
            };
            head.fields.push((header.name.as_str().to_owned(), value));
        }
        head
    }

    fn note_type(&mut self, value: &ContentType<'_>) {
        let Some(subtype) = value.subtype() else { return };
        self.media_type = format!("{}/{subtype}", value.ctype()).to_ascii_lowercase();
        self.boundary = attribute(value, "boundary");
        self.charset = attribute(value, "charset");
        self.file_name = self.file_name.take().or_else(|| attribute(value, "name"));
    }

    /// The values of a field, in their order.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// The first value of a field.
    pub(super) fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }
}

/// Correspondents of a field, in all places where it stands. What is no address is left out, and counted.
pub(super) struct Named {
    pub(super) mailboxes: Vec<Mailbox>,
    pub(super) unreadable: usize,
}

/// Correspondents of the fields that are asked for.
pub(super) fn named<const N: usize>(raw: &[u8], names: [HeaderName<'static>; N]) -> [Named; N] {
    let raw = ended(raw);
    let message = ADDRESSES.parse_headers(&raw);
    let headers = message.as_ref().map(Message::headers).unwrap_or_default();
    names.map(|name| {
        let mut found = Named { mailboxes: vec![], unreadable: 0 };
        let values = headers.iter().filter(|header| header.name == name).map(|header| &header.value);
        for one in values.filter_map(HeaderValue::as_address).flat_map(Address::iter) {
            match one.address.as_deref().map(EmailAddress::parse) {
                Some(Ok(address)) => {
                    let name = one.name.as_deref().and_then(shown_name);
                    found.mailboxes.push(Mailbox { name, address });
                }
                Some(Err(_)) | None => found.unreadable += 1,
            }
        }
        found
    })
}

/// A name as it can be shown, whatever its sender put there.
fn shown_name(name: &str) -> Option<String> {
    let visible: String = name.chars().filter(|c| !c.is_control()).take(NAME_CHARACTERS).collect();
    let name = visible.trim();
    // A name that is an address looks like the sender and is not.
    (!name.is_empty() && !name.contains(['<', '>', '@'])).then(|| name.to_owned())
}

/// The library takes fields that do not end with a line for none.
fn ended(raw: &[u8]) -> Vec<u8> {
    [raw, b"\r\n\r\n"].concat()
}

fn unfolded(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn attribute(value: &ContentType<'_>, name: &str) -> Option<String> {
    value.attribute(name).map(str::to_owned)
}
