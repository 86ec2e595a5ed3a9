//! One node: everything wired together, and how it starts and stops.

use crate::config::{Config, NodeRole};
use anyhow::{Context, Result, bail};
use app::{App, IntakeSettings};
use eventstore::{
    Clock, Log,
    db::{Db, DbSettings, SchemaState},
    keys::{LogKey, Vault},
    leases::Leases,
    notary::{AnchorFile, Notary, NotarySettings},
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use poem::{Route, Server, listener::TcpAcceptor};
use projections::Projections;
use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;
use workers::{AppIntake, Gateway, Mailer, Scheduler, Table};

/// A node that is ready to run.
pub struct Node {
    /// The use cases.
    pub app: App,
    /// The scheduled jobs.
    pub scheduler: Scheduler,
    /// Signs the log, if this node does that.
    pub notary: Arc<Notary>,
    config: Config,
    clock: Clock,
    mailer: Mailer,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// How long requests that were accepted may take after a stop was asked for. A half-sent header would hold it for good.
const GRACE: Duration = Duration::from_secs(10);

impl Node {
    /// Opens database, keys, log and read models. Changes nothing but that a first start makes the keys.
    pub async fn open(config: Config, clock: Clock) -> Result<Self> {
        let log = open_log(&config, clock.clone()).await?;
        let leases = Leases::of_node(log.db().clone(), clock.clone(), id(&config));
        let notary = Arc::new(Notary::new(log.clone(), leases, notary_settings(&config)?));
        let models = Projections::of_node(log.clone(), id(&config));
        let blobs = config.attachments.open()?;
        let trusted_authentication = config.gateway.trusted_authentication.clone();
        let app = App::new(log, models, blobs).with_intake(IntakeSettings { trusted_authentication });
        let mailer = match &config.mail.relay {
            Some(relay) => Mailer::smtp(&relay.into())?,
            None => Mailer::maildir(&config.mail.folder)?,
        };
        let table = Table::with_overrides(&config.jobs)?;
        let scheduler = Scheduler::new(app.clone(), table, mailer.clone());
        let scheduler = scheduler.with_relay(onward(&config, &mailer)?);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        Ok(Self { app, scheduler, notary, config, clock, mailer, stop, tasks })
    }

    /// Starts the read models, without anything that listens.
    pub fn start_projections(&self) {
        let (models, stop) = (self.app.models().clone(), self.stop.clone());
        self.tasks.spawn(async move { models.run(stop).await });
    }

    /// Starts the scheduled jobs and the notary, if this node does them.
    pub fn start_workers(&self) {
        if self.config.roles.contains(&NodeRole::Workers) {
            let (scheduler, stop) = (self.scheduler.clone(), self.stop.clone());
            self.tasks.spawn(async move { scheduler.run(stop).await });
            let (notary, stop) = (self.notary.clone(), self.stop.clone());
            self.tasks.spawn(async move { notary.run(stop).await });
        }
    }

    /// Listens. The address is the one that was really taken, should the configuration have said port 0.
    pub async fn start_server(&self) -> Result<SocketAddr> {
        let listener = TcpListener::bind(self.config.listen).await.with_context(|| {
            format!(
                "cannot listen on {}; is another program there? Choose another address",
                self.config.listen
            )
        })?;
        let address = listener.local_addr()?;
        let routes = self.routes();
        let stop = self.stop.clone();
        let server = Server::new_with_acceptor(TcpAcceptor::from_tokio(listener)?);
        self.tasks.spawn(async move {
            let run = server.run_with_graceful_shutdown(routes, stop.cancelled(), Some(GRACE)).await;
            if let Err(problem) = run {
                tracing::error!(%problem, "the server stopped");
            }
            stop.cancel();
        });
        Ok(address)
    }

    /// Takes mail, if this node does that; says where. What is wrong with the gateway's certificate is found here.
    pub async fn start_gateway(&self) -> Result<Option<SocketAddr>> {
        if !self.config.roles.contains(&NodeRole::Gateway) {
            return Ok(None);
        }
        let relay = onward(&self.config, &self.mailer)?;
        let intake = Arc::new(AppIntake { app: self.app.clone(), relay });
        let settings = self.config.gateway.settings();
        let gateway = Gateway::new(settings, intake, self.clock.clone(), self.stop.clone())?;
        let listener = TcpListener::bind(self.config.gateway.listen).await.with_context(|| {
            format!("the gateway cannot listen on {}; choose another address", self.config.gateway.listen)
        })?;
        let address = listener.local_addr()?;
        self.tasks.spawn(gateway.run(listener));
        Ok(Some(address))
    }

    fn routes(&self) -> Route {
        let mut route = Route::new();
        if self.config.roles.contains(&NodeRole::Portal) {
            let settings = portal::PortalSettings { trusted_proxies: self.config.trusted_proxies.clone() };
            route = portal::mount(route, self.app.clone(), &settings);
        }
        if self.config.roles.contains(&NodeRole::Api) {
            let metrics = metrics_handle();
            let settings = api::ApiSettings {
                introspection: self.config.api.introspection,
                metrics: Arc::new(move || metrics.render()),
                stop: self.stop.clone(),
                sockets: self.tasks.clone(),
                trusted_proxies: self.config.trusted_proxies.clone(),
            };
            route = api::mount(route, self.app.clone(), &settings);
        }
        route
    }

    /// From here on a signal (SIGTERM, SIGINT) asks the node to stop, however far it has started: killed hard, it would
    /// leave leases behind that others wait for.
    pub fn heed_signals(&self) -> std::io::Result<()> {
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let stop = self.stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            stop.cancel();
        });
        Ok(())
    }

    /// Runs until somebody asks to stop, by signal or by [`Self::stopper`].
    pub async fn wait(&self) {
        self.stop.cancelled().await;
    }

    /// What it was configured with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What stops this node when it is cancelled.
    #[must_use]
    pub fn stopper(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Stops: no new requests, accepted ones are finished, what waits is written.
    pub async fn stop(self) {
        let Self { app, scheduler, notary, stop, tasks, .. } = self;
        stop.cancel();
        tasks.close();
        tasks.wait().await;
        app.finish_requests().await;
        let log = app.log().clone();
        drop((app, scheduler, notary));
        log.close().await;
    }
}

/// The node's id, the same after a restart: its machine and where it listens.
fn id(config: &Config) -> Uuid {
    let listen = if config.listens_for_http() { config.listen } else { config.gateway.listen };
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("sealpost://{}/{listen}", machine.trim()).as_bytes())
}

