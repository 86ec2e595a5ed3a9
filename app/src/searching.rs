//! Search in one's own mailbox (N8). There is no index: whoever asks lends their keys for one pass over their own messages,
//! and nothing is kept of it. So what expired, was taken back or deleted cannot be found, and nothing has to be shredded.

mod folding;

use crate::{App, Error, MessageView, Problem, ProblemCode, Viewer, grants::Opened};
use domain::{
    MessageId, Timestamp,
    message::{BODY_BYTES, Direction},
};
use folding::{Folded, Terms};
use projections::{
    Slice,
    mailbox::{MailboxEntry, MailboxFilter, Page},
};
use std::{cmp::Reverse, collections::BTreeSet, sync::Arc};
use tokio::sync::{Mutex, Semaphore};

/// Characters of what is searched for (contract).
const SEARCH_CHARACTERS: usize = 200;

/// Where a message stands among what a search found, best first: where its words were found, then when it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    /// For each word, 2 in the subject, 1 among people and names of files, 0 in the body.
    pub weight: u16,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Which, to tell those of one instant apart.
    pub message: MessageId,
}

/// Which part of what was found; `first` beats `last`.
#[derive(Debug, Clone, Copy, Default)]
pub struct FoundPage {
    /// So many from the best, or from `after`.
    pub first: Option<u32>,
    /// Worse than this one.
    pub after: Option<Standing>,
    /// So many from the worst, or from `before`.
    pub last: Option<u32>,
    /// Better than this one.
    pub before: Option<Standing>,
}

/// What a search found.
#[derive(Debug)]
pub struct Found {
    /// The page that was asked for.
    pub page: Slice<(Standing, MessageView)>,
    /// How many messages there are in all.
    pub total: u64,
}

/// Whose turn it is to search: a search costs as much as reading all mail.
#[derive(Clone)]
pub(crate) struct Searches {
    /// One search a person at a time, on this node.
    turns: Arc<[Mutex<()>]>,
    /// Not all of a node's threads search.
    permits: Arc<Semaphore>,
}

/// Enough that people seldom wait for each other.
const TURNS: usize = 64;
/// Messages opened at once.
const BATCH: u32 = 100;
/// Bytes opened at once, about: a hundred long bodies would be 50 MiB.
const BATCH_BYTES: u64 = 4 * 1024 * 1024;
/// Results of a page when nobody says how many.
const RESULTS: usize = 50;

impl Default for Searches {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            turns: (0..TURNS).map(|_| Mutex::default()).collect(),
            permits: Arc::new(Semaphore::new(threads.saturating_sub(1).max(1))),
        }
    }
}

impl App {
    /// The messages of one's own folders whose subject, people, names of files or body hold all the words, best first. A word
    /// matches where one begins with it; case and diacritics do not matter; words in quotation marks stand side by side.
    pub async fn search(&self, viewer: &Viewer, text: &str, page: FoundPage) -> Result<Found, Error> {
        if text.chars().count() > SEARCH_CHARACTERS {
            let message = format!("Search for {SEARCH_CHARACTERS} characters at most.");
            return Err(Problem::new(ProblemCode::TooLong, message).into());
        }
        let terms = Terms::read(text);
        if terms.is_empty() {
            return Ok(Found {
                page: Slice { items: vec![], has_previous: false, has_next: false },
                total: 0,
            });
        }
        let [.., last] = viewer.account.bytes();
        let _turn = self.searches.turns[usize::from(last) % TURNS].lock().await;
        let _permit = self.searches.permits.acquire().await.map_err(Error::internal)?;
        let mut found = BTreeSet::new();
        for direction in [Direction::In, Direction::Out] {
            self.scan(viewer, direction, &terms, &mut found).await?;
        }
        let total = found.len() as u64;
        let slice = cut(found.into_iter().map(|Reverse(standing)| standing), &page);
        let mut items = vec![];
        for standing in slice.items {
            // What went away since it was found is not shown; it still counts, so that a page's end stays where it is.
            if let Some(message) = self.message(viewer, standing.message).await? {
                items.extend(message.unavailable.is_none().then_some((standing, message)));
            }
        }
        let page = Slice { items, has_previous: slice.has_previous, has_next: slice.has_next };
        Ok(Found { page, total })
    }

    /// One pass over a folder.
    async fn scan(
        &self,
        viewer: &Viewer,
        direction: Direction,
        terms: &Terms,
        found: &mut BTreeSet<Reverse<Standing>>,
    ) -> Result<(), Error> {
        let mut page = Page { first: Some(BATCH), ..Page::default() };
        loop {
            let (organisation, account, now) = (viewer.organisation, viewer.account, self.log.now());
            let filter = MailboxFilter::default();
            let entries = self.models.mailbox(organisation, account, direction, now, &filter, &page).await?;
            page.after = entries.items.last().map(|last| (last.sent_at, last.message));
            for batch in batches(&entries.items) {
                let opened = self.open_entries(viewer, batch).await?;
                for entry in batch {
                    let weight = opened.get(&entry.position).and_then(|opened| weigh(opened, terms));
                    let MailboxEntry { sent_at, message, .. } = *entry;
                    found.extend(weight.map(|weight| Reverse(Standing { weight, sent_at, message })));
                }
            }
            if !entries.has_next {
                return Ok(());
            }
        }
    }
}

/// Runs of entries that are opened together.
fn batches(entries: &[MailboxEntry]) -> impl Iterator<Item = &[MailboxEntry]> {
    let mut bytes = 0_u64;
    entries.chunk_by(move |one, _| {
        // Of a message with large files only the text is opened.
        bytes = bytes.saturating_add(one.size_bytes.min(BODY_BYTES as u64));
        let fits = bytes < BATCH_BYTES;
        if !fits {
            bytes = 0;
        }
        fits
    })
}

/// What the words weigh in a message; `None` unless it holds them all.
fn weigh(opened: &Opened, terms: &Terms) -> Option<u16> {
    let Opened { headline, body } = opened;
    let people = [&headline.from].into_iter().chain(&headline.to).chain(&headline.cc);
    let mut around = Folded::default();
    for person in people {
        around.add(person.name.as_deref().unwrap_or_default());
        around.add(person.address.typed());
    }
    for file in &headline.attachments {
        around.add(&file.name);
    }
    // A body is long: it is looked at only for the words that stand nowhere else.
    terms.weigh([&Folded::of(&headline.subject), &around], || Folded::of(&body.text))
}

/// A part of what was found; `found` is in order, best first.
fn cut(found: impl DoubleEndedIterator<Item = Standing>, page: &FoundPage) -> Slice<Standing> {
    let within: Vec<_> = found
        .skip_while(|one| page.after.is_some_and(|after| *one >= after))
        .take_while(|one| page.before.is_none_or(|before| *one > before))
        .collect();
    let count = |asked: u32| usize::try_from(asked).unwrap_or(usize::MAX).min(within.len());
    let (from, to) = match (page.first, page.last) {
        (Some(first), _) => (0, count(first)),
        (None, Some(last)) => (within.len() - count(last), within.len()),
        (None, None) => (0, RESULTS.min(within.len())),
    };
    Slice {
        has_previous: page.after.is_some() || from > 0,
        has_next: page.before.is_some() || to < within.len(),
        items: within[from..to].to_vec(),
    }
}

#[cfg(test)]
mod tests;
