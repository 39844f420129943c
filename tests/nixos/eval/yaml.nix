# A value as YAML: mappings in blocks, texts in quotes.
{ lib }:
let
  key = name: if builtins.match "[A-Za-z0-9_-]+" name == null then builtins.toJSON name else name;
  lines =
    indent: value:
    lib.concatStrings (
      lib.mapAttrsToList (
        name: inner:
        if lib.isAttrs inner && inner != { } then
          "${indent}${key name}:\n${lines "${indent}  " inner}"
        else
          "${indent}${key name}: ${builtins.toJSON inner}\n"
      ) value
    );
in
lines ""
