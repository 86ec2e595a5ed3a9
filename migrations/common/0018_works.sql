-- What takes a while, of every kind: one table instead of one for each. Bookkeeping, not history: each is forgotten a month
-- after its end. Dry runs that are under way are to be asked for again.
CREATE TABLE works (
    organisation BIGINT NOT NULL,
    work         BYTEA  NOT NULL,
    kind         TEXT   NOT NULL, -- dry_run, replay, export
    input_hash   BYTEA  NOT NULL, -- the same idempotency key for another work is a mistake of the client
    request      TEXT   NOT NULL, -- sealed, JSON
    state        TEXT   NOT NULL, -- queued, running, done, failed
    done         BIGINT NOT NULL, -- units
    total        BIGINT,
    place        BYTEA,           -- where the last step ended
    created_at   BIGINT NOT NULL,
    started_at   BIGINT,
    finished_at  BIGINT,
    failure      TEXT,
    PRIMARY KEY (organisation, work)
);
CREATE INDEX works_by_state ON works (kind, state, created_at);

DELETE FROM dry_run_hits;
DROP TABLE dry_runs;
