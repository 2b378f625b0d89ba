-- Nodes whose credentials were taken back: those with a serial below this one. They serve all
-- tenants.
CREATE TABLE am_node (
  name TEXT NOT NULL PRIMARY KEY,
  serial_min BIGINT NOT NULL
);
-- Tokens by which a node joins the cluster, each of them once; by the SHA-256 of the token. The
-- seal is made with the cluster key, so a row that somebody else has written opens nothing.
CREATE TABLE am_join_token (
  token_hash TEXT NOT NULL PRIMARY KEY,
  node TEXT NOT NULL,
  profiles TEXT NOT NULL,
  environments TEXT NOT NULL,
  seal TEXT NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  used_at_ms BIGINT NOT NULL
);
CREATE INDEX am_join_token_by_node ON am_join_token (node);
