//! JSON as text: white space dropped, members found, without building values.
//!
//! A body keeps the publisher's member order, number text and repeated keys, and is written thousands of times a
//! second; so nothing here parses more than it must. The text is valid JSON (`RawJson` was checked when it was
//! accepted); on other text these functions give some answer, never a panic.

/// One member of an object, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RawMember<'a> {
    /// The key with its quotes and escapes.
    pub(super) key: &'a str,
    /// The value.
    pub(super) value: &'a str,
}

/// Appends `json` without the white space between its tokens.
pub(super) fn push_compact(out: &mut Vec<u8>, json: &str) {
    let bytes = json.as_bytes();
    let (mut position, mut copied) = (0, 0);
    while let Some(&byte) = bytes.get(position) {
        match byte {
            b'"' => position = after_string(bytes, position),
            b' ' | b'\n' | b'\r' | b'\t' => {
                out.extend_from_slice(&bytes[copied..position]);
                position = after_space(bytes, position);
                copied = position;
            }
            _ => position += 1,
        }
    }
    out.extend_from_slice(&bytes[copied..]);
}

/// The members of the object that `json` is, in order, repeated ones included; `None` for anything else.
pub(super) fn members(json: &str) -> Option<Vec<RawMember<'_>>> {
    let bytes = json.as_bytes();
    let mut position = after_space(bytes, 0);
    if bytes.get(position) != Some(&b'{') {
        return None;
    }
    let mut found = Vec::new();
    position = after_space(bytes, position + 1);
    while bytes.get(position) == Some(&b'"') {
        let key_end = after_string(bytes, position);
        let colon = after_space(bytes, key_end);
        if bytes.get(colon) != Some(&b':') {
            return None;
        }
        let value_start = after_space(bytes, colon + 1);
        let value_end = after_value(bytes, value_start);
        found.push(RawMember {
            key: json.get(position..key_end)?,
            value: json.get(value_start..value_end)?,
        });
        position = after_space(bytes, value_end);
        if bytes.get(position) == Some(&b',') {
            position = after_space(bytes, position + 1);
        }
    }
    (bytes.get(position) == Some(&b'}')).then_some(found)
}

impl RawMember<'_> {
    /// Whether the key, its escapes resolved, is `name`.
    pub(super) fn is_named(&self, name: &str) -> bool {
        let inside = self
            .key
            .get(1..self.key.len().saturating_sub(1))
            .unwrap_or_default();
        if !inside.contains('\\') {
            return inside == name;
        }
        // A key with a lone surrogate has no text of its own and equals no name.
        serde_json::from_str::<String>(self.key).is_ok_and(|key| key == name)
    }
}

