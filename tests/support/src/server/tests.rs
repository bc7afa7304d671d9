use std::net::TcpStream;

use super::*;

/// Tells whether something listens at the host and port of a URL.
fn answers(url: &str) -> bool {
    let address = url
        .split_once('@')
        .and_then(|(_, rest)| rest.split('/').next());
    TcpStream::connect(address.expect("the URL names a host and port")).is_ok()
}

#[test]
fn private_servers_are_killed_and_started_again_and_end_with_their_owner() {
    for asked in [
        &[Server::Postgres, Server::Replica][..],
        &[Server::Postgres, Server::Pooler][..],
        &[Server::MySql][..],
    ] {
        let Some(mut servers) = Servers::private(asked) else {
            continue;
        };
        let urls: Vec<String> = asked
            .iter()
            .map(|server| servers.url(*server).to_owned())
            .collect();
        for (server, url) in asked.iter().zip(&urls) {
            assert!(answers(url), "{url}");
            servers.kill(*server);
            assert!(!answers(url), "{url}");
            servers.start(*server);
            assert!(answers(url), "{url}");
        }
        drop(servers);
        for url in &urls {
            assert!(!answers(url), "{url}");
        }
    }
}

#[test]
fn shared_servers_are_the_same_for_every_test() {
    for url in [postgres_url, mysql_url] {
        if let Some(first) = url() {
            assert_eq!(url(), Some(first));
            assert!(answers(first));
        }
    }
}
