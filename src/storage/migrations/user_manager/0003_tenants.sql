-- What a tenant decides for itself, and what the accounts of its users remember.

-- Numbers are given out once: what an erased tenant has left must not become another's.
CREATE TABLE um_tenant_counter (
  id BIGINT NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL
);
INSERT INTO um_tenant_counter (id, number)
  SELECT 1, CASE WHEN COUNT(*) = 0 THEN 1 ELSE MAX(tenant_id) END FROM um_tenant;

-- The JSON of the REST resource tenant-config. A tenant without a row has the defaults.
CREATE TABLE um_configuration (
  tenant_id BIGINT NOT NULL PRIMARY KEY,
  document TEXT NOT NULL
);

-- Whoever has the role `alias` may do what `role` may.
CREATE TABLE um_role_alias (
  tenant_id BIGINT NOT NULL,
  role TEXT NOT NULL,
  alias TEXT NOT NULL,
  PRIMARY KEY (tenant_id, role, alias)
);
CREATE INDEX um_role_alias_by_alias ON um_role_alias (tenant_id, alias);

-- Wrong passwords since the last right one. Beside the user's row, because a failed login is no
-- change of the user.
CREATE TABLE um_login_failure (
  tenant_id BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  failures BIGINT NOT NULL,
  locked_until_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, user_id)
);

-- Hashes of passwords that a user had, newest last.
CREATE TABLE um_former_password (
  tenant_id BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (tenant_id, user_id, sequence)
);
