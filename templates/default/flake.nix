{
  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    # EDIT 1: where homelab comes from: its repository, or a folder with a copy of it.
    homelab.url = "git+file:///home/you/homelab";
    homelab.inputs.nixpkgs.follows = "nixpkgs";
  };

  outputs =
    { nixpkgs, homelab, ... }:
    {
      nixosConfigurations.node1 = nixpkgs.lib.nixosSystem {
        modules = [
          homelab.nixosModules.default
          ./hardware-configuration.nix
          ./configuration.nix
          ./homelab.nix
        ];
      };
    };
}
