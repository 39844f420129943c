# The DNS provider's credentials, as units load them: that of the lab, and that of each organisation.
cfg:
let
  organisations = cfg.settings.organisations or { };
  # An entry that is not as it should be is refused by the program.
  fileOf =
    name:
    let
      one = organisations.${name};
    in
    toString (if builtins.isAttrs one then one.tokenFile or "" else "");
  ofOrganisations = map (name: {
    credential = "dns-token-${name}";
    file = fileOf name;
  }) (builtins.attrNames organisations);
  all = [
    {
      credential = "dns-token";
      file = toString (cfg.settings.dns.tokenFile or "");
    }
  ]
  ++ ofOrganisations;
  there = builtins.filter (one: one.file != "");
in
{
  load = map (one: "${one.credential}:${one.file}") (there all);
  # What stands for a file that is not there (yet).
  empty = map (one: "${one.credential}:\\n") (there all);
  # The files of organisations.
  files = map (one: one.file) (there ofOrganisations);
}
