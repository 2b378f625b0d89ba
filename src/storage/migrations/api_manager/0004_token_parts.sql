-- Tokens lie by when they expire, so that PostgreSQL keeps each `part` in a partition and forgets
-- its tokens by dropping it. part: the hour since the epoch in which a token of at most 3 hours
-- expires; minus the day, for one of at most 3 days; 0 for a longer one (apis/token_store.h).
-- am_token_other takes what comes before its partition is made.
ALTER TABLE am_token RENAME TO am_token_whole;
CREATE TABLE am_token (
  hash BLOB NOT NULL,
  part BIGINT NOT NULL,
  tenant_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  family TEXT NOT NULL,
  client_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  scopes TEXT NOT NULL,
  grant_type TEXT NOT NULL,
  issued_at_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  used_at_ms BIGINT NOT NULL,
  PRIMARY KEY (hash, part)
) PARTITION BY LIST (part);
CREATE TABLE am_token_long PARTITION OF am_token FOR VALUES IN (0);
CREATE TABLE am_token_other PARTITION OF am_token DEFAULT;
INSERT INTO am_token (hash, part, tenant_id, kind, family, client_id, user_id, scopes, grant_type,
  issued_at_ms, expires_at_ms, used_at_ms)
  SELECT hash, 0, tenant_id, kind, family, client_id, user_id, scopes, grant_type,
    issued_at_ms, expires_at_ms, used_at_ms FROM am_token_whole WHERE tenant_id > 0;
DROP TABLE am_token_whole;
CREATE INDEX am_token_by_expiry ON am_token (expires_at_ms);
CREATE INDEX am_token_by_family ON am_token (family);
CREATE INDEX am_token_by_client ON am_token (tenant_id, client_id);
CREATE INDEX am_token_by_user ON am_token (tenant_id, user_id);
