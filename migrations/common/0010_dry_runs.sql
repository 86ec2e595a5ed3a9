-- Content rules that are tried on past mail. Bookkeeping, not history: each is forgotten after a month.
CREATE TABLE dry_runs (
    organisation BIGINT NOT NULL,
    run          BYTEA  NOT NULL,
    input_hash   BYTEA  NOT NULL, -- the same idempotency key for another run is a mistake of the client
    rules        TEXT   NOT NULL, -- sealed, JSON
    sent_from    BIGINT NOT NULL, -- mail sent at this instant or later
    sent_until   BIGINT NOT NULL, -- and before this one
    state        TEXT   NOT NULL, -- queued, running, done, failed
    done         BIGINT NOT NULL, -- messages looked at
    total        BIGINT,
    last_at      BIGINT,          -- the last of them
    last_message BYTEA,
    created_at   BIGINT NOT NULL,
    started_at   BIGINT,
    finished_at  BIGINT,
    failure      TEXT,
    PRIMARY KEY (organisation, run)
);
CREATE INDEX dry_runs_by_state ON dry_runs (state, created_at);

CREATE TABLE dry_run_hits (
    organisation BIGINT NOT NULL,
    run          BYTEA  NOT NULL,
    message      BYTEA  NOT NULL,
    at           BIGINT NOT NULL, -- when the message was sent
    rule         BIGINT NOT NULL, -- its place among the rules of the run, from 0
    action       TEXT   NOT NULL,
    hits         BIGINT NOT NULL,
    sender       BYTEA  NOT NULL,
    PRIMARY KEY (organisation, run, message)
);
CREATE INDEX dry_run_hits_by_time ON dry_run_hits (organisation, run, at, message);
