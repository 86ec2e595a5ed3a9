//! Email addresses: parsed at the edge, compared by one normalised form, never printed by accident.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};
use unicode_normalization::UnicodeNormalization;

/// RFC 3696 erratum 1690 names 320 as the sum of its parts' limits.
const ADDRESS_CHARACTERS: usize = 320;
/// RFC 5321 §4.5.3.1.1.
const LOCAL_PART_OCTETS: usize = 64;
/// What fits a list of people on a page; longer names are no names.
const NAME_CHARACTERS: usize = 200;

/// One address as RFC 6531 has it: a dot-atom, an `@`, a domain with a dot. Quoted local parts and address literals
/// (`"a b"@x.example`, `a@[192.0.2.1]`) are refused: nobody has them, and programs disagree about them.
///
/// It keeps what was typed and is compared by [`normalised`](Self::normalised): equality, order and hash follow that.
/// `Display` prints it, for mail headers and pages alone; `Debug` does not.
#[derive(Clone)]
pub struct EmailAddress {
    typed: String,
    normalised: String,
    domain: Domain,
}

/// Why a text is not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing stands there.
    #[error("Enter an address.")]
    Empty,
    /// The whole, the part before `@`, or the name is over its limit.
    #[error("This is too long for an address: at most 64 bytes before the @ and 320 characters in all.")]
    TooLong,
    /// No `@`.
    #[error("An address has an @ between the name and the domain: add it.")]
    NoAt,
    /// What stands before the `@` is empty, or has blanks, quotes, or dots where none may be.
    #[error("Check the part before the @: letters, digits and a few signs, single dots within, no blanks.")]
    LocalPart,
    /// What stands after the `@` is no domain name.
    #[error("Check the part after the @: a domain such as example.com.")]
    Domain,
    /// A line break, or a character that cannot be seen.
    #[error("Type the address anew: it contains a control character or one that cannot be seen.")]
    ControlCharacter,
    /// A quotation mark, an angle bracket or a parenthesis without its partner.
    #[error("Check the name before the address: a quotation mark or bracket has no partner.")]
    DisplayName,
}

impl EmailAddress {
    /// Reads one address; blanks around it do not matter (A28).
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let typed = text.trim();
        if typed.is_empty() {
            return Err(AddressError::Empty);
        }
        if typed.chars().any(is_invisible) {
            return Err(AddressError::ControlCharacter);
        }
        if typed.chars().count() > ADDRESS_CHARACTERS {
            return Err(AddressError::TooLong);
        }
        let (local, domain) = typed.rsplit_once('@').ok_or(AddressError::NoAt)?;
        check_local_part(local)?;
        let folded = fold(local);
        // Folding can lengthen a text or bring forth an ASCII sign, so its result is judged as well.
        check_local_part(&folded)?;
        let domain = Domain::parse(domain)?;
        Ok(Self { typed: typed.to_owned(), normalised: format!("{folded}@{domain}"), domain })
    }

    /// What was typed, without blanks around it.
    #[must_use]
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The form that is compared and indexed: the local part in NFC and lower case, the domain in lower-case ASCII.
    ///
    /// RFC 5321 lets a host tell `Ada@` from `ada@`. No mail provider that people use does, and whoever registers types
    /// the invited address in any case (B8): so case is ignored. `ada+shop@` and `a.da@` remain addresses of their own,
    /// because only their host knows whether they are the same mailbox as `ada@`.
    #[must_use]
    pub fn normalised(&self) -> &str {
        &self.normalised
    }

    /// The part after `@` (A32).
    #[must_use]
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Enough for its owner to recognise, too little for others: `a***@e***.com` (R10).
    #[must_use]
    pub fn masked(&self) -> String {
        let first = |text: &str| text.chars().next().map_or_else(String::new, String::from);
        let domain = self.domain.as_str();
        let top = domain.rsplit('.').next().unwrap_or_default();
        format!("{}***@{}***.{top}", first(&self.normalised), first(domain))
    }
}

/// RFC 5322 §3.2.3 dot-atom, with RFC 6531's characters beyond ASCII.
fn check_local_part(local: &str) -> Result<(), AddressError> {
    if local.len() > LOCAL_PART_OCTETS {
        return Err(AddressError::TooLong);
    }
    let atom = |c: char| {
        c.is_ascii_alphanumeric()
            || "!#$%&'*+-/=?^_`{|}~".contains(c)
            || (!c.is_ascii() && !c.is_whitespace() && !is_invisible(c))
    };
    let is_dot_atom = local.split('.').all(|part| !part.is_empty() && part.chars().all(atom));
    if is_dot_atom { Ok(()) } else { Err(AddressError::LocalPart) }
}

/// NFC, lower case, and NFC again, because a lower-case letter can compose where the capital did not.
fn fold(local: &str) -> String {
    local.nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// Controls, and characters without a glyph that make one address look like another: soft hyphen, zero-width and
/// direction marks, invisible operators, byte-order mark.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.normalised == other.normalised
    }
}
impl Eq for EmailAddress {}
impl PartialOrd for EmailAddress {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for EmailAddress {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.normalised.cmp(&other.normalised)
    }
}
impl Hash for EmailAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normalised.hash(state);
    }
}

