//! The lab as a whole: what has to be there before, and how it comes up.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::controller::Controller;
use crate::error::{Context, Error, Result, bail};
use crate::image::{self, Built as Image};
use crate::name_server::{self, Provider};
use crate::parts::{self, Programs};
use crate::paths::{Cache, Run};
use crate::pki::Authority;
use crate::process::{Process, check_alive};
use crate::router::Router;
use crate::vantage::{Place, Vantage};
use crate::{cases, cgroup, cluster, debian, files, homelab, manifest, network, router, teardown, world};

/// What a run has made outside its folder, written before it is made.
#[derive(Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) places: Vec<Place>,
    /// The machine's own links, as they were before.
    pub(crate) links: Vec<String>,
    /// Settings of the machine that a kubelet changes, as they were before.
    pub(crate) settings: BTreeMap<PathBuf, String>,
    /// How the lab is; unknown of one that an earlier version made.
    #[serde(default)]
    pub(crate) shape: Option<Shape>,
}

/// Settings of the whole machine that a kubelet sets to what it likes.
const SETTINGS: [&str; 6] = [
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
];

/// The domain of the names inside a cluster of k3s that is told no other.
pub(crate) const CLUSTER_DOMAIN: &str = "cluster.local";

/// Everything slow, from the cache.
pub(crate) struct Prepared {
    programs: Programs,
    images: Vec<Image>,
    ca: Authority,
}

/// How a lab is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    pub(crate) nodes: usize,
    pub(crate) rebind_protection: bool,
    /// Who has the zone; Cloudflare's emulator in a lab that an earlier version made.
    #[serde(default)]
    pub(crate) provider: Provider,
    /// Whether the nodes answer for the domain in the house, and the router asks them.
    #[serde(default)]
    pub(crate) house_resolver: bool,
    /// Which ingress controller homelab installs.
    #[serde(default)]
    pub(crate) controller: Controller,
    /// The domain of the names inside the cluster, where it is another than k3s' own.
    #[serde(default)]
    pub(crate) cluster_domain: Option<String>,
}

impl std::fmt::Display for Shape {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let nodes = if self.nodes == 1 { "node" } else { "nodes" };
        write!(out, "{} {nodes}", self.nodes)?;
        if self.rebind_protection {
            out.write_str(", rebinding protection")?;
        }
        if self.house_resolver {
            out.write_str(", house resolver")?;
        }
        if self.controller != Controller::default() {
            write!(out, ", {}", self.controller.key())?;
        }
        if let Some(domain) = &self.cluster_domain {
            write!(out, ", {domain} inside")?;
        }
        if self.provider == Provider::default() { Ok(()) } else { write!(out, ", {:?}", self.provider) }
    }
}

