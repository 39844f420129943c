//! The ingress controller's image: the real controller and Debian's nginx with Lua, with upstream's template and Lua
//! files from the Go module. What Debian lacks of Lua modules are small files under `images/`.

use std::path::{Path, PathBuf};

use super::tree::{Tree, WWW_DATA};
use super::{Image, reference};
use crate::error::{Context, Result};
use crate::files;
use crate::parts::{Programs, module_folder};
use crate::paths::sources;

const ENTRYPOINT: [&str; 2] = ["/usr/bin/dumb-init", "--"];
const MODULES: &str = "/usr/share/nginx/modules";
const LOADED: [&str; 4] = ["ndk_http", "ngx_http_lua", "ngx_http_headers_more_filter", "ngx_stream"];

/// The stream block needs Lua, which Debian's nginx lacks there. This one listens where the controller sends its TCP
/// and UDP configuration and swallows it: without a listener the controller tries for a minute after each change.
const STREAM: &str = "stream { server { listen 127.0.0.1:10247; proxy_pass 127.0.0.1:10246; } }";

const WRITABLE: [&str; 7] = [
    "etc/ingress-controller/auth",
    "etc/ingress-controller/geoip",
    "etc/ingress-controller/ssl",
    "etc/ingress-controller/telemetry",
    "tmp/nginx",
    "var/lib/nginx",
    "var/log/nginx",
];

pub(super) fn image(programs: &Programs) -> Result<Image> {
    let mut tree = Tree::with_users();
    let module = module_folder("ingress-nginx", "k8s.io/ingress-nginx")?;
    upstream_files(&mut tree, &module.join("rootfs/etc/nginx"))?;
    tree.copy(&sources().join("images/ingress-nginx/resty"), "etc/nginx/lua/resty", WWW_DATA)?;
    debian_nginx(&mut tree)?;
    tree.program_for_low_ports("nginx-ingress-controller", programs.path("nginx-ingress-controller")?);
    tree.program("wait-shutdown", programs.path("wait-shutdown")?);
    tree.program("bin/busybox", Path::new("/usr/bin/busybox"));
    for name in ["sh", "cat", "diff", "ls"] {
        tree.link(format!("bin/{name}"), "busybox");
    }
    for folder in WRITABLE {
        tree.folder(folder, 0o755, WWW_DATA);
    }
    tree.link("var/log/nginx/access.log", "/dev/stdout");
    tree.link("var/log/nginx/error.log", "/dev/stderr");
    Ok(Image {
        reference: reference("ingressNginx"),
        user: "www-data",
        entrypoint: ENTRYPOINT.to_vec(),
        command: vec!["/nginx-ingress-controller"],
        tree,
    })
}

/// The controller writes nginx.conf beside its template, so all of it is its own.
fn upstream_files(tree: &mut Tree, upstream: &Path) -> Result<()> {
    tree.folder("etc/nginx", 0o755, WWW_DATA);
    tree.copy(upstream, "etc/nginx", WWW_DATA)?;
    let template = files::read_text(&upstream.join("template/nginx.tmpl"))?;
    tree.text("etc/nginx/template/nginx.tmpl", patched(&template)?);
    tree.text("etc/nginx/mime.types", files::read("/etc/nginx/mime.types".as_ref())?);
    Ok(())
}

/// Upstream's template for Debian's nginx 1.22: modules are loaded by name, `http2 on` is not known yet, and the
/// stream block is ours.
fn patched(template: &str) -> Result<String> {
    let mut lines: Vec<_> = template.lines().filter(|line| line.trim() != "http2 on;").collect();
    let start = lines
        .iter()
        .position(|line| line.starts_with("stream {"))
        .context("the template has no stream block")?;
    let length = lines[start..]
        .iter()
        .position(|line| line.starts_with('}'))
        .context("the stream block has no end")?;
    lines.splice(start..=start + length, [STREAM]);
    let head =
        lines.iter().position(|line| line.starts_with("pid ")).context("the template has no pid line")?;
    let loads: Vec<_> =
        LOADED.iter().map(|name| format!("load_module {MODULES}/{name}_module.so;")).collect();
    lines.splice(head..head, loads.iter().map(String::as_str));
    Ok(lines.join("\n") + "\n")
}

fn debian_nginx(tree: &mut Tree) -> Result<()> {
    let nginx = Path::new("/usr/sbin/nginx");
    tree.same_with_libraries(nginx)?;
    tree.program_for_low_ports("usr/bin/nginx", nginx);
    tree.same_with_libraries(Path::new(ENTRYPOINT[0]))?;
    for name in LOADED {
        tree.same_with_libraries(&PathBuf::from(format!("{MODULES}/{name}_module.so")))?;
    }
    tree.copy(Path::new("/usr/share/lua/5.1"), "usr/share/lua/5.1", (0, 0))?;
    let cjson = format!("/usr/lib/{}-linux-gnu/lua/5.1/cjson.so", std::env::consts::ARCH);
    tree.same_with_libraries(Path::new(&cjson))
}

#[cfg(test)]
mod tests {
    use super::patched;

    #[test]
    fn the_template_loads_modules_and_swallows_the_stream_configuration() {
        let template = "{{ $x }}\npid {{ .PID }};\nhttp {\n    http2 on;\n}\nstream {\n    lua;\n}\n# end\n";
        let patched = patched(template).unwrap_or_default();
        let lines: Vec<_> = patched.lines().collect();
        assert_eq!(lines[1], "load_module /usr/share/nginx/modules/ndk_http_module.so;");
        assert_eq!(lines[5], "pid {{ .PID }};");
        assert_eq!(lines[6..8], ["http {", "}"]);
        assert!(lines[8].starts_with("stream { server { listen 127.0.0.1:10247;"));
        assert_eq!(lines[9], "# end");
    }

    #[test]
    fn a_template_without_a_stream_block_is_refused() {
        assert!(patched("pid 1;\n").is_err());
    }
}
