-- additive
-- The other version of the tests: see tests/next/README.md.
CREATE TABLE am_notice (
  tenant_id BIGINT NOT NULL,
  id TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
ALTER TABLE am_application ADD COLUMN notice TEXT;
