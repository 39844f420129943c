"""What the name servers of moto's hosted zones answer (RFC 1034, section 4.3.2, and RFC 4592), from what moto holds."""

from dnslib import QTYPE, RCODE, RR
from dnslib.server import BaseResolver

# Aliases inside a zone that are followed in one answer.
MOST_ALIASES = 8


def plain(name):
    """Without the final dot, in lower case, the star as itself."""
    return str(name).rstrip(".").lower().replace("\\052", "*")


def tree(zone):
    """Every name of a zone with its records by type: (time to live, contents)."""
    names = {}
    for held in zone.rrsets:
        kinds = names.setdefault(plain(held.name), {})
        ttl, contents = kinds.get(held.type, (int(held.ttl or 0), []))
        kinds[held.type] = (ttl, contents + [str(value) for value in held.records or []])
    # A name above another one exists, too, and has nothing.
    for name in list(names):
        while name != plain(zone.name):
            name = name.partition(".")[2]
            names.setdefault(name, {})
    return names


def above(name, apex):
    """The name and those above it, up to the zone's own."""
    while True:
        yield name
        if name == apex:
            return
        name = name.partition(".")[2]


def led_to(found):
    """Of zones below each other, the lowest to which each one above leads: nobody is led to another one."""
    found = sorted(found, key=lambda zone: len(zone.name))
    zone = found[0]
    for below in found[1:]:
        if not leads(zone, below):
            break
        zone = below
    return zone


def leads(zone, below):
    """Whether the zone above names a server that the zone below has; each has its own at Amazon, and here all are one."""
    _, there = tree(zone).get(plain(below.name), {}).get("NS", (0, []))
    own = below.delegation_set.name_servers if below.delegation_set else []
    return bool(set(map(plain, there)) & set(map(plain, own)))


class Names(BaseResolver):
    def __init__(self, zones):
        # Gives the zones that the world asks here.
        self.zones = zones

    def resolve(self, request, _handler):
        reply = request.reply(ra=0)
        name, kind = plain(request.q.qname), QTYPE[request.q.qtype]
        found = [zone for zone in self.zones() if f".{name}".endswith(f".{plain(zone.name)}")]
        if not found:
            reply.header.rcode = RCODE.REFUSED
            return reply
        self.answer(reply, led_to(found), name, kind)
        return reply

    def answer(self, reply, zone, name, kind):
        apex, names = plain(zone.name), tree(zone)
        for _ in range(MOST_ALIASES):
            reply.header.aa = 1
            cuts = [one for one in above(name, apex) if one != apex and "NS" in names.get(one, {})]
            if cuts and not (cuts[-1] == name and kind == "DS"):
                return self.referral(reply, names, cuts[-1])
            kinds = names.get(name)
            if kinds is None:
                encloser = next(one for one in above(name, apex) if one in names)
                kinds = names.get(f"*.{encloser}")
            if kinds is None:
                if not reply.rr:
                    reply.header.rcode = RCODE.NXDOMAIN
                return add(reply.add_auth, apex, "SOA", names[apex]["SOA"])
            if "CNAME" in kinds and kind not in ("CNAME", "ANY"):
                add(reply.add_answer, name, "CNAME", kinds["CNAME"])
                name = plain(kinds["CNAME"][1][0])
                if not f".{name}".endswith(f".{apex}"):
                    return None
                continue
            wanted = list(kinds) if kind == "ANY" else [kind]
            for one in wanted:
                if one in kinds:
                    add(reply.add_answer, name, one, kinds[one])
            if not reply.rr or kind not in kinds and kind != "ANY":
                add(reply.add_auth, apex, "SOA", names[apex]["SOA"])
            return None
        return None

    def referral(self, reply, names, cut):
        reply.header.aa = 0
        add(reply.add_auth, cut, "NS", names[cut]["NS"])
        for server in map(plain, names[cut]["NS"][1]):
            for kind in ("A", "AAAA"):
                if kind in names.get(server, {}):
                    add(reply.add_ar, server, kind, names[server][kind])


def add(to, name, kind, records):
    ttl, contents = records
    dotted = ("CNAME", "NS", "PTR")
    for content in contents:
        content = f"{plain(content)}." if kind in dotted else content
        to(*RR.fromZone(f"{name}. {ttl} IN {kind} {content}"))
