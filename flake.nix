{
  description = "Names, certificates and a proof of reachability for a home lab on k3s";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      each =
        of:
        lib.genAttrs [
          "x86_64-linux"
          "aarch64-linux"
        ] (system: of nixpkgs.legacyPackages.${system});
      commit = self.rev or self.dirtyRev or null;
      systemOf = pkgs: pkgs.stdenv.hostPlatform.system;
    in
    {
      packages = each (pkgs: rec {
        homelab = pkgs.callPackage ./package.nix { inherit commit; };
        default = homelab;
      });

      overlays.default = final: _: { homelab = final.callPackage ./package.nix { inherit commit; }; };

      nixosModules = rec {
        homelab =
          { lib, pkgs, ... }:
          {
            # One module under two names: whoever imports both gets it once.
            key = "homelab";
            imports = [ ./modules ];
            # No overlay is forced on anybody's nixpkgs.
            services.homelab.package = lib.mkDefault self.packages.${systemOf pkgs}.homelab;
          };
        default = homelab;
      };

      checks = each (
        pkgs:
        import ./tests/nixos/checks.nix {
          inherit lib pkgs;
          module = self.nixosModules.default;
          package = self.packages.${systemOf pkgs}.homelab;
          source = self;
        }
      );

      devShells = each (pkgs: {
        default = pkgs.mkShell {
          inputsFrom = [ self.packages.${systemOf pkgs}.homelab ];
          packages = [
            pkgs.clippy
            pkgs.deadnix
            pkgs.go
            pkgs.jq
            pkgs.nixfmt
            pkgs.rustfmt
          ];
        };
      });

      formatter = each (pkgs: pkgs.nixfmt-tree);

      templates.default = {
        path = ./templates/default;
        description = "One machine whose services have names and certificates";
        welcomeText = ''
          Five places are marked EDIT:
          - 1 in flake.nix: where homelab comes from
          - 2 and 3 in configuration.nix: the machine's disks, and who may log in
          - 4 and 5 in homelab.nix: your domain, and where its token lies
        '';
      };

      # The template's machine, with disks that are nobody's: what can be evaluated and built of it is checked.
      nixosConfigurations.example = lib.nixosSystem {
        modules = [
          self.nixosModules.default
          ./templates/default/configuration.nix
          ./templates/default/homelab.nix
          {
            nixpkgs.hostPlatform = "x86_64-linux";
            boot.loader.grub.device = "/dev/sda";
            fileSystems."/".device = "/dev/sda1";
          }
        ];
      };
    };
}
