# Says where to read why homelab-apply failed; systemd sets SERVICE_RESULT and EXIT_STATUS.
if [ "$SERVICE_RESULT" != success ]; then
  echo "homelab-apply failed ($SERVICE_RESULT, exit code $EXIT_STATUS); the reason and a hint stand above:" \
    "journalctl -u homelab-apply. When that is mended: systemctl restart homelab-apply"
fi
