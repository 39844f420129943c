#!/usr/bin/env python3
"""Proves with Cloudflare's own Python client that the emulator speaks the real protocol.

usage: official.py [BASE_URL]

Environment: CLOUDFLARE_BASE_URL (unless given as an argument), CLOUDFLARE_API_TOKEN (a token that may read zones
and edit records and tunnels), LAB_ZONE (default example.test), LAB_CONTROL (the control API, default http://203.0.113.10:8080)
and SSL_CERT_FILE for the lab's CA. Needs the package `cloudflare`; writes only records below `official.<zone>`, and a tunnel
of that name.
"""

import base64
import json
import os
import sys
import urllib.request

import cloudflare
from cloudflare import Cloudflare

BASE = sys.argv[1] if len(sys.argv) > 1 else os.environ["CLOUDFLARE_BASE_URL"]
TOKEN = os.environ["CLOUDFLARE_API_TOKEN"]
ZONE = os.environ.get("LAB_ZONE", "example.test")
CONTROL = os.environ.get("LAB_CONTROL", "http://203.0.113.10:8080").rstrip("/")
READER = "official-reader-token-0123456789-abcdefgh"

agreed = 0


def agree(what, condition, seen=None):
    """Counts one operation that went as the client expects."""
    global agreed
    if not condition:
        sys.exit(f"official cloudflare client {cloudflare.__version__}: {what}: saw {seen!r}")
    agreed += 1


def refused(what, error_type, code, call):
    """The call must end in this exception of the client, with this code among its errors."""
    try:
        result = call()
    except error_type as error:
        outer = [item.code for item in error.errors]
        inner = [cause["code"] for item in error.body["errors"] for cause in item.get("error_chain", [])]
        agree(what, code in outer + inner, outer + inner)
    except cloudflare.APIError as error:
        agree(what, False, error)
    else:
        agree(what, False, result)


def control(method, path, body=None):
    """One request to the control API, past any proxy."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(CONTROL + path, data, {"content-type": "application/json"}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return json.loads(answer.read())


def client(token):
    return Cloudflare(base_url=BASE, api_token=token, max_retries=0, timeout=10)


def reading(api):
    """Token and zones. Returns the zone's id."""
    verified = api.user.tokens.verify()
    agree("verify", verified is not None and verified.status == "active" and verified.id, verified)
    names = {zone.name: zone for zone in api.zones.list()}
    agree("list zones", ZONE in names, names)
    found = list(api.zones.list(name=ZONE, status="active"))
    agree("list zones by name", [zone.id for zone in found] == [names[ZONE].id], found)
    zone = api.zones.get(zone_id=found[0].id)
    agree("get zone", zone is not None and zone.name == ZONE and zone.account.id and zone.name_servers, zone)
    return found[0].id


def clear(api, zone):
    """Deletes what a broken run has left."""
    for record in api.dns.records.list(zone_id=zone):
        if record.name.endswith(f"official.{ZONE}"):
            api.dns.records.delete(record.id, zone_id=zone)


