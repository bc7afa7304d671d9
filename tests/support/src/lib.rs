//! What tests of several packages share. It imports nothing, so that every package may use it.

mod corpus;
mod memory;
mod proxy;
mod scratch;
mod server;

pub use corpus::{CorpusQuery, corpus, corpus_folder};
pub use memory::{Counting, peak_bytes};
pub use proxy::{Fault, Proxy};
pub use scratch::Scratch;
pub use server::{
    Server, Servers, mysql_authority, mysql_socket, mysql_url, postgres_authority, postgres_socket,
    postgres_url,
};
