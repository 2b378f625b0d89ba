-- Tenants, users, roles and what roles may do. Types: TEXT, BIGINT, BLOB; a flag is 0 or 1, an
-- instant is milliseconds since the epoch.

CREATE TABLE um_tenant (
  tenant_id BIGINT NOT NULL PRIMARY KEY,
  domain TEXT NOT NULL UNIQUE,
  active BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL
);

-- name_key is the name in lower case: names are unique without regard to case.
CREATE TABLE um_user (
  tenant_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  password TEXT NOT NULL,
  email TEXT NOT NULL,
  status TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name_key)
);

CREATE TABLE um_role (
  tenant_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  built_in BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, name)
);

CREATE TABLE um_user_role (
  tenant_id BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  role TEXT NOT NULL,
  PRIMARY KEY (tenant_id, user_id, role)
);
CREATE INDEX um_user_role_by_role ON um_user_role (tenant_id, role, user_id);

-- Which roles may hold a scope of our own REST APIs.
CREATE TABLE um_scope_role (
  tenant_id BIGINT NOT NULL,
  scope TEXT NOT NULL,
  role TEXT NOT NULL,
  PRIMARY KEY (tenant_id, scope, role)
);

-- What the api_manager database must still hear of: each row is copied to its change log exactly
-- once, then deleted.
CREATE TABLE um_outbox (
  id TEXT NOT NULL PRIMARY KEY,
  tenant_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  user_id TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL
);
