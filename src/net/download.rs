//! A pinned file, fetched once into a cache. It is there whole and with the right hash, or not at all.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::evidence::Transport;
use crate::net::tls::hex;
use crate::net::tls_client_config;

/// What to fetch and what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Where it is fetched; redirects are followed.
    pub url: String,
    /// Hexadecimal.
    pub sha256: String,
    /// The name of the file in the cache.
    pub file_name: String,
    /// A longer answer is broken off and refused.
    pub max_bytes: u64,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// No answer came, or not to its end in time.
    #[error("cannot fetch `{url}`: {cause}")]
    Offline {
        /// What was to be fetched.
        url: String,
        /// What happened to the connection.
        cause: Transport,
    },
    /// The server answered, but not with the file.
    #[error("cannot fetch `{url}`: the server answers {status}")]
    Status {
        /// What was to be fetched.
        url: String,
        /// The HTTP status code.
        status: u16,
    },
    /// Another file came than the pinned one; it was not kept.
    #[error("`{url}` has SHA-256 {actual}, but {expected} is pinned")]
    Hash {
        /// What was to be fetched.
        url: String,
        /// The pinned SHA-256, hexadecimal.
        expected: String,
        /// The SHA-256 of what came, hexadecimal.
        actual: String,
    },
    /// More came than the pin allows; it was not kept.
    #[error("`{url}` is larger than {max_bytes} bytes")]
    TooLarge {
        /// What was to be fetched.
        url: String,
        /// The most bytes that the pin allows.
        max_bytes: u64,
    },
    /// The file system or the quota has no room.
    #[error("no space is left for `{}`", path.display())]
    DiskFull {
        /// The file in the cache.
        path: PathBuf,
    },
    /// The cache cannot be written, for another reason than room.
    #[error("cannot write `{}`: {cause}", path.display())]
    File {
        /// The file in the cache.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
}

impl DownloadError {
    /// The next step.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Offline { .. } => {
                "check that this machine reaches the internet, or give the file itself in the configuration"
            }
            Self::Status { .. } => "give another URL or the file itself in the configuration",
            Self::Hash { .. } => {
                "something between you and the server changed the file, or the pin is wrong; \
                 do not use it before you know which"
            }
            Self::TooLarge { .. } => "check the URL: this is not the file that was pinned",
            Self::DiskFull { .. } => "make room on that file system, then run it again",
            Self::File { .. } => "make that folder writable, or set `XDG_CACHE_HOME` to one that is",
        }
    }
}

/// The path of the pinned file in `cache`, fetched if it is not there. All of it within the given time.
pub async fn fetch(pin: &Pin, cache: &Path, within: Duration) -> Result<PathBuf, DownloadError> {
    if let Some(path) = cached(pin, cache) {
        return Ok(path);
    }
    let path = cache.join(&pin.file_name);
    let late = |_| DownloadError::Offline { url: pin.url.clone(), cause: Transport::Timeout };
    tokio::time::timeout(within, fetch_anew(pin, cache, &path)).await.map_err(late)??;
    Ok(path)
}

/// The path of the pinned file, if `cache` has it, whole.
#[must_use]
pub fn cached(pin: &Pin, cache: &Path) -> Option<PathBuf> {
    let path = cache.join(&pin.file_name);
    let whole = hash_of(&path).is_ok_and(|hash| hash.eq_ignore_ascii_case(&pin.sha256));
    whole.then_some(path)
}

/// Writes beside the target and renames at the end; a temporary file is removed on every other way out.
async fn fetch_anew(pin: &Pin, cache: &Path, path: &Path) -> Result<(), DownloadError> {
    let offline = |cause| DownloadError::Offline { url: pin.url.clone(), cause };
    let failed = |error| offline(Transport::from_reqwest(error));
    let file_error = |error| file_error(path, error);
    std::fs::create_dir_all(cache).map_err(file_error)?;
    let mut file = tempfile::Builder::new().prefix(".download-").tempfile_in(cache).map_err(file_error)?;
    let tls = tls_client_config().map_err(|error| offline(Transport::Other(error.to_string())))?;
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).build().map_err(failed)?;
    let mut answer = client.get(&pin.url).send().await.map_err(failed)?;
    if !answer.status().is_success() {
        return Err(DownloadError::Status { url: pin.url.clone(), status: answer.status().as_u16() });
    }
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        bytes += chunk.len() as u64;
        if bytes > pin.max_bytes {
            return Err(DownloadError::TooLarge { url: pin.url.clone(), max_bytes: pin.max_bytes });
        }
        hash.update(&chunk);
        file.write_all(&chunk).map_err(file_error)?;
    }
    let actual = hex(&hash.finalize());
    if !actual.eq_ignore_ascii_case(&pin.sha256) {
        return Err(DownloadError::Hash { url: pin.url.clone(), expected: pin.sha256.clone(), actual });
    }
    file.as_file().sync_all().map_err(file_error)?;
    file.persist(path).map_err(|error| file_error(error.error))?;
    Ok(())
}

