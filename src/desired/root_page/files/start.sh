# The page with the fingerprint of the certificate beside it. The certificate is known in the pod alone.
set -eu
root=/run/root/tls.crt

# The first certificate of the file, and the page with its fingerprint; each takes the place of the one before at once.
make() {
  awk '/^-----BEGIN CERTIFICATE-----/ { on = 1 } on { print } /^-----END CERTIFICATE-----/ { exit }' "$root" >/tmp/root.crt &&
    awk '!/^-----/' /tmp/root.crt | base64 -d >/tmp/root.der &&
    [ -s /tmp/root.der ] &&
    hex=$(sha256sum </tmp/root.der) &&
    shown=$(echo "$hex" | awk '{ for (i = 1; i < 64; i += 2) printf("%s%s", (i > 1 ? ":" : ""), toupper(substr($1, i, 2))) }') &&
    [ ${#shown} -eq 95 ] &&
    awk -v shown="$shown" '{ gsub(/FINGERPRINT/, shown) } 1' /etc/root-page/index.html >/tmp/index.html &&
    mv /tmp/root.crt /tmp/index.html /tmp/page/
}

mkdir -p /tmp/page
make
# cert-manager renews the root, and the kubelet brings it here within two minutes.
while sleep 10; do
  if [ "$root" -nt /tmp/page/index.html ]; then
    make || echo "the renewed certificate cannot be read: the page stays as it is" >&2
  fi
done &

echo 'listen 8080;' >/tmp/listen.conf
if [ -f /proc/net/if_inet6 ]; then
  echo 'listen [::]:8080;' >>/tmp/listen.conf
fi
exec nginx -e stderr -c /etc/root-page/server.conf -g 'daemon off;'
