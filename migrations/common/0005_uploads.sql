-- Files on their way to a draft. Bookkeeping, not history: what arrives whole becomes an event.
CREATE TABLE uploads (
    organisation BIGINT  NOT NULL,
    upload       BYTEA   NOT NULL, -- the id that the attachment will have
    account      BYTEA   NOT NULL,
    draft        BYTEA   NOT NULL,
    length       BIGINT  NOT NULL, -- bytes announced
    sealed       BYTEA   NOT NULL, -- name, type, place and key, under the draft's key
    created_at   BIGINT  NOT NULL,
    done         BOOLEAN NOT NULL,
    PRIMARY KEY (organisation, upload)
);
