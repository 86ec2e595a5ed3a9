-- Read model: what was taken out of the system, or is to be (E5).
CREATE TABLE rm_exports (
    organisation BIGINT NOT NULL,
    export       BYTEA  NOT NULL,
    position     BIGINT NOT NULL, -- of the event that asks for it, which has its conditions and its reason
    at           BIGINT NOT NULL,
    kind         TEXT   NOT NULL, -- messages, audit_json_lines, audit_csv, person, verification_bundle
    requested_by BYTEA,           -- NULL is the command line
    approved_by  BYTEA,
    tree_size    BIGINT NOT NULL,
    state        TEXT   NOT NULL, -- awaiting_approval, ready, finished, failed
    ended_at     BIGINT,
    ended_in     BIGINT,          -- position of the event that ends it, which has its files
    kept_until   BIGINT,          -- when its files are deleted
    PRIMARY KEY (organisation, export)
);
CREATE INDEX rm_exports_by_time ON rm_exports (organisation, at, export);
CREATE INDEX rm_exports_by_state ON rm_exports (state, at);
