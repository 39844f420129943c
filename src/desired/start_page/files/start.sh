# The address of the cluster's DNS and its domain are known in the pod alone.
set -eu
servers=$(awk '$1 == "nameserver" { print ($2 ~ /:/) ? "[" $2 "]" : $2 }' /etc/resolv.conf | tr '\n' ' ')
domain=$(awk '$1 == "search" { sub(/^NAMESPACE\.svc\./, "", $2); print $2; exit }' /etc/resolv.conf)
{
  echo "resolver $servers valid=10s;"
  echo "map '' \$cluster_domain { default '${domain:-cluster.local}'; }"
} >/tmp/cluster.conf
echo 'listen 8080;' >/tmp/listen.conf
if [ -f /proc/net/if_inet6 ]; then
  echo 'listen [::]:8080;' >>/tmp/listen.conf
fi
exec nginx -e stderr -c /etc/start-page/nginx.conf -g 'daemon off;'
