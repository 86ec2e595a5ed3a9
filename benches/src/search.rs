//! Searching one's own mailbox (N8): one pass over all that one has, opened and folded.

use crate::{
    database::{Database, Node},
    report::{group, line, millis, now, percentile, thousands},
    workload::{ORGANISATION, letter_of},
};
use anyhow::{Context, Result, bail, ensure};
use app::{App, Caller, Challenge, FoundPage, Founding, LogInStep, RegistrationForm, Viewer};
use domain::{
    account::{Kind, Profile},
    address::{Domain, EmailAddress},
    organisation::Identity,
    policy::Pack,
};
use eventstore::blobs::Blobs;
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeSet, net::Ipv4Addr};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const GINA: &str = "gina@guest.example";
const CLARA: &str = "clara@insurer.example";
const PASSWORD: &str = "nine grey geese over water";
/// Messages that are written at the same time.
const WRITERS: usize = 64;
/// Each search is made so often; the figure is the median.
const ROUNDS: usize = 5;
/// Bytes of a body: every one the same; and as mail is, most of them short and a few very long.
const SIZES: [(&str, &[usize]); 2] = [
    ("of 2 KiB", &[2 * KIB]),
    (
        "of 0.5 to 400 KiB, 8 on average",
        &[KIB / 2, KIB, KIB, 2 * KIB, 2 * KIB, 4 * KIB, 4 * KIB, 8 * KIB, 16 * KIB, 40 * KIB],
    ),
];
/// Every so many messages have a body of 400 KiB besides.
const LONG_EVERY: usize = 1_000;
const KIB: usize = 1024;
/// What is searched for: in the subject of every hundredth message, in every body, in none.
const SEARCHES: [(&str, &str); 4] = [
    ("in 1 of 100 subjects", "heron"),
    ("in every body", "lakeside"),
    ("two words, in 1 of 100", "HERON lake"),
    ("nowhere", "antenna"),
];

/// Fills a mailbox, searches it and prints how long that took.
pub async fn measure(database: &Database, messages: usize) -> Result<()> {
    for (name, sizes) in SIZES {
        let place = database.fresh("search").await?;
        let node = Node::open(&place).await?;
        let app =
            App::new(node.log.clone(), node.models.clone(), Blobs::directory(&place.folder.join("blobs"))?);
        let (stop, models) = (CancellationToken::new(), node.models.clone());
        let running = tokio::spawn({
            let stop = stop.clone();
            async move { models.run(stop).await }
        });
        let viewer = people(&app).await?;
        stop.cancel();
        running.await?;
        write(&app, &viewer, messages, sizes).await?;
        node.models.catch_up().await?;

        group(&format!("search in {} messages {name}, ms", thousands(messages)), ["median", "found", ""]);
        for (what, text) in SEARCHES {
            let mut took = vec![];
            let mut found = 0;
            for _ in 0..ROUNDS {
                let started = now();
                found = app.search(&viewer, text, FoundPage::default()).await?.total;
                took.push(started.elapsed());
            }
            took.sort();
            line(what, [millis(percentile(&took, 50)), thousands(found), String::new()]);
        }
        drop(app);
        node.close().await;
        database.delete("search").await?;
    }
    Ok(())
}

/// An organisation with a member and a guest, who is logged in.
async fn people(app: &App) -> Result<Viewer> {
    let founding = Founding {
        identity: Identity {
            name: "Lakeside Health Insurance".into(),
            portal_url: "http://localhost".into(),
            do_not_reply: "do-not-reply@insurer.example".into(),
        },
        pack: Pack::Portal,
        domains: BTreeSet::from([Domain::parse("insurer.example")?]),
    };
    ensure!(app.found(founding).await?.value == ORGANISATION, "another organisation is there");
    for (address, kind) in [(CLARA, Kind::Member), (GINA, Kind::Guest)] {
        let challenge =
            |question: &str| Challenge { question: question.into(), answer: SecretString::from("Lakeside") };
        let text = || Some("Example".to_owned());
        let form = RegistrationForm {
            invitation: String::new(),
            address: EmailAddress::parse(address)?,
            user_name: None,
            password: SecretString::from(PASSWORD),
            profile: Profile {
                given_name: text(),
                family_name: text(),
                telephone: text(),
                ..Profile::default()
            },
            reminder: Some(SecretString::from("what flies there")),
            challenges: vec![challenge("Where?"), challenge("Which school?")],
        };
        app.enrol(ORGANISATION, kind, form).await?;
    }
    let caller =
        Caller { organisation: ORGANISATION, network: Ipv4Addr::LOCALHOST.into(), device: "benches".into() };
    let step = app.log_in(&caller, GINA, &SecretString::from(PASSWORD), None).await?;
    app.wait_for(step.position).await?;
    match step.value {
        LogInStep::LoggedIn(person) => {
            let viewer = app.viewer(&caller, Some(person.token.expose_secret()), true).await?;
            viewer.context("the session is not there")
        }
        LogInStep::SecondFactorDue { .. } => bail!("nobody set a second factor up"),
    }
}

/// Mail to the viewer and from them, by turns.
async fn write(app: &App, viewer: &Viewer, messages: usize, sizes: &[usize]) -> Result<()> {
    let clara = app.log().clock().new_id();
    let mut writers = JoinSet::new();
    for number in 0..messages {
        if writers.len() >= WRITERS {
            writers.join_next().await.context("a writer")???;
        }
        let bytes =
            if sizes.len() > 1 && number % LONG_EVERY == 0 { 400 * KIB } else { sizes[number % sizes.len()] };
        let subject =
            if number % 100 == 7 { "The HÉRONS of March" } else { "Your question of last Tuesday" };
        let (from, to) = if number % 2 == 0 { (clara, viewer.account) } else { (viewer.account, clara) };
        let (log, text) = (app.log().clone(), text(number, bytes));
        writers.spawn(async move {
            let (commit, _) = letter_of(&log, from, to, subject.into(), text).await?;
            log.append(commit).await?;
            anyhow::Ok(())
        });
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    Ok(())
}

/// Words as people write them, some with diacritics.
fn text(number: usize, bytes: usize) -> String {
    const WORDS: [&str; 16] = [
        "results",
        "of",
        "the",
        "Lakeside",
        "clinic",
        "père",
        "invoice",
        "and",
        "Tuesday",
        "naïve",
        "treatment",
        "we",
        "found",
        "Straße",
        "out",
        "enclosed",
    ];
    let mut text = String::with_capacity(bytes + 16);
    let mut step = number;
    while text.len() < bytes {
        step = step.wrapping_mul(31).wrapping_add(7);
        text.push_str(WORDS[step / 64 % WORDS.len()]);
        text.push(if step % 640 < 64 { '\n' } else { ' ' });
    }
    text.push_str("Lakeside");
    text
}
