-- Immutable contents by the SHA-256 of their bytes, in lower-case hexadecimal. What nothing names
-- is swept after 24 hours.

CREATE TABLE reg_content (
  tenant_id BIGINT NOT NULL,
  hash TEXT NOT NULL,
  media_type TEXT NOT NULL,
  bytes BLOB NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, hash)
);
