//! Which lab the printed commands are about.

use crate::cli::Global;
use crate::cluster;
use crate::machine::configuration;
use crate::ui::{Found, House, Output};

/// Which lab the commands that are printed are about.
pub(super) fn house(global: &Global) -> House {
    let kubeconfig = cluster::told(global.kubeconfig.as_deref());
    let found = match &kubeconfig {
        // A document goes elsewhere.
        Some((_, true))
            if global.output == Output::Text && cluster::is_in_variable(global.kubeconfig.as_deref()) =>
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
