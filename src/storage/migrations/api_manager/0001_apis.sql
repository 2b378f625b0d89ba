-- APIs, applications, subscriptions, keys, tokens, policies, the change log and usage. Users are
-- named by their immutable id. `document` is the JSON of the REST resource; columns beside it are
-- what is searched, joined or unique. `version` counts updates of a row.

-- The change log: its counter is one row that each commit takes last. `tag` names this history; a
-- restored backup begins another.
CREATE TABLE am_change_counter (
  id BIGINT NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  tag TEXT NOT NULL
);
CREATE TABLE am_change (
  number BIGINT NOT NULL PRIMARY KEY,
  tenant_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  object_id TEXT NOT NULL,
  environments_before TEXT NOT NULL,
  environments_after TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL
);
-- Ids of outbox rows of user_manager that have been copied, so that a second copy finds them.
CREATE TABLE am_outbox_seen (
  id TEXT NOT NULL PRIMARY KEY,
  created_at_ms BIGINT NOT NULL
);

-- kind: token (value: SHA-256 of the token in hexadecimal, or jti), family, client, user (all
-- tokens issued up to issued_before_ms) and user_changed (scopes must be asked for again).
CREATE TABLE am_revocation_counter (
  id BIGINT NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL
);
INSERT INTO am_revocation_counter (id, number) VALUES (1, 0);
CREATE TABLE am_revocation (
  number BIGINT NOT NULL PRIMARY KEY,
  tenant_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  issued_before_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL
);
CREATE INDEX am_revocation_by_value ON am_revocation (value, kind);
CREATE INDEX am_revocation_by_expiry ON am_revocation (expires_at_ms);

-- name_key: lower case. full_context: context and version as the gateway matches them:
-- "/pizza/1.0".
CREATE TABLE am_api (
  tenant_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  api_version TEXT NOT NULL,
  context TEXT NOT NULL,
  full_context TEXT NOT NULL,
  state TEXT NOT NULL,
  is_default_version BIGINT NOT NULL,
  document TEXT NOT NULL,
  definition_hash TEXT NOT NULL,
  revisions_made BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name_key, api_version),
  UNIQUE (tenant_id, full_context)
);
CREATE INDEX am_api_by_name ON am_api (tenant_id, name, api_version, id);
CREATE INDEX am_api_by_context ON am_api (tenant_id, context);

CREATE TABLE am_revision (
  tenant_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  api_id TEXT NOT NULL,
  number BIGINT NOT NULL,
  description TEXT NOT NULL,
  document TEXT NOT NULL,
  definition_hash TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, api_id, number)
);

-- At most one revision of an API serves in an environment.
CREATE TABLE am_deployment (
  tenant_id BIGINT NOT NULL,
  api_id TEXT NOT NULL,
  environment TEXT NOT NULL,
  revision_id TEXT NOT NULL,
  vhost TEXT NOT NULL,
  display_on_devportal BIGINT NOT NULL,
  deployed_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, api_id, environment)
);
CREATE INDEX am_deployment_by_revision ON am_deployment (tenant_id, revision_id);

CREATE TABLE am_lifecycle_event (
  tenant_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  api_id TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  state_before TEXT NOT NULL,
  state_after TEXT NOT NULL,
  user_id TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, api_id, sequence)
);

-- Scopes that an API defines, with the roles that may hold each (a JSON array; empty: everybody).
CREATE TABLE am_api_scope (
  tenant_id BIGINT NOT NULL,
  api_id TEXT NOT NULL,
  name TEXT NOT NULL,
  roles TEXT NOT NULL,
  PRIMARY KEY (tenant_id, api_id, name)
);
CREATE INDEX am_api_scope_by_name ON am_api_scope (tenant_id, name);

CREATE TABLE am_environment (
  tenant_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  document TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
);

-- level: application, subscription or api (advanced).
CREATE TABLE am_policy (
  tenant_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  level TEXT NOT NULL,
  name TEXT NOT NULL,
  document TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, level, name)
);

CREATE TABLE am_application (
  tenant_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  name TEXT NOT NULL,
  policy TEXT NOT NULL,
  token_type TEXT NOT NULL,
  status TEXT NOT NULL,
  document TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, owner_id, name)
);

CREATE TABLE am_subscription (
  tenant_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  api_id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  policy TEXT NOT NULL,
  status TEXT NOT NULL,
  document TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, api_id, application_id)
);
CREATE INDEX am_subscription_by_application ON am_subscription (tenant_id, application_id, id);

