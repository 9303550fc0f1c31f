//! What goes over the wire: bodies out, answers in, and what the server's words mean.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod dialect;
pub(crate) mod failure;
pub(crate) mod retry_after;
pub(crate) mod secrets;
pub(crate) mod words;
