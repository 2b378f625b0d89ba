-- An index of am_token begins with what only one kind of question names, so that there is no wrong
-- one to choose, and tokens of applications themselves stand in none of users.
DROP INDEX am_token_by_client;
DROP INDEX am_token_by_user;
CREATE INDEX am_token_by_client_id ON am_token (client_id);
CREATE INDEX am_token_by_user_id ON am_token (user_id) WHERE user_id <> '';
