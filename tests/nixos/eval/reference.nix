# docs/options.md, from the options themselves.
{ lib }:
options:
let
  text =
    value: if lib.isAttrs value && value ? text then value.text else lib.generators.toPretty { } value;
  # Releases differ in how they name the same type.
  type =
    name:
    let
      inner = builtins.match "open submodule of \\((.*)\\)" name;
    in
    if inner == null then name else lib.head inner;
  code =
    value:
    if lib.hasInfix "\n" value then
      "\n\n```nix\n${lib.removeSuffix "\n" value}\n```"
    else
      " `${value}`";
  entry = option: ''
    ## `${option.name}`

    ${option.description}

    - type: ${type option.type}
    - default:${code (text option.default)}
    - example:${code (text option.example)}
  '';
in
''
  # NixOS options

  Written by `tests/nixos/eval/check.sh` from `modules/`; do not edit. What `settings` takes beside these:
  [configuration.md](configuration.md).

''
+ lib.concatMapStringsSep "\n" entry options
