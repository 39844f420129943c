//! An image as a tar in OCI layout, which containerd imports.

use std::collections::BTreeMap;
use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, Header};

use super::Image;
use crate::error::{Context, Result};
use crate::files;

const LAYOUT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
const SEARCH_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What an image for others has beside its content.
#[derive(Default)]
pub(crate) struct Also {
    /// Further names of the same image.
    pub(crate) references: Vec<String>,
    pub(crate) labels: BTreeMap<String, String>,
}

/// Writes an image with one layer. It appears under its final name only when it is whole.
pub(crate) fn write(image: &Image, also: &Also, path: &Path) -> Result<()> {
    let folder = path.parent().context("an image needs a folder")?;
    files::make_folder(folder)?;
    let mut layer = tempfile::tempfile_in(folder).context("making a layer")?;
    image.tree.write(BufWriter::new(&layer))?;
    let (digest, size) = digest_of(&mut layer).context("reading a layer")?;

    let config = bytes(&json!({
        "architecture": architecture(),
        "os": "linux",
        "config": {
            "User": image.user,
            "Entrypoint": image.entrypoint,
            "Cmd": image.command,
            "Env": [SEARCH_PATH],
            "Labels": also.labels,
        },
        "rootfs": { "type": "layers", "diff_ids": [digest] },
    }))?;
    let manifest = bytes(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": described("application/vnd.oci.image.config.v1+json", &config),
        "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": size }],
    }))?;
    let named = |reference: &String| {
        let mut manifest = described("application/vnd.oci.image.manifest.v1+json", &manifest);
        let tag = reference.rsplit_once(':').map_or("", |(_, tag)| tag);
        manifest["annotations"] =
            json!({ "io.containerd.image.name": reference, "org.opencontainers.image.ref.name": tag });
        manifest
    };
    let manifests: Vec<Value> = [&image.reference].into_iter().chain(&also.references).map(named).collect();
    let index = bytes(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": manifests,
    }))?;

    let beside = tempfile::NamedTempFile::new_in(folder).context("making an image")?;
    pack(beside.as_file(), &layer, (&digest, size), &[&config, &manifest], &index)
        .context(format_args!("writing {}", path.display()))?;
    let readable = Permissions::from_mode(0o644);
    beside.as_file().set_permissions(readable).context(format_args!("writing {}", path.display()))?;
    beside.persist(path).context(format_args!("writing {}", path.display()))?;
    Ok(())
}

fn pack(
    out: &File,
    layer: &File,
    (digest, size): (&str, u64),
    blobs: &[&[u8]],
    index: &[u8],
) -> io::Result<()> {
    let mut tar = Builder::new(BufWriter::new(out));
    append(&mut tar, "oci-layout", LAYOUT.len() as u64, LAYOUT)?;
    append(&mut tar, "index.json", index.len() as u64, index)?;
    for blob in blobs {
        append(&mut tar, &blob_path(&digest_of_bytes(blob)), blob.len() as u64, *blob)?;
    }
    append(&mut tar, &blob_path(digest), size, layer)?;
    tar.into_inner()?.flush()
}

fn append(tar: &mut Builder<impl Write>, path: &str, size: u64, content: impl Read) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    tar.append_data(&mut header, path, content)
}

fn blob_path(digest: &str) -> String {
    format!("blobs/{}", digest.replace(':', "/"))
}

fn described(media_type: &str, blob: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest_of_bytes(blob), "size": blob.len() })
}

fn bytes(value: &Value) -> Result<Vec<u8>> {
    serde_json::to_vec(value).context("describing an image")
}

fn digest_of_bytes(blob: &[u8]) -> String {
    format!("sha256:{}", files::sha256(blob))
}

/// The digest and length of a file, which stands at its beginning again afterwards.
fn digest_of(file: &mut File) -> io::Result<(String, u64)> {
    file.rewind()?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        size += read as u64;
    }
    file.rewind()?;
    Ok((format!("sha256:{}", files::hex(hash.finalize().as_slice())), size))
}

/// This machine's architecture in the words of OCI.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
