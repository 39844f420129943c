# From the options to the configuration file, which the program itself checks while the machine is built.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.homelab;
  facts = import ./facts.nix cfg;
  pins = builtins.fromTOML (builtins.readFile ../manifests/pins.toml);
  pin = lib.findFirst (
    file: file.name == "cert-manager"
  ) (throw "cert-manager is not pinned") pins.upstream;
  manifest = pkgs.fetchurl { inherit (pin) url sha256; };

  # Null and empty mean "not said": the program's defaults stand in one place, in the program.
  said =
    value:
    if lib.isAttrs value then
      lib.filterAttrs (_: v: v != null && v != { } && v != [ ]) (lib.mapAttrs (_: said) value)
    else if lib.isList value then
      map said value
    else
      value;
  fromOptions = said {
    inherit (cfg)
      domain
      email
      services
      organisations
      egress
      extraCertificates
      rootPage
      ;
    issuer = if cfg.issuer == "acme" then null else cfg.issuer;
    dns = {
      inherit (cfg.dns)
        provider
        tokenFile
        challengeZone
        hosts
        ;
      challengeServer =
        if cfg.dns.challengeServer.address == null then
          null
        else
          {
            inherit (cfg.dns.challengeServer) address node;
            port = if cfg.dns.challengeServer.port == 8053 then null else cfg.dns.challengeServer.port;
          };
      houseResolver = if cfg.dns.houseResolver then true else null;
      publish = if cfg.dns.publish then null else false;
      publishHosts = if cfg.dns.publishHosts then true else null;
      podHosts = if cfg.dns.podHosts then null else false;
      insideZones = map (one: {
        inherit (one) zone;
        file = if one.file == null then null else "${one.file}";
        forward = if one.forward == [ ] then null else one.forward;
      }) cfg.dns.insideZones;
    };
    acme = {
      staging = if cfg.acme.staging then true else null;
      inherit (cfg.acme) server;
    };
    doctor = {
      onFailure = { inherit (cfg.doctor.onFailure) command url urlFile; };
      onUnknown = if cfg.doctor.onUnknown then true else null;
    };
    startPage =
      if !cfg.startPage.enable then
        null
      else if cfg.startPage.host == null then
        true
      else
        { inherit (cfg.startPage) host; };
    ingress = {
      inherit (cfg.ingress) class config;
      # With one that is there already, it is the make of that one, which nobody but the user knows.
      controller = if cfg.ingress.controller == "ingress-nginx" then null else cfg.ingress.controller;
      manage = if cfg.ingress.manage then null else false;
      defaultClass = if cfg.ingress.defaultClass then null else false;
    };
  };

  # A path of its own in `settings` wins. Named here and not in the environment, so that `sudo homelab up` finds it too.
  complete = lib.recursiveUpdate (lib.optionalAttrs (cfg.settings.certManager.manage or true) {
    certManager.manifest = "${manifest}";
  }) cfg.settings;
  written = (pkgs.formats.yaml { }).generate "homelab.yaml" complete;

  # A typo fails the build, not the machine. A program for another kind of processor cannot be asked.
  canAsk = pkgs.stdenv.buildPlatform.canExecute pkgs.stdenv.hostPlatform;
  checked = pkgs.runCommand "homelab.yaml" { inherit written; } ''
    ${lib.getExe cfg.package} --config $written render > /dev/null
    cp $written $out
  '';
in
{
  config = lib.mkIf (cfg.enable && facts.leads) {
    services.homelab.settings = lib.mapAttrsRecursive (_: lib.mkDefault) fromOptions;
    environment.etc."homelab/homelab.yaml".source = if canAsk then checked else written;
  };
}
