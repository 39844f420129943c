//! What the programs that home labs serve most want from a proxy in front of them. In the texts, `{host}` stands for the
//! name, and `{from}` for the networks that the requests of the ingress come from.

/// A program, how it is recognised, and which of its settings cures what.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) name: &'static str,
    /// The last part of its image's name, or more of it where that is no name of its own.
    pub(super) images: &'static [&'static str],
    /// What its pages have, and no other program's.
    pub(super) marks: &'static [&'static str],
    /// How its Service is called, as a rule.
    pub(super) services: &'static [&'static str],
    /// Where it speaks TLS itself.
    pub(super) tls: Option<&'static str>,
    /// Whether it answers 400 to a name, or to a proxy, that it was not told of.
    pub(super) strict: bool,
    /// How it is told to believe the proxy.
    pub(super) proxy: Option<&'static str>,
    /// How it is told its own name.
    pub(super) host: Option<&'static str>,
    /// What ends a redirect to itself.
    pub(super) circle: Option<&'static str>,
    /// Where that is written, in the program's own documents or sources; read in November 2026.
    pub(super) source: &'static str,
}

const NONE: Program = Program {
    name: "",
    images: &[],
    marks: &[],
    services: &[],
    tls: None,
    strict: false,
    proxy: None,
    host: None,
    circle: None,
    source: "",
};