/// Where the string that begins at `start` ends, its closing quote included.
fn after_string(bytes: &[u8], start: usize) -> usize {
    let mut position = start + 1;
    while let Some(&byte) = bytes.get(position) {
        match byte {
            b'"' => return position + 1,
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
    bytes.len()
}

/// Where the value that begins at `start` ends.
fn after_value(bytes: &[u8], start: usize) -> usize {
    let (mut position, mut depth) = (start, 0_usize);
    while let Some(&byte) = bytes.get(position) {
        match byte {
            b'"' => position = after_string(bytes, position),
            b'{' | b'[' => (depth, position) = (depth + 1, position + 1),
            b'}' | b']' if depth == 0 => return position,
            b'}' | b']' => (depth, position) = (depth - 1, position + 1),
            b',' | b' ' | b'\n' | b'\r' | b'\t' if depth == 0 => return position,
            _ => {
                position += 1;
                continue;
            }
        }
        if depth == 0 {
            return position;
        }
    }
    bytes.len()
}

/// The first position from `start` on that is no white space.
fn after_space(bytes: &[u8], start: usize) -> usize {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
    let rest = bytes.get(start..).unwrap_or_default();
    start + rest.iter().take_while(|byte| is_space(byte)).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compact(json: &str) -> String {
        let mut out = Vec::new();
        push_compact(&mut out, json);
        String::from_utf8(out).unwrap()
    }

    /// JSON text of every shape, with white space anywhere, odd numbers, escapes and repeated keys.
    fn any_json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("1.0".to_owned()),
            Just("-0".to_owned()),
            Just("1e400".to_owned()),
            Just(r#""a \" \\ , } ] \u00e9""#.to_owned()),
            "\"[a-z {}\\[\\],:é]{0,8}\"",
        ];
        let space = || "[ \n\t]{0,2}";
        leaf.prop_recursive(4, 24, 4, move |inner| {
            let items = prop::collection::vec((space(), inner.clone(), space()), 0..4);
            let pairs =
                prop::collection::vec((space(), "\"[ab]{0,1}\"", space(), inner, space()), 0..4);
            prop_oneof![
                items.prop_map(|items| {
                    let items: Vec<_> = items
                        .into_iter()
                        .map(|(a, item, b)| a + &item + &b)
                        .collect();
                    format!("[{}]", items.join(","))
                }),
                pairs.prop_map(|pairs| {
                    let pairs: Vec<_> = pairs
                        .into_iter()
                        .map(|(a, key, b, value, c)| format!("{a}{key}{b}:{c}{value}"))
                        .collect();
                    format!("{{{}}}", pairs.join(","))
                }),
            ]
        })
    }

    #[test]
    fn only_white_space_between_tokens_is_dropped() {
        let check = |json: &str, expected: &str| assert_eq!(compact(json), expected);
        check(
            "{ \"b\" : 1.0 ,\r\n\t\"a\":[ 1 , -0 , 1e400 ] }",
            r#"{"b":1.0,"a":[1,-0,1e400]}"#,
        );
        check(
            r#"{"a": " x \" y ", "a": "\\", "é": "\ud800"}"#,
            r#"{"a":" x \" y ","a":"\\","é":"\ud800"}"#,
        );
        check("  1  ", "1");
        check("", "");
    }

    #[test]
    fn members_come_in_order_with_repeated_ones() {
        let found = members(r#" {"a" : {"x":[1,"}"]}, "b":1.50,"a":"," } "#).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|member| (member.key, member.value))
            .collect();
        assert_eq!(
            found,
            [
                ("\"a\"", r#"{"x":[1,"}"]}"#),
                ("\"b\"", "1.50"),
                ("\"a\"", "\",\"")
            ]
        );
        assert_eq!(members("{}").unwrap(), []);
        assert_eq!(members("[]"), None);
        assert_eq!(members("{"), None);
    }

    #[test]
    fn keys_are_compared_by_what_they_mean() {
        let found = members(r#"{"tr\u0061ck":1,"\ud800":2,"a\"b":3}"#).unwrap();
        assert!(found[0].is_named("track"));
        assert!(!found[1].is_named("\u{fffd}"));
        assert!(found[2].is_named("a\"b"));
    }

    proptest! {
        #[test]
        fn compacting_changes_no_value_and_leaves_nothing_to_drop(json in any_json()) {
            let once = compact(&json);
            prop_assert_eq!(compact(&once), once.clone());
            // serde_json's own reading of both is the witness; 1e400 is no number to it, so it is put aside.
            let witness = |text: &str| serde_json::from_str::<serde_json::Value>(&text.replace("1e400", "7")).unwrap();
            prop_assert_eq!(witness(&once), witness(&json));
            prop_assert!(once.len() <= json.len());
        }

        #[test]
        fn members_put_together_again_are_the_object(json in any_json()) {
            if let Some(found) = members(&json) {
                let pairs: Vec<_> = found.iter().map(|member| format!("{}:{}", member.key, member.value)).collect();
                prop_assert_eq!(compact(&format!("{{{}}}", pairs.join(","))), compact(&json));
            } else {
                prop_assert_ne!(json.trim_start().chars().next(), Some('{'));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}\",:\\\\ a1é]{0,24}") {
            compact(&text);
            if let Some(found) = members(&text) {
                for member in found {
                    member.is_named("a");
                }
            }
        }
    }
}
