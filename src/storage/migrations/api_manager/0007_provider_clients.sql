-- What lets us make clients at another server (RFC 7591, section 3, the initial access token),
-- sealed; empty or absent: nothing.
ALTER TABLE am_key_manager ADD COLUMN registration_token TEXT;
