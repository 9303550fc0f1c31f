//! Explores the protocol on disk exhaustively: the real machines of core over a simulated file
//! system, in every order in which the steps of several processes can fall (`LOCKING.md`).
//!
//! A listing is not atomic: whatever was added or removed while it ran may be in it or not.
//! `DEVICEGRANT_EXPLORE=full` explores the sizes that take minutes.
#![allow(clippy::print_stderr)]

mod explore;
mod machine;
mod process;
mod program;
mod scenarios;
mod torn;
mod world;
