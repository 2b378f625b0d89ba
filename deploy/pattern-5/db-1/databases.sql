-- Once, as the superuser; then \password gatehouse.
CREATE ROLE gatehouse LOGIN;
CREATE DATABASE user_manager OWNER gatehouse ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE api_manager OWNER gatehouse ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE registry OWNER gatehouse ENCODING 'UTF8' TEMPLATE template0;
