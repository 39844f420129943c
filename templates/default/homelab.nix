# The lab: what is served, under which names.
{
  services.homelab = {
    enable = true;

    # EDIT 4: your domain, which Cloudflare must host, and your e-mail address for Let's Encrypt. For another provider add
    # dns.provider = "route53"; (docs/options.md has the others).
    domain = "home.example.com";
    email = "you@home.example.com";

    # EDIT 5: where the Cloudflare API token lies on this machine (the README says how it gets there). Not in this
    # folder: everything here ends in the Nix store, which everybody can read.
    dns.tokenFile = "/var/lib/secrets/cloudflare-token";

    # https://whoami.<domain> is there from the start. Add your own:
    services = {
      nas.url = "https://192.168.1.5:5001";
      # photos = { service = "immich/immich-server"; port = 2283; };
    };
    # A page at https://<domain> that lists them, and shows which ones are available:
    # startPage.enable = true;
  };
}
