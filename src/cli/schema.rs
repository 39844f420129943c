//! What `schema` prints.

/// What stands below its help.
pub(super) const HELP: &str = "Examples:
  homelab schema config > homelab.schema.json
  homelab schema report > report.schema.json

The first is for your editor. This is then the first line of homelab.yaml:
  # yaml-language-server: $schema=homelab.schema.json

Both are of the draft 2020-12.";

/// Which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Schema {
    /// homelab.yaml, for editors
    Config,
    /// Every document of `--output json`, for programs that read them
    Report,
}
