-- Files on their way to a draft. Bookkeeping, not history: what arrives whole becomes an event.
CREATE TABLE uploads (
    organisation BIGINT  NOT NULL,
    upload       BYTEA   NOT NULL, -- the id that the attachment will have
    account      BYTEA   NOT NULL,
    draft        BYTEA   NOT NULL,
    length       BIGINT  NOT NULL, -- bytes announced
    sealed       BYTEA   NOT NULL, -- name, type, place and key, under the draft's key
    input_hash   BYTEA   NOT NULL, -- the same idempotency key for another file is a mistake of the client
    created_at   BIGINT  NOT NULL,
    done         BOOLEAN NOT NULL,
    PRIMARY KEY (organisation, upload)
);
