//! Whether a file that was found by chance may be used by root: who can change it would rule the cluster and the zone.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::error::{Error, Result};

/// Others, or the group, may write.
const WRITABLE: u32 = 0o022;

/// Refuses `path` to root when anybody but root or who called `sudo` owns it, its folder or the file that it links to, or
/// when others may write one of them. A user who is not root harms nobody but himself.
///
/// # Errors
/// With what is wrong, and both ways out.
pub(super) fn usable(path: &Path) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let caller = std::env::var("SUDO_UID").ok().and_then(|uid| uid.parse().ok());
    let owners: Vec<u32> = [0].into_iter().chain(caller).collect();
    match objection(path, &owners) {
        None => Ok(()),
        Some(why) => Err(Error::usage(format!(
            "the configuration `{}` is not used: another user of this machine can change it",
            path.display()
        ))
        .because(why)
        .hint(format!(
            "read it. If its content is right, make sure that only root or you own and can write the file and its folder; or name it yourself: `--config {}`",
            crate::outside::shell::quote(&path.display().to_string()).unwrap_or_else(|| "FILE".to_owned())
        ))),
    }
}

/// Why somebody else may change the file, in words.
fn objection(path: &Path, owners: &[u32]) -> Option<String> {
    let folder = |path: &Path| match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => Path::new(".").to_owned(),
    };
    // What cannot be looked at is not trusted: a file that comes and goes is somebody's who may write its folder. The
    // folder is looked at first, since nobody can exchange anything in one that only the right people write.
    let unseen =
        |place: &Path, error: &std::io::Error| format!("`{}` cannot be looked at: {error}", place.display());
    let look = |place: &Path| match std::fs::metadata(place) {
        Ok(found) => fault(place, &found, owners),
        Err(error) => Some(unseen(place, &error)),
    };
    if let Some(why) = look(&folder(path)) {
        return Some(why);
    }
    match path.symlink_metadata() {
        Ok(link) if !owners.contains(&link.uid()) => {
            return Some(format!("`{}` belongs to the user {}", path.display(), link.uid()));
        }
        Ok(_) => {}
        Err(error) => return Some(unseen(path, &error)),
    }
    match path.canonicalize() {
        Ok(target) => look(&folder(&target)).or_else(|| look(&target)),
        Err(error) => Some(unseen(path, &error)),
    }
}

fn fault(place: &Path, found: &Metadata, owners: &[u32]) -> Option<String> {
    if !owners.contains(&found.uid()) {
        return Some(format!("`{}` belongs to the user {}", place.display(), found.uid()));
    }
    (found.mode() & WRITABLE != 0).then(|| {
        format!("other users can write `{}` (its mode is {:04o})", place.display(), found.mode() & 0o7777)
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn me() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn folder(mode: u32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("homelab.yaml"), "").unwrap();
        set_permissions(folder.path().join("homelab.yaml"), Permissions::from_mode(0o644)).unwrap();
        set_permissions(folder.path(), Permissions::from_mode(mode)).unwrap();
        folder
    }

    #[test]
    fn a_file_that_only_its_owner_can_change_is_used() {
        let folder = folder(0o755);
        assert_eq!(objection(&folder.path().join("homelab.yaml"), &[me()]), None);
    }

    #[test]
    fn a_file_of_another_user_is_not() {
        let folder = folder(0o755);
        let why = objection(&folder.path().join("homelab.yaml"), &[me() + 1]).unwrap();
        assert!(why.contains("belongs to the user"), "{why}");
    }

    #[test]
    fn a_file_or_a_folder_that_others_may_write_is_not() {
        let open = folder(0o1777);
        let why = objection(&open.path().join("homelab.yaml"), &[me()]).unwrap();
        assert!(why.contains("its mode is 1777"), "{why}");
        let folder = folder(0o755);
        let file = folder.path().join("homelab.yaml");
        set_permissions(&file, Permissions::from_mode(0o664)).unwrap();
        assert!(objection(&file, &[me()]).unwrap().contains("its mode is 0664"));
    }

    #[test]
    fn what_cannot_be_looked_at_is_not_trusted() {
        let folder = folder(0o755);
        let why = objection(&folder.path().join("came-and-went.yaml"), &[me()]).unwrap();
        assert!(why.contains("cannot be looked at"), "{why}");
    }

    #[test]
    fn a_link_is_judged_by_what_it_leads_to() {
        let (near, far) = (folder(0o755), folder(0o777));
        let link = near.path().join("link.yaml");
        symlink(far.path().join("homelab.yaml"), &link).unwrap();
        assert!(objection(&link, &[me()]).unwrap().contains("its mode is 0777"));
    }
}
