"""Route 53 and IAM of the lab: moto behind TLS, the judge before it, and the name servers of its zones.

    amazon.py CONFIG.json

CONFIG names the addresses, the certificate, the zone, what strangers have in it, and the policy of the user. The user's access key
is written into the file `key`. At `control`, in plain HTTP, the lab does what a person does in the console: one JSON document for
each thing to do.
"""

import json
import os
import secrets
import sys
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import judge
import names
from dnslib.server import DNSServer
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.route53.models import route53_backends
from werkzeug.serving import make_server

ACCOUNT = "123456789012"
USER = "homelab"
POLICY = "route53"

zones = route53_backends[ACCOUNT]["aws"]
people = iam_backends[ACCOUNT]["aws"]
faults = {}
# Zones that the world asks and this account does not list: those of another account.
elsewhere = {}
# Zones that are deleted, and may come back.
gone = {}


def make_zone(config, name, private=False):
    """A hosted zone."""
    return zones.create_hosted_zone(f"{name}.", private_zone=private)


def settled(config, zone):
    """With the lab's name servers and short negative answers, whoever made it."""
    name = zone.name.rstrip(".")
    servers = config["servers"]
    zone.delegation_set.name_servers = servers
    soa = f"{servers[0]}. hostmaster.{name}. 1 7200 900 1209600 10"
    zone.rrsets = []
    put(zone, f"{name}.", "NS", 3600, [f"{server}." for server in servers])
    put(zone, f"{name}.", "SOA", 10, [soa])
    return zone


