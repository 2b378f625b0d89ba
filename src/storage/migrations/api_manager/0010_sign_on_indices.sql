-- What a user or a client has is removed by its id alone: a user of one tenant may have signed on
-- at a client of another.
DROP INDEX am_consent_by_client;
DROP INDEX am_authorization_code_by_client;
DROP INDEX am_device_by_user;
CREATE INDEX am_consent_by_client_id ON am_consent (client_id);
CREATE INDEX am_authorization_code_by_client_id ON am_authorization_code (client_id);
CREATE INDEX am_device_by_user_id ON am_device (user_id) WHERE user_id <> '';
