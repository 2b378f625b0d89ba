# SPDX-License-Identifier: Apache-2.0
"""The files of the machines with PostgreSQL: a primary and two standbys that hold the three
databases, and Patroni with etcd that promotes one of them. And what nodes are told of them."""

import json

from patterns import DATABASES

ETC = "/etc/gatehouse"
NOTE = "# Written by deploy/generate from deploy/lib/patterns.py.\n"
OWNER, MEMBER, REPLICATION = "gatehouse_owner", "gatehouse_member", "gatehouse_replication"


def roles(pattern):
    """Who signs in: {role: databases}, the owner and who replicates apart."""
    return {node.role: node.databases for node in pattern.nodes() if node.databases}


def passwords(pattern):
    """Roles with a password, each in a file of this name and ".password"."""
    return [*roles(pattern), OWNER, REPLICATION, "postgres"]


def urls(pattern, node):
    """Settings of a node: any of the servers, of which one takes writes."""
    if not node.databases:
        return {}
    hosts = ",".join(one.host for one in pattern.of("database"))
    settings = {f"database.{name}": f"postgres://{node.role}@{hosts}/{name}"
                                    f"?sslmode=verify-full&sslrootcert={ETC}/ca.crt"
                for name in node.databases}
    settings["database.password_file"] = f"{ETC}/{node.role}.password"
    if node.migrates:
        settings["database.owner"] = OWNER
        settings["database.owner_password_file"] = f"{ETC}/{OWNER}.password"
    return settings


def database_files(pattern, machine):
    settings = parameters(pattern, machine)
    return {
        "postgresql.conf": NOTE + "# /etc/postgresql/15/main/conf.d/gatehouse.conf\n" + "".join(
            f"{name} = {value}\n" for name, value in settings.items()),
        "pg_hba.conf": NOTE + "\n".join(access(pattern)) + "\n",
        "databases.sql": sql(pattern),
        "patroni.yml": patroni(pattern, machine),
        "etcd": etcd(pattern, machine),
    }


def parameters(pattern, machine):
    """Values as they stand in postgresql.conf."""
    nodes = [one for one in pattern.nodes() if one.databases]
    names = ", ".join(f'"{one.name}"' for one in pattern.of("database"))
    return {
        "listen_addresses": f"'{machine.address}'",
        "port": "5432",
        "ssl": "on",
        "ssl_cert_file": f"'{ETC}/tls.crt'",
        "ssl_key_file": f"'{ETC}/tls.key'",
        "max_connections": str(40 + 64 * len(nodes)),
        "shared_buffers": "128MB",
        "wal_level": "replica",
        "wal_log_hints": "on",  # pg_rewind wants it
        "wal_keep_size": "256MB",
        "max_wal_senders": "10",
        "hot_standby": "on",
        # A write that was answered is on the primary's disk and on that of one standby.
        "synchronous_commit": "on",
        "synchronous_standby_names": f"'ANY 1 ({names})'",
    }


def access(pattern):
    """Lines of pg_hba.conf: each node as its own role, from its own address."""
    lines = ["local all postgres peer", "local all all scram-sha-256"]
    for node in pattern.nodes():
        if not node.databases:
            continue
        asked = ",".join(node.databases)
        who = ",".join([node.role, *([OWNER] if node.migrates else [])])
        lines.append(f"hostssl {asked} {who} {node.address}/32 scram-sha-256")
    for one in pattern.of("database"):
        lines.append(f"hostssl replication {REPLICATION} {one.address}/32 scram-sha-256")
        lines.append(f"hostssl postgres postgres {one.address}/32 scram-sha-256")  # pg_rewind
    return lines


def sql(pattern):
    """What the superuser does once. Who owns the tables migrates them; everybody else reads and
    writes rows of the databases that his profile opens."""
    members = roles(pattern)
    lines = ["-- Once, on the primary, as the superuser; then \\password for each who signs in.",
             "-- Before there are standbys: PGOPTIONS='-c synchronous_commit=local'.",
             f"CREATE ROLE {OWNER} LOGIN;", f"CREATE ROLE {MEMBER};",
             f"CREATE ROLE {REPLICATION} LOGIN REPLICATION;"]
    lines += [f"CREATE ROLE {role} LOGIN IN ROLE {MEMBER};" for role in members]
    for name in DATABASES:
        allowed = ",\n  ".join(role for role, opened in members.items() if name in opened)
        lines += [
            f"CREATE DATABASE {name} OWNER {OWNER} ENCODING 'UTF8' TEMPLATE template0;",
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;",
            f"GRANT CONNECT ON DATABASE {name} TO\n  {allowed};",
            f"\\connect {name}",
            "REVOKE ALL ON SCHEMA public FROM PUBLIC;",
            f"GRANT USAGE ON SCHEMA public TO {MEMBER};",
            f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER};",
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public",
            f"  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {MEMBER};",
        ]
    return "\n".join(lines) + "\n"


