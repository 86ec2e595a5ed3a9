-- Every file in the store of attachments, from before its first byte until nobody has it any more. Bookkeeping, not history:
-- what arrived whole becomes an event. An upload that was under way when this ran is begun again.
DROP TABLE uploads;
CREATE TABLE files (
    organisation BIGINT  NOT NULL,
    file         BYTEA   NOT NULL, -- the attachment's id
    place        TEXT    NOT NULL, -- where its parts lie, as no other file's ever did
    account      BYTEA,            -- who uploads it, and
    draft        BYTEA,            -- onto what; both NULL when it came with a mail
    length       BIGINT  NOT NULL, -- bytes announced
    received     BIGINT  NOT NULL, -- bytes that are stored
    parts        TEXT    NOT NULL, -- bytes of each part, a JSON array
    parts_begun  BIGINT  NOT NULL, -- numbers given out to parts, also to those that came to nothing
    sealed       BYTEA,            -- name, type, place and key, under the draft's key
    input_hash   BYTEA,            -- the same idempotency key for another file is a mistake of the client
    created_at   BIGINT  NOT NULL,
    attached     BOOLEAN NOT NULL, -- its event is in the log
    PRIMARY KEY (organisation, file)
);
CREATE INDEX files_by_draft ON files (organisation, draft);
CREATE INDEX files_by_time ON files (created_at, file);
