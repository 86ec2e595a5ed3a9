-- What needs two persons, and what is kept for a matter of law.

CREATE TABLE rm_approvals (
    organisation   BIGINT NOT NULL,
    approval       BYTEA  NOT NULL,
    position       BIGINT NOT NULL, -- of the request, which has its reason
    action         TEXT   NOT NULL, -- export_content, release_hold, shorten_retention, erase, destroy_key
    subject        BYTEA,           -- the export, hold, account or message
    policy_version BIGINT,          -- of a policy, the version that its author saw
    requested_by   BYTEA,           -- NULL is the command line
    requested_at   BIGINT NOT NULL,
    lapses_at      BIGINT NOT NULL,
    state          TEXT   NOT NULL, -- pending, approved, refused, lapsed
    decided_by     BYTEA,
    decided_at     BIGINT,
    decided_in     BIGINT,          -- position of the decision, which has its comment
    outcome        TEXT,            -- done, stale: once what was approved is done with
    PRIMARY KEY (organisation, approval)
);
CREATE INDEX rm_approvals_by_time ON rm_approvals (organisation, requested_at, approval);
CREATE INDEX rm_approvals_by_state ON rm_approvals (state, lapses_at);
