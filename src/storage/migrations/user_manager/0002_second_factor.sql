-- What proves a user beside the password, and what replaces a forgotten one.

-- The shared secret of an authenticator, sealed with the cluster key. last_step is the newest step
-- of time whose code was taken, so none is taken twice.
CREATE TABLE um_second_factor (
  tenant_id BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  sealed BLOB NOT NULL,
  last_step BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, user_id)
);

-- By SHA-256; a row goes when its code is used.
CREATE TABLE um_recovery_code (
  tenant_id BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (tenant_id, user_id, hash)
);

-- By SHA-256; a row goes when its token is used, and whatever else the user has with it.
CREATE TABLE um_password_reset (
  hash BLOB NOT NULL PRIMARY KEY,
  tenant_id BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  expires_at_ms BIGINT NOT NULL
);
CREATE INDEX um_password_reset_by_user ON um_password_reset (tenant_id, user_id);
