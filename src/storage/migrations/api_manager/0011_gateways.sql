-- Where gateways stand, as they say whenever they ask for changes, and since when: for as long as
-- the change log is kept.
CREATE TABLE am_gateway (
  node TEXT NOT NULL PRIMARY KEY,
  environments TEXT NOT NULL,
  number BIGINT NOT NULL,
  seen_at_ms BIGINT NOT NULL
);
CREATE TABLE am_gateway_step (
  node TEXT NOT NULL,
  number BIGINT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (node, number)
);
-- By which change an API was deployed.
CREATE INDEX am_change_by_object ON am_change (object_id, number);