# --- promotion ----------------------------------------------------------------------------------

def patroni(pattern, machine):
    """YAML; its passwords come from the environment. JSON is YAML, and quotes what needs it."""
    servers = pattern.of("database")
    hosts = ", ".join(f'"{one.host}:2379"' for one in servers)
    settings = {name: value.strip("'") for name, value in parameters(pattern, machine).items()
                if name not in ("listen_addresses", "port")}
    lines = "\n".join(f"        {name}: {json.dumps(value)}" for name, value in settings.items())
    rules = "\n".join(f"    - {json.dumps(line)}" for line in access(pattern))
    return NOTE + f"""# /etc/patroni/config.yml. It starts PostgreSQL: disable Debian's own.
# Passwords are in its environment, from a file that systemd reads (EnvironmentFile=, mode 0600):
#   PATRONI_SUPERUSER_PASSWORD and PATRONI_REPLICATION_PASSWORD
scope: gatehouse
name: {machine.name}
restapi:
  listen: {machine.address}:8008
  connect_address: {machine.host}:8008
  certfile: {ETC}/tls.crt
  keyfile: {ETC}/tls.key
  cafile: {ETC}/ca.crt
  verify_client: required
ctl:
  certfile: {ETC}/tls.crt
  keyfile: {ETC}/tls.key
  cacert: {ETC}/ca.crt
etcd3:
  hosts: [{hosts}]
  protocol: https
  cacert: {ETC}/ca.crt
  cert: {ETC}/tls.crt
  key: {ETC}/tls.key
bootstrap:
  dcs:
    # A primary that cannot renew its key within ttl steps down; then the standby that has most is
    # promoted. loop_wait + 2 retry_timeout must not be more than ttl.
    ttl: 20
    loop_wait: 5
    retry_timeout: 5
    primary_start_timeout: 0   # a server that crashed is not waited for
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
{lines}
  initdb:
    - encoding: UTF8
    - locale: C.UTF-8
    - data-checksums
postgresql:
  listen: {machine.address}:5432
  connect_address: {machine.host}:5432
  data_dir: /var/lib/postgresql/15/gatehouse
  bin_dir: /usr/lib/postgresql/15/bin
  authentication:
    superuser: {{username: postgres, sslmode: verify-full, sslrootcert: {ETC}/ca.crt}}
    replication: {{username: {REPLICATION}, sslmode: verify-full, sslrootcert: {ETC}/ca.crt}}
  pg_hba:
{rules}
watchdog:
  mode: automatic   # with a watchdog a machine that hangs is reset before another one is promoted
"""


def etcd(pattern, machine):
    members = ",".join(f"{one.name}=https://{one.host}:2380" for one in pattern.of("database"))
    return NOTE + f"""# /etc/default/etcd
ETCD_NAME={machine.name}
ETCD_DATA_DIR=/var/lib/etcd/gatehouse
ETCD_LISTEN_CLIENT_URLS=https://{machine.address}:2379
ETCD_ADVERTISE_CLIENT_URLS=https://{machine.host}:2379
ETCD_LISTEN_PEER_URLS=https://{machine.address}:2380
ETCD_INITIAL_ADVERTISE_PEER_URLS=https://{machine.host}:2380
ETCD_INITIAL_CLUSTER={members}
ETCD_INITIAL_CLUSTER_TOKEN=gatehouse
ETCD_INITIAL_CLUSTER_STATE=new
ETCD_CERT_FILE={ETC}/tls.crt
ETCD_KEY_FILE={ETC}/tls.key
ETCD_TRUSTED_CA_FILE={ETC}/ca.crt
ETCD_CLIENT_CERT_AUTH=true
ETCD_PEER_CERT_FILE={ETC}/tls.crt
ETCD_PEER_KEY_FILE={ETC}/tls.key
ETCD_PEER_TRUSTED_CA_FILE={ETC}/ca.crt
ETCD_PEER_CLIENT_CERT_AUTH=true
"""
