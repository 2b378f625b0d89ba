-- Once, on the primary, as the superuser; then \password for each who signs in.
-- Before there are standbys: PGOPTIONS='-c synchronous_commit=local'.
CREATE ROLE gatehouse_owner LOGIN;
CREATE ROLE gatehouse_member;
CREATE ROLE gatehouse_replication LOGIN REPLICATION;
CREATE ROLE gatehouse_key_manager LOGIN IN ROLE gatehouse_member;
CREATE ROLE gatehouse_portals LOGIN IN ROLE gatehouse_member;
CREATE DATABASE user_manager OWNER gatehouse_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE user_manager FROM PUBLIC;
GRANT CONNECT ON DATABASE user_manager TO
  gatehouse_key_manager,
  gatehouse_portals;
\connect user_manager
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO gatehouse_member;
GRANT USAGE, CREATE ON SCHEMA public TO gatehouse_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE gatehouse_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO gatehouse_member;
CREATE DATABASE api_manager OWNER gatehouse_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE api_manager FROM PUBLIC;
GRANT CONNECT ON DATABASE api_manager TO
  gatehouse_key_manager,
  gatehouse_portals;
\connect api_manager
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO gatehouse_member;
GRANT USAGE, CREATE ON SCHEMA public TO gatehouse_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE gatehouse_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO gatehouse_member;
CREATE DATABASE registry OWNER gatehouse_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE registry FROM PUBLIC;
GRANT CONNECT ON DATABASE registry TO
  gatehouse_portals;
\connect registry
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO gatehouse_member;
GRANT USAGE, CREATE ON SCHEMA public TO gatehouse_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE gatehouse_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO gatehouse_member;
