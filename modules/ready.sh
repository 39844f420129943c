# Ends well once the Kubernetes API answers; gives up after PATIENCE seconds, however long k3s itself would go on starting.
# Reads TOKEN_FILE, the file with the DNS provider's token if it asks for one, TOKEN_FILES, those of organisations, separated by
# colons, and KUBECONFIG; NAMED_IN says where TOKEN_FILE is named.
set -eu

if [ -n "$TOKEN_FILE" ] && [ ! -s "$TOKEN_FILE" ]; then
  echo "there is no API token in $TOKEN_FILE (${NAMED_IN:-services.homelab.dns.tokenFile})." \
    "Write it there, or see why your secrets were not decrypted; then: systemctl restart homelab-apply"
  exit 1
fi

IFS=: read -ra files <<<"${TOKEN_FILES:-}"
for file in "${files[@]}"; do
  if [ ! -s "$file" ]; then
    echo "there is no credential in $file (tokenFile of one of services.homelab.organisations)." \
      "Write it there, or see why your secrets were not decrypted; then: systemctl restart homelab-apply"
    exit 1
  fi
done

deadline=$((SECONDS + PATIENCE))
until timeout 10 k3s kubectl --kubeconfig "$KUBECONFIG" --request-timeout=5s get --raw=/readyz >/dev/null 2>&1; do
  if [ "$SECONDS" -ge "$deadline" ]; then
    echo "the Kubernetes API has not answered for $PATIENCE seconds; k3s.service is $(systemctl is-active k3s || true)." \
      "See: journalctl -u k3s. Once k3s runs: systemctl restart homelab-apply${AGAIN:+, which happens by itself within $AGAIN}"
    exit 1
  fi
  sleep 1
done
