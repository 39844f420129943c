//! The files of the zones that pods are given (`dns.insideZones`).

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::config::{Config, LONGEST_ZONE_FILE, ZoneSource};
use crate::error::{Error, Result};

/// So many mistakes of a file are told.
const TOLD: usize = 12;

/// Reads each file; a path that is not absolute is one below the folder of the configuration.
///
/// # Errors
/// When one cannot be read, or has a mistake in it; the message lists them, each with its line.
pub(super) fn read(config: &mut Config, file: &Path) -> Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let files: Vec<(String, PathBuf)> = config
        .dns
        .inside_zones
        .iter()
        .filter_map(|zone| match &zone.source {
            ZoneSource::File { path, .. } => Some((zone.zone.clone(), folder.join(path))),
            ZoneSource::Forward(_) => None,
        })
        .collect();
    for (zone, path) in files {
        let shown = path.display().to_string();
        let text = text(&path).map_err(|why| {
            Error::usage(format!("cannot read `{shown}`, the file of the zone `{zone}` (`dns.insideZones`)"))
                .because(why)
                .hint("a path that does not begin with `/` is looked for in the folder of the configuration")
        })?;
        config.take_zone(&zone, &text).map_err(|mistakes| {
            let error = Error::usage(format!(
                "`{shown}`, the file of the zone `{zone}` (`dns.insideZones`), cannot be used"
            ));
            let told =
                mistakes.iter().take(TOLD).map(|mistake| format!("line {}: {}", mistake.line, mistake.why));
            let more = mistakes.len().saturating_sub(TOLD);
            let more = (more > 0).then(|| format!("and {more} more"));
            told.chain(more)
                .fold(error, |error, why| error.because(why))
                .hint("one record is one line: `db A 192.168.1.9`; docs/inside-names.md has the types")
        })?;
    }
    Ok(())
}

/// No more of it than is looked at.
fn text(path: &Path) -> std::result::Result<String, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    if !file.metadata().is_ok_and(|found| found.is_file()) {
        return Err("it is not a file".to_owned());
    }
    let mut text = String::new();
    let most = u64::try_from(LONGEST_ZONE_FILE).unwrap_or(u64::MAX).saturating_add(1);
    match file.take(most).read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    const CONFIG: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare, insideZones: [{ zone: lan, file: ./lan.zone }] }\n";

    fn with(text: Option<&str>) -> Result<Config> {
        let home = tempfile::tempdir().unwrap();
        if let Some(text) = text {
            std::fs::write(home.path().join("lan.zone"), text).unwrap();
        }
        let mut config = parse(CONFIG).unwrap();
        read(&mut config, &home.path().join("homelab.yaml")).map(|()| config)
    }

    #[test]
    fn a_file_is_found_beside_the_configuration_wherever_homelab_is_started() {
        let config = with(Some("db A 10.0.0.1\n")).unwrap();
        assert_eq!(config.records_of(&config.dns.inside_zones[0]).len(), 1);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_path_and_its_lines() {
        let text = with(Some("db A 10.0.0.1\nx A y\nz LOC 1\n")).unwrap_err().to_string();
        assert!(
            text.contains("lan.zone`") && text.contains("line 2: `y`") && text.contains("line 3:"),
            "{text}"
        );
        let text = with(None).unwrap_err().to_string();
        assert!(
            text.contains("cannot read") && text.contains("in the folder of the configuration"),
            "{text}"
        );
    }
}