/// Holds off other labs of the same cache while this one is being changed.
pub(crate) struct Lock(#[expect(dead_code, reason = "held until it is dropped")] File);

pub(crate) fn lock(cache: &Cache) -> Result<Lock> {
    files::make_folder(cache.folder())?;
    let path = cache.folder().join("lock");
    let file = File::create(&path).context(format_args!("opening {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => bail!("another `cargo lab` is at work with {}", path.display()),
        Err(TryLockError::Error(error)) => Err(error).context(format_args!("locking {}", path.display())),
    }
}

/// Installs, builds and packs what is missing.
pub(crate) fn prepare(cache: &Cache, controller: Controller) -> Result<Prepared> {
    debian::check_root()?;
    debian::check_go()?;
    debian::install_missing()?;
    let programs = parts::build(cache, controller)?;
    manifest::build(cache, &programs)?;
    let ca = Authority::open(&cache.ca(), "Lab CA")?;
    let images = image::build(cache, &programs, &ca)?;
    Ok(Prepared { programs, images, ca })
}

/// Brings up a lab, and says which daemon died if one did.
pub(crate) fn up(cache: &Cache, shape: Shape) -> Result<()> {
    let run = cache.run();
    teardown::check_free(&run)?;
    let prepared = prepare(cache, shape.controller)?;
    shape.provider.install()?;
    let built = homelab::build()?;
    start(cache, &run, &shape, &prepared, &built).map_err(|error| match check_alive(&run) {
        Err(dead) if run.state().exists() => Error::new(format!("{error}\n\n{dead}")),
        _ => error,
    })
}

fn start(cache: &Cache, run: &Run, shape: &Shape, prepared: &Prepared, built: &homelab::Built) -> Result<()> {
    let mut clock = Clock::new();
    let places = places(shape);
    let (links, settings) = (host_links()?, settings()?);
    let state = State { places: places.clone(), links, settings, shape: Some(shape.clone()) };
    files::write_json(&run.state(), &state)?;
    link_programs(run, &prepared.programs, built)?;
    let nodes: Vec<_> = places.iter().filter(|place| place.is_node()).copied().collect();
    cgroup::make(&nodes.iter().map(|node| node.name()).collect::<Vec<_>>())?;
    network::make(&places)?;
    for place in &places {
        Vantage::open(run, *place)?;
    }
    let forwards = match shape.house_resolver {
        true => name_server::to_nodes(&nodes),
        false => shape.provider.forwards(&nodes),
    };
    files::write(&router::forwards(run), forwards)?;
    clock.say("the network");
    thread::scope(|scope| {
        let outside = scope.spawn(|| {
            world::start(run, cache, &prepared.ca, &built.lab_world, shape.provider)?;
            // Before anybody in the house can ask: a lab without an account needs nothing of the internet.
            if shape.provider == Provider::Local {
                network::cut_line()?;
            }
            Router::find(run)?.start(shape.rebind_protection)
        });
        let inside = cluster::start(run, &nodes, &prepared.images);
        let outside = outside.join().map_err(|_| Error::new("starting the lab's internet stopped"))?;
        inside.and(outside)
    })?;
    homelab::write_config(cache, run, shape)?;
    cases::down::note_before(run)?;
    clock.say(match shape.provider {
        Provider::Local => "the cluster and its images; the line to the internet is cut",
        _ => "the cluster, its images, and the internet",
    });
    check_alive(run)
}

fn places(shape: &Shape) -> Vec<Place> {
    let mut places = vec![Place::Router, Place::World, Place::Client];
    places.extend(Place::NODES.into_iter().take(shape.nodes));
    places
}

fn settings() -> Result<BTreeMap<PathBuf, String>> {
    let paths = SETTINGS.iter().map(|name| PathBuf::from("/proc/sys").join(name));
    paths.filter(|path| path.exists()).map(|path| Ok((path.clone(), files::read_text(&path)?))).collect()
}

/// What a lab that runs noted at its start.
pub(crate) fn state(run: &Run) -> Result<State> {
    files::read_json(&run.state())
}

/// The domain of the names inside the cluster of a lab that runs.
pub(crate) fn cluster_domain(run: &Run) -> Result<String> {
    let shape = state(run)?.shape;
    Ok(shape.and_then(|shape| shape.cluster_domain).unwrap_or_else(|| CLUSTER_DOMAIN.to_owned()))
}

/// One more machine on the LAN of a lab that runs, noted before it is made.
pub(crate) fn add_place(run: &Run, place: Place) -> Result<Vantage> {
    let mut state = state(run)?;
    state.places.push(place);
    files::write_json(&run.state(), &state)?;
    network::add(place)?;
    Vantage::open(run, place)
}

/// Removes such a machine again.
pub(crate) fn remove_place(run: &Run, place: Place) -> Result<()> {
    Vantage::find(run, place)?.close()?;
    network::remove(&[place])?;
    let mut state = state(run)?;
    state.places.retain(|known| *known != place);
    files::write_json(&run.state(), &state)
}

/// The machine's own links, by name.
pub(crate) fn host_links() -> Result<Vec<String>> {
    let entries = std::fs::read_dir("/sys/class/net").context("listing the machine's links")?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.context("listing the machine's links")?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// The programs under their own names, for daemons and for people.
fn link_programs(run: &Run, programs: &Programs, built: &homelab::Built) -> Result<()> {
    files::make_folder(&run.programs())?;
    let own = [("homelab", built.homelab.as_path()), ("lab-world", built.lab_world.as_path())];
    programs.all().chain(own).try_for_each(|(name, path)| link_program(run, name, path))
}

fn link_program(run: &Run, name: &str, path: &std::path::Path) -> Result<()> {
    let link = run.programs().join(name);
    std::os::unix::fs::symlink(path, &link).context(format_args!("linking {}", link.display()))
}

/// A program that is nearer to k3s than the lab is by itself, built if it has not been yet.
pub(crate) fn nearer_program(run: &Run, name: &str) -> Result<PathBuf> {
    let link = run.programs().join(name);
    if !link.exists() {
        let programs = parts::build_nearer(&Cache::find()?)?;
        link_program(run, name, programs.path(name)?)?;
    }
    Ok(link)
}

/// Builds homelab again and puts it in the place of the one that a running lab has.
pub(crate) fn renew_homelab(run: &Run) -> Result<()> {
    let built = homelab::build()?;
    let (link, fresh) = (run.programs().join("homelab"), run.programs().join("homelab.new"));
    std::os::unix::fs::symlink(&built.homelab, &fresh)
        .context(format_args!("linking {}", fresh.display()))?;
    std::fs::rename(&fresh, &link).context(format_args!("linking {}", link.display()))
}

/// What runs, in lines for a person.
pub(crate) fn status(cache: &Cache) -> Result<Vec<String>> {
    let run = cache.run();
    if !run.state().exists() {
        let mut lines = vec!["no lab runs".to_owned()];
        lines.extend(teardown::leftovers(&run)?.iter().map(|what| format!("not made by this cache: {what}")));
        return Ok(lines);
    }
    let mut processes = Process::recorded(&run)?;
    processes.sort_by(|a, b| a.name.cmp(&b.name));
    let mut lines = vec![format!("a lab runs in {}", run.folder().display())];
    lines.extend(processes.iter().map(|process| {
        let state = if process.is_alive() { "runs" } else { "has died" };
        format!("{:24} {state:9} pid {}", process.name, process.pid)
    }));
    let node = Vantage::find(&run, Place::Node)?;
    lines.push(String::new());
    for words in [&["get", "nodes", "-o", "wide"][..], &["get", "pods", "-A", "-o", "wide"]] {
        lines.extend(node.run("kubectl", words)?.lines().map(str::to_owned));
    }
    Ok(lines)
}

/// Removes the lab; without one there is nothing to do.
pub(crate) fn down(cache: &Cache) -> Result<bool> {
    let run = cache.run();
    if !run.state().exists() {
        return Ok(false);
    }
    teardown::down(&run)?;
    let left = teardown::leftovers(&run)?;
    if left.is_empty() {
        return Ok(true);
    }
    bail!("left behind: {}", left.join(", "))
}

/// Says how long each step took.
struct Clock(Instant);

impl Clock {
    fn new() -> Self {
        Self(Instant::now())
    }

    fn say(&mut self, what: &str) {
        eprintln!("{:6.1} s  {what}", self.0.elapsed().as_secs_f64());
        self.0 = Instant::now();
    }
}
