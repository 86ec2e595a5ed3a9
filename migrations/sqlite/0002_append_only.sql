-- K1: the database itself refuses UPDATE and DELETE on events.
-- INSERT OR REPLACE deletes without firing these triggers unless `recursive_triggers` is on: every connection of the
-- program turns it on.
CREATE TRIGGER events_refuse_update BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'K1: events are append-only, UPDATE is refused');
END;

CREATE TRIGGER events_refuse_delete BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'K1: events are append-only, DELETE is refused');
END;
