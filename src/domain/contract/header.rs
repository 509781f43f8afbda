//! Header names and values: which can be sent, and in what spelling.

/// Headers that the connection owns; neither a contract nor an endpoint can set them.
const CONNECTION_HEADERS: [&str; 11] = [
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Expect",
    "Host",
    "Keep-Alive",
    "Proxy-Authorization",
    "Te",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
];

/// Whether `name` can be a header's name (RFC 9110, token).
pub(super) fn is_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=128).contains(&name.len()) && name.bytes().all(is_token)
}

/// Whether `value` can be sent: printable ASCII and spaces, so that nothing can end the line or the request.
pub(super) fn is_value(value: &[u8]) -> bool {
    value.iter().all(|byte| (0x20..=0x7e).contains(byte))
}

/// Whether the connection owns this header.
pub(super) fn is_reserved(name: &str) -> bool {
    CONNECTION_HEADERS
        .iter()
        .any(|reserved| reserved.eq_ignore_ascii_case(name))
}

/// The spelling in which names go on the wire: `X-FED-SIGNATURE` becomes `X-Fed-Signature`.
pub(super) fn title_case(name: &str) -> String {
    let mut starts_word = true;
    name.chars()
        .map(|character| {
            let cased = if starts_word {
                character.to_ascii_uppercase()
            } else {
                character.to_ascii_lowercase()
            };
            starts_word = character == '-';
            cased
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sent_in_title_case() {
        for (name, sent) in [
            ("webhook-id", "Webhook-Id"),
            ("X-FED-SIGNATURE", "X-Fed-Signature"),
            ("x-GitHub-event", "X-Github-Event"),
        ] {
            assert_eq!(title_case(name), sent);
        }
    }

    #[test]
    fn values_that_could_end_a_line_are_no_values() {
        assert!(is_value(b"v1,abc= v1a,d"));
        for value in [&b"a\nb"[..], b"a\rb", b"\0", b"\t", b"\x7f", "é".as_bytes()] {
            assert!(!is_value(value), "{value:?}");
        }
        assert!(
            is_name("X-A_b.c")
                && !is_name("")
                && !is_name("a b")
                && !is_name("a:")
                && !is_name("é")
        );
        assert!(is_reserved("content-length") && !is_reserved("X-A"));
    }
}
