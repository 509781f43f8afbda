//! JSON as JavaScript prints it: what `JSON.stringify(JSON.parse(text))` gives (ECMA-262, sections 25.5 and 10.1.11).
//!
//! Consumers are told to verify signatures over `JSON.stringify(req.body)`, so what is sent must come through that
//! unchanged. In one pass, without a tree: numbers in their shortest form that reads back the same, strings with
//! JavaScript's escapes and no others, of a repeated key the first place and the last value, and keys that are array
//! indices (0 to 4294967294) before all others, rising. An object that needs no rearranging is not touched twice.
//!
//! The text is valid JSON of bounded depth (`RawJson` was checked when it was accepted); on other text this gives
//! some answer, never a panic.

use std::collections::HashMap;
use std::ops::Range;

use crate::domain::json::RawJson;
use crate::domain::limits::JSON_DEPTH_MAX;

/// The largest array index: 2³² − 2 (ECMA-262, section 6.1.7).
const ARRAY_INDEX_MAX: u64 = 4_294_967_294;
/// Digits of a whole number that is surely printed as it is read.
const PLAIN_DIGITS_MAX: usize = 15;
/// Members up to which comparing all with all is cheaper than hashing them.
const FEW_MEMBERS: usize = 16;
/// Stands before a number that is too large until it is known whether it stays. Nothing else prints this byte: in
/// strings it is escaped.
const TOO_LARGE_MARK: u8 = 0;
/// Levels beyond which nothing is read: those of an event's value, and the body's own around it.
const DEPTH_MAX: usize = JSON_DEPTH_MAX + 2;

/// A number that JavaScript reads as infinite, and prints as `null`; at most the first 64 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TooLarge(pub(super) String);

/// Appends `json` as JavaScript prints it.
///
/// # Errors
/// A number beyond the range of a double, unless it belongs to a repeated key that a later one replaces.
pub(super) fn push(out: &mut Vec<u8>, json: &str) -> Result<(), TooLarge> {
    let start = out.len();
    let mut printer = Printer {
        json: json.as_bytes(),
        position: 0,
        out,
        members: Vec::new(),
        met_too_large: false,
    };
    printer.value(0);
    if !printer.met_too_large {
        return Ok(());
    }
    let printed = &out[start..];
    let Some(mark) = printed.iter().position(|&byte| byte == TOO_LARGE_MARK) else {
        return Ok(());
    };
    let number = printed[mark + 1..].iter();
    let number = number.take_while(|&&byte| is_of_number(byte)).take(64);
    Err(TooLarge(number.map(|&byte| char::from(byte)).collect()))
}

/// Bytes from anywhere as JavaScript prints them; `None` where they are no JSON of bounded depth, or cannot be carried.
pub(super) fn of_bytes(json: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(json).ok()?;
    let json = RawJson::parse(text).ok()?;
    let mut out = Vec::with_capacity(text.len());
    push(&mut out, json.as_str()).ok()?;
    Some(out)
}

/// Whether `key` stands before the keys that are none, in the order of numbers.
pub(super) fn is_array_index(key: &str) -> bool {
    array_index(key.as_bytes()).is_some()
}

fn array_index(key: &[u8]) -> Option<u64> {
    let is_canonical = matches!(key, [b'0'] | [b'1'..=b'9', ..]) && key.len() <= 10;
    if !is_canonical || !key.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let text = std::str::from_utf8(key).ok()?;
    text.parse().ok().filter(|&index| index <= ARRAY_INDEX_MAX)
}

struct Printer<'a> {
    json: &'a [u8],
    position: usize,
    out: &'a mut Vec<u8>,
    /// The members of the objects that are open, outer ones first.
    members: Vec<Member>,
    /// Whether a number was too large.
    met_too_large: bool,
}

/// A member as it was printed: `"key":value`, as places in the output.
#[derive(Clone)]
struct Member {
    start: usize,
    key_end: usize,
    end: usize,
}

