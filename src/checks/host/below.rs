//! What k3s stands on: the kernel's modules, the file system of its images, and a container around it.

use crate::checks::engine::words::quoted;
use crate::checks::engine::{Finding, Outcome, Severity};
use crate::checks::host::runs_k3s;
use crate::checks::reading::told;
use crate::evidence::{Evidence, MachineSeen, MountSeen};

/// Kinds of file systems on which overlayfs cannot keep what containers write (kernel documentation, "Overlay Filesystem":
/// upper file system; k3s-io/k3s#3266, #10512, #2755).
const NO_UPPER: [&str; 9] = ["nfs", "nfs4", "cifs", "smb3", "9p", "overlay", "vfat", "exfat", "ntfs3"];
/// The first ZFS on which it can (OpenZFS 2.2 release notes: "overlayfs").
const ZFS: (u32, u32) = (2, 2);
/// Containers of whole systems, in which people put k3s: systemd's names for them.
const SYSTEMS: [&str; 3] = ["lxc", "lxc-libvirt", "systemd-nspawn"];

pub(super) fn modules(machine: &MachineSeen) -> Outcome {
    let Some(seen) = &machine.ground.modules else {
        return Outcome::skip("homelab does not find the kernel's modules");
    };
    // A link of that kind is there: whoever made it had the module.
    let has_link =
        |name: &str| machine.routes.iter().flatten().any(|route| route.interface.starts_with(name));
    let is_used = |module: &String| match module.as_str() {
        "vxlan" => has_link("flannel.1"),
        "br_netfilter" => machine.ground.numbers.contains_key("net/bridge/bridge-nf-call-iptables"),
        "nf_conntrack" => machine.ground.numbers.contains_key("net/netfilter/nf_conntrack_max"),
        _ => false,
    };
    let missing: Vec<&String> = seen.missing.iter().filter(|module| !is_used(module)).collect();
    if missing.is_empty() {
        return Outcome::pass(format!("kernel {} has the modules that k3s needs", seen.release));
    }
    let summary = format!("the running kernel {} has no module {}", seen.release, quoted(&missing));
    if !seen.folder {
        return Finding::new(
            summary,
            "the kernel was updated, and the modules of the running one were removed with it: the kernel can load no module until the next reboot",
            "reboot the machine: `sudo reboot`",
        )
        .look("uname -r; ls /lib/modules")
        .into();
    }
    Finding::new(
        summary,
        "the kernel of this system comes without them: k3s does not start its network (\"flannel exited: operation not supported\"), or pods do not reach Services on their own node",
        "install them: on Ubuntu for the Raspberry Pi `sudo apt install linux-modules-extra-raspi`, on RHEL and related systems `sudo dnf install kernel-modules-extra`; on other boards, use another kernel. Then reboot the machine",
    )
    .look("modprobe --dry-run --verbose vxlan br_netfilter overlay")
    .nixos("boot.kernelModules = [ \"overlay\" \"br_netfilter\" \"vxlan\" ];")
    .into()
}

pub(super) fn file_system(evidence: &Evidence, machine: &MachineSeen) -> Outcome {
    let Some(mount) = machine.ground.images.as_ref().filter(|_| runs_k3s(machine)) else {
        return Outcome::skip("k3s has no folder here yet");
    };
    let name = machine.hostname.as_deref().unwrap_or_default();
    let told = told::of_node(evidence, name);
    let snapshotter = told.as_ref().and_then(|told| told.value("--snapshotter", "K3S_SNAPSHOTTER"));
    if let Some(other) = snapshotter.filter(|name| *name != "overlayfs") {
        return Outcome::pass(format!("`{}`, with the snapshotter `{other}`", mount.kind));
    }
    if !is_useless(mount) {
        return Outcome::pass(format!("`{}` is on `{}`", mount.path, mount.kind));
    }
    let kind = match &mount.zfs {
        Some(version) => format!("ZFS {version}"),
        None => format!("`{}`", mount.kind),
    };
    Finding::new(
        format!("`{}` is on {kind}, on which overlayfs does not work", mount.path),
        "containerd unpacks images with overlayfs, so k3s does not start there: \"overlayfs\" snapshotter cannot be enabled",
        "mount a separate file system at `/var/lib/rancher` (ext4 or XFS: a disk, a ZFS volume, or iSCSI instead of NFS), update ZFS to 2.2, or start k3s with `--snapshotter=native`, which needs more space",
    )
    .look(command!("findmnt --target {}", mount.path))
    .nixos("services.homelab.k3s.extraFlags = [ \"--snapshotter=native\" ];")
    .into()
}

fn is_useless(mount: &MountSeen) -> bool {
    let old = |version: &String| {
        let mut parts = version.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) < ZFS
    };
    mount.kind.starts_with("fuse")
        || NO_UPPER.contains(&mount.kind.as_str())
        || mount.zfs.as_ref().is_some_and(old)
}

/// k3s in a container of a whole system needs what such containers leave out (k3s documentation, "Advanced Options": LXC;
/// rancher/k3k#132, k0sproject/k0s#744).
pub(super) fn container(machine: &MachineSeen) -> Outcome {
    let ground = &machine.ground;
    let Some(kind) = ground.container.as_deref().filter(|kind| SYSTEMS.contains(kind)) else {
        return Outcome::pass("this machine is not a container");
    };
    let finding = match ground.kmsg {
        Some(false) => Finding::new(
            format!("this machine is a container ({kind}) without `/dev/kmsg`"),
            "the kubelet reads the kernel's messages there, and does not start without it",
            "on Proxmox, write `lxc.mount.entry: /dev/kmsg dev/kmsg none defaults,bind,create=file` into `/etc/pve/lxc/ID.conf`, and start the container again; or use a virtual machine, which needs no such setting",
        ),
        _ if ground.numbers.is_empty() => return Outcome::unknown("/proc/sys could not be read"),
        _ => Finding::new(
            format!("this machine is a container ({kind}), not a virtual machine"),
            "k3s works there only with nesting, `/dev/kmsg` and the modules of the host, and an update of the host may break it",
            "nothing needs to be done while it works; a virtual machine is safer",
        )
        .only(Severity::Info),
    };
    finding.look("systemd-detect-virt; ls -l /dev/kmsg").into()
}
