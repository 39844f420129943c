"""What AWS judges before it does anything: the key, the age of the signature and the signature itself, and the policies of the user with
their resources and conditions. moto judges no resources, takes inactive keys and knows no age, so it is asked only for users,
keys and policies here, and does what got past this. Nor does it compare a change with what is there, know how large the policies of
a user may be, or keep a user that still has keys.

A call can be held, before it is done or before its answer is sent: whoever made it is killed at that moment.

Sources: IAM user guide, "Policy evaluation logic", "Troubleshoot access denied error messages", "Troubleshoot signed requests";
IAM user guide, "IAM and AWS STS quotas"; Service authorization reference, "Actions, resources, and condition keys" for Amazon Route 53
and for AWS Identity and Access Management; Route 53 API reference, "Common errors".
"""

import fnmatch
import io
import json
import re
import threading
import time
from datetime import datetime, timezone
from urllib.parse import parse_qs
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from names import plain

SKEW = 300
NAMESPACE = "{https://route53.amazonaws.com/doc/2013-04-01/}"
SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)
ROUTE53 = botocore.session.get_session().get_service_model("route53")


class Refused(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def calls():
    """Each call of Route 53 by its method and path."""
    for name in ROUTE53.operation_names:
        http = ROUTE53.operation_model(name).http
        path = re.sub(r"\{[^}]+\}", "[^/]+", http["requestUri"].partition("?")[0]).rstrip("/")
        yield http["method"], re.compile(f"{path}/?"), name


CALLS = list(calls())


def action(service, method, path, body):
    """As policies name it."""
    if service != "route53":
        return f"{service}:{parse_qs(body.decode())['Action'][0]}"
    found = [name for verb, pattern, name in CALLS if verb == method and pattern.fullmatch(path)]
    if not found:
        raise Refused(404, "UnknownOperationException", f"{method} {path}")
    return f"route53:{found[0]}"


ACCOUNT = "123456789012"
# All inline policies of a user, without white space.
LARGEST = 2048
# What only looks.
LOOKS = ("List", "Get")


def fields(body):
    """What a call to IAM says."""
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def on_user(people, said):
    """The user that a call to IAM is about; the star for what knows no user. Of one that is not there, nobody knows the path."""
    name = said.get("UserName")
    if said["Action"] == "CreateUser":
        return f"arn:aws:iam::{ACCOUNT}:user{said.get('Path', '/')}{name}"
    if not name:
        return "*"
    path = people.users[name].path if name in people.users else "/"
    return f"arn:aws:iam::{ACCOUNT}:user{path}{name}"


def resource(path):
    """The resource that a policy of Route 53 names for a call; the star where it can name none."""
    found = re.search(r"/(change|hostedzone)/([^/?]+)", path)
    return f"arn:aws:route53:::{found[1]}/{found[2]}" if found else "*"


def matches(patterns, value):
    patterns = [patterns] if isinstance(patterns, str) else patterns
    return any(fnmatch.fnmatchcase(value.lower(), pattern.lower()) for pattern in patterns)


def holds(condition, keys):
    """The kind of condition that policies for Route 53 have."""
    for operator, wanted in condition.items():
        if operator == "Null":
            if any((allowed in ("true", ["true"])) == bool(keys.get(key)) for key, allowed in wanted.items()):
                return False
            continue
        if operator not in ("ForAllValues:StringEquals", "ForAllValues:StringLike"):
            return False
        for key, allowed in wanted.items():
            if not all(matches(allowed, value) for value in keys.get(key, [])):
                return False
    return True


def judged(policies, what, arn, keys):
    """`allow`, `deny` where a policy denies it, or nothing."""
    said = None
    for policy in policies:
        for statement in policy["Statement"]:
            fits = matches(statement["Action"], what) and matches(statement["Resource"], arn)
            if fits and holds(statement.get("Condition", {}), keys):
                if statement["Effect"] == "Deny":
                    return "deny"
                said = "allow"
    return said


def of_change(body):
    """What a change names that a condition can be about."""
    text = body.decode()
    names = [name.rstrip(".").lower().replace("*", "\\052") for name in re.findall(r"<Name>([^<]+)</Name>", text)]
    return {
        "route53:ChangeResourceRecordSetsRecordTypes": re.findall(r"<Type>([^<]+)</Type>", text),
        "route53:ChangeResourceRecordSetsActions": re.findall(r"<Action>([^<]+)</Action>", text),
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": names,
    }


def program(environ):
    """Who asks: external-dns and cert-manager have the same SDK, and cert-manager says its name beside it."""
    agent = environ.get("HTTP_USER_AGENT", "")
    if "cert-manager" in agent:
        return "cert-manager"
    return "external-dns" if "aws-sdk-go" in agent else "homelab"


def policies_of(people, user):
    """The documents of a user's own policies, and of those that are attached to it."""
    own = [people.get_user_policy(user, name)["policy_document"] for name in people.list_user_policies(user)]
    managed = people.list_attached_user_policies(user)[0]
    attached = [people.get_policy_version(policy.arn, policy.default_version_id).document for policy in managed]
    return [json.loads(text) for text in own + attached]


class Hold:
    """The call to be held: the `nth` of an action by a user, before it is done or after."""

    def __init__(self, user, action, nth, when):
        self.user, self.action, self.left, self.when = user, action, nth, when
        self.held, self.released = threading.Event(), threading.Event()

    def meets(self, user, action):
        if (user, action) != (self.user, self.action) or self.left == 0:
            return False
        self.left -= 1
        return self.left == 0

    def wait(self):
        self.held.set()
        self.released.wait(120)
        raise Refused(503, "ServiceUnavailable", "held")


class Judge:
    """Before moto: `people` is its IAM, `zones` its Route 53, `faults` what somebody has broken."""

    def __init__(self, app, people, zones, faults):
        self.app, self.people, self.zones, self.faults = app, people, zones, faults
        self.hold, self.calls, self.lock = None, [], threading.Lock()

    def __call__(self, environ, start):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        try:
            held = self.met(*self.check(environ, body))
            if held and held.when == "before":
                held.wait()
            said = self.app(environ, (lambda *_: None) if held else start)
            if held:
                held.wait()
        except Refused as refused:
            return answer(refused, start)
        if self.is_broken("pending", environ) and "/change/" in environ["PATH_INFO"]:
            # As long as before: the head is written already.
            return [part.replace(b"INSYNC<", b"PENDING<").replace(b"?>\n", b"?>", 1) for part in said]
        return said

    def is_broken(self, name, environ):
        """For every program, or for those that are named."""
        broken = self.faults.get(name)
        return program(environ) in broken if isinstance(broken, list) else bool(broken)

    def check(self, environ, body):
        if self.is_broken("throttle", environ):
            raise Refused(400, "Throttling", "Rate exceeded")
        signed = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/[^/]+/([^/]+)/([^/]+)/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)",
            environ.get("HTTP_AUTHORIZATION", ""),
        )
        if not signed:
            raise Refused(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
        key_id, region, service, headers, signature = signed.groups()
        user, secret = self.owner(key_id)
        in_time(environ["HTTP_X_AMZ_DATE"])
        if signature != expected(environ, body, headers, SigV4Auth(Credentials(key_id, secret), service, region)):
            raise Refused(403, "SignatureDoesNotMatch", SIGNATURE)
        what = action(service, environ["REQUEST_METHOD"], environ["PATH_INFO"], body)
        arn = on_user(self.people, fields(body)) if service == "iam" else resource(environ["PATH_INFO"])
        self.permitted(user, what, arn, body if service == "route53" else b"")
        if service == "iam":
            self.sized(fields(body))
        if what == "route53:CreateHostedZone" and self.is_broken("zones", environ):
            raise Refused(400, "TooManyHostedZones", "Limits Exceeded: MAX_HOSTED_ZONES_BY_OWNER 500")
        if b"<Action>CREATE</Action>" in body and self.is_broken("full", environ):
            raise Refused(400, "InvalidChangeBatch", "[Exceeded limit MAX_RRSETS_BY_ZONE for the zone]")
        zone = self.zones.zones.get(resource(environ["PATH_INFO"]).rpartition("/")[2])
        if what == "route53:ChangeResourceRecordSets" and zone:
            fits(zone, body)
        return user.name, what

    def met(self, user, what):
        """Notes a call, and gives what holds it."""
        with self.lock:
            if not what.partition(":")[2].startswith(LOOKS):
                self.calls.append([user, what])
            return self.hold if self.hold and self.hold.meets(user, what) else None

    def sized(self, said):
        """What IAM does not take of a user, and moto does."""
        user = self.people.users.get(said.get("UserName"))
        if said["Action"] == "PutUserPolicy" and user:
            texts = {**user.policies, said["PolicyName"]: said["PolicyDocument"]}.values()
            if sum(len("".join(text.split())) for text in texts) > LARGEST:
                message = f"Maximum policy size of {LARGEST} bytes exceeded for user {user.name}"
                raise Refused(409, "LimitExceeded", message)
        if said["Action"] == "DeleteUser" and user and user.access_keys:
            raise Refused(409, "DeleteConflict", "Cannot delete entity, must delete access keys first.")

    def owner(self, key_id):
        """Keys that are inactive are no keys."""
        for user in self.people.list_users("/", None, None):
            for key in user.access_keys:
                if key.access_key_id == key_id and key.status == "Active":
                    return user, key.secret_access_key
        raise Refused(403, "InvalidClientTokenId", "The security token included in the request is invalid.")

    def permitted(self, user, what, arn, body):
        said = judged(policies_of(self.people, user.name), what, arn, of_change(body))
        if said == "allow":
            return
        on = "" if arn == "*" else f" on resource: {arn}"
        why = f"because no identity-based policy allows the {what} action"
        if said == "deny":
            why = "with an explicit deny in an identity-based policy"
        raise Refused(403, "AccessDenied", f"User: {user.arn} is not authorized to perform: {what}{on} {why}")


def sets(zone):
    """What a zone has, by name, type and identifier: the time to live, and the contents."""
    found = {}
    for held in zone.rrsets:
        key = (plain(held.name), held.type, held.set_identifier)
        found[key] = (int(held.ttl or 0), sorted(map(str, held.records or [])))
    return found


def fits(zone, body):
    """Nothing is created twice, and only what is said as it is is deleted (API reference, ChangeResourceRecordSets)."""
    there = sets(zone)
    for change in ElementTree.fromstring(body).iter(f"{NAMESPACE}Change"):

        def text(tag, within=change):
            return within.findtext(f".//{NAMESPACE}{tag}")

        key = (plain(text("Name")), text("Type"), text("SetIdentifier"))
        contents = sorted(value.text for value in change.iter(f"{NAMESPACE}Value"))
        said, held = (int(text("TTL") or 0), contents), there.get(key)
        words = f"resource record set [name='{key[0]}.', type='{key[1]}']"
        why = None
        if text("Action") == "CREATE" and held:
            why = f"Tried to create {words} but it already exists"
        elif text("Action") == "DELETE" and not held:
            why = f"Tried to delete {words} but it was not found"
        elif text("Action") == "DELETE" and held != said:
            why = f"Tried to delete {words} but the values provided do not match the current values"
        elif text("Action") != "DELETE":
            why = clash(zone, there, key)
        if why:
            raise Refused(400, "InvalidChangeBatch", f"[{why}]")
        there[key] = None if text("Action") == "DELETE" else said
        if text("Action") == "CREATE":
            forget(zone, key)


def clash(zone, there, key):
    """A name with a CNAME has nothing else (Route 53 developer guide, "CNAME record type"; the words: cert-manager#3927, external-dns#1517)."""
    name, kind, _ = key
    kinds = {other for (of, other, _), held in there.items() if held and of == name}
    new = f"RRSet of type {kind} with DNS name {name}. is not permitted"
    if kind == "CNAME" and kinds - {kind}:
        return f"{new} as it conflicts with other records with the same DNS name in zone {plain(zone.name)}."
    if kind != "CNAME" and "CNAME" in kinds:
        same = "with the same DNS name already exists"
        return f"{new} because a conflicting RRSet of type CNAME {same} in zone {plain(zone.name)}."
    return None


def forget(zone, key):
    """moto takes a set for one that is there if it was ever created and any other comes after it in the zone."""

    def is_it(change):
        held = change["ResourceRecordSet"]
        return (plain(held["Name"]), held["Type"], held.get("SetIdentifier")) == key

    zone.rr_changes[:] = [change for change in zone.rr_changes if not is_it(change)]


def in_time(signed):
    at = datetime.strptime(signed, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()
    apart = at - time.time()
    here = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    if apart < -SKEW:
        raise Refused(403, "SignatureDoesNotMatch", f"Signature expired: {signed} is now earlier than {here} - 5 min.")
    if apart > SKEW:
        said = f"Signature not yet current: {signed} is still later than {here} + 5 min."
        raise Refused(403, "SignatureDoesNotMatch", said)


def expected(environ, body, headers, auth):
    """The signature that the request has to have."""

    def value(name):
        plain = name.upper().replace("-", "_")
        return environ.get(plain if plain.startswith("CONTENT_") else f"HTTP_{plain}", "")

    wanted = {name: value(name) for name in headers.split(";")}
    url = f"https://{environ['HTTP_HOST']}{environ['RAW_URI']}"
    request = AWSRequest(method=environ["REQUEST_METHOD"], url=url, data=body, headers=wanted)
    request.context["timestamp"] = environ["HTTP_X_AMZ_DATE"]
    return auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)


def answer(refused, start):
    body = (
        '<?xml version="1.0"?>\n<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type>'
        f"<Code>{refused.code}</Code><Message>{escape(refused.message)}</Message></Error><RequestId>lab</RequestId></ErrorResponse>"
    ).encode()
    start(f"{refused.status} Refused", [("content-type", "text/xml"), ("content-length", str(len(body)))])
    return [body]