def writing(api, zone):
    """One record through its life."""
    records = api.dns.records
    name = f"www.official.{ZONE}"
    made = records.create(zone_id=zone, type="A", name=name, content="192.168.7.7", ttl=120, comment="by hand")
    agree("create", (made.name, made.content, made.ttl) == (name, "192.168.7.7", 120), made)
    agree("create answers times", made.created_on.tzinfo is not None and made.modified_on is not None, made)
    agree("a private address is not proxiable", made.proxiable is False and made.proxied is False, made)
    got = records.get(made.id, zone_id=zone)
    agree("get", got == made, got)
    found = list(records.list(zone_id=zone, type="A", name={"exact": name}))
    agree("list by exact name", [record.id for record in found] == [made.id], found)
    found = list(records.list(zone_id=zone, content={"startswith": "192.168.7."}))
    agree("list by content", [record.id for record in found] == [made.id], found)
    found = list(records.list(zone_id=zone, name={"exact": f"absent.official.{ZONE}"}))
    agree("list by another name", found == [], found)
    edited = records.edit(made.id, zone_id=zone, type="A", name=name, content="192.168.7.8", ttl=120)
    agree("edit", edited.content == "192.168.7.8" and edited.comment == "by hand", edited)
    updated = records.update(made.id, zone_id=zone, type="A", name=name, content="192.168.7.9", ttl=1)
    agree("update", (updated.content, updated.ttl, updated.comment) == ("192.168.7.9", 1, None), updated)
    text = records.create(zone_id=zone, type="TXT", name=f"_t.official.{ZONE}", content='"a b"', ttl=1)
    agree("create TXT", text.content == '"a b"', text)
    mail = records.create(zone_id=zone, type="MX", name=f"official.{ZONE}", content="mail.test", priority=10, ttl=1)
    agree("create MX", mail.priority == 10, mail)
    data = {"flags": 0, "tag": "issue", "value": "letsencrypt.org"}
    caa = records.create(zone_id=zone, type="CAA", name=f"official.{ZONE}", data=data, ttl=1)
    agree("create CAA", caa.data.tag == "issue" and caa.data.value == "letsencrypt.org", caa)
    for record in (made, text, mail, caa):
        agree("delete", records.delete(record.id, zone_id=zone).id == record.id)


def many(api, zone):
    """Batches, and lists over more than one page."""
    records = api.dns.records
    posts = [{"type": "A", "name": f"h{n}.official.{ZONE}", "content": "192.168.7.1", "ttl": 1} for n in range(7)]
    made = records.batch(zone_id=zone, posts=posts).posts
    agree("batch of posts", len(made) == 7, made)
    listed = list(records.list(zone_id=zone, name={"endswith": f".official.{ZONE}"}, per_page=3))
    agree("three pages", {record.id for record in listed} == {record.id for record in made}, listed)
    past = records.list(zone_id=zone, page=99)
    agree("a page past the end is empty", past.result == [], past)
    mixed = records.batch(
        zone_id=zone,
        deletes=[{"id": made[0].id}],
        patches=[{"id": made[1].id, "content": "192.168.7.2"}],
        puts=[{"id": made[2].id, "type": "A", "name": made[2].name, "content": "192.168.7.3", "ttl": 60}],
        posts=[{"type": "CNAME", "name": made[0].name, "content": f"h1.official.{ZONE}", "ttl": 1}],
    )
    agree("mixed batch", [r.id for r in mixed.deletes] == [made[0].id], mixed)
    agree("batch patch", mixed.patches[0].content == "192.168.7.2", mixed)
    agree("batch put", mixed.puts[0].ttl == 60, mixed)
    agree("batch post", mixed.posts[0].type == "CNAME", mixed)
    broken = [{"type": "A", "name": f"h8.official.{ZONE}", "content": "192.168.7.1", "ttl": 1}, posts[3]]
    refused(
        "a batch with a duplicate", cloudflare.BadRequestError, 81058, lambda: records.batch(zone_id=zone, posts=broken)
    )
    left = list(records.list(zone_id=zone, name={"endswith": f".official.{ZONE}"}))
    agree("the broken batch changed nothing", len(left) == 7, left)
    gone = records.batch(zone_id=zone, deletes=[{"id": record.id} for record in left]).deletes
    agree("batch of deletes", len(gone) == 7, gone)


