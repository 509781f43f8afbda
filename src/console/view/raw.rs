//! The exact bytes of an exchange: the heads as they are on the wire, the bodies in hexadecimal beside their text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::text::Text;
use crate::api::delivery::{AttemptDetail, BodyView};
use crate::console::theme::Role;

/// Bytes of a body that are shown.
const BYTES_MAX: usize = 4_096;

/// Adds the lines.
pub(super) fn add(text: &mut Text, exchange: &AttemptDetail) {
    if let Some(request) = &exchange.request {
        text.line(
            format!("{} {} HTTP/1.1", request.method, request.url),
            Role::Strong,
        );
        text.headers(&request.headers);
        text.empty();
        dump(text, &request.body);
    }
    if let Some(response) = &exchange.response {
        text.empty();
        text.line(format!("HTTP/1.1 {}", response.status), Role::Strong);
        text.headers(&response.headers);
        text.empty();
        dump(text, &response.body);
    }
}

fn dump(text: &mut Text, body: &BodyView) {
    let bytes = match body {
        BodyView::Text(body) => body.clone().into_bytes(),
        BodyView::Base64(body) => STANDARD.decode(body).unwrap_or_default(),
    };
    // Two digits and a space, and a column of text, each.
    let fits = usize::from(text.width.saturating_sub(10)) / 4;
    let a_line = if fits >= 16 { 16 } else { 8 };
    for (index, part) in bytes.chunks(a_line).take(BYTES_MAX / a_line).enumerate() {
        let digits: Vec<String> = part.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown = part.iter().map(|byte| match byte {
            0x20..=0x7e => char::from(*byte),
            _ => '.',
        });
        text.lines.push(vec![
            (format!("{:06x}  ", index * a_line), Role::Muted),
            (
                format!("{:<width$}  ", digits.join(" "), width = a_line * 3 - 1),
                Role::Text,
            ),
            (shown.collect(), Role::Accent),
        ]);
    }
    if bytes.is_empty() {
        text.line("(no bytes)", Role::Muted);
    } else if bytes.len() > BYTES_MAX {
        let rest = bytes.len() - BYTES_MAX;
        text.line(
            format!("… {rest} bytes more: hookyard delivery show has them"),
            Role::LevelWarn,
        );
    }
}
