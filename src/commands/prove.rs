use crate::cluster::Cluster;
use crate::config::Config;
use crate::error::Result;
use crate::net::cloudflare::{Client, Zone};
use crate::ui::Progress;
use crate::verify::Report;
pub(super) async fn prove(_: &Cluster, _: &Client, _: &Zone, _: &Config, _: &Progress) -> Result<Report> {
    Ok(Report {})
}
