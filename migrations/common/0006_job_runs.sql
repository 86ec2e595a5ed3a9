-- The last run of each scheduled job, for whoever looks after the program. Bookkeeping, not history.
CREATE TABLE job_runs (
    name            TEXT   NOT NULL PRIMARY KEY,
    last_started_at BIGINT NOT NULL,
    last_took_ms    BIGINT NOT NULL,
    last_outcome    TEXT   NOT NULL, -- ok, retry, failed
    last_failure    TEXT,            -- without personal data
    last_done_count BIGINT NOT NULL, -- of what the job is for: messages, mails …
    runs            BIGINT NOT NULL
);