/// The programs.
pub(super) const PROGRAMS: &[Program] = &[
    Program {
        name: "Home Assistant",
        images: &["home-assistant", "homeassistant"],
        marks: &["<title>Home Assistant</title>"],
        services: &["home-assistant", "homeassistant", "hass"],
        strict: true,
        proxy: Some(
            "in its Settings, System, Network, HTTP server, switch on `Trust X-Forwarded-For` and add {from} to `Trusted proxies`; in a version without that page, set `use_x_forwarded_for: true` and `trusted_proxies: [{from}]` below `http:` in its `configuration.yaml`, and restart it",
        ),
        source: "https://www.home-assistant.io/integrations/http/#reverse-proxies",
        ..NONE
    },
    Program {
        name: "Nextcloud",
        images: &["nextcloud", "nextcloud-fpm"],
        marks: &["Access through untrusted domain"],
        services: &["nextcloud"],
        strict: true,
        proxy: Some("in its `config.php` set `trusted_proxies` to {from} (`TRUSTED_PROXIES` of its image)"),
        host: Some(
            "add `{host}` to `trusted_domains` in its `config.php` (`php occ config:system:set trusted_domains 1 --value={host}`)",
        ),
        circle: Some(
            "in its `config.php` set `overwriteprotocol` to `https` (`OVERWRITEPROTOCOL` of its image) and `trusted_proxies` to {from}",
        ),
        source: "https://docs.nextcloud.com/server/latest/admin_manual/configuration_server/reverse_proxy_configuration.html",
        ..NONE
    },
    Program {
        name: "Argo CD",
        images: &["argoproj/argocd", "argocd"],
        marks: &["<title>Argo CD</title>"],
        services: &["argocd-server"],
        tls: Some("Argo CD speaks TLS unless `server.insecure` is set"),
        circle: Some(
            "set `server.insecure: \"true\"` in the ConfigMap `argocd-cmd-params-cm` and restart `argocd-server`, or ask it over TLS with `scheme: https`",
        ),
        source: "https://argo-cd.readthedocs.io/en/stable/operator-manual/ingress/",
        ..NONE
    },
    Program {
        name: "UniFi Network",
        images: &["unifi-network-application", "jacobalberty/unifi", "unifi-controller"],
        marks: &["<title>UniFi Network</title>"],
        services: &["unifi", "unifi-controller", "unifi-network-application"],
        tls: Some("UniFi's port 8443 speaks TLS"),
        circle: Some("use its port 8443 with `scheme: https`: its port 8080 is for devices"),
        // README of linuxserver/docker-unifi-network-application at 05ee2c9: "Application Setup", "Strict reverse proxies".
        source: "https://github.com/linuxserver/docker-unifi-network-application#readme",
        ..NONE
    },
    Program {
        name: "Synology DSM",
        marks: &["<title>Synology", "Synology DiskStation"],
        services: &["synology", "dsm", "diskstation"],
        tls: Some("DSM's port 5001 speaks TLS, 5000 does not"),
        circle: Some(
            "use its port 5001 in a `url` that begins with `https://`, or switch off \"Automatically redirect HTTP connection to HTTPS for DSM desktop\" (DSM 7: Control Panel, Login Portal; DSM 6: Network, DSM Settings)",
        ),
        source: "https://kb.synology.com/en-global/DSM/tutorial/What_network_ports_are_used_by_Synology_services",
        ..NONE
    },
    Program {
        name: "Jellyfin",
        images: &["jellyfin"],
        marks: &["<title>Jellyfin</title>"],
        services: &["jellyfin"],
        circle: Some(
            "in its Dashboard, Networking, switch off `Require HTTPS`, or set `Known proxies` to {from}",
        ),
        // Jellyfin.Server/Startup.cs at c3ed140: it redirects where HTTPS is required and listened for; it believes
        // `X-Forwarded-Proto` of known proxies alone, which may be networks.
        source: "https://jellyfin.org/docs/general/post-install/networking/reverse-proxy/",
        ..NONE
    },
    Program {
        name: "Immich",
        images: &["immich-server"],
        marks: &["<title>Immich</title>"],
        services: &["immich-server", "immich"],
        proxy: Some("set `IMMICH_TRUSTED_PROXIES` to {from}; private networks are trusted without it"),
        source: "https://docs.immich.app/administration/reverse-proxy",
        ..NONE
    },
    Program {
        name: "Vaultwarden",
        images: &["vaultwarden/server", "vaultwarden"],
        marks: &["<title>Vaultwarden Web</title>"],
        services: &["vaultwarden"],
        host: Some("set its variable `DOMAIN` to `https://{host}`"),
        // Read at 46d7110; the title: dani-garcia/bw_web_builds, patches/v2025.4.1.patch.
        source: "https://github.com/dani-garcia/vaultwarden/blob/main/.env.template",
        ..NONE
    },
    Program {
        name: "Gitea",
        images: &["gitea", "forgejo"],
        marks: &["Powered by Gitea", "Powered by Forgejo"],
        services: &["gitea", "gitea-http", "forgejo"],
        tls: Some("with `PROTOCOL = https` Gitea speaks TLS"),
        host: Some("set `ROOT_URL` to `https://{host}/` (`GITEA__server__ROOT_URL`)"),
        circle: Some(
            "set `ROOT_URL` to `https://{host}/` (`GITEA__server__ROOT_URL`), and leave `PROTOCOL` at `http`",
        ),
        source: "https://docs.gitea.com/administration/reverse-proxies",
        ..NONE
    },
    Program {
        name: "Grafana",
        images: &["grafana", "grafana-oss", "grafana-enterprise"],
        marks: &["<title>Grafana</title>"],
        services: &["grafana"],
        tls: Some("with `protocol = https` Grafana speaks TLS"),
        host: Some(
            "set `root_url` to `https://{host}/` and `domain` to `{host}` (`GF_SERVER_ROOT_URL`, `GF_SERVER_DOMAIN`)",
        ),
        circle: Some(
            "set `domain` to `{host}` and `root_url` to `https://{host}/` (`GF_SERVER_DOMAIN`, `GF_SERVER_ROOT_URL`), or set `enforce_domain` to `false`",
        ),
        // The section `[server]` of conf/defaults.ini at 002060f.
        source: "https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/#server",
        ..NONE
    },
    Program {
        name: "Paperless-ngx",
        images: &["paperless-ngx"],
        marks: &["<title>Paperless-ngx"],
        services: &["paperless", "paperless-ngx"],
        strict: true,
        host: Some(
            "set its variable `PAPERLESS_URL` to `https://{host}`, without a slash at the end: `PAPERLESS_ALLOWED_HOSTS` gets the name from it",
        ),
        source: "https://docs.paperless-ngx.com/configuration/#PAPERLESS_URL",
        ..NONE
    },
    Program {
        name: "Proxmox VE",
        marks: &["Proxmox Virtual Environment", "proxmoxlib.js"],
        services: &["proxmox", "pve"],
        tls: Some("Proxmox' port 8006 speaks TLS"),
        circle: Some("let the service's `url` begin with `https://`: its port 8006 speaks TLS"),
        // pve-http-server at 5c9e4ea, src/PVE/APIServer/AnyEvent.pm: plain HTTP gets a redirect (308) to HTTPS.
        source: "https://pve.proxmox.com/pve-docs/pveproxy.8.html",
        ..NONE
    },
    Program {
        name: "Pi-hole",
        images: &["pihole/pihole", "pihole"],
        marks: &["<title>Pi-hole"],
        services: &["pihole", "pi-hole"],
        host: Some(
            "let its `webserver.domain` be `{host}` (`FTLCONF_webserver_domain`): for that name alone it leads from `/` to its pages below `/admin/`",
        ),
        // FTL at 8d1add8, src/webserver/webserver.c.
        source: "https://docs.pi-hole.net/ftldns/configfile/",
        ..NONE
    },
    Program {
        name: "Authentik",
        images: &["goauthentik/server"],
        marks: &["<title>authentik</title>", "ak-flow-executor"],
        services: &["authentik", "authentik-server"],
        tls: Some("authentik's port 9443 speaks TLS, 9000 does not"),
        circle: Some(
            "use its port 9000, and leave `AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS` out or let it have {from}",
        ),
        source: "https://docs.goauthentik.io/install-config/reverse-proxy/",
        ..NONE
    },
    Program {
        name: "Plex",
        images: &["pms-docker", "plex"],
        marks: &["<title>Plex</title>"],
        services: &["plex", "plex-media-server"],
        tls: Some("Plex speaks TLS alone where `Secure connections` is `Required`"),
        host: Some("in its Network settings, let `Custom server access URLs` be `https://{host}:443`"),
        // The addresses for a proxy: linuxserver/reverse-proxy-confs, plex.subdomain.conf.sample of 2025-07-18.
        source: "https://support.plex.tv/articles/200430283-network/",
        ..NONE
    },
    Program {
        name: "Frigate",
        images: &["frigate"],
        marks: &["<title>Frigate</title>"],
        services: &["frigate"],
        tls: Some("Frigate's port 8971 speaks TLS unless `tls: { enabled: false }` is set"),
        circle: Some(
            "use its port 8971 with `scheme: https`, or set `tls: { enabled: false }` in its configuration",
        ),
        // docs/docs/configuration/tls.md and authentication.md at e3fa701: port 5000 asks nobody for a password.
        source: "https://docs.frigate.video/configuration/tls",
        ..NONE
    },
    Program {
        name: "Node-RED",
        images: &["nodered/node-red", "node-red"],
        marks: &["<title>Node-RED</title>"],
        services: &["node-red", "nodered"],
        tls: Some("with `https` in its `settings.js` Node-RED speaks TLS"),
        // Read at 5.0.4. `requireHttps` makes no circle: it believes `X-Forwarded-Proto` of any proxy (editor-api, index.js).
        source: "https://github.com/node-red/node-red/blob/master/packages/node_modules/node-red/settings.js",
        ..NONE
    },
    Program {
        name: "Portainer",
        images: &["portainer-ce", "portainer-ee"],
        marks: &["<title>Portainer</title>"],
        services: &["portainer"],
        tls: Some("Portainer's port 9443 speaks TLS, 9000 does not"),
        circle: Some("use its port 9443 with `scheme: https`, or its port 9000 without `--http-disabled`"),
        source: "https://docs.portainer.io/advanced/cli",
        ..NONE
    },
    Program {
        name: "Uptime Kuma",
        images: &["uptime-kuma"],
        marks: &["<title>Uptime Kuma</title>"],
        services: &["uptime-kuma"],
        tls: Some("with `UPTIME_KUMA_SSL_KEY` and `UPTIME_KUMA_SSL_CERT` Uptime Kuma speaks TLS"),
        // Read at 2.5.3.
        source: "https://github.com/louislam/uptime-kuma/blob/master/server/config.js",
        ..NONE
    },
    Program {
        name: "Sonarr, Radarr or a related program",
        images: &["sonarr", "radarr", "lidarr", "prowlarr", "readarr"],
        marks: &[
            "<title>Sonarr</title>",
            "<title>Radarr</title>",
            "<title>Lidarr</title>",
            "<title>Prowlarr</title>",
        ],
        services: &["sonarr", "radarr", "lidarr", "prowlarr", "readarr"],
        tls: Some("with `Enable SSL` it speaks TLS, on a port of its own"),
        // Servarr/Wiki at 9597c1e; the port: Sonarr, ConfigFileProvider.cs, `SslPort`.
        source: "https://wiki.servarr.com/sonarr/settings#general",
        ..NONE
    },
];
