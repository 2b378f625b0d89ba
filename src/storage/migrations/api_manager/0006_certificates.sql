-- Certificates of backends that no authority vouches for: whoever connects to the endpoint trusts
-- them, too.
CREATE TABLE am_endpoint_certificate (
  tenant_id BIGINT NOT NULL,
  alias TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  certificate TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, alias)
);

-- Certificates by which clients call an API. thumbprint: SHA-256, base64url.
CREATE TABLE am_client_certificate (
  tenant_id BIGINT NOT NULL,
  alias TEXT NOT NULL,
  api_id TEXT NOT NULL,
  key_type TEXT NOT NULL,
  tier TEXT NOT NULL,
  certificate TEXT NOT NULL,
  thumbprint TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, alias),
  UNIQUE (tenant_id, api_id, thumbprint)
);
