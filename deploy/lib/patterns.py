# SPDX-License-Identifier: Apache-2.0
"""The deployment patterns as data: which machines there are, what each one runs, and who may reach
what. `deploy/generate` writes their files from here."""

import dataclasses

DOMAIN = "example.internal"
NETWORK = "10.77.0"  # /24; the trial gives it to a bridge
FAR = "10.78.0"  # /24 of external gateways that are elsewhere, behind a router and a line
OPERATOR = f"{NETWORK}.1"  # from where people and the trial come
FAR_OPERATOR = f"{FAR}.1"  # the same in the other network

INSIDE, OUTSIDE = "Internal", "External"  # environments of patterns 4 and 5
PORTALS = ("publisher", "devportal", "admin")
DATABASES = ("user_manager", "api_manager", "registry")
ROLE_DATABASES = {
    "publisher": DATABASES,
    "devportal": DATABASES,
    "admin": DATABASES,
    "all-in-one": DATABASES,
    "key-manager": ("user_manager", "api_manager"),
}


@dataclasses.dataclass(frozen=True)
class Machine:
    name: str
    number: int  # the last part of its address
    kind: str  # node, database, bus, balancer, router
    profile: tuple = ()  # of a node
    settings: dict = dataclasses.field(default_factory=dict)  # of a node, by "section.key"
    # Of a balancer: external (APIs), internal (portals, key managers), dmz (what gateways in the
    # other network ask portals and key managers).
    side: str = ""
    far: bool = False  # in the other network; a router is in both

    @property
    def address(self):
        return f"{FAR if self.far else NETWORK}.{self.number}"

    @property
    def operator(self):
        """From where people come to this machine."""
        return FAR_OPERATOR if self.far else OPERATOR

    @property
    def host(self):
        return f"{self.name}.{DOMAIN}"

    def has(self, *roles):
        return any(role in self.profile for role in roles)

    @property
    def environment(self):
        """Of a gateway."""
        return self.settings.get("gateway.environments", ["Default"])[0]

    @property
    def is_gateway(self):
        return self.has("gateway", "all-in-one")

    @property
    def is_portal(self):
        return self.has(*PORTALS, "all-in-one")

    @property
    def is_key_manager(self):
        return self.has("key-manager", "all-in-one")

    @property
    def role(self):
        """Of a node, in PostgreSQL: one for each kind of node, with the rights that it needs."""
        if len(self.profile) == 1:
            return "gatehouse_" + self.profile[0].replace("-", "_")
        return "gatehouse_portals"

    @property
    def migrates(self):
        """Whether it has the password of the tables' owner."""
        return self.has("admin", "all-in-one")

    @property
    def databases(self):
        wanted = {name for role in self.profile for name in ROLE_DATABASES.get(role, ())}
        return [name for name in DATABASES if name in wanted]


@dataclasses.dataclass(frozen=True)
class Pattern:
    name: str
    title: str
    machines: tuple

    def of(self, kind):
        return [machine for machine in self.machines if machine.kind == kind]

    def nodes(self, *roles):
        return [node for node in self.of("node") if not roles or node.has(*roles, "all-in-one")]

    def gateways(self, side):
        """Those behind the external balancer, or behind the internal one."""
        outside = [one for one in self.nodes("gateway") if one.environment != INSIDE]
        return outside if side == "external" else \
            [one for one in self.nodes("gateway") if one not in outside]

    def balancer(self, side):
        return next((one for one in self.of("balancer") if one.side == side), None)

    @property
    def shared(self):
        """Several nodes: they need a database server and a bus."""
        return bool(self.of("bus"))


def node(name, number, *profile, **settings):
    return Machine(name, number, "node", profile,
                   {key.replace("__", "."): value for key, value in settings.items()})


def far(machine):
    return dataclasses.replace(machine, far=True)


EXTERNAL_BALANCER = Machine("lb-ext", 5, "balancer", side="external")


def around(external_balancer=EXTERNAL_BALANCER):
    """What every pattern of several machines stands on."""
    return (
        external_balancer,
        Machine("lb-int", 6, "balancer", side="internal"),
        *(Machine(f"db-{i}", 9 + i, "database") for i in (1, 2, 3)),
        Machine("bus-1", 14, "bus"),
        Machine("bus-2", 15, "bus"),
        Machine("bus-3", 16, "bus"),
    )


PORTAL_NODES = tuple(node(f"portal-{i}", 40 + i, *PORTALS, "traffic-manager") for i in (1, 2))


def pattern_2(name, title, key_managers, gateway, key_manager):
    return Pattern(f"pattern-2/{name}", title, (
        node("gw-1", 21, "gateway", gateway__key_cache=gateway),
        node("gw-2", 22, "gateway", gateway__key_cache=gateway),
        *(node(f"km-{i + 1}", 31 + i, "key-manager", key_manager__key_cache=key_manager)
          for i in range(key_managers)),
        *PORTAL_NODES, *around()))


