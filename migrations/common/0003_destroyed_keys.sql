-- Keys that were destroyed. A name that stands here never gets another key, so that nothing shredded comes back under a
-- new one; `recorded` is false until the log says that the key is gone.
CREATE TABLE destroyed_keys (
    key_id       BYTEA   NOT NULL PRIMARY KEY,
    organisation BIGINT  NOT NULL,
    purpose      BIGINT  NOT NULL,
    owner        BYTEA   NOT NULL,
    generation   BIGINT  NOT NULL,
    destroyed_at BIGINT  NOT NULL,
    recorded     BOOLEAN NOT NULL,
    UNIQUE (organisation, purpose, owner, generation)
);
