-- What is known of a user beyond what the server itself needs: the JSON of the attributes that came
-- by SCIM. A user without a row has none.
CREATE TABLE um_user_profile (
  tenant_id BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (tenant_id, user_id)
);
