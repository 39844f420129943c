//! Facts that several rooms need, each once: names and how they lie to each other, addresses, whose a record is, pins, the
//! versions, the lab's own authority and how it is trusted, providers and their servers, controllers and the namespaces of the components. Pure, and
//! below everything else.

pub mod address;
pub mod authority;
pub mod challenge_server;
pub mod cluster_domain;
pub mod controllers;
pub mod corefile;
pub mod gitops;
pub mod image;
pub mod inside;
pub mod klog;
pub mod links;
pub mod name_server;
pub mod names;
pub mod namespaces;
pub mod network;
pub mod organisations;
pub mod ownership;
pub mod pins;
pub mod providers;
pub mod registry;
pub mod secret;
pub mod server;
pub mod shape;
pub mod told;
pub mod trust;
pub mod tsig;
pub mod tunnel;
pub mod variables;
pub mod version;
