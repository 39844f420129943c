//! Which lab the printed commands are about.

use crate::cli::Global;
use crate::cluster;
use crate::machine::configuration;
use crate::ui::{Found, House, Output};

/// Which lab the commands that are printed are about.
pub(super) fn house(global: &Global) -> House {
    let kubeconfig = cluster::told(global.kubeconfig.as_deref());
    let found = match &kubeconfig {
        Some((_, true))
            if is_read_here(global.output) && cluster::is_in_variable(global.kubeconfig.as_deref()) =>
        {
            Found::ByBoth
        }
        Some((path, true)) => Found::Given(path),
        Some((path, false)) => Found::ByHomelab(path),
        None => Found::ByBoth,
    };
    House::new(global.config.as_deref().map(configuration::lasting), found, global.context.as_deref())
        .insecure(global.insecure_api_server)
}

/// Whether who reads the commands has the variables of this run: not where a document goes elsewhere, nor the journal of a
/// systemd unit (systemd.exec(5), `INVOCATION_ID`), nor behind sudo, which takes variables away (sudoers(5), `env_reset`).
fn is_read_here(output: Output) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some();
    output == Output::Text && !is_set("SUDO_USER") && !is_set("INVOCATION_ID")
}
