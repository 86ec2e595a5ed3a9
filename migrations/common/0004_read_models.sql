-- Read models: what the log means, in the shape in which it is asked for. Everything named `rm_` is derived from the log
-- alone and can be rebuilt from it, then under the name `next_` beside the old tables. Ids are 16 bytes; times are
-- microseconds since 1970 (UTC); columns marked "sealed" hold what only the person's key opens, NULL once it is gone.

CREATE TABLE rm_organisations (
    organisation BIGINT NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL,
    portal_url   TEXT   NOT NULL,
    host         TEXT   NOT NULL -- of portal_url, in lower case, with its port if it has one
);
CREATE INDEX rm_organisations_by_host ON rm_organisations (host);

CREATE TABLE rm_accounts (
    organisation          BIGINT  NOT NULL,
    account               BYTEA   NOT NULL,
    kind                  TEXT    NOT NULL, -- guest, member
    state                 TEXT    NOT NULL, -- invited, registered, active, locked
    address               BYTEA,            -- sealed
    profile               BYTEA,            -- sealed, JSON
    user_name             BYTEA,            -- sealed
    invited_by            BYTEA,
    invitation            BYTEA   NOT NULL,
    invitation_sent_at    BIGINT  NOT NULL,
    invitation_expires_at BIGINT  NOT NULL,
    invitation_lapsed     BOOLEAN NOT NULL,
    mailbox_generation    BIGINT  NOT NULL,
    subscribed            BOOLEAN NOT NULL,
    created_at            BIGINT  NOT NULL,
    last_login_at         BIGINT,
    PRIMARY KEY (organisation, account)
);
CREATE INDEX rm_accounts_by_inviter ON rm_accounts (organisation, invited_by, invitation_sent_at);
CREATE INDEX rm_accounts_by_invitation ON rm_accounts (organisation, invitation);
CREATE INDEX rm_accounts_by_expiry ON rm_accounts (state, invitation_expires_at);

CREATE TABLE rm_addresses (
    organisation BIGINT NOT NULL,
    address      BYTEA  NOT NULL, -- keyed tag of the normalised address
    account      BYTEA  NOT NULL,
    PRIMARY KEY (organisation, address)
);

CREATE TABLE rm_links (
    organisation BIGINT NOT NULL,
    hash         BYTEA  NOT NULL, -- of the mailed token
    purpose      TEXT   NOT NULL, -- register, activate_account
    account      BYTEA  NOT NULL,
    link         BYTEA  NOT NULL,
    state        TEXT   NOT NULL, -- usable, used, replaced
    expires_at   BIGINT NOT NULL,
    PRIMARY KEY (organisation, hash)
);
CREATE INDEX rm_links_by_account ON rm_links (organisation, account, purpose);

CREATE TABLE rm_sessions (
    organisation BIGINT NOT NULL,
    token        BYTEA  NOT NULL, -- hash of the session's credential
    session      BYTEA  NOT NULL,
    account      BYTEA  NOT NULL,
    network      BYTEA,           -- sealed
    device       BYTEA,           -- sealed
    started_at   BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,
    ended_at     BIGINT,
    PRIMARY KEY (organisation, token)
);
CREATE INDEX rm_sessions_by_account ON rm_sessions (organisation, account, started_at);
CREATE INDEX rm_sessions_by_session ON rm_sessions (organisation, session);

-- No read model: looking at a page is no event. It outlives every rebuild.
CREATE TABLE session_activity (
    organisation   BIGINT NOT NULL,
    session        BYTEA  NOT NULL,
    last_active_at BIGINT NOT NULL,
    PRIMARY KEY (organisation, session)
);

CREATE TABLE rm_lockouts (
    organisation BIGINT NOT NULL,
    account      BYTEA  NOT NULL,
    since        BIGINT NOT NULL,
    until        BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    PRIMARY KEY (organisation, account)
);
CREATE INDEX rm_lockouts_by_end ON rm_lockouts (until);

