-- Directories (LDAP) whose users may log in beside our own. `document` is the JSON of the REST
-- resource, `sealed` the password of the directory's account under the cluster key.
CREATE TABLE um_user_store (
  tenant_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  document TEXT NOT NULL,
  sealed BLOB NOT NULL,
  version BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
);

-- Which of our users a person of a directory is, by the directory's own immutable id.
CREATE TABLE um_user_link (
  tenant_id BIGINT NOT NULL,
  store_id TEXT NOT NULL,
  external_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, store_id, external_id),
  UNIQUE (tenant_id, user_id)
);