-- OAuth clients. client_id is the consumer key and unique over all tenants.
CREATE TABLE am_client (
  tenant_id BIGINT NOT NULL,
  client_id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  grant_types TEXT NOT NULL,
  callback_urls TEXT NOT NULL,
  token_type TEXT NOT NULL,
  access_token_seconds BIGINT NOT NULL,
  refresh_token_seconds BIGINT NOT NULL,
  status TEXT NOT NULL,
  document TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL
);
CREATE INDEX am_client_by_owner ON am_client (tenant_id, owner_id, name);

CREATE TABLE am_client_secret (
  tenant_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  hash BLOB NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX am_client_secret_by_client ON am_client_secret (tenant_id, client_id);

-- Which application a consumer key belongs to. key_type: PRODUCTION or SANDBOX.
CREATE TABLE am_key_mapping (
  tenant_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  key_type TEXT NOT NULL,
  key_manager TEXT NOT NULL,
  client_id TEXT NOT NULL UNIQUE,
  mode TEXT NOT NULL,
  state TEXT NOT NULL,
  document TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, application_id, key_type, key_manager)
);

-- Opaque access tokens and all refresh tokens, by SHA-256. user_id is empty for an application's
-- own token. A used refresh token stays until it expires, so that its second use is seen.
CREATE TABLE am_token (
  hash BLOB NOT NULL PRIMARY KEY,
  tenant_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  family TEXT NOT NULL,
  client_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  scopes TEXT NOT NULL,
  grant_type TEXT NOT NULL,
  issued_at_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  used_at_ms BIGINT NOT NULL
);
CREATE INDEX am_token_by_expiry ON am_token (expires_at_ms);
CREATE INDEX am_token_by_family ON am_token (family);
CREATE INDEX am_token_by_client ON am_token (tenant_id, client_id);
CREATE INDEX am_token_by_user ON am_token (tenant_id, user_id);

-- Private keys sealed with the cluster key.
CREATE TABLE am_signing_key (
  tenant_id BIGINT NOT NULL,
  kid TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  sealed BLOB NOT NULL,
  publish_at_ms BIGINT NOT NULL,
  sign_from_ms BIGINT NOT NULL,
  retire_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, kid)
);

-- API keys, by SHA-256. key_type: PRODUCTION or SANDBOX; api_id is empty when the key serves every
-- API that its application subscribes to.
CREATE TABLE am_api_key (
  tenant_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  application_id TEXT NOT NULL,
  api_id TEXT NOT NULL,
  key_type TEXT NOT NULL,
  name TEXT NOT NULL,
  permitted_addresses TEXT NOT NULL,
  permitted_referers TEXT NOT NULL,
  user_id TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX am_api_key_by_application ON am_api_key (tenant_id, application_id);

-- Full-text search without lag: written in the transaction that writes the object.
CREATE TABLE am_search_term (
  tenant_id BIGINT NOT NULL,
  term TEXT NOT NULL,
  object_id TEXT NOT NULL,
  weight BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, term, object_id)
);
CREATE INDEX am_search_term_by_object ON am_search_term (tenant_id, object_id);

-- Usage by minute. status_class: 2 to 5 for 2xx to 5xx. latency and backend_latency are 32 counts
-- of logarithmic buckets (core/metrics.h) as a JSON array.
CREATE TABLE am_usage (
  tenant_id BIGINT NOT NULL,
  minute_ms BIGINT NOT NULL,
  api_id TEXT NOT NULL,
  resource TEXT NOT NULL,
  application_id TEXT NOT NULL,
  key_type TEXT NOT NULL,
  status_class BIGINT NOT NULL,
  fault_code BIGINT NOT NULL,
  count BIGINT NOT NULL,
  request_bytes BIGINT NOT NULL,
  response_bytes BIGINT NOT NULL,
  latency TEXT NOT NULL,
  backend_latency TEXT NOT NULL,
  PRIMARY KEY (tenant_id, minute_ms, api_id, resource, application_id, key_type, status_class,
               fault_code)
);
-- The last batch of each gateway, so that a repeated one is dropped.
CREATE TABLE am_usage_batch (
  node TEXT NOT NULL PRIMARY KEY,
  sequence BIGINT NOT NULL
);
