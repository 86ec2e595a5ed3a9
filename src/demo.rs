//! `sealpost demo`: everything in one process on SQLite in a folder, with people of every role; and the walk through it.

use crate::{
    commands::start_tracing,
    config::{Config, LogFormat},
    node::Node,
    walk::{self, Cast, Stage},
};
use anyhow::{Context, Result, ensure};
use app::{Challenge, Founding, RegistrationForm};
use domain::{
    OrganisationId,
    account::{Kind, Profile},
    address::{Domain, EmailAddress},
    organisation::Identity,
    password::reminder_gives_away,
    policy::{Pack, Role},
};
use eventstore::Clock;
use seal::Token;
use secrecy::SecretString;
use std::{
    collections::BTreeSet,
    fs::{DirBuilder, OpenOptions},
    io::Write,
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Where the people and their passwords are written, beside the data that they open.
const PEOPLE: &str = "people.txt";

/// Who is there, what they may do, and by which address.
const PEOPLE_OF_THE_DEMO: [(&str, &str, Kind, Option<Role>); 5] = [
    ("administrator", "admin@insurer.example", Kind::Member, Some(Role::Administrator)),
    ("compliance officer", "officer@insurer.example", Kind::Member, Some(Role::ComplianceOfficer)),
    ("member", "clara@insurer.example", Kind::Member, None),
    ("member", "bruno@insurer.example", Kind::Member, None),
    ("guest", "gina@guest.example", Kind::Guest, None),
];

/// Everybody's reminder phrase.
const REMINDER: &str = "the list that came with the demonstration";

/// Says that a walk has moved the clock of a folder's data far ahead.
const WALKED: &str = "walked";

/// Runs the demonstration until it is stopped.
pub async fn run(folder: &Path, listen: SocketAddr) -> Result<()> {
    ensure!(
        !folder.join(WALKED).exists(),
        "the walk in {} has moved its clock months ahead; choose another folder with --data",
        folder.display()
    );
    start_tracing(LogFormat::Text);
    let node = open(folder, listen, Clock::System).await?;
    node.heed_signals()?;
    node.start_projections();
    let people = folder.join(PEOPLE);
    if node.app.models().organisations().await?.is_empty() {
        let cast = people_of(&node, &format!("http://{listen}")).await?;
        write_people(&people, &cast)?;
    }
    node.start_workers();
    let address = node.start_server().await?;
    let gateway = node.start_gateway().await?;
    println!("Sealpost runs at http://{address}/ with its data in {}.\n", folder.display());
    println!("People and their passwords ({}):\n", people.display());
    println!(
        "{}",
        std::fs::read_to_string(&people).context("the list of people is gone; begin in another folder")?
    );
    println!("Mails to them arrive in {} (a Maildir).\n", folder.join("mail").display());
    if let Some(gateway) = gateway {
        println!("Its SMTP gateway listens on {gateway}. A first mail, to paste:\n\n{}", first_mail(gateway));
    }
    println!("{}", first_query(address, &people)?);
    node.wait().await;
    node.stop().await;
    Ok(())
}

/// Plays the main job against itself and says whether it held.
pub async fn walk(folder: &Path, listen: SocketAddr) -> Result<ExitCode> {
    let folder = &unused(folder);
    println!("The walk plays in {}.\n", folder.display());
    let clock = Clock::manual(Clock::System.now());
    let node = open(folder, listen, clock.clone()).await?;
    std::fs::write(folder.join(WALKED), "")?;
    node.start_projections();
    let cast = people_of(&node, &format!("http://{listen}")).await?;
    write_people(&folder.join(PEOPLE), &cast)?;
    let address = node.start_server().await?;
    let gateway = node.start_gateway().await?.context("the demonstration takes mail")?;
    let stage = Stage {
        node: &node,
        clock,
        address,
        gateway,
        mail: folder.join("mail"),
        cast,
        copies: Some(folder.to_owned()),
    };
    let outcome = walk::run(&stage).await;
    node.stop().await;
    match outcome {
        Ok(()) => {
            println!("\nEvery step held.");
            Ok(ExitCode::SUCCESS)
        }
        Err(failed) => {
            println!("\nFAILED at: {failed:#}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The folder itself if nothing is there yet, else one within it: a walk begins with an empty house.
fn unused(folder: &Path) -> PathBuf {
    let within = (1..).map(|number| folder.join(format!("walk-{number}")));
    let mut candidates = std::iter::once(folder.to_owned()).chain(within);
    candidates.find(|candidate| !candidate.join("sealpost.db").exists()).unwrap_or_else(|| folder.to_owned())
}

async fn open(folder: &Path, listen: SocketAddr, clock: Clock) -> Result<Node> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let config = Config::in_folder(folder, listen);
    let db = crate::node::open_database(&config).await?;
    db.migrate().await?;
    db.close().await;
    Node::open(config, clock).await
}

/// Founds the organisation of the demonstration, with people of every role.
pub async fn people_of(node: &Node, portal_url: &str) -> Result<Cast> {
    let founding = Founding {
        identity: Identity {
            name: "Lakeside Health Insurance".into(),
            portal_url: portal_url.into(),
            do_not_reply: "do-not-reply@insurer.example".into(),
        },
        pack: Pack::Portal,
        domains: BTreeSet::from([Domain::parse("insurer.example")?]),
    };
    let founded = node.app.found(founding).await?;
    let organisation = founded.value;
    let mut cast = Cast { organisation, people: vec![] };
    for (what, address, kind, role) in PEOPLE_OF_THE_DEMO {
        let password = password();
        enrol(node, organisation, address, &password, kind, role).await?;
        cast.people.push((what.into(), address.into(), password));
    }
    Ok(cast)
}

async fn enrol(
    node: &Node,
    organisation: OrganisationId,
    address: &str,
    password: &str,
    kind: Kind,
    role: Option<Role>,
) -> Result<()> {
    let given_name = address.split('@').next().unwrap_or_default();
    let form = RegistrationForm {
        invitation: String::new(),
        address: EmailAddress::parse(address)?,
        user_name: None,
        password: SecretString::from(password),
        profile: Profile {
            given_name: Some(given_name.into()),
            family_name: Some("Example".into()),
            telephone: Some("+1 555 0100".into()),
            ..Profile::default()
        },
        reminder: Some(SecretString::from(REMINDER)),
        challenges: ["In which town were you born?", "What was your first school?"]
            .map(|question| Challenge { question: question.into(), answer: SecretString::from(given_name) })
            .into(),
    };
    let account = node.app.enrol(organisation, kind, form).await?;
    let mut position = account.position;
    if let Some(role) = role {
        position = node.app.grant_role(organisation, account.value, role).await?.position;
    }
    node.app.wait_for(position).await?;
    Ok(())
}

fn write_people(path: &Path, cast: &Cast) -> Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    for (what, address, password) in &cast.people {
        writeln!(file, "  {what:<20} {address:<28} {password}")?;
    }
    Ok(())
}

fn first_query(address: SocketAddr, people: &Path) -> Result<String> {
    let list = std::fs::read_to_string(people)?;
    let member = list.lines().find(|line| line.contains("clara@")).unwrap_or_default();
    let password = member.split_whitespace().last().unwrap_or_default();
    Ok(format!(
        "A first query, to paste:\n\n\
         curl -s -c jar http://{address}/graphql -H 'Content-Type: application/json' -H 'Sealpost-Request: 1' -d \\\n  \
         '{{\"query\":\"mutation {{ logIn(input: {{identifier: \\\"clara@insurer.example\\\", password: \\\"{password}\\\"}}) \
         {{ viewer {{ account {{ primaryAddress kind }} mailbox {{ unreadCount }} }} problems {{ code message }} }} }}\"}}'\n"
    ))
}

fn first_mail(gateway: SocketAddr) -> String {
    format!(
        "printf 'From: clara@insurer.example\\nTo: gina@guest.example\\nSubject: Hello\\n\\nAll is well.\\n' | \\\n  \
         curl -s --crlf smtp://{gateway}/mail.insurer.example --mail-from clara@insurer.example \
         --mail-rcpt gina@guest.example -T -\n"
    )
}

/// A password that nobody guesses, of about 96 bits, and that the reminder does not give away by chance (A5).
fn password() -> String {
    loop {
        let password: String = Token::random().to_base64url().chars().take(16).collect();
        if !reminder_gives_away(&password, REMINDER) {
            return password;
        }
    }
}
