//! The client's side of the MySQL protocol, without I/O: bytes become packets, packets become replies, and back.
//!
//! Nothing here waits, and nothing that a server sends can panic or allocate more than a stated bound:
//! a buffer grows with the bytes that arrive and never with a length that is only announced.

pub(crate) mod auth;
pub(crate) mod column;
pub(crate) mod command;
pub(crate) mod greeting;
pub(crate) mod login;
pub(crate) mod packet;
pub(crate) mod reply;
pub(crate) mod row;
pub(crate) mod rsa;
pub(crate) mod wire;

#[cfg(test)]
mod tests;
