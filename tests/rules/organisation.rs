//! What an organisation shows, and its domains.

use crate::{
    administration::{done, read},
    house::ADMINISTRATOR,
    stage::on_stage,
};
use app::OrganisationChange;
use domain::presentation::SupportedClient;
use serde_json::json;

const PUBLIC: &str = "{ organisation { name branding { colour notificationText } support { country telephone hours } \
     privacyStatement helpTopics { slug title body } supportedBrowsers supportedClients { name platform minimumVersion \
     wantedVersion } registration { passwordMinimumLength suggestedQuestions } } }";

/// A46, A47, B2, B3, B7, B35: what an organisation shows is changed by its administrator, and anyone can read it.
#[tokio::test]
async fn an_organisation_is_dressed() {
    on_stage(async |stage| {
        let mut admin = stage.log_in(ADMINISTRATOR).await;
        let change = json!({
            "name": "Lakeside", "colour": "#225522", "notificationText": "Secure mail waits.", "privacyStatement": "# Ours",
            "support": [{ "country": "US", "telephone": "+15551230000", "hours": "9 to 5" }],
        });
        let fields = "organisation { name branding { colour } }";
        let updated = done(&mut admin, "updateOrganisation", fields, change).await;
        assert_eq!(updated["organisation"], json!({ "name": "Lakeside", "branding": { "colour": "#225522" } }), "{updated}");
        let kept = done(&mut admin, "updateOrganisation", fields, json!({ "colour": "#222255" })).await;
        assert_eq!(kept["organisation"]["name"], "Lakeside", "what is left out stays");
        let wrong = json!({ "colour": "#ffffff", "support": [{ "country": "us", "telephone": "1" }] });
        let refused = done(&mut admin, "updateOrganisation", fields, wrong).await;
        let problems: Vec<_> = refused["problems"].as_array().expect("problems").iter().map(|p| &p["field"]).collect();
        assert_eq!(problems, [&json!(["colour"]), &json!(["support"])], "{refused}");
        let nameless = done(&mut admin, "updateOrganisation", fields, json!({ "name": " " })).await;
        assert_eq!(nameless["problems"][0]["field"], json!(["name"]), "{nameless}");

        let shown = read(&mut stage.stranger(), PUBLIC).await["organisation"].clone();
        assert_eq!(shown["branding"], json!({ "colour": "#222255", "notificationText": "Secure mail waits." }));
        assert_eq!(shown["support"][0]["telephone"], "+15551230000");
        assert_eq!(shown["privacyStatement"], "# Ours");
        assert_eq!(shown["registration"]["passwordMinimumLength"], 8);
        assert!(shown["registration"]["suggestedQuestions"].as_array().is_some_and(|all| all.len() >= 10));
        assert!(shown["supportedBrowsers"].as_array().is_some_and(|all| !all.is_empty()));
        let topics = shown["helpTopics"].as_array().expect("topics");
        let topic = |slug: &str| {
            let found = topics.iter().find(|topic| topic["slug"] == slug).and_then(|topic| topic["body"].as_str());
            found.unwrap_or_else(|| panic!("no help on {slug}"))
        };
        for slug in ["invitation", "confirmation"] {
            for word in ["spam folder", "administrator", "Lakeside", "US: +15551230000 (9 to 5)"] {
                assert!(topic(slug).contains(word), "{slug}: no {word}");
            }
        }
        for slug in ["registering", "logging-in", "security-questions", "leaving"] {
            assert!(!topic(slug).is_empty());
        }
    })
    .await;
}

/// B54, B55: a client can ask which clients work here and which version is wanted.
#[tokio::test]
async fn supported_clients_are_public() {
    on_stage(async |stage| {
        let client = SupportedClient {
            name: "Plugin".into(),
            platform: "Outlook".into(),
            minimum_version: "2.9".into(),
            wanted_version: "2.10".into(),
        };
        let change = OrganisationChange { clients: Some(vec![client]), ..OrganisationChange::default() };
        let organisation = stage.cast.organisation;
        stage.node.app.update_organisation(organisation, &change).await.expect("the clients are set");
        let shown = read(&mut stage.stranger(), PUBLIC).await["organisation"]["supportedClients"].clone();
        let expected = json!([{ "name": "Plugin", "platform": "Outlook", "minimumVersion": "2.9", "wantedVersion": "2.10" }]);
        assert_eq!(shown, expected);
    })
    .await;
}

/// A26, B50: domains become the organisation's own and are given up; one that anyone can have an address in is refused.
#[tokio::test]
async fn domains_come_and_go() {
    on_stage(async |stage| {
        let mut admin = stage.log_in(ADMINISTRATOR).await;
        let domain = |domain: &str| json!({ "domain": domain });
        let claimed = done(&mut admin, "claimDomain", "domains", domain("Lakeside.Example")).await;
        assert_eq!(claimed["domains"], json!(["insurer.example", "lakeside.example"]), "{claimed}");
        for refused in ["gmail.com", "no domain"] {
            let refused = done(&mut admin, "claimDomain", "domains", domain(refused)).await;
            assert_eq!(refused["problems"][0]["field"], json!(["domain"]), "{refused}");
            assert_eq!(refused["domains"].as_array().map(Vec::len), Some(2), "{refused}");
        }
        let released = done(&mut admin, "releaseDomain", "domains", domain("lakeside.example")).await;
        assert_eq!(released["domains"], json!(["insurer.example"]), "{released}");
        let shown = read(&mut admin, "{ viewer { administration { domains } } }").await;
        assert_eq!(shown["viewer"]["administration"]["domains"], json!(["insurer.example"]));
    })
    .await;
}
