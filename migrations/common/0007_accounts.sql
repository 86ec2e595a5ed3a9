-- Accounts, complete. Read models change shape by being made anew: their rows come from the log again.

DROP TABLE rm_accounts;
CREATE TABLE rm_accounts (
    organisation          BIGINT  NOT NULL,
    account               BYTEA   NOT NULL,
    kind                  TEXT    NOT NULL, -- guest, member
    audience              TEXT,
    state                 TEXT    NOT NULL, -- invited, registered, active, locked, closed
    address               BYTEA,            -- sealed; the primary one
    profile               BYTEA,            -- sealed, JSON
    user_name             BYTEA,            -- sealed
    invited_by            BYTEA,
    invitation            BYTEA   NOT NULL,
    invitation_sent_at    BIGINT  NOT NULL,
    invitation_expires_at BIGINT  NOT NULL,
    invitation_lapsed     BOOLEAN NOT NULL,
    mailbox_generation    BIGINT  NOT NULL,
    subscribed            BOOLEAN NOT NULL,
    undeliverable         BOOLEAN NOT NULL, -- the last mail to it failed for good
    created_at            BIGINT  NOT NULL,
    last_login_at         BIGINT,
    PRIMARY KEY (organisation, account)
);
CREATE INDEX rm_accounts_by_time ON rm_accounts (organisation, created_at, account);
CREATE INDEX rm_accounts_by_inviter ON rm_accounts (organisation, invited_by, invitation_sent_at);
CREATE INDEX rm_accounts_by_invitation ON rm_accounts (organisation, invitation);
CREATE INDEX rm_accounts_by_sending ON rm_accounts (organisation, invitation_sent_at, account);
CREATE INDEX rm_accounts_by_expiry ON rm_accounts (state, invitation_expires_at);
-- Few: those whose keys may have to be swept.
CREATE INDEX rm_accounts_departed ON rm_accounts (organisation, account)
    WHERE subscribed = FALSE OR mailbox_generation > 1;

DROP TABLE rm_links;
CREATE TABLE rm_links (
    organisation BIGINT NOT NULL,
    hash         BYTEA  NOT NULL, -- of the mailed token
    purpose      TEXT   NOT NULL, -- register, activate_account, set_password, activate_password, confirm_alias, undo_alias_promotion
    account      BYTEA  NOT NULL,
    about        BYTEA  NOT NULL, -- the alias that it is about, else the account
    link         BYTEA  NOT NULL,
    state        TEXT   NOT NULL, -- usable, used, replaced
    expires_at   BIGINT NOT NULL,
    PRIMARY KEY (organisation, hash)
);
CREATE INDEX rm_links_by_account ON rm_links (organisation, account, purpose);

DROP TABLE rm_sessions;
CREATE TABLE rm_sessions (
    organisation BIGINT NOT NULL,
    token        BYTEA  NOT NULL, -- hash of the session's credential
    session      BYTEA  NOT NULL,
    account      BYTEA  NOT NULL,
    client       BYTEA,           -- the client program whose credential it is
    network      BYTEA,           -- sealed; the last one recorded
    device       BYTEA,           -- sealed
    started_at   BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,
    ended_at     BIGINT,
    PRIMARY KEY (organisation, token)
);
CREATE INDEX rm_sessions_by_account ON rm_sessions (organisation, account, started_at);
CREATE INDEX rm_sessions_by_session ON rm_sessions (organisation, session);
CREATE INDEX rm_sessions_living ON rm_sessions (organisation, started_at) WHERE ended_at IS NULL;

-- Networks that are not heard for a time, beside the accounts that are locked.
CREATE TABLE rm_blocked_networks (
    organisation BIGINT NOT NULL,
    network      BYTEA  NOT NULL, -- keyed tag of its prefix
    until        BIGINT NOT NULL,
    PRIMARY KEY (organisation, network)
);
CREATE INDEX rm_blocked_networks_by_end ON rm_blocked_networks (until);

-- Changes of a password that wait for their activation.
CREATE TABLE rm_password_changes (
    organisation BIGINT NOT NULL,
    account      BYTEA  NOT NULL,
    activate_by  BIGINT NOT NULL,
    PRIMARY KEY (organisation, account)
);
CREATE INDEX rm_password_changes_by_end ON rm_password_changes (activate_by);

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
    PRIMARY KEY (organisation, account, direction, message)
);
CREATE INDEX rm_mailbox_by_time ON rm_mailbox (organisation, account, direction, sent_at, message);
CREATE INDEX rm_mailbox_by_message ON rm_mailbox (organisation, message);

CREATE INDEX rm_addresses_by_account ON rm_addresses (organisation, account);

-- A rebuild that was interrupted goes on from rows of the old shape: it begins anew.
DROP TABLE IF EXISTS next_accounts;
DROP TABLE IF EXISTS next_addresses;
DROP TABLE IF EXISTS next_links;
DROP TABLE IF EXISTS next_sessions;
DROP TABLE IF EXISTS next_lockouts;
DROP TABLE IF EXISTS next_messages;
DROP TABLE IF EXISTS next_mailbox;
DROP TABLE IF EXISTS next_deliveries;
DROP TABLE IF EXISTS next_drafts;
DELETE FROM checkpoints WHERE projection
    IN ('accounts:next', 'addresses:next', 'links:next', 'sessions:next', 'lockouts:next', 'mailbox:next');

DELETE FROM rm_lockouts;
DELETE FROM rm_addresses;
DELETE FROM rm_messages;
DELETE FROM rm_deliveries;
DELETE FROM rm_drafts;
UPDATE checkpoints SET position = 0, parked_reason = NULL
    WHERE projection IN ('accounts', 'addresses', 'links', 'sessions', 'lockouts', 'mailbox');

-- Mails are listed newest first.
CREATE INDEX rm_notifications_by_time ON rm_notifications (organisation, queued_at, notification);
