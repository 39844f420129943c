//! Traefik in ingress-nginx' place: the main job, and what people do with their services.

use super::{Case, doctor, main_job, matrix, outside, with_controller};
use crate::controller::Controller::Traefik;

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
    with_controller(Traefik, GROUP, "the doctor finds Traefik well", doctor::a_healthy_lab),
    with_controller(
        Traefik,
        GROUP,
        "through Traefik 2 GiB go up, a websocket idles for 200 s, and passwords, allow-lists and limits hold",
        matrix::rows,
    ),
    with_controller(
        Traefik,
        GROUP,
        "backends outside the cluster, two names, and one certificate for all, through Traefik",
        outside::backends_and_wildcard,
    ),
];
