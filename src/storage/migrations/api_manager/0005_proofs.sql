-- What a token carries beyond whom it stands for, as a JSON object: the key or certificate that it
-- is bound to, its audiences, on which login it stands and who acts for the user. Tokens of before
-- have none.
ALTER TABLE am_token ADD COLUMN details TEXT;

-- Proofs that may be used once (client assertions, DPoP proofs), until they expire by themselves:
-- SHA-256 over who made it, for what, and its jti.
CREATE TABLE am_used_proof (
  tenant_id BIGINT NOT NULL,
  hash BLOB NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, hash)
);
CREATE INDEX am_used_proof_by_expiry ON am_used_proof (expires_at_ms);

-- Who else may vouch for users of a tenant: keys of its tokens, certificates of its assertions.
CREATE TABLE am_trusted_issuer (
  tenant_id BIGINT NOT NULL,
  issuer TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (tenant_id, issuer)
);
