# Fetches the credentials of ACCOUNT, the doctor's unless it is said; gives up after PATIENCE seconds, since k3s may not be up yet
# after a start of the machine. With FRESH, those of before are used for so many minutes, and stay where no new ones come.
# Reads CONFIGURATION, the configuration file; the kubeconfig comes from CREDENTIALS_DIRECTORY and goes to RUNTIME_DIRECTORY.
set -eu

account=${ACCOUNT:-doctor}
file=$RUNTIME_DIRECTORY/kubeconfig
if [ -n "${FRESH:-}" ]; then
  if [ -n "$(find "$file" -mmin "-$FRESH" 2>/dev/null)" ]; then
    exit 0
  fi
else
  # The one from before may have ended, or be of a cluster that is gone: the doctor must not take it for its own.
  rm -f "$file"
fi

# The credential is what the file was when this unit started: to wait for it here would be in vain.
if ! grep -q . "$CREDENTIALS_DIRECTORY/kubeconfig"; then
  echo "there is no /etc/rancher/k3s/k3s.yaml: k3s has not run on this machine yet. See: systemctl status k3s"
  exit 1
fi

deadline=$((SECONDS + PATIENCE))
while true; do
  code=0
  said=$(timeout 60 homelab --config "$CONFIGURATION" --kubeconfig "$CREDENTIALS_DIRECTORY/kubeconfig" --quiet \
    kubeconfig --account "$account" --file "$file" 2>&1) || code=$?
  case $code in
    0) exit 0 ;;
    # Something is wrong, or the configuration is: neither mends itself.
    1 | 2) break ;;
  esac
  [ "$SECONDS" -lt "$deadline" ] || break
  sleep 2
done
printf '%s\n' "$said"
echo "homelab-$account has no credentials (exit code $code, after at most $PATIENCE seconds): it sees nothing of the cluster." \
  "The reason stands above; it is tried again before the next run. Now: systemctl start homelab-$account"
exit 1
