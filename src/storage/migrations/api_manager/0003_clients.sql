-- Other servers whose tokens open APIs, secrets of clients that say what they are for, and keys
-- that say when they were used.

-- issuer_key: what `iss` of its tokens must be, or the id of one that issues no JWTs. secret: what
-- we show at its introspection endpoint, sealed with the cluster key. key_set: its keys as they
-- were read last (JWKS).
CREATE TABLE am_key_manager (
  tenant_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  issuer_key TEXT NOT NULL,
  enabled BIGINT NOT NULL,
  document TEXT NOT NULL,
  secret TEXT NOT NULL,
  key_set TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name),
  UNIQUE (tenant_id, issuer_key)
);

-- Two servers may have clients of one id.
CREATE TABLE am_key_mapping_of_managers (
  tenant_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  key_type TEXT NOT NULL,
  key_manager TEXT NOT NULL,
  client_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  state TEXT NOT NULL,
  document TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, application_id, key_type, key_manager),
  UNIQUE (client_id, tenant_id, key_manager)
);
INSERT INTO am_key_mapping_of_managers (tenant_id, id, application_id, key_type, key_manager,
                                        client_id, mode, state, document, created_at_ms)
  SELECT tenant_id, id, application_id, key_type, key_manager, client_id, mode, state, document,
         created_at_ms FROM am_key_mapping;
DROP TABLE am_key_mapping;
ALTER TABLE am_key_mapping_of_managers RENAME TO am_key_mapping;

-- NULL of what was made before: no description, no hint, not used yet.
ALTER TABLE am_client_secret ADD COLUMN description TEXT;
ALTER TABLE am_client_secret ADD COLUMN hint TEXT;

ALTER TABLE am_api_key ADD COLUMN last_used_at_ms BIGINT;
CREATE INDEX am_api_key_by_api ON am_api_key (tenant_id, api_id);
