# services.homelab: one machine, or several, whose services have names and certificates in the house.
{
  imports = [
    ./options.nix
    ./settings.nix
    ./zones.nix
    ./assertions.nix
    ./k3s.nix
    ./registries.nix
    ./firewall.nix
    ./address.nix
    ./apply.nix
    ./addresses.nix
    ./doctor.nix
  ];
}
