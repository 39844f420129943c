# Runs modules/ready.sh with programs that answer what the case says in the place of k3s and systemctl.
set -euo pipefail

script=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../modules" && pwd)/ready.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
echo a-token >"$work/token"

fake() { printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1" && chmod +x "$work/bin/$1"; }
# Answers from the third time on.
fake k3s 'echo "$*" >>"$CALLS"; [ "$(wc -l <"$CALLS")" -ge "$READY_AT" ]'
fake systemctl 'echo activating; exit 3'

# check WHAT TOKEN READY_AT AGAIN EXIT_CODE CALLS SAID
check() {
  : >"$work/calls"
  code=0
  PATH="$work/bin:$PATH" TOKEN_FILE=$2 READY_AT=$3 AGAIN=$4 CALLS="$work/calls" KUBECONFIG="$work/kubeconfig" \
    PATIENCE="${PATIENCE:-2}" bash "$script" >"$work/said" || code=$?
  if ! [[ "$code $(wc -l <"$work/calls")" =~ ^"$5 "$6$ && "$(cat "$work/said")" =~ $7 ]]; then
    echo "$1: exit code $code, $(wc -l <"$work/calls") calls: $(cat "$work/said")" >&2
    exit 1
  fi
}

check "no token" "$work/none" 1 "" 1 0 "no API token in $work/none .services.homelab.dns.tokenFile.\."
NAMED_IN=a-unit check "no token, and a unit that says where its file is named" "$work/none" 1 "" 1 0 "$work/none .a-unit.\."
TOKEN_FILES="$work/token:$work/none" check "no credential of an organisation" "$work/token" 1 "" 1 0 "no credential in $work/none "
TOKEN_FILES="$work/token" check "the credential of an organisation" "$work/token" 1 "" 0 1 ""
check "a provider that asks for no token" "" 1 "" 0 1 ""
check "an API that answers at once" "$work/token" 1 "" 0 1 ""
# However busy this machine is.
PATIENCE=30 check "an API that answers after a while" "$work/token" 3 "" 0 3 ""
check "a k3s that hangs" "$work/token" 99 "" 1 "[1-9]" "not answered for 2 seconds; k3s.service is activating.*restart homelab-apply$"
check "a k3s that hangs, with a timer" "$work/token" 99 "ten minutes" 1 "[1-9]" "by itself within ten minutes$"
echo "waited as long as it should, and no longer"
