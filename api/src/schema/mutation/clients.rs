//! Client programs come and go.

use super::{find, settle};
use crate::{
    asker::{asker, viewer},
    schema::{
        client::Client,
        ids::{self, Kind},
        problem::Problem,
        scalars::{DateTime, Period, Position, Secret, Url},
    },
};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::{account::client::Program, id::ClientId};

#[derive(Default)]
pub(crate) struct Clients;

#[Object]
impl Clients {
    /// A client program asks for a credential (RFC 8628, B51, B53). Role: anyone.
    async fn request_client_activation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: RequestClientActivationInput,
    ) -> Result<RequestClientActivationPayload> {
        let asker = asker(ctx);
        let RequestClientActivationInput { name, version, platform } = input;
        let program = Program { name, version, platform };
        let requested = asker.app.request_client_activation(&asker.caller, program).await;
        let done = settle(asker, requested).await?;
        let (problems, position) = (done.problems, done.position);
        Ok(match done.value {
            Some(request) => RequestClientActivationPayload {
                device_code: Some(Secret(request.device_code)),
                user_code: Some(request.user_code),
                verification_url: Some(Url(request.verification_url)),
                interval: Some(Period(request.interval)),
                expires_at: Some(request.expires_at.into()),
                problems,
                position,
            },
            None => RequestClientActivationPayload {
                problems,
                position,
                ..RequestClientActivationPayload::default()
            },
        })
    }

    /// Activates a client for the viewer (B51). Role: guest, member.
    async fn approve_client(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ApproveClientInput,
    ) -> Result<ApproveClientPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let approved = asker.app.approve_client(&asker.caller, &viewer, &input.user_code).await;
        let done = settle(asker, approved).await?;
        let client = done.value.map(Client::from);
        Ok(ApproveClientPayload { client, problems: done.problems, position: done.position })
    }

    /// The client fetches its credential, once. Role: anyone with the device code.
    async fn confirm_client_activation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: ConfirmClientActivationInput,
    ) -> Result<ConfirmClientActivationPayload> {
        let asker = asker(ctx);
        let confirmed = asker.app.confirm_client_activation(&asker.caller, &input.device_code.0).await;
        let done = settle(asker, confirmed).await?;
        let (credential, client) =
            done.value.map(|made| (Secret(made.credential), made.client.into())).unzip();
        Ok(ConfirmClientActivationPayload {
            credential,
            client,
            problems: done.problems,
            position: done.position,
        })
    }

    /// Refuses a client's credential (B51). Role: guest, member.
    async fn block_client(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: BlockClientInput,
    ) -> Result<BlockClientPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let blocked = match client(&input.client_id) {
            Ok(client) => asker.app.block_client(&viewer, client).await,
            Err(problem) => Err(problem),
        };
        let done = settle(asker, blocked).await?;
        let client = done.value.map(Client::from);
        Ok(BlockClientPayload { client, problems: done.problems, position: done.position })
    }

    /// Deletes a blocked client; no message data is lost (B51). Role: guest, member.
    async fn delete_client(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: DeleteClientInput,
    ) -> Result<DeleteClientPayload> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let deleted = match client(&input.client_id) {
            Ok(client) => asker.app.delete_client(&viewer, client).await,
            Err(problem) => Err(problem),
        };
        let done = settle(asker, deleted).await?;
        let deleted_client_id = done.value.map(|client| ids::id(Kind::Client, client.uuid()));
        Ok(DeleteClientPayload { deleted_client_id, problems: done.problems, position: done.position })
    }
}

fn client(id: &ID) -> Result<ClientId, app::Error> {
    find(Kind::Client, id, "client", "clientId").map(ClientId::new)
}

/// Input of `requestClientActivation`.
#[derive(InputObject)]
pub(crate) struct RequestClientActivationInput {
    /// The program's name, at most 100 characters.
    name: String,
    /// Its version.
    version: String,
    /// Where it runs.
    platform: String,
}

/// Answer of `requestClientActivation`.
#[derive(SimpleObject, Default)]
pub(crate) struct RequestClientActivationPayload {
    /// Kept by the client.
    device_code: Option<Secret>,
    /// Shown to the person, such as WDJB-MJHT.
    user_code: Option<String>,
    /// Where the person enters it.
    verification_url: Option<Url>,
    /// How often to ask.
    interval: Option<Period>,
    /// Until when.
    expires_at: Option<DateTime>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `approveClient`.
#[derive(InputObject)]
pub(crate) struct ApproveClientInput {
    /// As the client shows it.
    user_code: String,
}

/// Answer of `approveClient`.
#[derive(SimpleObject)]
pub(crate) struct ApproveClientPayload {
    /// The client, active.
    client: Option<Client>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `confirmClientActivation`.
#[derive(InputObject)]
pub(crate) struct ConfirmClientActivationInput {
    /// From `requestClientActivation`.
    device_code: Secret,
}

/// Answer of `confirmClientActivation`.
#[derive(SimpleObject)]
pub(crate) struct ConfirmClientActivationPayload {
    /// Bearer credential; null while approval is pending.
    credential: Option<Secret>,
    /// The client.
    client: Option<Client>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `blockClient`.
#[derive(InputObject)]
pub(crate) struct BlockClientInput {
    /// Which.
    client_id: ID,
}

/// Answer of `blockClient`.
#[derive(SimpleObject)]
pub(crate) struct BlockClientPayload {
    /// The client, blocked.
    client: Option<Client>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}

/// Input of `deleteClient`.
#[derive(InputObject)]
pub(crate) struct DeleteClientInput {
    /// Which.
    client_id: ID,
}

/// Answer of `deleteClient`.
#[derive(SimpleObject)]
pub(crate) struct DeleteClientPayload {
    /// The client that is gone.
    deleted_client_id: Option<ID>,
    /// Why it was not done; empty when it was.
    problems: Vec<Problem>,
    /// Name it in `Sealpost-At-Least` to read what was just done (R17); null when nothing was recorded or nobody is logged in.
    position: Option<Position>,
}