def refusals(api, zone):
    """Each error as the client's own exception."""
    records = api.dns.records
    name = f"taken.official.{ZONE}"
    taken = records.create(zone_id=zone, type="A", name=name, content="192.168.7.7", ttl=1)

    def create(by=records, **other):
        fields = {"type": "A", "name": name, "content": "192.168.7.7", "ttl": 1, **other}
        return lambda: by.create(zone_id=zone, **fields)

    bad = cloudflare.BadRequestError
    refused("a duplicate", bad, 81058, create())
    refused("a duplicate with another TTL", bad, 81057, create(ttl=120))
    refused("a CNAME beside an address", bad, 81053, create(type="CNAME", content="b.test"))
    refused("a proxied private address", bad, 9003, create(content="192.168.7.8", proxied=True))
    refused("a bad TTL", bad, 9021, create(content="192.168.7.8", ttl=5))
    refused("a bad address", bad, 9005, create(content="nonsense"))
    refused("a record that is not there", cloudflare.NotFoundError, 81044, lambda: records.get("0" * 32, zone_id=zone))
    refused("a zone id that is none", bad, 7003, lambda: records.list(zone_id=ZONE))
    wrong = client("w" * 40)
    refused("verify with a wrong token", cloudflare.AuthenticationError, 1000, wrong.user.tokens.verify)
    refused("zones with a wrong token", cloudflare.PermissionDeniedError, 9109, wrong.zones.list)
    refused("a malformed token", bad, 6111, client('"quoted"').user.tokens.verify)
    control("PUT", f"/tokens/{READER}", {"permissions": ["zone:read", "dns:read"], "zones": [ZONE]})
    try:
        reader = client(READER)
        agree("a reader reads", [zone.name for zone in reader.zones.list()] == [ZONE])
        write = create(reader.dns.records, content="192.168.7.9")
        refused("a reader writes", cloudflare.PermissionDeniedError, 10000, write)
    finally:
        control("DELETE", f"/tokens/{READER}")
    fault = {"target": "api", "path_prefix": "/zones", "status": 429, "code": 971, "retry_after": 1, "count": 1}
    control("POST", "/faults", fault)
    refused("too many requests", cloudflare.RateLimitError, 971, api.zones.list)
    control("POST", "/faults", fault | {"retry_after": 0})
    patient = api.with_options(max_retries=2)
    agree("the client retries after a 429", len(list(patient.zones.list(name=ZONE))) == 1)
    records.delete(taken.id, zone_id=zone)


def tunnels(api, account):
    """One tunnel through its life."""
    calls = api.zero_trust.tunnels.cloudflared
    name = f"official.{ZONE}"
    for left in calls.list(account_id=account, name=name, is_deleted=False):
        calls.connections.delete(left.id, account_id=account)
        calls.delete(left.id, account_id=account)
    secret = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
    made = calls.create(account_id=account, name=name, config_src="cloudflare", tunnel_secret=secret)
    agree("create a tunnel", (made.name, made.config_src, made.account_tag) == (name, "cloudflare", account), made)
    conflict = lambda: calls.create(account_id=account, name=name)
    refused("a second one of its name", cloudflare.ConflictError, 1013, conflict)
    found = list(calls.list(account_id=account, name=name, is_deleted=False))
    agree("list tunnels by name", [tunnel.id for tunnel in found] == [made.id], found)
    host = f"www.official.{ZONE}"
    rules = [
        {"hostname": host, "service": "https://controller:443", "origin_request": {"origin_server_name": host}},
        {"service": "http_status:404"},
    ]
    calls.configurations.update(made.id, account_id=account, config={"ingress": rules})
    seen = calls.configurations.get(made.id, account_id=account).config.ingress
    agree("rules", seen[0].hostname == host and seen[0].origin_request.origin_server_name == host, seen)
    agree("the last rule", seen[-1].service == "http_status:404", seen)
    token = json.loads(base64.b64decode(calls.token.get(made.id, account_id=account)))
    agree("the token", (token["t"], token["a"], token["s"]) == (made.id, account, secret), sorted(token))
    open_now = calls.get(made.id, account_id=account)
    agree("connections", open_now.status == "healthy" and len(open_now.connections) > 0, open_now)
    delete = lambda: calls.delete(made.id, account_id=account)
    refused("deletion of an open one", cloudflare.BadRequestError, 1022, delete)
    calls.connections.delete(made.id, account_id=account)
    agree("delete a tunnel", delete().deleted_at is not None)
    agree("no tunnel is left", list(calls.list(account_id=account, name=name, is_deleted=False)) == [])


def main():
    api = client(TOKEN)
    zone = reading(api)
    tunnels(api, api.zones.get(zone_id=zone).account.id)
    clear(api, zone)
    writing(api, zone)
    many(api, zone)
    refusals(api, zone)
    print(f"official cloudflare client {cloudflare.__version__}: {agreed} operations agreed")


if __name__ == "__main__":
    main()
