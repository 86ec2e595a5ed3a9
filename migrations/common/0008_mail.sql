-- Mail, complete. Read models change shape by being made anew: their rows come from the log again.

DROP TABLE rm_messages;
CREATE TABLE rm_messages (
    organisation      BIGINT NOT NULL,
    message           BYTEA  NOT NULL,
    position          BIGINT NOT NULL, -- of the event that sent it
    sender            BYTEA  NOT NULL,
    content_key       BYTEA  NOT NULL, -- its id, not the key
    sent_at           BIGINT NOT NULL,
    expires_at        BIGINT NOT NULL,
    expired_at        BIGINT,
    warned_at         BIGINT,          -- its recipients, that it ends soon
    recalled_at       BIGINT,          -- from everyone
    sender_deleted_at BIGINT,
    attachment_count  BIGINT NOT NULL,
    size_bytes        BIGINT NOT NULL,
    reply_to          BYTEA,
    forward_of        BYTEA,
    secured_by        BYTEA,           -- the content rule
    PRIMARY KEY (organisation, message)
);
CREATE INDEX rm_messages_by_expiry ON rm_messages (expired_at, expires_at);
CREATE INDEX rm_messages_by_time ON rm_messages (organisation, sent_at, message);

DROP TABLE rm_mailbox;
CREATE TABLE rm_mailbox (
    organisation BIGINT NOT NULL,
    account      BYTEA  NOT NULL, -- whose folder
    granted_to   BYTEA  NOT NULL, -- whose mailbox key opens it: an account that joined this one keeps its key
    direction    TEXT   NOT NULL, -- in, out
    message      BYTEA  NOT NULL,
    sent_at      BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    generation   BIGINT NOT NULL, -- of the mailbox key
    grant_key    BYTEA  NOT NULL, -- the content key, sealed for this reader
    opened_at    BIGINT,
    revoked_at   BIGINT,
    recalled_at  BIGINT,
    PRIMARY KEY (organisation, account, direction, message)
);
CREATE INDEX rm_mailbox_by_time ON rm_mailbox (organisation, account, direction, sent_at, message);
CREATE INDEX rm_mailbox_by_message ON rm_mailbox (organisation, message);

DROP TABLE rm_deliveries;
CREATE TABLE rm_deliveries (
    organisation  BIGINT NOT NULL,
    message       BYTEA  NOT NULL,
    account       BYTEA  NOT NULL,
    kind          TEXT   NOT NULL, -- guest, member: when it was sent
    field         TEXT   NOT NULL, -- to, cc
    opened_at     BIGINT,
    downloaded_at BIGINT,
    printed_at    BIGINT,
    replied_at    BIGINT,
    forwarded_at  BIGINT,
    recalled_at   BIGINT,
    deleted_at    BIGINT,
    revoked_at    BIGINT,
    PRIMARY KEY (organisation, message, account)
);

-- Who has which file. A file that no row names can go.
CREATE TABLE rm_attachments (
    organisation BIGINT  NOT NULL,
    attachment   BYTEA   NOT NULL,
    owner        BYTEA   NOT NULL, -- a draft or a message
    is_draft     BOOLEAN NOT NULL,
    expires_at   BIGINT,           -- of the message
    PRIMARY KEY (organisation, attachment, owner)
);
CREATE INDEX rm_attachments_by_owner ON rm_attachments (organisation, owner);

DROP TABLE rm_notifications;
CREATE TABLE rm_notifications (
    organisation    BIGINT NOT NULL,
    notification    BYTEA  NOT NULL,
    kind            TEXT   NOT NULL,
    recipient       BYTEA,           -- NULL where it answers an address, whoever has it
    message         BYTEA,
    sender          BYTEA,           -- whom it concerns when it cannot be delivered
    cause           BIGINT NOT NULL, -- position of the event that it tells of
    state           TEXT   NOT NULL, -- queued, deferred, sent, failed, bounced, suppressed
    queued_at       BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    next_attempt_at BIGINT,          -- NULL once it is settled
    last_reply      BIGINT,
    last_status     TEXT,            -- why it came back (RFC 3463)
    PRIMARY KEY (organisation, notification)
);
CREATE INDEX rm_notifications_by_due ON rm_notifications (next_attempt_at);
CREATE INDEX rm_notifications_by_message ON rm_notifications (organisation, message);
CREATE INDEX rm_notifications_by_recipient ON rm_notifications (organisation, recipient, queued_at);
CREATE INDEX rm_notifications_by_time ON rm_notifications (organisation, queued_at, notification);

-- Mails at the gateway that met a content rule.
CREATE TABLE rm_rule_hits (
    organisation BIGINT NOT NULL,
    intake       BYTEA  NOT NULL,
    position     BIGINT NOT NULL, -- of the event that says so
    at           BIGINT NOT NULL,
    rule         BYTEA  NOT NULL,
    action       TEXT   NOT NULL, -- pass, secure, hold, refuse
    hits         BIGINT NOT NULL,
    sender       BYTEA,
    message      BYTEA,           -- what it became
    decision     TEXT,            -- of a mail that was held
    decided_by   BYTEA,
    decided_in   BIGINT,          -- position of the decision, which has its reason
    waits        TEXT,            -- decision, relay: for what; NULL once it is settled
    PRIMARY KEY (organisation, intake)
);
CREATE INDEX rm_rule_hits_by_time ON rm_rule_hits (organisation, at, intake);
CREATE INDEX rm_rule_hits_waiting ON rm_rule_hits (waits, at) WHERE waits IS NOT NULL;

-- A rebuild that was interrupted goes on from rows of the old shape: it begins anew.
DROP TABLE IF EXISTS next_messages;
DROP TABLE IF EXISTS next_mailbox;
DROP TABLE IF EXISTS next_deliveries;
DROP TABLE IF EXISTS next_drafts;
DROP TABLE IF EXISTS next_notifications;
DELETE FROM checkpoints WHERE projection IN ('mailbox:next', 'notifications:next');

DELETE FROM rm_drafts;
UPDATE checkpoints SET position = 0, parked_reason = NULL WHERE projection IN ('mailbox', 'notifications');
