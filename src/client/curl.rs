//! An attempt as a curl command that sends the same bytes again.
//!
//! **Promise.** What is printed is plain ASCII: every byte of URL, headers and body that a shell or a terminal could
//! take otherwise stands as `$'\NNN'` (octal). Pasted into bash, zsh or ksh it sends the request byte for byte.

use base64::Engine as _;

use crate::api::delivery::{BodyView, RequestView};

/// Why a request is no command.
#[derive(Debug, thiserror::Error)]
pub enum CurlError {
    /// A command line ends at a zero byte.
    #[error(
        "the body holds a zero byte, which no command line can carry: use --json and send it from a file"
    )]
    ZeroByte,
    /// The service's answer is damaged.
    #[error("the body is no base64: {0}")]
    Base64(#[from] base64::DecodeError),
}

/// The whole command, one argument a line.
///
/// # Errors
/// [`CurlError::ZeroByte`], [`CurlError::Base64`].
pub fn command(request: &RequestView) -> Result<String, CurlError> {
    let body = match &request.body {
        BodyView::Text(text) => text.clone().into_bytes(),
        BodyView::Base64(text) => base64::engine::general_purpose::STANDARD.decode(text)?,
    };
    if body.contains(&0) {
        return Err(CurlError::ZeroByte);
    }
    let mut lines = vec![format!(
        "curl --globoff --request {}",
        quoted(request.method.as_bytes())
    )];
    // curl adds these of its own accord; a header without a value takes one away.
    for own in ["User-Agent", "Content-Type"] {
        if !request
            .headers
            .iter()
            .any(|header| header.name.eq_ignore_ascii_case(own))
        {
            lines.push(format!("--header {}", quoted(format!("{own}:").as_bytes())));
        }
    }
    lines.extend(request.headers.iter().map(|header| {
        // curl drops a header whose value is empty unless it ends in a semicolon.
        let text = if header.value.is_empty() {
            format!("{};", header.name)
        } else {
            format!("{}: {}", header.name, header.value)
        };
        format!("--header {}", quoted(text.as_bytes()))
    }));
    lines.push(format!("--data-raw {}", quoted(&body)));
    lines.push(quoted(request.url.as_bytes()));
    Ok(lines.join(" \\\n  ") + "\n")
}

/// The bytes as one word of a shell: bare where that is safe, else `$'…'`.
fn quoted(bytes: &[u8]) -> String {
    let is_bare = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./:@%+,=".contains(byte);
    if !bytes.is_empty() && bytes.iter().all(is_bare) {
        return bytes.iter().map(|&byte| char::from(byte)).collect();
    }
    let mut word = String::from("$'");
    for &byte in bytes {
        match byte {
            b'\\' => word.push_str("\\\\"),
            b'\'' => word.push_str("\\'"),
            b'\n' => word.push_str("\\n"),
            b' '..=b'~' => word.push(char::from(byte)),
            // Three octal digits end themselves: a hexadecimal escape would swallow a digit that follows.
            _ => word.push_str(&format!("\\{byte:03o}")),
        }
    }
    word.push('\'');
    word
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::api::delivery::HeaderView;

    #[test]
    fn every_byte_that_is_not_plain_is_escaped() {
        for (bytes, word) in [
            (&b"POST"[..], "POST"),
            (b"", "$''"),
            (b"it's \\ {\"a\": 1}\n", "$'it\\'s \\\\ {\"a\": 1}\\n'"),
            (b"\x1b[2J\xff7", "$'\\033[2J\\3777'"),
            (b"$(id)`id`!x", "$'$(id)`id`!x'"),
        ] {
            assert_eq!(quoted(bytes), word);
        }
    }

    #[test]
    fn the_command_names_method_headers_body_and_url() {
        let header = |name: &str, value: &str| HeaderView {
            name: name.into(),
            value: value.into(),
        };
        let request = RequestView {
            method: "POST".into(),
            url: "https://example.com/a?b=[1]".into(),
            headers: vec![
                header("Content-Type", "application/json"),
                header("X-Empty", ""),
            ],
            body: BodyView::Text("{\"a\":1}".into()),
            body_sha256: String::new(),
            secret_ids: Vec::new(),
            service_key_ids: Vec::new(),
        };
        assert_eq!(
            command(&request).unwrap(),
            "curl --globoff --request POST \\\n  --header User-Agent: \\\n  \
             --header $'Content-Type: application/json' \\\n  --header $'X-Empty;' \\\n  \
             --data-raw $'{\"a\":1}' \\\n  $'https://example.com/a?b=[1]'\n"
        );
    }

    #[test]
    fn a_body_that_is_no_command_is_refused_with_what_to_do_instead() {
        let request = |body| RequestView {
            method: "POST".into(),
            url: "https://example.com".into(),
            headers: Vec::new(),
            body,
            body_sha256: String::new(),
            secret_ids: Vec::new(),
            service_key_ids: Vec::new(),
        };
        let zero = command(&request(BodyView::Base64("AA==".into()))).unwrap_err();
        assert!(zero.to_string().contains("zero byte"), "{zero}");
        let damaged = command(&request(BodyView::Base64("?".into()))).unwrap_err();
        let told = damaged.to_string();
        assert!(told.starts_with("the body is no base64: "), "{told}");
    }

    proptest! {
        /// Reads a word as a shell does.
        #[test]
        fn a_shell_reads_back_the_bytes(bytes: Vec<u8>) {
            let word = quoted(&bytes);
            prop_assert!(word.bytes().all(|byte| matches!(byte, b' '..=b'~')));
            let mut read = Vec::new();
            let inner = word.strip_prefix("$'").map_or(word.as_str(), |rest| rest.strip_suffix('\'').unwrap());
            let mut rest = inner.bytes();
            while let Some(byte) = rest.next() {
                if byte != b'\\' || !word.starts_with("$'") {
                    read.push(byte);
                    continue;
                }
                match rest.next().unwrap() {
                    b'n' => read.push(b'\n'),
                    digit @ b'0'..=b'7' => {
                        let digits = [digit, rest.next().unwrap(), rest.next().unwrap()];
                        let octal = std::str::from_utf8(&digits).unwrap();
                        read.push(u8::from_str_radix(octal, 8).unwrap());
                    }
                    other => read.push(other),
                }
            }
            prop_assert_eq!(read, bytes);
        }
    }
}
