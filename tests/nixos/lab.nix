# The least that a first server says.
{
  services.homelab = {
    enable = true;
    domain = "home.example.com";
    email = "you@home.example.com";
    dns.tokenFile = "/run/secrets/cloudflare-token";
  };
}
