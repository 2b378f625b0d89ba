# SPDX-License-Identifier: Apache-2.0
"""The files of each machine of a pattern, as text by name."""

import dataclasses

from databases import ETC, NOTE, database_files, urls
from patterns import DOMAIN, FAR, NETWORK, crossings, flows

DATA = "/var/lib/gatehouse"
APIS, PORTALS = f"api.{DOMAIN}", f"am.{DOMAIN}"  # what clients and people call the balancers


def files_of(pattern, machine):
    make = {"node": node_files, "database": database_files, "bus": bus_files,
            "balancer": balancer_files, "router": lambda *_: {}}[machine.kind]
    return {**make(pattern, machine), "firewall.nft": firewall(pattern, machine)}


def names(pattern, machine):
    """All that a machine is called: what its certificate is for."""
    also = {"external": [APIS], "internal": [PORTALS, APIS]}.get(machine.side, [])
    if machine.kind == "node":
        also = [APIS] * machine.is_gateway + [PORTALS] * (machine.is_portal or
                                                          machine.is_key_manager)
    return [machine.host, *dict.fromkeys(also)]


def hosts(pattern):
    """Lines of /etc/hosts, for machines without a name server."""
    lines = [f"{machine.address} {machine.host}" for machine in pattern.machines]
    external = pattern.balancer("external") or pattern.nodes()[0]
    internal = pattern.balancer("internal") or pattern.nodes()[0]
    return "\n".join([*lines, f"{external.address} {APIS}", f"{internal.address} {PORTALS}"]) + "\n"


# --- nodes --------------------------------------------------------------------------------------

def node_files(pattern, machine):
    sections = {}
    for key, value in {**node_settings(pattern, machine), **machine.settings}.items():
        section, name = key.split(".")
        sections.setdefault(section, []).append(f"{name} = {toml(value)}")
    text = "\n\n".join("\n".join([f"[{section}]", *lines]) for section, lines in sections.items())
    return {"gatehouse.toml": f"{NOTE}# {pattern.title}: {machine.name}\n\n{text}\n"}


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    return str(value)


def node_settings(pattern, machine):
    trusted = [one for one in pattern.of("balancer")]
    if machine.is_key_manager:
        trusted += [one for one in pattern.nodes("gateway") if one is not machine]
    settings = {
        "server.profile": machine.profile,
        "server.hostname": PORTALS if machine.is_portal and pattern.shared else machine.host,
        "server.data_dir": DATA,
        "server.status_address": "0.0.0.0",  # the firewall says who may look
        "server.trusted_proxies": [f"{one.address}/32" for one in trusted],
        "server.drain_accept_s": 5,
        "tls.certificate": f"{ETC}/tls.crt",
        "tls.key": f"{ETC}/tls.key",
    }
    if not pattern.shared:
        return settings
    settings |= urls(pattern, machine)
    settings |= {
        "bus.url": ",".join(f"tls://{one.host}:4222" for one in pattern.of("bus")),
        "bus.name": machine.name,
        "bus.user": machine.name,
        "bus.password_file": f"{ETC}/{machine.name}.password",
        "bus.ca": f"{ETC}/ca.crt",
    }
    if machine.databases:
        settings["cluster.key_file"] = f"{ETC}/cluster.key"
    elif machine.is_gateway:
        settings["cluster.secret_file"] = f"{ETC}/cluster.secret"
    if machine.databases or machine.is_gateway:
        settings["cluster.ca"] = f"{ETC}/ca.crt"
    if machine.databases:
        settings["key_manager.issuer"] = f"https://{PORTALS}:9443/oauth2/token"
    if machine.is_portal and not machine.is_key_manager:
        settings["portals.key_manager"] = [f"https://{PORTALS}:9443"]
    if machine.profile == ("gateway",):
        settings["gateway.key_manager"] = [f"https://{PORTALS}:9443"]
        settings["gateway.control_plane"] = [f"https://{one.host}:9443"
                                             for one in pattern.nodes("publisher")]
    if machine.far:
        door = f"https://{pattern.balancer('dmz').host}"
        settings["gateway.key_manager"] = settings["gateway.control_plane"] = [door]
    return settings


# --- what they stand on -------------------------------------------------------------------------

def member(node):
    """A node, as `gatehouse cluster nats-permissions` is told of it."""
    place = f"@{node.environment}" if node.environment != "Default" else ""
    return f"{node.name}={'+'.join(node.profile)}{place}"


