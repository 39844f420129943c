//! lego for Traefik: its package of all DNS providers wants modules that the module proxy does not serve, and none of it is of
//! use in the lab.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::command::run;
use crate::error::{Context, Result};
use crate::files;

/// As Traefik's own go.mod has it.
const LEGO: &str = "github.com/go-acme/lego/v5@v5.4.1";
/// The packages that nothing needs, or that the stub stands in for.
const WITHOUT: [&str; 3] = ["cmd", "e2e", "providers"];

/// Puts lego, as the module cache has it, beside the copy of the part's go.mod, with the stub in place of its providers.
pub(super) fn lego(copy: &Path) -> Result<()> {
    let said = run(Command::new("go").args(["mod", "download", "-json", LEGO]).env("GOWORK", "off"))?;
    let module: Value = serde_json::from_str(&said).context("reading what go says of lego")?;
    let folder = module["Dir"].as_str().context("go did not say where lego lies")?;
    let lego = copy.join("lego");
    files::copy_folder(Path::new(folder), &lego)?;
    for folder in WITHOUT {
        files::remove_folder(&lego.join(folder))?;
    }
    files::copy_folder(&copy.join("stub/lego"), &lego.join("providers/dns"))
}