/// Where mail goes on that is not secured.
fn onward(config: &Config, mailer: &Mailer) -> Result<Mailer> {
    Ok(match &config.gateway.relay {
        Some(relay) => Mailer::smtp(&relay.into())?,
        None => mailer.clone(),
    })
}

/// Opens database, keys and log.
pub async fn open_log(config: &Config, clock: Clock) -> Result<Log> {
    let db = open_database(config).await?;
    match db.schema_state().await? {
        SchemaState::Current => {}
        SchemaState::Empty => bail!("the database is empty; run `sealpost migrate` first"),
        SchemaState::Behind(steps) => {
            bail!("the database is {steps} migrations behind this program; run `sealpost migrate` first")
        }
        SchemaState::Newer { found, known } => {
            bail!(
                "the database has schema version {found}, this program knows up to {known}; run the newer program"
            )
        }
    }
    let root = config.keys.root()?;
    let vault = Vault::open(db.clone(), &root, &config.keys.folder, clock.clone()).await?;
    let log = Log::open(db, vault, clock).await?;
    let replayed = log.replay_tombstones(log.now()).await?;
    if replayed > 0 {
        tracing::warn!(replayed, "keys that a backup brought back are destroyed again");
    }
    Ok(log)
}

/// What signs the log, and where it is anchored on this machine.
fn notary_settings(config: &Config) -> Result<NotarySettings> {
    let folder = config.keys.folder.clone();
    let anchors = config.notary.anchor_file.clone().unwrap_or_else(|| folder.join("anchors.jsonl"));
    Ok(NotarySettings {
        key: LogKey { root: config.keys.root()?, folder, origin: config.notary.origin.clone() },
        anchors: AnchorFile::new(anchors),
        heartbeat: config.notary.heartbeat,
    })
}

/// Connects to the database of a configuration.
pub async fn open_database(config: &Config) -> Result<Db> {
    let settings =
        DbSettings { url: config.database.url.clone(), max_connections: config.database.max_connections };
    Ok(Db::open(&settings).await?)
}

/// The one recorder of this process.
fn metrics_handle() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let builder = PrometheusBuilder::new();
            builder.install_recorder().unwrap_or_else(|_| PrometheusBuilder::new().build_recorder().handle())
        })
        .clone()
}
