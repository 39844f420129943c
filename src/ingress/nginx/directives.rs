//! What nginx calls the controller's settings: it complains in its own words.

/// The settings whose directive is not their own name with underscores (ingress-nginx v1.15.1,
/// rootfs/etc/nginx/template/nginx.tmpl).
const DIRECTIVES: [(&str, &str); 29] = [
    ("access-log-params", "access_log"),
    ("access-log-path", "access_log"),
    ("block-cidrs", "deny"),
    ("brotli-level", "brotli_comp_level"),
    ("error-log-level", "error_log"),
    ("error-log-path", "error_log"),
    ("forwarded-for-header", "real_ip_header"),
    ("gzip-level", "gzip_comp_level"),
    ("hide-headers", "proxy_hide_header"),
    ("http-access-log-path", "access_log"),
    ("keep-alive", "keepalive_timeout"),
    ("keep-alive-requests", "keepalive_requests"),
    ("limit-conn-status-code", "limit_conn_status"),
    ("limit-conn-zone-variable", "limit_conn_zone"),
    ("limit-req-status-code", "limit_req_status"),
    ("log-format-stream", "log_format"),
    ("log-format-upstream", "log_format"),
    ("max-worker-connections", "worker_connections"),
    ("max-worker-open-files", "worker_rlimit_nofile"),
    ("proxy-body-size", "client_max_body_size"),
    ("proxy-real-ip-cidr", "set_real_ip_from"),
    ("proxy-stream-responses", "proxy_responses"),
    ("proxy-stream-timeout", "proxy_timeout"),
    ("server-name-hash-bucket-size", "server_names_hash_bucket_size"),
    ("server-name-hash-max-size", "server_names_hash_max_size"),
    ("ssl-dh-param", "ssl_dhparam"),
    ("ssl-session-cache-size", "ssl_session_cache"),
    ("upstream-keepalive-connections", "keepalive"),
    ("upstream-keepalive-time", "keepalive_time"),
];

/// The directive of nginx that a setting becomes.
pub(super) fn of_setting(key: &str) -> String {
    let named = DIRECTIVES.iter().find(|(setting, _)| *setting == key);
    named.map_or_else(|| key.replace('-', "_"), |(_, directive)| (*directive).to_owned())
}
