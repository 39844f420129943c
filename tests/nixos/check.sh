#!/usr/bin/env bash
# Everything about the NixOS module and the flake that can be checked without nixpkgs and without network.
#   NIXPKGS_LIB=PATH   nixpkgs' `lib` folder; <nixpkgs/lib> if it is not set
#   HOMELAB=PROGRAM    also lets the program read the example machine's configuration file
# Installs Debian's nix-bin and jq, and two tools from the Rust registry, where they are missing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
tools=${HOMELAB_LAB_CACHE:-$HOME/.cache/homelab-lab}/nix-tools
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# As root without a daemon: nothing is built, so no users to build as are needed.
export NIX_CONFIG="experimental-features = nix-command flakes
build-users-group ="

say() { printf '\n== %s\n' "$*"; }

debian() {
  if ! command -v "$1" >/dev/null; then
    apt-get install --yes --no-install-recommends "$2" || { apt-get update && apt-get install --yes --no-install-recommends "$2"; }
  fi
}

# tool CRATE VERSION PROGRAM
tool() {
  if ! cargo install --list --root "$tools" | grep -q "^$1 v$2:"; then
    (cd "$work" && cargo install --quiet --locked --version "$2" --root "$tools" "$1")
  fi
  [ -x "$tools/bin/$3" ]
}

debian nix-instantiate nix-bin >/dev/null
debian jq jq >/dev/null
if [ "$(id -u)" = 0 ]; then
  debian iptables iptables >/dev/null
  debian nft nftables >/dev/null
  debian python3 python3 >/dev/null
fi
tool nixfmt_rs 0.5.3 nixfmt
tool deadnix 1.3.1 deadnix

cd "$root"
mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.nix')

say "${#files[@]} Nix files parse"
for file in "${files[@]}"; do
  nix-instantiate --parse "$file" >/dev/null
done

say "they are formatted"
"$tools/bin/nixfmt" --check "${files[@]}"

say "they have no dead code"
"$tools/bin/deadnix" --fail "${files[@]}"

# Side by side, since each mostly waits; what each said comes when all have ended, one after the other.
tests=()
beside() {
  tests+=("$1")
  (
    set +e
    "${@:2}" >"$work/test-${#tests[@]}" 2>&1
    echo $? >"$work/test-${#tests[@]}.status"
  ) &
}

beside "a changed address restarts k3s, once" bash tests/nixos/address-test.sh
beside "the wait for the API ends, whatever k3s does" bash tests/nixos/ready-test.sh
beside "the doctor has its own credentials or none, and a hook is told new reports alone" bash tests/nixos/doctor-test.sh
beside "systemd finds each unit closed: an exposure below 2.0, as docs/security.md says" \
  bash tests/nixos/security.sh docs/security.md
ports="ports answer where the module's options say, behind either firewall of NixOS"
if [ "$(id -u)" = 0 ]; then
  beside "$ports" bash tests/nixos/firewall-test.sh
else
  beside "$ports" echo "SKIPPED: it makes network namespaces, for which it must be root"
fi
wait
failed=0
for number in "${!tests[@]}"; do
  say "${tests[number]}"
  cat "$work/test-$((number + 1))"
  if [ "$(cat "$work/test-$((number + 1)).status")" != 0 ]; then failed=1; fi
done
[ "$failed" = 0 ]

lib=${NIXPKGS_LIB:-}
if [ -z "$lib" ]; then
  lib=$(nix-instantiate --find-file nixpkgs/lib 2>/dev/null || true)
fi
if [ -n "$lib" ]; then
  say "the module agrees with its golden files"
  tests/nixos/eval/check.sh "$lib"
else
  say "SKIPPED: the module's golden files, since there is no nixpkgs lib here (NIXPKGS_LIB, or <nixpkgs>)"
fi

# Only what is in the repository: `path:` would take everything that cargo built.
mkdir "$work/source"
git ls-files --cached --others --exclude-standard -z | tar --create --null --files-from=- | tar --extract --directory "$work/source"

say "the lock file is valid"
nix --offline flake metadata --json "path:$work/source" | jq --raw-output '.locks.nodes.nixpkgs.locked.rev'
cmp flake.lock "$work/source/flake.lock"

if [ -n "$lib" ]; then
  say "the flake's outputs, with nixpkgs replaced by its lib and names of packages"
  mkdir "$work/nixpkgs"
  cp -r "$(realpath "$lib")" "$work/nixpkgs/lib"
  cp tests/nixos/nixpkgs-stub.nix "$work/nixpkgs/flake.nix"
  if ! nix --offline flake show --override-input nixpkgs "path:$work/nixpkgs" --no-write-lock-file \
    "path:$work/source" >"$work/outputs" 2>"$work/errors"; then
    cat "$work/errors" >&2
    exit 1
  fi
  sed 's/\x1b\[[0-9;]*m//g' "$work/outputs"
else
  say "SKIPPED: nix flake show, since there is no nixpkgs lib here"
fi

say "SKIPPED: the VM tests (tests/nixos/*.nix) and the package's build need nixpkgs: nix flake check"