def bus_files(pattern, machine):
    servers = pattern.of("bus")
    routes = ", ".join(f'"nats://{one.host}:6222"' for one in servers)
    members = " ".join(member(one) for one in pattern.nodes())
    return {"nats.conf": NOTE + f"""# /etc/nats-server.conf, with permissions.conf beside it.
# permissions.conf is what this prints:
#   gatehouse cluster nats-permissions --passwords DIR \\
#     {members}
listen: {machine.address}:4222
server_name: {machine.name}
jetstream {{ store_dir: "/var/lib/nats" }}
tls {{
  cert_file: "{ETC}/tls.crt"
  key_file: "{ETC}/tls.key"
}}
cluster {{
  name: gatehouse
  listen: {machine.address}:6222
  tls {{
    cert_file: "{ETC}/tls.crt"
    key_file: "{ETC}/tls.key"
    ca_file: "{ETC}/ca.crt"
    verify: true
  }}
  routes: [{routes}]
}}
include "permissions.conf"
"""}


# --- balancers ----------------------------------------------------------------------------------

@dataclasses.dataclass
class Door:
    """A port of a balancer, or some: by path to these machines."""

    listens: tuple
    name: str  # of all certificates behind it
    read_timeout: int
    parts: dict  # name: (machines, port, paths); "/" is all that no other one has
    senders: tuple = ()  # addresses of those who say for whom they ask

    @property
    def paths(self):
        return [path for _, _, paths in self.parts.values() for path in paths]


def doors(pattern, machine):
    def gateways(side):
        return {f"gateways_{side}": (pattern.gateways(side), 8243, ["/"])}

    if machine.side == "external":
        return [Door((443, 8243), APIS, 360, gateways("external"))]
    if machine.side == "dmz":
        return [dmz_door(pattern)]
    parts = {"key_managers": (pattern.nodes("key-manager"), 9443, ["/"])}
    for role, paths in (("publisher", ["/api/am/publisher", "/api/am/analytics"]),
                        ("devportal", ["/api/am/devportal", "/api/am/store"]),
                        ("admin", ["/api/am/admin", "/scim2"])):
        parts[role] = (pattern.nodes(role), 9443, paths)
    # Gateways pass requests on for their clients, and say for whom.
    senders = tuple(one.address for one in pattern.nodes("gateway") if not one.far)
    all_doors = [Door((9443,), PORTALS, 60, parts, senders)]
    if pattern.gateways("internal"):
        all_doors.append(Door((8243,), APIS, 360, gateways("internal")))
    return all_doors


def dmz_door(pattern):
    """What gateways in the other network ask, and nothing else: no portal, no page."""
    gateways = tuple(one.address for one in pattern.nodes("gateway") if one.far)
    return Door((443,), PORTALS, 60, {
        "key_managers": (pattern.nodes("key-manager"), 9443, [
            "/internal/keys/v1/validate",
            *(f"/oauth2/{one}" for one in ("token", "revoke", "authorize", "userinfo"))]),
        "feed": (pattern.nodes("publisher"), 9443, ["/internal/data/v1"])}, gateways)


def balancer_files(pattern, machine):
    all_doors = doors(pattern, machine)
    return {"nginx.conf": NOTE + nginx(all_doors), "haproxy.cfg": NOTE + haproxy(all_doors)}


NGINX = """user www-data;
worker_processes auto;
pid /run/nginx.pid;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  server_tokens off;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:10m;
  ssl_certificate /etc/gatehouse/tls.crt;
  ssl_certificate_key /etc/gatehouse/tls.key;
  client_max_body_size 0;   # the nodes have limits of their own
  proxy_http_version 1.1;
  proxy_request_buffering off;
  proxy_buffering off;
  proxy_connect_timeout 1s;
  # What a node may have begun is sent to another one only if doing it twice is doing it once.
  proxy_next_upstream error timeout;
  map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_set_header X-WSO2-CLIENT-CERTIFICATE "";
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;
  proxy_ssl_verify on;
  proxy_ssl_verify_depth 3;
  proxy_ssl_trusted_certificate /etc/gatehouse/ca.crt;
{parts}
}}
"""

UPSTREAM = """  upstream {name} {{
    zone {name} 64k;
{servers}
    keepalive 64;
    keepalive_timeout 30s;   # nodes keep idle connections for 75 s
  }}"""

SERVER = """  server {{
{lines}
  }}"""


