//! What was taken out of the system, as it is listed (E5).

use crate::world::{ORG, World, at, by, by_worker, id, message, person};
use domain::{
    OrganisationId,
    audit::Question,
    bytes::Sha256,
    export::{Command, Export, Failure, File, Kind, Request},
    id::ExportId,
    period::Period,
};
use eventstore::{keys::KeyName, testing::on_both};
use projections::{
    TimedPage,
    audit::{AuditFilter, Kind as Happened, PositionPage},
    exports::ExportState,
};

const CSV: ExportId = ExportId::from_bytes([1; 16]);
const MAIL: ExportId = ExportId::from_bytes([2; 16]);

impl World {
    async fn export(&self, export: ExportId, command: Command) {
        let meta = if matches!(command, Command::Request(_)) { by(person(1)) } else { by_worker() };
        assert!(!self.tell::<Export>(export.uuid(), &meta, command).await, "an export refused");
    }

    /// Asks for an export about person 3 and message 5.
    async fn request(&self, export: ExportId, kind: Kind, minute: i64) {
        let what = Question { subjects: vec![person(3)], messages: vec![message(5)], ..Question::default() };
        let request = Request {
            by: Some(person(1)),
            kind,
            what,
            terms: "{}".into(),
            reason: "An enquiry.".into(),
            tree_size: 4,
            at: at(minute),
        };
        self.export(export, Command::Request(request)).await;
    }

    /// Everything that can become of an export of content, from that minute on.
    pub async fn take_out(&self, minute: i64) {
        self.request(MAIL, Kind::Messages, minute).await;
        self.export(MAIL, Command::Approve { by: person(2), at: at(minute + 1) }).await;
        let (chunk, messages) = (0, vec![message(6)]);
        self.export(MAIL, Command::Disclose { chunk, messages, at: at(minute + 2) }).await;
        self.finish(MAIL, minute + 3).await;
        self.export(MAIL, Command::Download { by: person(1), file: 0, at: at(minute + 4) }).await;
    }

    async fn finish(&self, export: ExportId, minute: i64) {
        let files = vec![File::new("audit.csv", 9, Sha256([7; 32]))];
        self.export(export, Command::Finish { files, kept: Period::hours(1), at: at(minute) }).await;
    }
}

/// E5, K3: an export is listed with who asked, who agreed and how it stands; what holds content waits for a second person.
#[tokio::test]
async fn an_export_is_listed() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.request(CSV, Kind::AuditCsv, 1).await;
        world.request(MAIL, Kind::Messages, 2).await;
        let models = world.caught_up().await;
        let to_make = async || {
            let rows = world.caught_up().await.exports_to_make(10).await.unwrap();
            rows.into_iter().map(|row| row.export).collect::<Vec<_>>()
        };
        assert_eq!(to_make().await, [CSV]);
        assert_eq!(models.unfinished_exports(ORG).await.unwrap(), 2);
        world.export(MAIL, Command::Approve { by: person(2), at: at(3) }).await;
        assert_eq!(to_make().await, [CSV, MAIL]);
        world.finish(CSV, 4).await;
        world.export(MAIL, Command::Fail { why: Failure::TooLarge, at: at(5) }).await;
        assert_eq!(to_make().await, []);

        let listed = models.exports(ORG, &TimedPage::default()).await.unwrap().items;
        let told: Vec<_> = listed
            .iter()
            .map(|row| (row.export, row.kind, row.state, row.approved_by, row.ended_at, row.kept_until))
            .collect();
        assert_eq!(
            told,
            [
                (MAIL, Kind::Messages, ExportState::Failed, Some(person(2)), Some(at(5)), None),
                (CSV, Kind::AuditCsv, ExportState::Finished, None, Some(at(4)), Some(at(64))),
            ]
        );
        assert_eq!((listed[0].requested_by, listed[0].tree_size), (Some(person(1)), 4));
        assert_eq!(models.export(ORG, CSV).await.unwrap().as_ref(), Some(&listed[1]));
        assert_eq!(models.export_count(ORG).await.unwrap(), 2);
        let none = OrganisationId(2);
        assert_eq!(models.export(none, CSV).await.unwrap(), None);
        assert_eq!(models.unfinished_exports(ORG).await.unwrap(), 0);
        let older = TimedPage { after: Some((at(2), MAIL)), ..TimedPage::default() };
        assert_eq!(models.exports(ORG, &older).await.unwrap().items, listed[1..]);
    })
    .await;
}

/// E5, Q10, N7: all that becomes of an export is found under its kinds; asking about somebody touches them, and so does opening
/// their messages.
#[tokio::test]
async fn an_export_is_audited() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.take_out(1).await;
        let found = async |filter: AuditFilter| {
            let page = PositionPage::default();
            world.caught_up().await.audit(ORG, &filter, &page).await.unwrap().items
        };
        let of_kind = async |kind| found(AuditFilter { kinds: vec![kind], ..AuditFilter::default() }).await;
        assert_eq!(of_kind(Happened::Exported).await, [4, 3, 2, 1]);
        assert_eq!(of_kind(Happened::ExportDownloaded).await, [5]);
        let subjects = vec![person(3)];
        assert_eq!(found(AuditFilter { subjects, ..AuditFilter::default() }).await, [1]);
        for (number, position) in [(5, 1), (6, 3)] {
            let messages = vec![message(number)];
            assert_eq!(found(AuditFilter { messages, ..AuditFilter::default() }).await, [position]);
        }
    })
    .await;
}

/// E5: the key of an export's files is found once their time is over, and not before.
#[tokio::test]
async fn a_key_that_outlived_its_export_is_found() {
    on_both(async |test| {
        let world = World::new(&test).await;
        let given_up: ExportId = id(3);
        for (export, kind) in [(CSV, Kind::AuditCsv), (MAIL, Kind::Messages), (given_up, Kind::AuditCsv)] {
            world.request(export, kind, 1).await;
            world.log.vault().obtain(&KeyName::export(ORG, export)).await.unwrap();
        }
        let outlived =
            async |minute| world.caught_up().await.exports_outlived_by_keys(ORG, at(minute)).await.unwrap();
        assert_eq!(outlived(1000).await, []);
        world.finish(CSV, 4).await;
        world.export(given_up, Command::Fail { why: Failure::TooLate, at: at(5) }).await;
        assert_eq!(outlived(63).await, [given_up]);
        let mut both = outlived(64).await;
        both.sort();
        assert_eq!(both, [given_up, CSV]);
    })
    .await;
}
