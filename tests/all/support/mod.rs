//! What the tests of the real binary are built from: a project in a temporary folder, a run that
//! can be compared whole, and a sandbox in a process of its own.

mod api;
mod barrier;
mod cluster;
mod document;
mod dump;
mod door;
mod examples;
pub(crate) mod faked;
mod foreign;
pub(crate) mod forge;
mod git_host;
pub(crate) mod http;
mod lines;
mod named;
mod origin;
mod process;
mod project;
mod receiver;
mod run;
mod sandbox;
mod shop;

pub(crate) use api::Api;
pub(crate) use barrier::Barrier;
pub(crate) use cluster::{Cluster, is_root};
pub(crate) use document::{check_documents, kinds};
pub(crate) use door::Door;
pub(crate) use dump::{Dump, Way, copy_of, put_copy_back};
pub(crate) use examples::examples;
pub(crate) use foreign::{Dates, Foreign};
pub(crate) use git_host::GitHost;
pub(crate) use lines::{claim_line, outcome_line, seals};
pub(crate) use named::{NAME, Named};
pub(crate) use origin::{Origin, git};
pub(crate) use process::Process;
pub(crate) use project::{KEY, NOW, Project};
pub(crate) use receiver::{Post, Receiver};
pub(crate) use run::{Run, normalised};
pub(crate) use sandbox::Sandbox;
pub(crate) use shop::{Shop, campaign, customer};