def nginx(all_doors):
    parts = []
    for door in all_doors:
        for name, (machines, port, _) in door.parts.items():
            servers = "\n".join(f"    server {one.host}:{port} max_fails=1 fail_timeout=2s;"
                                for one in machines)
            parts.append(UPSTREAM.format(name=name, servers=servers))
        lines = [f"listen {port} ssl http2;" for port in door.listens]
        lines += [f"proxy_read_timeout {door.read_timeout}s;", f"proxy_ssl_name {door.name};"]
        lines += [f"set_real_ip_from {address};" for address in door.senders]
        if door.senders:
            lines += ["real_ip_header X-Forwarded-For;", "real_ip_recursive on;"]
        lines += [f"location {path} {{ proxy_pass https://{name}; }}"
                  for name, (_, _, paths) in door.parts.items() for path in paths]
        if "/" not in door.paths:
            lines.append("location / { return 404; }")
        parts.append(SERVER.format(lines="\n".join(f"    {line}" for line in lines)))
    return NGINX.format(parts="\n".join(parts))


HAPROXY = """# tls.pem: certificate and key in one file.
global
  user haproxy
  group haproxy
  chroot /var/lib/haproxy
  maxconn 8000
defaults
  mode http
  timeout connect 1s
  timeout client 75s
  timeout tunnel 1h
  timeout http-keep-alive 30s
  retries 2
{parts}
"""


def haproxy(all_doors):
    parts = []
    for door in all_doors:
        lines = [f"frontend {next(iter(door.parts))}_door"]
        lines += [f"  bind :{port} ssl crt /etc/gatehouse/tls.pem alpn h2,http/1.1"
                  for port in door.listens]
        if door.senders:
            lines.append(f"  http-request set-src hdr(X-Forwarded-For,-1) if "
                         f"{{ src {' '.join(door.senders)} }} "
                         "{ req.fhdr(X-Forwarded-For) -m found }")
        lines += ["  http-request set-header X-Forwarded-For %[src]",
                  "  http-request set-header X-Forwarded-Proto https",
                  "  http-request set-header X-Forwarded-Host %[req.hdr(host)]",
                  "  http-request del-header X-WSO2-CLIENT-CERTIFICATE"]
        if "/" not in door.paths:
            # HAProxy compares what was sent; a node would climb.
            lines.append("  http-request deny deny_status 404 if "
                         "{ path -m reg -i (/|%2f)(\\.|%2e){2} }")
            lines.append("  http-request return status 404 unless "
                         f"{{ path_beg {' '.join(door.paths)} }}")
        lines += [f"  use_backend {name} if {{ path_beg {' '.join(paths)} }}"
                  for name, (_, _, paths) in door.parts.items() if paths != ["/"]]
        lines.append(f"  default_backend {next(iter(door.parts))}")
        for name, (machines, port, _) in door.parts.items():
            lines += [f"backend {name}", f"  timeout server {door.read_timeout}s",
                      "  option httpchk", "  http-check send meth GET uri /readyz",
                      "  http-reuse safe", "  option redispatch"]
            lines += [f"  server {one.name} {one.host}:{port} ssl verify required "
                      f"ca-file /etc/gatehouse/ca.crt verifyhost {door.name} "
                      "check port 9763 no-check-ssl inter 500ms fall 2 rise 1"
                      for one in machines]
        parts += lines
    return HAPROXY.format(parts="\n".join(parts))


# --- firewall -----------------------------------------------------------------------------------

def firewall(pattern, machine):
    lines = []
    for ports, allowed in flows(pattern, machine):
        places = ", ".join(str(port) for port in ports)
        if "everybody" in allowed:
            lines.append(f"    tcp dport {{ {places} }} accept")
            continue
        sources = ", ".join(sorted({machine.operator if one == "operator" else one.address
                                    for one in allowed}))
        lines.append(f"    ip saddr {{ {sources} }} tcp dport {{ {places} }} accept")
    return NOTE + f"""# {machine.name}: who may open a connection to it. nft -f firewall.nft
table inet gatehouse
delete table inet gatehouse
table inet gatehouse {{
  chain input {{
    type filter hook input priority 0; policy drop;
    ct state established,related accept
    iif lo accept
    meta l4proto {{ icmp, ipv6-icmp }} accept
    tcp dport 22 ip saddr {FAR if machine.far else NETWORK}.0/24 accept
""" + "".join(line + "\n" for line in lines) + "  }\n" + forwarding(pattern, machine) + "}\n"


def forwarding(pattern, machine):
    """What a router lets through, between the two networks."""
    if machine.kind != "router":
        return ""

    def addresses(machines):
        return ", ".join(one.address for one in machines)

    lines = [f"    ip saddr {{ {addresses(sources)} }} ip daddr {{ {addresses(targets)} }} "
             f"tcp dport {port} accept\n" for port, sources, targets in crossings(pattern)]
    return """  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
""" + "".join(lines) + "  }\n"