CREATE TABLE rm_messages (
    organisation     BIGINT NOT NULL,
    message          BYTEA  NOT NULL,
    position         BIGINT NOT NULL, -- of the event that sent it
    sender           BYTEA  NOT NULL,
    content_key      BYTEA  NOT NULL, -- its id, not the key
    sent_at          BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    expired_at       BIGINT,
    attachment_count BIGINT NOT NULL,
    size_bytes       BIGINT NOT NULL,
    reply_to         BYTEA,
    forward_of       BYTEA,
    PRIMARY KEY (organisation, message)
);
CREATE INDEX rm_messages_by_expiry ON rm_messages (expired_at, expires_at);

-- One row for each who may read: gone when the message expires, revoked when the reader left.
CREATE TABLE rm_mailbox (
    organisation BIGINT NOT NULL,
    account      BYTEA  NOT NULL,
    direction    TEXT   NOT NULL, -- in, out
    message      BYTEA  NOT NULL,
    sent_at      BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    generation   BIGINT NOT NULL, -- of the mailbox key
    grant_key    BYTEA  NOT NULL, -- the content key, sealed for this reader
    opened_at    BIGINT,
    revoked_at   BIGINT,
    PRIMARY KEY (organisation, account, direction, message)
);
CREATE INDEX rm_mailbox_by_time ON rm_mailbox (organisation, account, direction, sent_at, message);
CREATE INDEX rm_mailbox_by_message ON rm_mailbox (organisation, message);

-- What became of a message at each recipient; every time is the first.
CREATE TABLE rm_deliveries (
    organisation BIGINT NOT NULL,
    message      BYTEA  NOT NULL,
    account      BYTEA  NOT NULL,
    kind         TEXT   NOT NULL, -- guest, member: when it was sent
    field        TEXT   NOT NULL, -- to, cc
    opened_at    BIGINT,
    replied_at   BIGINT,
    forwarded_at BIGINT,
    revoked_at   BIGINT,
    PRIMARY KEY (organisation, message, account)
);

CREATE TABLE rm_drafts (
    organisation     BIGINT NOT NULL,
    draft            BYTEA  NOT NULL,
    owner            BYTEA  NOT NULL,
    version          BIGINT NOT NULL,
    saved_at         BIGINT NOT NULL,
    attachment_count BIGINT NOT NULL,
    PRIMARY KEY (organisation, draft)
);
CREATE INDEX rm_drafts_by_owner ON rm_drafts (organisation, owner, saved_at);

CREATE TABLE rm_notifications (
    organisation    BIGINT NOT NULL,
    notification    BYTEA  NOT NULL,
    kind            TEXT   NOT NULL,
    recipient       BYTEA  NOT NULL,
    message         BYTEA,
    cause           BIGINT NOT NULL, -- position of the event that it tells of
    state           TEXT   NOT NULL, -- queued, deferred, sent, failed, suppressed
    queued_at       BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    next_attempt_at BIGINT,          -- NULL once it is settled
    last_reply      BIGINT,
    PRIMARY KEY (organisation, notification)
);
CREATE INDEX rm_notifications_by_due ON rm_notifications (next_attempt_at);
CREATE INDEX rm_notifications_by_message ON rm_notifications (organisation, message);
CREATE INDEX rm_notifications_by_recipient ON rm_notifications (organisation, recipient, queued_at);

CREATE TABLE rm_audit (
    organisation BIGINT NOT NULL,
    position     BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (organisation, position)
);
CREATE INDEX rm_audit_by_time ON rm_audit (organisation, at);

-- What an event can be found by: keyed tags of actor, subject, message, address, kind, outcome.
CREATE TABLE rm_audit_terms (
    organisation BIGINT NOT NULL,
    term         BYTEA  NOT NULL,
    position     BIGINT NOT NULL,
    PRIMARY KEY (organisation, term, position)
);
