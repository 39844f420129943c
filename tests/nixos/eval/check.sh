#!/usr/bin/env bash
# Evaluates the NixOS module against a nixpkgs lib and compares with the golden files. No nixpkgs, no network.
#   check.sh LIB_PATH          LIB_PATH is nixpkgs' `lib` folder
#   UPDATE_GOLDEN=1 check.sh   writes the golden files, docs/options.md and the example anew
#   HOMELAB=PROGRAM            also lets the program read the example machine's configuration file
set -euo pipefail

lib=$(realpath "${1:?the path of a nixpkgs lib is missing}")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
example=$root/manifests/examples/nixos
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

evaluate() {
  nix-instantiate --eval --strict --json "$here" --arg lib "import $lib" -A "$1"
}

compare() {
  if [ -n "${UPDATE_GOLDEN:-}" ]; then
    mkdir -p "$(dirname "$2")"
    cp "$1" "$2"
  elif ! diff -u "$2" "$1"; then
    echo "$2 differs; UPDATE_GOLDEN=1 $0 $lib accepts it" >&2
    failed=1
  fi
}

evaluate golden >"$work/golden.json"
for name in $(jq -r 'keys[]' "$work/golden.json"); do
  jq -S --arg name "$name" '.[$name]' "$work/golden.json" >"$work/$name.json"
  compare "$work/$name.json" "$here/golden/$name.json"
done

# Each mistake must be refused or warned of, each good machine must not.
silent=$(jq -r '.refusals | to_entries[] | select(.value.failed + .value.warnings == []) | .key' "$work/golden.json")
refused=$(jq -r 'to_entries[] | select(.key != "refusals" and .value.failed != []) | .key' "$work/golden.json")
if [ -n "$silent$refused" ]; then
  echo "nothing is said of: $silent; refused: $refused" >&2
  failed=1
fi

incomplete=$(evaluate incomplete | jq -r '.[]')
if [ -n "$incomplete" ]; then
  echo "without default, example or description: $incomplete" >&2
  failed=1
fi

held=$(evaluate heldUp | jq -c .)
if [ "$held" != '{}' ] || [ "$(evaluate heldUpOnPurpose | jq -c .)" != '["homelab-x"]' ]; then
  echo "ordered after k3s.service, whose start has no time-out: $held" >&2
  failed=1
fi

evaluate reference | jq -j . >"$work/options.md"
compare "$work/options.md" "$root/docs/options.md"

{
  echo "# What the NixOS module writes for templates/default/homelab.nix; made by tests/nixos/eval/check.sh."
  evaluate example | jq -j .
} >"$work/homelab.yaml"
compare "$work/homelab.yaml" "$example/homelab.yaml"

if [ -n "${HOMELAB:-}" ]; then
  # The whole file, with the path of cert-manager's manifest; JSON is YAML too.
  jq '.example.environment.etc["homelab/homelab.yaml"]' "$work/golden.json" >"$work/whole.yaml"
  "$HOMELAB" --config "$work/whole.yaml" render >"$work/rendered.yaml"
  compare "$work/rendered.yaml" "$example/rendered.yaml"
  # A typo must end the build of the machine.
  jq '.example.environment.etc["homelab/homelab.yaml"] + {emial: "x"}' "$work/golden.json" >"$work/typo.yaml"
  if "$HOMELAB" --config "$work/typo.yaml" render >/dev/null 2>&1; then
    echo "a configuration with a typo was accepted" >&2
    failed=1
  fi
fi

if [ "$failed" = 0 ]; then
  echo "the module agrees with its golden files, with lib $(cat "$lib/.version" 2>/dev/null || echo of unknown version)"
fi
exit "$failed"
