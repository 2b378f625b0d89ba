-- Whoever must change the password does nothing else with it. No value: the password holds.
ALTER TABLE um_user ADD COLUMN must_change_password BIGINT;
