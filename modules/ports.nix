# On which ports the other web servers of this machine listen, as far as their modules say it.
{ config, lib }:
let
  inherit (config.services) nginx httpd caddy;
  ifGiven = value: default: if value == [ ] then default else value;
  # The port at the end of an address; brackets hold the colons of IPv6.
  inAddress =
    address:
    let
      found = builtins.match ".*[^:]:([0-9]+)" address;
      whole = builtins.match ":([0-9]+)" address;
      plain =
        if whole != null then
          whole
        else if lib.hasInfix "]" address && !lib.hasInfix "]:" address then
          null
        else
          found;
    in
    if plain == null then null else lib.toInt (lib.head plain);

  # A socket has no port. Without one nginx takes 80, also for TLS.
  ofListener =
    default: listener:
    let
      addr = toString (listener.addr or "");
      port = listener.port or null;
    in
    if lib.hasPrefix "unix:" addr then
      [ ]
    else if port != null then
      [ port ]
    else if inAddress addr != null then
      [ (inAddress addr) ]
    else
      default;
  nginxHost =
    host:
    let
      onlySSL = host.onlySSL or false;
      rejects = host.rejectSSL or false;
      hasSSL = onlySSL || host.addSSL or false || host.forceSSL or false;
      http = nginx.defaultHTTPListenPort or 80;
      https = nginx.defaultSSLListenPort or 443;
      usual = lib.optional (hasSSL || rejects) https ++ lib.optional (!onlySSL) http;
      # Each line of `defaultListen` stands for both kinds unless it says which it is.
      ofDefault =
        listener:
        let
          ssl = listener.ssl or null;
        in
        ofListener (
          if ssl == null then
            usual
          else if ssl then
            lib.optional (hasSSL || rejects) https
          else
            lib.optional (!onlySSL) http
        ) listener;
    in
    if host.listen or [ ] != [ ] then
      lib.concatMap (ofListener [ 80 ]) host.listen
    else if nginx.defaultListen or [ ] != [ ] then
      lib.concatMap ofDefault nginx.defaultListen
    else
      usual;

  httpdHost =
    host:
    ifGiven (map (listener: listener.port or 80) (host.listen or [ ])) [
      80
      443
    ];

  # A site with a name is served with TLS, and its HTTP port sends people there; `:8080` and `http://` are served as they are.
  number =
    option: name: default:
    if option != null then option else inText name default;
  inText =
    name: default:
    let
      found = builtins.match ".*${name}[[:space:]]+([0-9]+).*" (caddy.globalConfig or "");
    in
    if found == null then default else lib.toInt (lib.head found);
  http = number (caddy.httpPort or null) "http_port" 80;
  https = number (caddy.httpsPort or null) "https_port" 443;
  redirects =
    builtins.match ".*auto_https[[:space:]]+(off|disable_redirects).*" (caddy.globalConfig or "")
    == null;
  caddySite =
    address:
    let
      isPlain = lib.hasPrefix "http://" address;
      rest = lib.removePrefix "https://" (lib.removePrefix "http://" address);
      place = lib.head (lib.splitString "/" rest);
      port = inAddress place;
      isNamed = place != "" && !lib.hasPrefix ":" place;
    in
    if isPlain then
      [ (if port == null then http else port) ]
    else if port == http then
      [ http ]
    else
      [ (if port == null then https else port) ] ++ lib.optional (isNamed && redirects) http;
  caddyHost =
    name: host:
    lib.concatMap caddySite (
      lib.concatMap (text: map lib.trim (lib.splitString "," text)) (
        [ (host.hostName or name) ] ++ host.serverAliases or [ ]
      )
    );
in
{
  nginx = lib.concatMap nginxHost (lib.attrValues (nginx.virtualHosts or { }));
  httpd = lib.concatMap httpdHost (lib.attrValues (httpd.virtualHosts or { }));
  caddy = lib.concatLists (lib.mapAttrsToList caddyHost (caddy.virtualHosts or { }));
}
