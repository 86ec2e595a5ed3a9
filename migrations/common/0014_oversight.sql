-- Who looked after what others did, and who read whose mail.

-- Which sign-off covers which event.
CREATE TABLE rm_reviews (
    organisation BIGINT NOT NULL,
    position     BIGINT NOT NULL, -- of the event that was signed off
    signed_in    BIGINT NOT NULL, -- position of the sign-off
    PRIMARY KEY (organisation, position, signed_in)
);

-- Emergency accesses. Reason and messages stand in the event.
CREATE TABLE rm_break_glasses (
    organisation BIGINT NOT NULL,
    break_glass  BYTEA  NOT NULL,
    position     BIGINT NOT NULL, -- of the event that opened it
    holder       BYTEA  NOT NULL,
    opened_at    BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,
    closed_at    BIGINT,
    PRIMARY KEY (organisation, break_glass)
);
CREATE INDEX rm_break_glasses_by_time ON rm_break_glasses (organisation, opened_at, break_glass);
CREATE INDEX rm_break_glasses_open ON rm_break_glasses (ends_at) WHERE closed_at IS NULL;

-- What was done with each, and whether somebody signed it off.
CREATE TABLE rm_break_glass_events (
    organisation BIGINT  NOT NULL,
    position     BIGINT  NOT NULL,
    break_glass  BYTEA   NOT NULL,
    reviewed     BOOLEAN NOT NULL,
    PRIMARY KEY (organisation, position)
);
CREATE INDEX rm_break_glass_events_of ON rm_break_glass_events (organisation, break_glass, position);

-- Every access to a message (N7).
CREATE TABLE rm_accesses (
    organisation BIGINT NOT NULL,
    message      BYTEA  NOT NULL,
    position     BIGINT NOT NULL, -- of the event
    at           BIGINT NOT NULL,
    kind         TEXT   NOT NULL, -- opened, downloaded, printed, replied, forwarded, exported, break_glass
    accessor     BYTEA,           -- the account that is theirs now; NULL of an export
    network      BYTEA,           -- sealed
    network_of   BYTEA,           -- under whose key
    PRIMARY KEY (organisation, message, position)
);
CREATE INDEX rm_accesses_by_accessor ON rm_accesses (organisation, accessor);

-- Whose mail it is: sender and recipients, by the account that is theirs now, whatever became of message and mailbox.
CREATE TABLE rm_access_parties (
    organisation BIGINT NOT NULL,
    account      BYTEA  NOT NULL,
    message      BYTEA  NOT NULL,
    PRIMARY KEY (organisation, account, message)
);

-- Where each session that lives comes from.
CREATE TABLE rm_access_networks (
    organisation BIGINT NOT NULL,
    session      BYTEA  NOT NULL,
    account      BYTEA  NOT NULL,
    network      BYTEA,           -- sealed
    PRIMARY KEY (organisation, session)
);
