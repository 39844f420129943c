# The DNS providers that the program knows (src/facts/providers.rs). `tokenFile` is an example of where the credential lies; null
# for a provider that asks for none.
{
  cloudflare.tokenFile = "/run/secrets/cloudflare-token";
  powerdns.tokenFile = "/run/secrets/powerdns-keys";
  rfc2136.tokenFile = "/run/secrets/tsig-key";
}
