//! What the tests of the real binary are built from: a project in a temporary folder, a run that
//! can be compared whole, and a sandbox in a process of its own.

mod barrier;
mod cluster;
mod door;
mod foreign;
mod http;
mod origin;
mod process;
mod project;
mod run;
mod sandbox;
mod shop;

pub(crate) use barrier::Barrier;
pub(crate) use cluster::Cluster;
pub(crate) use door::Door;
pub(crate) use foreign::Foreign;
pub(crate) use origin::{Origin, git};
pub(crate) use process::Process;
pub(crate) use project::{KEY, NOW, Project};
pub(crate) use run::{Run, normalised};
pub(crate) use sandbox::Sandbox;
pub(crate) use shop::{Shop, campaign, customer};
