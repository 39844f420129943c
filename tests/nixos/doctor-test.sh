# Runs modules/access.sh with a homelab that ends as the case says, and the hooks of the golden file as systemd starts them.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/credentials" "$work/run"
for fake in homelab logger; do
  ln -s "$work/fake-$fake" "$work/bin/$fake"
done
# Ends with the next of the codes; the last one stays. Where it ends well, it writes the file that it is told to.
cat >"$work/fake-homelab" <<'FAKE'
#!/usr/bin/env bash
read -r code rest <<<"$(cat "$CODES")"
[ -z "$rest" ] || echo "$rest" >"$CODES"
echo "called $*" >>"$CALLS"
echo "because of $code"
[ "$code" != 0 ] || echo "a new token" >"${*: -1}"
exit "$code"
FAKE
printf '#!/bin/sh\necho told "$1"; cat\n' >"$work/fake-logger"
chmod +x "$work"/fake-*

# fetch WHAT KUBECONFIG CODES EXIT_CODE CALLS LEFT SAID
fetch() {
  echo "an old token" >"$work/run/kubeconfig"
  echo "$2" >"$work/credentials/kubeconfig"
  echo "$3" >"$work/codes"
  : >"$work/calls"
  code=0
  PATH="$work/bin:$PATH" CODES="$work/codes" CALLS="$work/calls" CONFIGURATION=homelab.yaml PATIENCE=3 \
    RUNTIME_DIRECTORY="$work/run" CREDENTIALS_DIRECTORY="$work/credentials" \
    bash -e "$here/../../modules/access.sh" >"$work/said" || code=$?
  left=$(cat "$work/run/kubeconfig" 2>/dev/null || echo nothing)
  if ! [[ "$code $(wc -l <"$work/calls") $left" =~ ^"$4 "$5" $6"$ && "$(cat "$work/said")" =~ $7 ]]; then
    echo "$1: exit code $code, $(wc -l <"$work/calls") calls, left $left: $(cat "$work/said")" >&2
    exit 1
  fi
}

fetch "an API that answers at once" file 0 0 1 "a new token" ""
fetch "an API that comes up" file "3 0" 0 2 "a new token" ""
fetch "an API that does not come up" file 3 1 "[2-4]" nothing "because of 3.*has no credentials .exit code 3"
fetch "a configuration that is wrong" file 2 1 1 nothing "because of 2"
fetch "a lab that is somebody else's" file 1 1 1 nothing "because of 1"
# Every half minute nobody is asked: those of before are good for an hour.
FRESH=20 fetch "credentials that are fresh" file 1 0 0 "an old token" ""
FRESH=0 fetch "credentials that are not" file 0 0 1 "a new token" ""
FRESH=0 fetch "credentials that are not, and no new ones" file 1 1 1 "an old token" "because of 1"
fetch "a k3s that never ran" "" 0 1 0 nothing "no /etc/rancher/k3s/k3s.yaml"

# hook NAME RESULT STATUS TOLD, with what systemd.exec(5) sets of the doctor; nothing where somebody starts it by hand.
hook() {
  jq --raw-output --arg name "$1" '.units.services[$name].script' "$here/eval/golden/told.json" |
    sed "s|/run/current-system/sw/bin/logger|$work/bin/logger|" >"$work/hook"
  # Not by a pipe: a hook that reads nothing would break it.
  said=$(MONITOR_SERVICE_RESULT=$2 MONITOR_EXIT_STATUS=$3 bash -e "$work/hook" <<<a-report)
  if [ "$(grep -c a-report <<<"$said")" != "$4" ]; then
    echo "$1 after $2 ($3): $said" >&2
    exit 1
  fi
}

hook homelab-doctor-hook exit-code 1 1
hook homelab-doctor-hook exit-code 2 0
hook homelab-doctor-hook signal KILL 0
hook homelab-doctor-hook timeout TERM 0
hook homelab-doctor-hook timeout 1 0
hook homelab-doctor-hook "" "" 0
hook homelab-doctor-hook-unknown success 3 1
hook homelab-doctor-hook-unknown success 0 0
hook homelab-doctor-hook-unknown "" "" 0

# Named in two ways by the same unit, a hook would be told nothing of how that unit ended.
if ! jq --exit-status '.units.services["homelab-doctor"] | .onFailure - .onSuccess == .onFailure' \
  "$here/eval/golden/told.json" >/dev/null; then
  echo "one unit is both the doctor's OnFailure= and its OnSuccess=" >&2
  exit 1
fi
echo "the doctor's credentials come, or are gone; a hook is told new reports alone"