fn file_error(path: &Path, cause: io::Error) -> DownloadError {
    let path = path.to_owned();
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DownloadError::DiskFull { path },
        _ => DownloadError::File { path, cause },
    }
}

fn hash_of(path: &Path) -> io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(buffer.get(..length).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::http::{Canned, Server};

    const SECOND: Duration = Duration::from_secs(1);

    fn pin(server: &Server, content: &str) -> Pin {
        Pin {
            url: format!("http://{}/file.yaml", server.address),
            sha256: hex(&Sha256::digest(content)),
            file_name: "file.yaml".into(),
            max_bytes: 1000,
        }
    }

    /// What stands in the cache afterwards, hidden files too.
    fn left(cache: &Path) -> usize {
        std::fs::read_dir(cache).unwrap().count()
    }

    #[tokio::test]
    async fn a_file_is_fetched_once_and_then_taken_from_the_cache() {
        let server = Canned::text(200, "text/yaml", "a: 1\n").serve().await;
        let cache = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let path = fetch(&pin(&server, "a: 1\n"), cache.path(), SECOND).await.unwrap();
            assert_eq!(std::fs::read_to_string(path).unwrap(), "a: 1\n");
        }
        assert_eq!((server.requests().len(), left(cache.path())), (1, 1));
    }

    #[tokio::test]
    async fn a_damaged_file_in_the_cache_is_fetched_again() {
        let server = Canned::text(200, "text/yaml", "a: 1\n").serve().await;
        let cache = tempfile::tempdir().unwrap();
        std::fs::write(cache.path().join("file.yaml"), "a:").unwrap();
        let path = fetch(&pin(&server, "a: 1\n"), cache.path(), SECOND).await.unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "a: 1\n");
    }

    #[tokio::test]
    async fn another_hash_names_both_and_leaves_nothing() {
        let server = Canned::text(200, "text/yaml", "evil").serve().await;
        let cache = tempfile::tempdir().unwrap();
        let error = fetch(&pin(&server, "good"), cache.path(), SECOND).await.unwrap_err().to_string();
        assert!(
            error.contains(&hex(&Sha256::digest("good"))) && error.contains(&hex(&Sha256::digest("evil")))
        );
        assert_eq!(left(cache.path()), 0);
    }

    #[tokio::test]
    async fn a_missing_file_a_large_one_and_no_server_each_leave_nothing() {
        let cache = tempfile::tempdir().unwrap();
        let missing = Canned::text(404, "text/plain", "no").serve().await;
        let error = fetch(&pin(&missing, "x"), cache.path(), SECOND).await.unwrap_err();
        assert!(matches!(error, DownloadError::Status { status: 404, .. }));
        let large = Canned::text(200, "text/plain", &"x".repeat(2000)).serve().await;
        let error = fetch(&pin(&large, "x"), cache.path(), SECOND).await.unwrap_err();
        assert!(matches!(error, DownloadError::TooLarge { .. }));
        let mut nowhere = pin(&large, "x");
        nowhere.url = "http://127.0.0.1:9/x".into();
        let error = fetch(&nowhere, cache.path(), SECOND).await.unwrap_err();
        assert!(matches!(error, DownloadError::Offline { cause: Transport::Refused, .. }));
        assert_eq!(left(cache.path()), 0);
    }

    #[tokio::test]
    async fn a_server_that_never_ends_costs_no_more_than_the_time_given_and_leaves_nothing() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let cache = tempfile::tempdir().unwrap();
        let pin = Pin {
            url: format!("http://{}/", silent.local_addr().unwrap()),
            sha256: String::new(),
            file_name: "x".into(),
            max_bytes: 1,
        };
        let error = fetch(&pin, cache.path(), Duration::from_millis(100)).await.unwrap_err();
        assert!(matches!(error, DownloadError::Offline { cause: Transport::Timeout, .. }));
        assert_eq!(left(cache.path()), 0);
    }

    #[test]
    fn a_full_disk_is_named_as_such() {
        let error = file_error(Path::new("/cache/x"), io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(error.to_string(), "no space is left for `/cache/x`");
    }
}
