//! Traefik in ingress-nginx' place: the main job, and what people do with their services.

use super::hands::Hands;
use super::{Case, doctor, main_job, matrix, outside, port, protect, switching, with_controller};
use crate::controller::Controller::Traefik;
use crate::error::Result;

const GROUP: &str = "traefik";

pub(super) const CASES: &[Case] = &[
    with_controller(Traefik, GROUP, "the whole chain holds with Traefik, seen from the LAN", main_job::proof),
    with_controller(Traefik, GROUP, "a second up writes nothing, with Traefik", main_job::second_up),
    with_controller(
        Traefik,
        GROUP,
        "whoami sees the client's own address through Traefik",
        main_job::client_address,
    ),
    with_controller(Traefik, GROUP, "the doctor finds Traefik well", well),
    with_controller(
        Traefik,
        GROUP,
        "through Traefik 2 GiB go up, a websocket idles for 200 s, and passwords, allow-lists and limits hold",
        matrix::rows,
    ),
    with_controller(
        Traefik,
        GROUP,
        "with Traefik, the house, a password, a sign-in service, a rate and HSTS hold",
        protect::each_protection,
    ),
    with_controller(
        Traefik,
        GROUP,
        "backends outside the cluster, two names, and one certificate for all, through Traefik",
        outside::backends_and_wildcard,
    ),
    with_controller(
        Traefik,
        GROUP,
        "from the internet one service is reached through Traefik and nothing else, and the record follows the address",
        port::one_and_no_other,
    ),
    // ingress-nginx' image is in every lab, Traefik's in those of Traefik alone.
    with_controller(
        Traefik,
        GROUP,
        "Traefik takes the place of ingress-nginx and gives it back: no record lost, no certificate issued again",
        switching::there_and_back,
    ),
    with_controller(
        Traefik,
        GROUP,
        "a controller whose image does not come takes nobody's place",
        switching::without_its_image,
    ),
    with_controller(
        Traefik,
        GROUP,
        "killed in the middle of the switch, up finishes, and goes back",
        switching::killed_in_the_middle,
    ),
    with_controller(
        Traefik,
        GROUP,
        "a timer that has stopped is named, and cured by what the doctor says",
        switching::timer_stopped,
    ),
    with_controller(
        Traefik,
        GROUP,
        "two nodes on Traefik: one is lost, one gets another address, and there is always a record",
        switching::two_nodes_follow,
    ),
];

/// As with homelab-addresses.timer, which no systemd runs on the lab's nodes.
fn well(hands: &Hands) -> Result<()> {
    hands.homelab_well(&["addresses"])?;
    doctor::a_healthy_lab(hands)
}
