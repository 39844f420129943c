# The machine itself.
{ lib, ... }:
{
  # EDIT 2: disks and processor. Run
  #   nixos-generate-config --show-hardware-config > hardware-configuration.nix
  # and, for a machine without UEFI, replace these two lines by boot.loader.grub.device = "/dev/sda";
  boot.loader.systemd-boot.enable = lib.mkDefault true;
  boot.loader.efi.canTouchEfiVariables = lib.mkDefault true;

  # EDIT 3: the machine's name (also in flake.nix), and your public SSH key.
  networking.hostName = "node1";
  users.users.you = {
    isNormalUser = true;
    extraGroups = [ "wheel" ];
    openssh.authorizedKeys.keys = [ "ssh-ed25519 AAAA... you@laptop" ];
  };

  # There is no password to ask for: the key is the proof.
  security.sudo.wheelNeedsPassword = false;
  services.openssh = {
    enable = true;
    settings.PasswordAuthentication = false;
  };

  nix.settings.experimental-features = [
    "nix-command"
    "flakes"
  ];

  # The release that this machine was first installed with; it stays what it is.
  system.stateVersion = "26.05";
}