impl FromStr for EmailAddress {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}
impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}
impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.typed)
    }
}
impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The part of an address after `@`, as lower-case ASCII (UTS 46); two are the same when they are identical, case and
/// script apart, and a subdomain is another one (A32).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(String);

impl Domain {
    /// Reads a domain name of at least two labels; at most 253 octets in ASCII (RFC 1035). An IP address is none.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        // The conversion drops characters that have no glyph, and would make two texts of one.
        if text.chars().any(|c| is_invisible(c) || c.is_whitespace()) {
            return Err(AddressError::Domain);
        }
        let ascii = idna::uts46::Uts46::new()
            .to_ascii(
                text.as_bytes(),
                idna::AsciiDenyList::STD3,
                idna::uts46::Hyphens::CheckFirstLast,
                idna::uts46::DnsLength::Verify,
            )
            .map_err(|_| AddressError::Domain)?;
        match ascii.rsplit_once('.') {
            Some((_, top)) if !top.bytes().all(|b| b.is_ascii_digit()) => Ok(Self(ascii.into_owned())),
            Some(_) | None => Err(AddressError::Domain),
        }
    }

    /// Lower-case ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Domain {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}
impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl Serialize for Domain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A correspondent as written: an address, perhaps with the name that the writer gave it (RFC 5322 §3.4).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// What stood before the address, unquoted; never empty.
    pub name: Option<String>,
    /// Where to.
    pub address: EmailAddress,
}

impl Mailbox {
    /// Reads `ada@x.example`, `Ada <ada@x.example>` or `"Lovelace, Ada" <ada@x.example>`; without comments, and without the
    /// name of the group whose first one it is, as in `Board: ada@x.example (at home)`.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.chars().any(is_invisible) {
            return Err(AddressError::ControlCharacter);
        }
        let text = without_comments(text)?;
        let text = without_group(&text).trim();
        let Some(inner) = text.strip_suffix('>') else {
            if text.contains(['<', '>']) {
                return Err(AddressError::DisplayName);
            }
            return Ok(Self { name: None, address: EmailAddress::parse(text)? });
        };
        let (name, address) = inner.rsplit_once('<').ok_or(AddressError::DisplayName)?;
        Ok(Self { name: display_name(name.trim())?, address: EmailAddress::parse(address)? })
    }
}

/// What stands in quotation marks or in parentheses, told apart from the rest (RFC 5322 §3.2.2, §3.2.4). Goes from character to
/// character.
#[derive(Default)]
pub(crate) struct Scan {
    in_quotes: bool,
    escaped: bool,
    /// Comments within comments.
    depth: u32,
}

impl Scan {
    /// Whether the next character stands outside; the marks themselves stand inside.
    pub(crate) fn is_outside(&mut self, c: char) -> bool {
        let was_outside = !self.in_quotes && self.depth == 0;
        let after_backslash = std::mem::take(&mut self.escaped);
        match c {
            _ if after_backslash => {}
            '\\' => self.escaped = !was_outside,
            '"' if self.depth == 0 => self.in_quotes = !self.in_quotes,
            '(' if !self.in_quotes => self.depth += 1,
            ')' if !self.in_quotes => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        was_outside && !self.in_quotes && self.depth == 0
    }
}

fn without_comments(text: &str) -> Result<String, AddressError> {
    let mut scan = Scan::default();
    let mut rest = String::with_capacity(text.len());
    for c in text.chars() {
        let was_comment = scan.depth > 0;
        scan.is_outside(c);
        if !was_comment && scan.depth == 0 {
            rest.push(c);
        }
    }
    if scan.depth > 0 { Err(AddressError::DisplayName) } else { Ok(rest) }
}

/// What follows the name of a group (RFC 5322 §3.4): an address has no colon before its `@`.
fn without_group(text: &str) -> &str {
    let mut scan = Scan::default();
    match text.find(|c| scan.is_outside(c) && matches!(c, ':' | '@' | '<')) {
        Some(place) if text[place..].starts_with(':') => &text[place + 1..],
        Some(_) | None => text,
    }
}

fn display_name(written: &str) -> Result<Option<String>, AddressError> {
    let name = match written.strip_prefix('"') {
        Some(quoted) => unquote(quoted)?,
        None if written.contains(['"', '<', '>']) => return Err(AddressError::DisplayName),
        None => written.to_owned(),
    };
    if name.chars().count() > NAME_CHARACTERS {
        return Err(AddressError::TooLong);
    }
    Ok(Some(name.trim().to_owned()).filter(|name| !name.is_empty()))
}

/// The text up to the closing quotation mark, which must be its last character; a backslash keeps what follows it.
fn unquote(quoted: &str) -> Result<String, AddressError> {
    let mut name = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' if chars.as_str().is_empty() => return Ok(name),
            '"' => return Err(AddressError::DisplayName),
            '\\' => name.push(chars.next().ok_or(AddressError::DisplayName)?),
            c => name.push(c),
        }
    }
    Err(AddressError::DisplayName)
}

/// As a person would write it; [`Mailbox::parse`] reads it back. A mail header encodes it further.
impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            None => write!(f, "{}", self.address),
            Some(name) => {
                let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
                write!(f, "\"{escaped}\" <{}>", self.address)
            }
        }
    }
}
impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox(…)")
    }
}

#[cfg(test)]
mod tests;
