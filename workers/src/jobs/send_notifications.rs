//! Mails that are due go out (A6, R15).
//!
//! At least once: between the relay's yes and its record the program can die, and then the mail goes out again. It has
//! the same Message-ID each time, made from the notification's id, so that a mail system or a person can tell. The other
//! order, recording first, would lose mails instead.

use super::Tools;
use crate::{JobError, mailer::concerns_all};
use anyhow::anyhow;
use app::Delivery;
use domain::OrganisationId;
use projections::notifications::NotificationRow;

/// Mails taken from the queue at once.
const BATCH: u32 = 100;
/// Batches of one run: then the next run goes on, and each run's record says how it went.
const BATCHES: u32 = 10;

pub(super) async fn run(tools: &Tools<'_>) -> Result<u64, JobError> {
    let mut sent = 0;
    let mut first_failure = None;
    for _ in 0..BATCHES {
        let due = tools.app.notifications_due(BATCH).await?;
        let is_last = due.len() < BATCH as usize;
        for (organisation, row) in due {
            if tools.stop.is_cancelled() {
                return Ok(sent);
            }
            match send(tools, organisation, &row).await {
                Ok(Sent::Mail) => sent += 1,
                Ok(Sent::Nothing) => {}
                Err(JobError::Fail(problem)) => first_failure = first_failure.or(Some(problem)),
                Err(retry @ JobError::Retry(_)) => return Err(retry),
            }
        }
        if is_last {
            break;
        }
    }
    first_failure.map_or(Ok(sent), |problem| Err(JobError::Fail(problem)))
}

enum Sent {
    Mail,
    /// Suppressed, refused, or put off: that is on record.
    Nothing,
}

async fn send(
    tools: &Tools<'_>,
    organisation: OrganisationId,
    row: &NotificationRow,
) -> Result<Sent, JobError> {
    let mail = match tools.app.compose(organisation, row).await.map_err(JobError::from) {
        Ok(Some(mail)) => mail,
        Ok(None) => {
            count("suppressed");
            return Ok(Sent::Nothing);
        }
        Err(retry @ JobError::Retry(_)) => return Err(retry),
        Err(fail @ JobError::Fail(_)) => {
            // Put off, so that a mail that cannot be written does not stand before those that can.
            tools.app.settle(organisation, row, &[], Delivery::NotNow(None)).await?;
            return Err(fail);
        }
    };
    let delivery = tools.mailer.deliver(&mail).await;
    tools.app.settle(organisation, row, &mail.covers, delivery).await?;
    count(match delivery {
        Delivery::Taken => "taken",
        Delivery::NotNow(_) => "not_now",
        Delivery::Never(_) => "never",
    });
    if concerns_all(delivery) {
        // The rest would wait for the same answer and use up their attempts.
        return Err(JobError::Retry(anyhow!(
            "the mail relay cannot be used, or the local mailbox cannot be written; the program's log says why"
        )));
    }
    Ok(if delivery == Delivery::Taken { Sent::Mail } else { Sent::Nothing })
}

fn count(result: &'static str) {
    metrics::counter!("sealpost_mails_total", "result" => result).increment(1);
}