def put(zone, name, kind, ttl, contents):
    """A set of records, by the door that the API uses, so that moto knows it later."""
    records = [{"Value": content} for content in contents]
    record_set = {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": records}
    zones.change_resource_record_sets(zone.resource_id, [{"Action": "UPSERT", "ResourceRecordSet": record_set}])


def settle_all(config):
    """Each zone that anybody makes from now on."""
    made = zones.create_hosted_zone
    zones.create_hosted_zone = lambda *args, **words: settled(config, made(*args, **words))


def tags_of(zone):
    return dict(zones.list_tags_for_resource(zone.resource_id))


def written(key):
    """As `~/.aws/credentials` has it."""
    return f"[default]\naws_access_key_id = {key.access_key_id}\naws_secret_access_key = {key.secret_access_key}\n"


def forget(name):
    """The zone and the user of a name, from a case before."""
    for id, zone in list(zones.zones.items()):
        if names.plain(zone.name) == name:
            del zones.zones[id]
    if name in [user.name for user in people.list_users("/", None, None)]:
        for key in list(people.get_user(name).access_keys):
            people.delete_access_key(key.access_key_id, name)
        people.delete_user_policy(name, POLICY)
        people.delete_user(name)


def policy(text, zone):
    return text.replace("ZONE_ID", zone.resource_id)


def served():
    """The zones that the world asks: of one name, the one that was there first, which the registrar names; not those of which the
    servers have lost sight."""
    seen = {}
    for zone in [*elsewhere.values(), *zones.zones.values()]:
        if not zone.private_zone and names.plain(zone.name) not in (faults.get("lame") or []):
            seen.setdefault(zone.name, zone)
    return list(seen.values())


class Console(BaseHTTPRequestHandler):
    config = None
    zone = None
    judge = None

    def zone_of(self, zone):
        """By its id or its name; the lab's own without either."""
        if not zone:
            return self.zone
        return next(one for one in zones.zones.values() if zone in (one.resource_id, names.plain(one.name)))

    def do_GET(self):
        lines = [
            f"{names.plain(held.name)}. {held.ttl} IN {held.type} {content}"
            for held in self.zone.rrsets
            for content in held.records
        ]
        self.reply("\n".join(lines))

    def do_POST(self):
        length = int(self.headers.get("content-length") or 0)
        wanted = json.loads(self.rfile.read(length))
        try:
            self.reply(getattr(self, f"do_{wanted.pop('do')}")(**wanted) or "")
        except Exception as error:
            self.reply(f"{type(error).__name__}: {error}", 500)

    def do_add(self, name, kind, content, zone=None):
        put(self.zone_of(zone), f"{name}.", kind, 300, content if isinstance(content, list) else [content])

    def do_remove(self, name, kind, zone=None):
        self.zone_of(zone).delete_rrset({"Name": f"{name}.", "Type": kind})

    def do_fault(self, name, on):
        faults[name] = on

    def do_key(self, active, user=USER):
        for key in people.get_user(user).access_keys:
            key.status = "Active" if active else "Inactive"

    def do_no_key(self):
        for key in list(people.get_user(USER).access_keys):
            people.delete_access_key(key.access_key_id, USER)

    def do_new_key(self):
        return written(people.create_access_key(USER))

    def do_policy(self, text, user=USER):
        people.put_user_policy(user, POLICY, policy(text, self.zone))

    def do_zone(self, name, private):
        return make_zone(self.config, name, private).resource_id

    def do_made(self, name, reference, servers):
        """A zone that was made at another time, or by somebody else."""
        zone = zones.create_hosted_zone(f"{name}.", private_zone=False, caller_reference=reference)
        zone.delegation_set.name_servers = servers
        zone.rrsets = []
        put(zone, f"{name}.", "NS", 172800, [f"{server}." for server in servers])
        put(zone, f"{name}.", "SOA", 900, [f"{servers[0]}. hostmaster.{name}. 1 7200 900 1209600 60"])
        return zone.resource_id

    def do_tag(self, zone, key, value):
        zones.change_tags_for_resource("hostedzone", zone, [{"Key": key, "Value": value}], [])

    def do_account(self):
        """Every zone that the account lists, with its tags, its records and the servers to which the lab's own leads."""
        led = {names.plain(held.name): held.records for held in self.zone.rrsets if held.type == "NS"}
        return json.dumps(
            [
                {
                    "id": zone.resource_id,
                    "name": names.plain(zone.name),
                    "tags": tags_of(zone),
                    "records": [f"{names.plain(held.name)} {held.type}" for held in zone.rrsets],
                    "led": sorted(names.plain(server) for server in led.get(names.plain(zone.name), [])),
                }
                for zone in zones.zones.values()
            ]
        )

    def do_away(self, zone, away):
        """Gives a zone to another account, or takes it back, as the first."""
        if away:
            elsewhere[zone] = zones.zones.pop(zone)
        else:
            back = {zone: elsewhere.pop(zone), **zones.zones}
            zones.zones.clear()
            zones.zones.update(back)

    def do_organisation(self, name, text):
        """A zone to which the lab's own leads, and a user with a policy for it; gives its id and the user's key."""
        forget(name)
        zone = make_zone(self.config, name)
        self.do_delegation(name, True)
        people.create_user("us-east-1", name)
        people.put_user_policy(name, POLICY, policy(text, zone))
        key = people.create_access_key(name)
        return json.dumps({"zone": zone.resource_id, "key": f"{key.access_key_id}\n{key.secret_access_key}\n"})

    def do_user(self, name, text):
        """A user with one policy, too large for one of its own; gives its key. One of a case that broke off goes."""
        if name in [user.name for user in people.list_users("/", None, None)]:
            self.do_forget_user(name)
        people.create_user("us-east-1", name)
        made = people.create_policy("", "/", text, name, [])
        people.attach_user_policy(made.arn, name)
        key = people.create_access_key(name)
        return json.dumps({"id": key.access_key_id, "secret": key.secret_access_key})

    def do_forget_user(self, name):
        """Whatever it has."""
        user = people.get_user(name)
        for policy in list(user.managed_policies):
            people.detach_user_policy(policy, name)
            people.delete_policy(policy)
        user.policies.clear()
        for key in list(user.access_keys):
            people.delete_access_key(key.access_key_id, name)
        people.delete_user(name)

    def do_strangers_user(self, name):
        people.create_user("us-east-1", name)

    def do_users(self):
        """What somebody sees of the users."""
        found = {}
        for user in people.list_users("/", None, None):
            keys = [key.access_key_id for key in user.access_keys]
            tags = {tag["Key"]: tag["Value"] for tag in user.tags or []}
            found[user.name] = {"path": user.path, "tags": tags, "policies": list(user.policies), "keys": keys}
        return json.dumps(found)

    def do_records(self, name):
        """The names and types of all records of a zone."""
        zone = self.zone_of(name)
        return json.dumps([[names.plain(held.name), held.type] for held in zone.rrsets])

    def do_age(self, name, hours):
        """As if homelab had made a zone so long ago."""
        zone = self.zone_of(name)
        head, _, _ = zone.caller_reference.rpartition("/")
        born = datetime.now(timezone.utc) - timedelta(hours=hours)
        zone.caller_reference = f"{head}/{born.strftime('%Y-%m-%dT%H:%M:%SZ')}"

    def do_untag(self, name):
        """Nobody claims a zone any more."""
        zone = self.zone_of(name)
        zones.change_tags_for_resource("hostedzone", zone.resource_id, [], list(tags_of(zone)))

    def do_calls(self):
        """Whoever changed anything, and by which call."""
        return json.dumps(self.judge.calls)

    def do_hold(self, user, action, nth, when):
        self.judge.hold = judge.Hold(user, action, nth, when)

    def do_held(self):
        return "yes" if self.judge.hold and self.judge.hold.held.is_set() else "no"

    def do_release(self):
        hold, self.judge.hold = self.judge.hold, None
        if hold:
            hold.released.set()

    def do_delegation(self, name, on, servers=None):
        servers = [f"{server}." for server in servers or self.config["servers"]]
        if on:
            put(self.zone, f"{name}.", "NS", 60, servers)
        else:
            self.do_remove(name, "NS")

    def do_forget(self, zone):
        zones.zones.pop(zone)

    def do_gone(self, on, zone=None):
        """The zone is deleted; off: the same zone is there again, as nobody could have it in the console."""
        zone = zone or self.zone.resource_id
        if on:
            gone[zone] = zones.zones.pop(zone)
        else:
            zones.zones[zone] = gone.pop(zone)

    def do_again(self):
        """The zone is deleted and made again: it has another id, which the policy names now, and what strangers wrote by hand alone."""
        zones.zones.pop(self.zone.resource_id)
        document = json.loads(people.get_user_policy(USER, POLICY)["policy_document"])
        text = json.dumps(document).replace(self.zone.resource_id, "ZONE_ID")
        self.zone.resource_id = f"Z{secrets.token_hex(8).upper()}"
        zones.zones[self.zone.resource_id] = self.zone
        self.zone.rrsets = [held for held in self.zone.rrsets if held.type in ("NS", "SOA")]
        self.zone.rr_changes[:] = []
        for name, kind, content in self.config["strangers"]:
            put(self.zone, f"{name}.{self.config['zone']}.", kind, 300, [content])
        people.put_user_policy(USER, POLICY, policy(text, self.zone))

    def do_delete_zones_but_first(self):
        for id in list(zones.zones)[1:]:
            del zones.zones[id]

    def do_privacy(self, private):
        self.zone.private_zone = private

    def reply(self, text, status=200):
        body = text.encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def host(address):
    where, _, port = address.rpartition(":")
    return where, int(port)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    settle_all(config)
    zone = make_zone(config, config["zone"])
    for name, kind, content in config["strangers"]:
        put(zone, f"{name}.{config['zone']}.", kind, 300, [content])
    Console.config, Console.zone = config, zone

    people.create_user("us-east-1", USER)
    people.put_user_policy(USER, POLICY, policy(config["policy"], zone))
    key = people.create_access_key(USER)
    with open(os.open(config["key"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(written(key))

    app = judge.Judge(DomainDispatcherApplication(create_backend_app), people, zones, faults)
    Console.judge = app
    tls = (config["cert"], config["private_key"])
    api = make_server(*host(config["api"]), app, threaded=True, ssl_context=tls, request_handler=MotoRequestHandler)
    console = ThreadingHTTPServer(host(config["control"]), Console)
    threading.Thread(target=console.serve_forever, daemon=True).start()
    # Last: who gets an answer about the zone finds everything else there, too.
    for address in config["authoritative"]:
        where, port = host(address)
        for tcp in (False, True):
            DNSServer(names.Names(served), address=where, port=port, tcp=tcp, logger=Silent()).start_thread()
    api.serve_forever()


class Silent:
    """The name servers write no line for each question."""

    def __getattr__(self, _):
        return lambda *_: None


if __name__ == "__main__":
    main()