PATTERNS = (
    Pattern("pattern-1", "One machine with everything, on SQLite", (
        node("am-1", 21, "all-in-one"),)),
    Pattern("pattern-1-ha", "Two machines with everything", (
        node("am-1", 21, "all-in-one"), node("am-2", 22, "all-in-one"), *around())),
    pattern_2("cache-gateway", "Gateways that remember tokens, two for a key manager", 1,
              gateway=True, key_manager=False),
    pattern_2("cache-key-manager", "Key managers that remember tokens, one for a gateway", 2,
              gateway=False, key_manager=True),
    pattern_2("cache-none", "Nobody remembers tokens: each call reaches the database", 2,
              gateway=False, key_manager=False),
    Pattern("pattern-3", "Every role on machines of its own", (
        node("gw-1", 21, "gateway"), node("gw-2", 22, "gateway"),
        node("km-1", 31, "key-manager"), node("km-2", 32, "key-manager"),
        node("tm-1", 36, "traffic-manager"), node("tm-2", 37, "traffic-manager"),
        node("pub-1", 41, "publisher"), node("pub-2", 42, "publisher"),
        node("store-1", 46, "devportal"), node("store-2", 47, "devportal"),
        node("admin-1", 51, "admin"), *around())),
    Pattern("pattern-4", "Gateways for inside, and others for outside", (
        node("gw-in-1", 21, "gateway", gateway__environments=[INSIDE]),
        node("gw-in-2", 22, "gateway", gateway__environments=[INSIDE]),
        node("gw-out-1", 26, "gateway", gateway__environments=[OUTSIDE]),
        node("gw-out-2", 27, "gateway", gateway__environments=[OUTSIDE]),
        node("km-1", 31, "key-manager"), node("km-2", 32, "key-manager"),
        *PORTAL_NODES, *around())),
    Pattern("pattern-5", "Gateways for inside, and others for outside in another network", (
        node("gw-in-1", 21, "gateway", gateway__environments=[INSIDE]),
        node("gw-in-2", 22, "gateway", gateway__environments=[INSIDE]),
        far(node("gw-out-1", 26, "gateway", gateway__environments=[OUTSIDE])),
        far(node("gw-out-2", 27, "gateway", gateway__environments=[OUTSIDE])),
        node("km-1", 31, "key-manager"), node("km-2", 32, "key-manager"),
        *PORTAL_NODES, *around(far(EXTERNAL_BALANCER)),
        Machine("lb-dmz", 7, "balancer", side="dmz"), Machine("router", 254, "router"))),
)


def pattern_named(name):
    """By its folder, or by its number: 2 is pattern-2/cache-gateway."""
    for pattern in PATTERNS:
        if name in (pattern.name, pattern.name.removeprefix("pattern-")):
            return pattern
    first = [pattern for pattern in PATTERNS if pattern.name.startswith(f"pattern-{name}/")]
    if first:
        return first[0]
    raise KeyError(name)


def crossings(pattern):
    """[(port, machines, machines)]: who in the other network may open what in this one. Nothing may
    be opened the other way."""
    gateways = [one for one in pattern.nodes("gateway") if one.far]
    return [(443, gateways, [pattern.balancer("dmz")]), (4222, gateways, pattern.of("bus"))]


def flows(pattern, machine):
    """[(ports, machines)] that may be opened to this one."""
    nodes = pattern.nodes()
    external, internal = pattern.balancer("external"), pattern.balancer("internal")
    balancers = [one for one in pattern.of("balancer") if one.far == machine.far]
    if machine.kind == "router":
        return []
    if machine.kind == "database":
        others = [one for one in pattern.of("database") if one is not machine]
        return [((5432,), [*(one for one in nodes if one.databases), *others]),
                ((2379, 2380, 8008), others)]  # etcd and Patroni
    if machine.kind == "bus":
        return [((4222,), nodes), ((6222,), pattern.of("bus"))]
    if machine.kind == "balancer":
        if machine.side == "external":
            return [((443, 8243), ["everybody"])]
        if machine.side == "dmz":
            return [((443,), ["operator", *(one for one in nodes if one.far)])]
        return [((9443,), ["operator", *(one for one in nodes if not one.far)]),
                *([((8243,), ["operator"])] if pattern.gateways("internal") else [])]
    allowed = [((9763,), ["operator", *balancers])]
    if machine.is_gateway:
        before = internal if machine.environment == INSIDE else external
        allowed.append(((8243, 8280), [before] if before else ["everybody"]))
    if machine.is_portal or machine.is_key_manager:
        askers = [one for one in (internal, pattern.balancer("dmz")) if one] or ["operator"]
        allowed.append(((9443,), [*askers, *(one for one in nodes
                                             if one.is_gateway and not one.far)]))
    return allowed
