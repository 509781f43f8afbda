//! What the bench publishes: numbered, stamped, and filled up to the usual size of a webhook.

use super::sink::uptime_us;

/// Characters of filling: the request body comes to about 1 KiB.
pub(super) const PAD_CHARS: usize = 900;

/// The data of event `number`, stamped now.
pub(super) fn data(number: u64) -> String {
    let mut text = format!(r#"{{"n":{number},"at_us":{},"pad":""#, uptime_us());
    text.extend(std::iter::repeat_n('x', PAD_CHARS));
    text.push_str("\"}");
    text
}

/// What stands before and behind the number in the data of an event of the past: without a stamp.
pub(super) fn around_number(pad_chars: usize) -> (String, String) {
    let mut tail = String::from(r#","pad":""#);
    tail.extend(std::iter::repeat_n('x', pad_chars));
    tail.push_str("\"}");
    (r#"{"n":"#.to_owned(), tail)
}
