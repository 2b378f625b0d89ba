-- Signing on in a browser. Whatever a browser, a client or a device holds is kept by its SHA-256.

-- password_mark is the SHA-256 of the user's stored password: a session ends when that changes.
CREATE TABLE am_session (
  hash BLOB NOT NULL PRIMARY KEY,
  tenant_id BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  password_mark TEXT NOT NULL,
  acr TEXT NOT NULL,
  amr TEXT NOT NULL,
  authenticated_at_ms BIGINT NOT NULL,
  seen_at_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL
);
CREATE INDEX am_session_by_expiry ON am_session (expires_at_ms);
CREATE INDEX am_session_by_user ON am_session (tenant_id, user_id);

-- The scopes that a user has let a client have, between spaces.
CREATE TABLE am_consent (
  tenant_id BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  scopes TEXT NOT NULL,
  granted_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, user_id, client_id)
);
CREATE INDEX am_consent_by_client ON am_consent (tenant_id, client_id);

-- A used code stays until it expires, so that its second use is seen; family is that of the tokens
-- that it gives.
CREATE TABLE am_authorization_code (
  hash BLOB NOT NULL PRIMARY KEY,
  tenant_id BIGINT NOT NULL,
  client_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  family TEXT NOT NULL,
  document TEXT NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  used_at_ms BIGINT NOT NULL
);
CREATE INDEX am_authorization_code_by_expiry ON am_authorization_code (expires_at_ms);
CREATE INDEX am_authorization_code_by_user ON am_authorization_code (tenant_id, user_id);
CREATE INDEX am_authorization_code_by_client ON am_authorization_code (tenant_id, client_id);

-- Parameters that a client has pushed (RFC 9126).
CREATE TABLE am_pushed_request (
  hash BLOB NOT NULL PRIMARY KEY,
  tenant_id BIGINT NOT NULL,
  client_id TEXT NOT NULL,
  parameters TEXT NOT NULL,
  expires_at_ms BIGINT NOT NULL
);
CREATE INDEX am_pushed_request_by_expiry ON am_pushed_request (expires_at_ms);
CREATE INDEX am_pushed_request_by_client ON am_pushed_request (tenant_id, client_id);

-- Devices that wait for a user (RFC 8628). status: pending, approved, denied or used.
CREATE TABLE am_device (
  hash BLOB NOT NULL PRIMARY KEY,
  user_code_hash BLOB NOT NULL UNIQUE,
  tenant_id BIGINT NOT NULL,
  client_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  family TEXT NOT NULL,
  scopes TEXT NOT NULL,
  document TEXT NOT NULL,
  status TEXT NOT NULL,
  interval_seconds BIGINT NOT NULL,
  polled_at_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL
);
CREATE INDEX am_device_by_expiry ON am_device (expires_at_ms);
CREATE INDEX am_device_by_user ON am_device (tenant_id, user_id);
CREATE INDEX am_device_by_client ON am_device (tenant_id, client_id);
