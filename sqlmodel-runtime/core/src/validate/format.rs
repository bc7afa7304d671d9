//! Forms of text, each as far as it can be told without asking anybody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A form of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One `@`, something before it, a host with a dot or `localhost` after it, no white space.
    Email,
    /// A scheme, `://` and a host.
    Url,
    /// A DNS host name.
    Hostname,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An IPv4 or IPv6 address.
    Ip,
    /// Lower-case letters, digits and single hyphens between them.
    Slug,
}

impl Format {
    /// Says what the form is, for a sentence.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Email => "an e-mail address",
            Self::Url => "a URL",
            Self::Hostname => "a host name",
            Self::Ipv4 => "an IPv4 address",
            Self::Ipv6 => "an IPv6 address",
            Self::Ip => "an IP address",
            Self::Slug => "a slug of lower-case letters, digits and single hyphens",
        }
    }

    pub(super) fn matches(self, text: &str) -> bool {
        match self {
            Self::Email => is_email(text),
            Self::Url => is_url(text),
            Self::Hostname => is_hostname(text),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::Ip => text.parse::<IpAddr>().is_ok(),
            Self::Slug => text.split('-').all(|word| {
                !word.is_empty()
                    && word
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            }),
        }
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else {
        return false;
    };
    let is_plain = |char: char| !char.is_whitespace() && !char.is_control() && char != '@';
    let has_dot = host.contains('.') && host.split('.').all(|label| !label.is_empty());
    !local.is_empty()
        && text.chars().filter(|char| *char != '@').all(is_plain)
        && host.chars().all(is_plain)
        && (has_dot || host == "localhost")
}

fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let is_scheme = scheme.starts_with(|char: char| char.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let has_space = text
        .chars()
        .any(|char| char.is_whitespace() || char.is_control());
    is_scheme && !host.is_empty() && !host.starts_with(':') && !has_space
}

/// RFC 1123: labels of letters, digits and inner hyphens, 63 bytes each and 253 in all.
fn is_hostname(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}
