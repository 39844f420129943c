#!/usr/bin/env bash
# What systemd itself says of the module's units: `systemd-analyze security`, on the units of the golden files.
#   security.sh        fails where a unit has 2.0 or more
#   security.sh FILE   also compares with the table in that file (docs/security.md), where systemd is the one it is of
set -euo pipefail

golden=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/eval/golden
limit=20
# Whose figures the table has; others weigh a little differently.
of_table=252
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

if ! systemd-analyze --help 2>/dev/null | grep -q -- --offline; then
  echo "SKIPPED: there is no systemd-analyze here that knows --offline"
  exit 0
fi

# One [Service] section for each unit, each value as NixOS writes it: lists as a line for each entry.
# shellcheck disable=SC2016
units='.units.services // {} | to_entries[] | select(.key | startswith("homelab"))
  | .key as $name | .value as $unit
  | [ "[Service]" ]
    + (if $unit.serviceConfig.ExecStart then [] else [ "ExecStart=/bin/true" ] end)
    + [ $unit.serviceConfig | to_entries[] | .key as $key | .value
        | if type == "array" then .[] else . end | "\($key)=\(.)" ]
  | "\($name)\t\(join("\u0001"))"'

for file in "$golden"/*.json; do
  [ "$(basename "$file")" = refusals.json ] && continue
  while IFS=$'\t' read -r name lines; do
    mkdir -p "$work/$(basename "$file" .json)"
    printf '%s\n' "$lines" | tr '\001' '\n' >"$work/$(basename "$file" .json)/$name.service"
  done < <(jq --raw-output "$units" "$file")
done

# rate UNIT_FILE: its exposure.
rate() {
  systemd-analyze security --offline=true --no-pager "$1" 2>"$work/errors" |
    sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p'
}

: >"$work/rated"
while read -r unit; do
  exposure=$(rate "$unit")
  if [ -z "$exposure" ]; then
    cat "$work/errors" >&2
    echo "$unit was not rated" >&2
    exit 1
  fi
  echo "$(basename "$unit") $exposure" >>"$work/rated"
  if [ "${exposure/./}" -ge "$limit" ]; then
    echo "$unit: $exposure" >&2
    failed=1
  fi
done < <(find "$work" -name '*.service' | sort)

# The search itself must be able to find one: a unit that keeps nothing from a program.
printf '[Service]\nExecStart=/bin/true\n' >"$work/open.service"
open=$(rate "$work/open.service")
if [ -z "$open" ] || [ "${open/./}" -lt "$limit" ]; then
  echo "a unit without any restriction is rated $open" >&2
  failed=1
fi

sort -u "$work/rated"
version=$(systemd-analyze --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
if [ -n "${1:-}" ] && [ "$version" = "$of_table" ]; then
  while read -r name exposure; do
    if ! grep -q -F "| \`$name\` | $exposure |" "$1"; then
      echo "$1 does not say that $name has $exposure" >&2
      failed=1
    fi
  done < <(sort -u "$work/rated")
fi
exit "$failed"
