//! Threads that do pieces of work side by side and hand back the results in the order in which the work was given.

use std::{
    num::NonZeroUsize,
    sync::mpsc::{Receiver, SyncSender, channel, sync_channel},
    thread,
};

/// Pieces that wait at each thread, so that none runs dry while the next piece is read.
const WAITING: usize = 2;

/// The threads. They end with the value.
#[derive(Debug)]
pub struct Crew<Work, Done> {
    desks: Vec<(SyncSender<Work>, Receiver<Done>)>,
    given: usize,
    taken: usize,
}

impl<Work: Send + 'static, Done: Send + 'static> Crew<Work, Done> {
    /// As many threads, each of which does this with what it is given.
    pub fn new(threads: NonZeroUsize, work: impl Fn(Work) -> Done + Clone + Send + 'static) -> Self {
        let desk = |_| {
            let (give, given) = sync_channel::<Work>(WAITING);
            let (hand_back, done) = channel();
            let work = work.clone();
            thread::spawn(move || {
                while let Ok(piece) = given.recv() {
                    if hand_back.send(work(piece)).is_err() {
                        return;
                    }
                }
            });
            (give, done)
        };
        Self { desks: (0..threads.get()).map(desk).collect(), given: 0, taken: 0 }
    }

    /// Gives a piece of work; waits while the thread whose turn it is has enough.
    pub fn give(&mut self, work: Work) {
        let desk = self.given % self.desks.len();
        self.desks[desk].0.send(work).expect("a thread ends with its crew");
        self.given += 1;
    }

    /// Whether results are to be taken before more work is given: memory stays bounded that way.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.given - self.taken > self.desks.len() * WAITING
    }

    /// The result of the oldest piece, waited for; `None` when all were taken.
    pub fn take(&mut self) -> Option<Done> {
        if self.taken == self.given {
            return None;
        }
        let desk = self.taken % self.desks.len();
        self.taken += 1;
        Some(self.desks[desk].1.recv().expect("a thread hands back what it was given"))
    }
}

/// As many threads as the machine has cores.
#[must_use]
pub fn cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Results come in the order of the work, however many threads there are.
    #[test]
    fn results_keep_their_order() {
        for threads in 1..=3 {
            let mut crew = Crew::new(NonZeroUsize::new(threads).unwrap(), |number: u32| number * 2);
            let mut results = vec![];
            for number in 0..100 {
                crew.give(number);
                while crew.is_full() {
                    results.extend(crew.take());
                }
            }
            results.extend(std::iter::from_fn(|| crew.take()));
            assert!(results.iter().copied().eq((0..100).map(|number| number * 2)));
        }
    }
}
