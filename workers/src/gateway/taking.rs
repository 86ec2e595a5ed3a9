//! DATA: a mail is read to its end and handed over; only then its fate is told.

use super::{
    data::{Decoder, Flaw},
    listener::Shared,
    memory::{Full, MailBuffer, Whole},
    reply::{self, Reply},
    session::{Envelope, Session, TAKING, not_now},
    trace::{self, Way},
    wire::{Gone, Wire},
};
use app::{Handover, Reception};
use bytes::Buf;
use domain::policy::Network;
use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{sleep, timeout},
};

/// Servers that a mail may have passed: more means that it goes in circles (RFC 5321 §6.3 has 100 at least for those who
/// count; an organisation's own mail passes a handful).
const HOPS: usize = 50;

impl Session<'_> {
    /// The reply that tells its fate.
    pub(super) async fn take_mail<S>(&mut self, wire: &mut Wire<S>) -> Result<Reply, Gone>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let (Some(hello), Some(envelope)) = (&self.hello, &self.envelope) else {
            return Ok(reply::MAIL_FIRST);
        };
        let Shared { settings, clock, memory, hurry, .. } = self.gateway;
        let trace = trace::received(Way {
            peer: self.peer,
            helo: &hello.host,
            extended: hello.extended,
            tls: self.tls,
            utf8: envelope.utf8,
            hostname: &settings.hostname,
            at: clock.now(),
        });
        let Some(mut buffer) =
            memory.buffer(trace.len() + envelope.size, trace.len() + settings.max_message_bytes)
        else {
            count("deferred");
            return Ok(reply::NO_MEMORY);
        };
        buffer.push(trace.as_bytes());
        wire.say(&reply::GO_AHEAD);
        let read = tokio::select! {
            biased;
            () = hurry.cancelled() => Err(Gone::Stopping),
            () = sleep(settings.timeouts.mail) => Err(Gone::Idle),
            read = read(wire, buffer, settings.timeouts.block, settings.max_message_bytes) => read,
        };
        let read = read.inspect_err(|_| count("interrupted"))?;
        let Some(envelope) = self.envelope.take() else { return Ok(reply::MAIL_FIRST) };
        let recipient_count = envelope.recipients.len();
        let reply = match read {
            Ok(whole) => self.hand_over(envelope, trace.len(), whole).await?,
            Err(reply) => reply,
        };
        self.idle_commands = 0;
        count(match reply.code {
            ..400 => "taken",
            400..500 => "deferred",
            500.. => "refused",
        });
        let network = Network::around(self.peer);
        tracing::info!(%network, recipient_count, code = reply.code, "a mail was handed over");
        Ok(reply)
    }

    async fn hand_over(
        &self,
        envelope: Envelope,
        trace_bytes: usize,
        (traced, room): Whole,
    ) -> Result<Reply, Gone> {
        let helo = self.hello.as_ref().map(|hello| hello.host.clone()).unwrap_or_default();
        let Envelope { sender, utf8, recipients, .. } = envelope;
        let raw = traced.slice(trace_bytes..);
        if trace::hops(&raw) > HOPS {
            return Ok(reply::LOOP);
        }
        let mail = Handover { peer: self.peer, helo, sender, recipients, tls: self.tls, raw };
        let taking = self.gateway.intake.receive_mail(mail, traced);
        let taken = tokio::select! {
            biased;
            () = self.gateway.hurry.cancelled() => {
                count("interrupted");
                return Err(Gone::Stopping);
            }
            taken = timeout(TAKING, taking) => taken,
        };
        // Until here the mail took its room in memory.
        drop(room);
        Ok(match taken {
            Ok(Ok(Reception::Taken)) => reply::TAKEN,
            Ok(Ok(Reception::Refused { code, enhanced, text })) => {
                Reply::refusal(code, enhanced, &text, utf8)
            }
            Ok(Err(error)) => not_now(error),
            Err(_) => reply::TRY_AGAIN,
        })
    }
}

/// Reads up to the end of a mail, also of one that is not taken: only there the peer hears of it.
async fn read<S>(
    wire: &mut Wire<S>,
    mut buffer: MailBuffer,
    block: Duration,
    limit: usize,
) -> Result<Result<Whole, Reply>, Gone>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    wire.flush().await?;
    let (mut decoder, mut seen) = (Decoder::new(), 0);
    loop {
        let input = wire.block(block).await?;
        let end = decoder.read(input, |text| buffer.push(text));
        let length = end.unwrap_or(input.len());
        input.advance(length);
        seen += length;
        if let Some(flaw) = decoder.flaw() {
            buffer.give_up(Full::TooLarge);
            if end.is_some() {
                return Ok(Err(flawed(flaw)));
            }
        } else if end.is_some() {
            return Ok(buffer.finish().map_err(|why| match why {
                Full::TooLarge => reply::TOO_LARGE,
                Full::NoMemory => reply::NO_MEMORY,
            }));
        }
        // Twice what a mail may have: nobody sends that by mistake.
        if seen / 2 > limit {
            return Err(Gone::Flooding);
        }
    }
}

fn flawed(flaw: Flaw) -> Reply {
    match flaw {
        Flaw::BareLineBreak => reply::BARE_LINE_BREAK,
        Flaw::Nul => reply::NUL,
        Flaw::LongLine => reply::TEXT_LINE_TOO_LONG,
    }
}

fn count(result: &'static str) {
    metrics::counter!("sealpost_gateway_mails_total", "result" => result).increment(1);
}
