//! Signed notes (C2SP signed-note): a text of lines, an empty line, and signatures of Ed25519 keys that have names.

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// Bytes of a note that are looked at; ours have a few hundred.
pub const MOST_BYTES: usize = 64 * 1024;

/// Signature type of C2SP signed-note: Ed25519 over the text.
const ED25519: u8 = 1;
const DASH: &str = "\u{2014} ";

/// Why a note is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoteError {
    /// It is no signed note.
    #[error("this is no signed note")]
    Malformed,
    /// The key did not sign it.
    #[error("the note has no signature of this key")]
    NotSigned,
    /// It has a signature in the key's name that is not the key's.
    #[error("the signature does not fit the note")]
    BadSignature,
}

/// A text is no verifier key in C2SP form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this is no verifier key; it has the form name+hash+key")]
pub struct KeyError;

/// A key that signs notes. Never printed; the secret is wiped when it is dropped.
pub struct Signer {
    name: String,
    key: SigningKey,
}

/// A key that verifies notes; its text is a C2SP vkey, `name+hash+key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: VerifyingKey,
}

impl Signer {
    /// The key of this name with this seed. `None` for a name that notes cannot have: empty, or with a space or a plus.
    #[must_use]
    pub fn new(name: &str, seed: &[u8; 32]) -> Option<Self> {
        is_name(name).then(|| Self { name: name.to_owned(), key: SigningKey::from_bytes(seed) })
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// Signs a text that ends with a line end.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        debug_assert!(text.ends_with('\n'), "a note's text ends with a line end");
        let mut signature = self.verifier().id().to_vec();
        signature.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        format!("{text}\n{DASH}{} {}\n", self.name, Base64::encode_string(&signature))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({}, redacted)", self.name)
    }
}

impl Verifier {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of a note that this key signed, with the line end.
    pub fn open<'note>(&self, note: &'note str) -> Result<&'note str, NoteError> {
        let (text, signatures) = split(note)?;
        let mut signed = false;
        for line in signatures.lines() {
            let (name, signature) = parse_signature(line)?;
            let Some((id, signature)) = signature.split_first_chunk::<4>() else {
                return Err(NoteError::Malformed);
            };
            if name != self.name || *id != self.id() {
                continue;
            }
            let signature = Signature::from_slice(signature).map_err(|_| NoteError::BadSignature)?;
            let verified = self.key.verify_strict(text.as_bytes(), &signature);
            verified.map_err(|_| NoteError::BadSignature)?;
            signed = true;
        }
        if signed { Ok(text) } else { Err(NoteError::NotSigned) }
    }

    /// The first four bytes of `SHA-256(name | "\n" | type | key)`, which tell keys of one name apart.
    fn id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.id());
        let mut key = vec![ED25519];
        key.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{id:08x}+{}", self.name, Base64::encode_string(&key))
    }
}

impl FromStr for Verifier {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.trim().splitn(3, '+');
        let mut part = || parts.next().ok_or(KeyError);
        let (name, id, key) = (part()?, part()?, part()?);
        let key = Base64::decode_vec(key).map_err(|_| KeyError)?;
        let Some((&ED25519, key)) = key.split_first() else { return Err(KeyError) };
        let key = VerifyingKey::try_from(key).map_err(|_| KeyError)?;
        let verifier = Self { name: name.to_owned(), key };
        let named = is_name(name) && id == format!("{:08x}", u32::from_be_bytes(verifier.id()));
        if named { Ok(verifier) } else { Err(KeyError) }
    }
}

/// The text of a note, whoever signed it. Nothing is proven by it.
pub fn text(note: &str) -> Result<&str, NoteError> {
    Ok(split(note)?.0)
}

/// The notes of a text that has them one after another. What follows a note's signatures begins the next.
pub fn each(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim_start_matches('\n');
    std::iter::from_fn(move || {
        let signatures = rest.find(&format!("\n{DASH}")).map_or(rest.len(), |at| at + 1);
        let signed = rest[signatures..].split_inclusive('\n').take_while(|line| line.starts_with(DASH));
        let end = signatures + signed.map(str::len).sum::<usize>();
        let (note, after) = rest.split_at(end);
        rest = after.trim_start_matches('\n');
        (!note.is_empty()).then_some(note)
    })
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|letter| letter.is_whitespace() || letter == '+')
}

fn split(note: &str) -> Result<(&str, &str), NoteError> {
    if note.len() > MOST_BYTES || note.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Err(NoteError::Malformed);
    }
    let end = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
    let (text, signatures) = (&note[..=end], &note[end + 2..]);
    if signatures.is_empty() || !signatures.ends_with('\n') {
        Err(NoteError::Malformed)
    } else {
        Ok((text, signatures))
    }
}

fn parse_signature(line: &str) -> Result<(&str, Vec<u8>), NoteError> {
    let (name, signature) =
        line.strip_prefix(DASH).and_then(|line| line.split_once(' ')).ok_or(NoteError::Malformed)?;
    let signature = Base64::decode_vec(signature).map_err(|_| NoteError::Malformed)?;
    if is_name(name) { Ok((name, signature)) } else { Err(NoteError::Malformed) }
}
