-- K1: the database itself refuses UPDATE, DELETE and TRUNCATE on events.
-- The owner of a table can drop its triggers and grant itself every right. Run the migrations as one role and the
-- program as another that owns nothing and holds SELECT and INSERT on events: then the refusal is not in its hands.
CREATE FUNCTION events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'K1: events are append-only, % is refused', TG_OP;
END
$$;

-- For the statement, not for each row: TRUNCATE and ON CONFLICT DO UPDATE are refused as well, whatever they would touch.
CREATE TRIGGER events_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only();

-- `session_replication_role = replica` would skip an ordinary trigger.
ALTER TABLE events ENABLE ALWAYS TRIGGER events_refuse_change;

REVOKE UPDATE, DELETE, TRUNCATE ON events FROM PUBLIC;
