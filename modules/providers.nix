# The DNS providers that the program knows (src/facts/providers.rs). `tokenFile` is an example of where the credential lies; null
# for a provider that asks for none. `onNodes`: the nodes themselves are the name servers. `zones`: homelab makes zones there, one for
# each organisation.
{
  cloudflare.tokenFile = "/run/secrets/cloudflare-token";
  local = {
    tokenFile = null;
    onNodes = true;
  };
  powerdns.tokenFile = "/run/secrets/powerdns-keys";
  rfc2136.tokenFile = "/run/secrets/tsig-key";
  route53 = {
    tokenFile = "/run/secrets/route53-key";
    zones = true;
  };
}