impl Printer<'_> {
    fn value(&mut self, depth: usize) {
        match self.next_token() {
            Some(b'{') if depth < DEPTH_MAX => self.object(depth),
            Some(b'[') if depth < DEPTH_MAX => self.array(depth),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let word = self.take_while(|byte| byte.is_ascii_lowercase());
                self.out.extend_from_slice(&self.json[word]);
            }
        }
    }

    fn array(&mut self, depth: usize) {
        self.copy_one();
        while let Some(byte) = self.next_token() {
            match byte {
                b']' => {
                    self.copy_one();
                    break;
                }
                b',' => self.copy_one(),
                _ => {
                    let before = self.position;
                    self.value(depth + 1);
                    if self.position == before {
                        break;
                    }
                }
            }
        }
    }

    fn object(&mut self, depth: usize) {
        let first = self.members.len();
        let mut has_index = false;
        self.copy_one();
        let inside = self.out.len();
        while self.next_token() == Some(b'"') {
            if self.members.len() > first {
                self.out.push(b',');
            }
            let start = self.out.len();
            self.string();
            let key_end = self.out.len();
            has_index |= array_index(unquoted(&self.out[start..key_end])).is_some();
            self.out.push(b':');
            if self.next_token() == Some(b':') {
                self.position += 1;
            }
            self.value(depth + 1);
            let end = self.out.len();
            self.members.push(Member {
                start,
                key_end,
                end,
            });
            if self.next_token() == Some(b',') {
                self.position += 1;
            }
        }
        if has_index || self.repeats_a_key(first) {
            self.rearrange(first, inside);
        }
        self.members.truncate(first);
        if self.next_token() == Some(b'}') {
            self.position += 1;
        }
        self.out.push(b'}');
    }

    fn key_of(&self, member: &Member) -> &[u8] {
        &self.out[member.start..member.key_end]
    }

    /// Printed keys are alike exactly where the keys are: there is one way to print each.
    fn repeats_a_key(&self, first: usize) -> bool {
        let members = &self.members[first..];
        if members.len() <= FEW_MEMBERS {
            return members.iter().enumerate().any(|(index, member)| {
                let mut before = members[..index].iter();
                before.any(|other| self.key_of(other) == self.key_of(member))
            });
        }
        let mut seen = std::collections::HashSet::with_capacity(members.len());
        !members
            .iter()
            .all(|member| seen.insert(self.key_of(member)))
    }

    /// Puts the members of the object that begins behind `inside` into their order, each once.
    fn rearrange(&mut self, first: usize, inside: usize) {
        let mut indices: Vec<(u64, usize)> = Vec::new();
        let mut others: Vec<usize> = Vec::new();
        // Of each key, which member is the last: there its value is.
        let mut last: HashMap<&[u8], usize> = HashMap::new();
        let members = &self.members[first..];
        for (number, member) in members.iter().enumerate() {
            let key = self.key_of(member);
            if last.insert(key, number).is_none() {
                match array_index(unquoted(key)) {
                    Some(index) => indices.push((index, number)),
                    None => others.push(number),
                }
            }
        }
        indices.sort_unstable();
        let mut arranged = Vec::with_capacity(self.out.len() - inside);
        for number in indices.into_iter().map(|(_, number)| number).chain(others) {
            let value = last
                .get(self.key_of(&members[number]))
                .copied()
                .unwrap_or(number);
            if !arranged.is_empty() {
                arranged.push(b',');
            }
            arranged.extend_from_slice(&self.out[members[value].start..members[value].end]);
        }
        self.out.truncate(inside);
        self.out.append(&mut arranged);
    }

    fn number(&mut self) {
        let range = self.take_while(is_of_number);
        let bytes = &self.json[range];
        let is_plain = bytes.len() <= PLAIN_DIGITS_MAX
            && bytes != b"-0"
            && !bytes.iter().any(|byte| b".eE".contains(byte));
        if is_plain {
            self.out.extend_from_slice(bytes);
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        let number: f64 = text.parse().unwrap_or_default();
        if !number.is_finite() {
            self.met_too_large = true;
            self.out.push(TOO_LARGE_MARK);
            self.out.extend_from_slice(bytes);
            return;
        }
        let mut buffer = ryu_js::Buffer::new();
        self.out
            .extend_from_slice(buffer.format_finite(number).as_bytes());
    }

    fn string(&mut self) {
        self.copy_one();
        loop {
            let plain = self.take_while(|byte| byte != b'"' && byte != b'\\');
            self.out.extend_from_slice(&self.json[plain]);
            match self.json.get(self.position) {
                Some(b'\\') => self.escape(),
                Some(_) => {
                    self.copy_one();
                    return;
                }
                None => return self.out.push(b'"'),
            }
        }
    }

    /// One escape, or the two that make a character together.
    fn escape(&mut self) {
        let letter = self.json.get(self.position + 1).copied();
        self.position += 2;
        match letter {
            Some(b'u') => {}
            Some(b'/') | None => return self.out.extend(letter),
            Some(letter) => return self.out.extend_from_slice(&[b'\\', letter]),
        }
        let unit = self.code_unit();
        let follows = self.json.get(self.position..self.position + 2) == Some(b"\\u");
        if (0xd800..0xdc00).contains(&unit) && follows {
            let back = self.position;
            self.position += 2;
            let low = self.code_unit();
            if (0xdc00..0xe000).contains(&low) {
                return self.character(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
            }
            self.position = back;
        }
        self.character(unit);
    }

    /// The four hex digits of an escape.
    fn code_unit(&mut self) -> u32 {
        let end = (self.position + 4).min(self.json.len());
        let digits = self.json.get(self.position..end).unwrap_or_default();
        self.position = end;
        let text = std::str::from_utf8(digits).unwrap_or_default();
        u32::from_str_radix(text, 16).unwrap_or(0xfffd)
    }

    fn character(&mut self, code: u32) {
        let short = match code {
            0x22 => b'"',
            0x5c => b'\\',
            0x08 => b'b',
            0x09 => b't',
            0x0a => b'n',
            0x0c => b'f',
            0x0d => b'r',
            _ => {
                match char::from_u32(code).filter(|_| code >= 0x20) {
                    Some(character) => {
                        let mut buffer = [0; 4];
                        let text = character.encode_utf8(&mut buffer);
                        self.out.extend_from_slice(text.as_bytes());
                    }
                    // A control character, or a surrogate without its other half.
                    None => self
                        .out
                        .extend_from_slice(format!("\\u{code:04x}").as_bytes()),
                }
                return;
            }
        };
        self.out.extend_from_slice(&[b'\\', short]);
    }

    /// The first byte that is no white space; it is not taken.
    fn next_token(&mut self) -> Option<u8> {
        self.take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
        self.json.get(self.position).copied()
    }

    fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> Range<usize> {
        let start = self.position;
        let rest = &self.json[start.min(self.json.len())..];
        let length = rest.iter().position(|&byte| !accept(byte));
        self.position = start + length.unwrap_or(rest.len());
        start.min(self.json.len())..self.position.min(self.json.len())
    }

    fn copy_one(&mut self) {
        self.out.extend(self.json.get(self.position));
        self.position += 1;
    }
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || b"+-.eE".contains(&byte)
}

fn unquoted(key: &[u8]) -> &[u8] {
    key.get(1..key.len().saturating_sub(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn printed(json: &str) -> String {
        let mut out = Vec::new();
        push(&mut out, json).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn check(json: &str, expected: &str) {
        assert_eq!(printed(json), expected, "{json}");
        assert_eq!(printed(expected), expected, "printed twice");
    }

    #[test]
    fn numbers_are_the_shortest_that_read_back_the_same() {
        check(
            "[1.0,1e21,1e20,-0,-0.0,0.000001,1E-7]",
            "[1,1e+21,100000000000000000000,0,0,0.000001,1e-7]",
        );
        check(
            "[9007199254740993,123456789012345678,1e-400]",
            "[9007199254740992,123456789012345680,0]",
        );
        check(
            "[5e-324,1.7976931348623157e308,0.1]",
            "[5e-324,1.7976931348623157e+308,0.1]",
        );
    }

    #[test]
    fn what_javascript_cannot_carry_is_refused() {
        for number in ["1e400", "-1e309", &"9".repeat(400)] {
            let refused = push(&mut Vec::new(), &format!("{{\"a\":[{number}]}}")).unwrap_err();
            assert_eq!(refused.0, number.chars().take(64).collect::<String>());
        }
    }

    #[test]
    fn a_number_that_a_later_key_replaces_is_no_reason_to_refuse() {
        check(r#"{"a":1e400,"b":[2],"a":3}"#, r#"{"a":3,"b":[2]}"#);
        let refused = push(&mut Vec::new(), r#"{"a":1e400,"a":[-1e999]}"#);
        assert_eq!(refused, Err(TooLarge("-1e999".to_owned())));
    }

    #[test]
    fn array_indices_come_first_and_rise() {
        check(
            r#"{"b":1,"10":2,"a":3,"9":4}"#,
            r#"{"9":4,"10":2,"b":1,"a":3}"#,
        );
        check(
            r#"{"x":0,"4294967295":1,"4294967294":2,"01":3,"-1":4,"1.5":5,"0":6}"#,
            r#"{"0":6,"4294967294":2,"x":0,"4294967295":1,"01":3,"-1":4,"1.5":5}"#,
        );
        check(r#"{"a":1,"\u0031":2}"#, r#"{"1":2,"a":1}"#);
    }

    #[test]
    fn a_repeated_key_keeps_its_first_place_and_its_last_value() {
        check(
            r#"{"a":1,"b":2,"\u0061":{"3":1,"2":1,"3":5}}"#,
            r#"{"a":{"2":1,"3":5},"b":2}"#,
        );
        let many: Vec<String> = (0..100).map(|n| format!("\"k{}\":{n}", n % 50)).collect();
        let kept: Vec<String> = (0..50).map(|n| format!("\"k{n}\":{}", n + 50)).collect();
        check(
            &format!("{{{}}}", many.join(",")),
            &format!("{{{}}}", kept.join(",")),
        );
        check(
            r#"{"__proto__":1,"a":2,"__proto__":{"b":3}}"#,
            r#"{"__proto__":{"b":3},"a":2}"#,
        );
    }

    #[test]
    fn strings_have_javascripts_escapes_and_no_others() {
        check(
            r#""\/\u002f\u0022\u005c\b\u0008\u000B\u007f""#,
            "\"//\\\"\\\\\\b\\b\\u000b\u{7f}\"",
        );
        check(r#""\ud83d\ude00\u2028é\u00E9""#, "\"😀\u{2028}éé\"");
        check(
            r#""\uD800x\udc00\ud800\ud800\udc00""#,
            "\"\\ud800x\\udc00\\ud800\u{10000}\"",
        );
    }

    #[test]
    fn white_space_goes_and_words_stay() {
        check(
            " { \"a\" : [ true , null , { } , [ ] ] } ",
            r#"{"a":[true,null,{},[]]}"#,
        );
        check("false", "false");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}\",:\\\\ a1é.eu-]{0,32}") {
            let mut out = Vec::new();
            let _ = push(&mut out, &text);
        }
    }
}
