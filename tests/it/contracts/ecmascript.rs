//! `form = "ecmascript"` against the real thing: what Node.js prints of thousands of generated documents.

use std::io::Write;
use std::process::{Command, Stdio};

use hookyard::domain::contract::{Contract, RenderInput};
use hookyard::domain::event::Event;
use hookyard::domain::id::{AttemptId, DeliveryId, EndpointId, EventId};
use hookyard::domain::json::RawJson;
use hookyard::domain::tenant::Audience;
use hookyard::domain::time::Timestamp;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::support::skip::skip;

const DOCUMENTS: usize = 24_000;
/// Levels of a generated document; one in a hundred is nested to the limit instead.
const DEPTH: usize = 4;

/// What must not be printed as it is written, with what makes objects rearrange.
const KEYS: &[&str] = &[
    "",
    "a",
    "b",
    "c",
    "\\u0061",
    "0",
    "1",
    "2",
    "10",
    "9",
    "01",
    "-0",
    "-1",
    "1.5",
    "1e3",
    " 1",
    "4294967293",
    "4294967294",
    "4294967295",
    "4294967296",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "18446744073709551616",
    "\\u0031",
    "__proto__",
    "\\u005f_proto__",
    "constructor",
    "toString",
    "length",
    "hasOwnProperty",
    "\\ud800",
    "\\ud83d\\ude00",
    "😀",
    "é",
    "\\u00e9",
    "\\\"",
    "\\\\",
    "a/b",
    "a\\/b",
];
const STRINGS: &[&str] = &[
    "x",
    "é",
    "😀",
    "\\/",
    "\\\"",
    "\\\\",
    "\\b",
    "\\f",
    "\\n",
    "\\r",
    "\\t",
    "\\u0000",
    "\\u001f",
    "\\u000B",
    "\\u0022",
    "\\u005C",
    "\\u007f",
    "\u{7f}",
    "\\u2028",
    "\u{2029}",
    "\\uFEFF",
    "\\ud83d\\ude00",
    "\\uD83D",
    "\\udE00",
    "\\udfff\\ud800",
    "\\ud800\\ud800\\udc00",
    "</script>",
];
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-0.0",
    "0e5",
    "1.0",
    "1.50",
    "100",
    "1e0",
    "1E+2",
    "12e-1",
    "1e21",
    "1e20",
    "123456789012345678901",
    "1e-6",
    "1e-7",
    "0.000001",
    "0.0000001",
    "5e-324",
    "2e-324",
    "1e-400",
    "1.7976931348623157e308",
    "1.7976931348623159e308",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "4.35",
    "0.1",
    "2.2250738585072014e-308",
    "999999999999999",
    "1000000000000000",
    "9999999999999999",
];

struct Writer {
    rng: ChaCha8Rng,
    text: String,
}

impl Writer {
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.rng.next_u64() % bound as u64).unwrap()
    }

    fn pick(&mut self, list: &[&str]) {
        let index = self.below(list.len());
        self.text.push_str(list[index]);
    }

    fn space(&mut self) {
        if self.below(8) == 0 {
            self.pick(&[" ", "\n", "\t", "\r\n", "  "]);
        }
    }

    fn string(&mut self) {
        self.text.push('"');
        for _ in 0..self.below(5) {
            self.pick(STRINGS);
        }
        self.text.push('"');
    }

    fn number(&mut self) {
        let double = f64::from_bits(self.rng.next_u64());
        match self.below(400) {
            0 => self.text.push_str("1e400"),
            1..100 => self.pick(NUMBERS),
            100..150 => {
                let near = (1_i64 << 53) - 8 + self.below(16) as i64;
                self.text.push_str(&near.to_string());
            }
            150..200 => {
                let digits = self.rng.next_u64() >> self.below(64);
                self.text.push_str(&digits.to_string());
            }
            _ if !double.is_finite() => self.text.push_str("7.0"),
            // In full, so that hundreds of digits are read, too, or with an exponent.
            200..220 => self.text.push_str(&format!("{double}")),
            220..300 => self.text.push_str(&format!("{double:E}")),
            _ => self.text.push_str(&format!("{double:e}")),
        }
    }

    fn value(&mut self, depth: usize) {
        self.space();
        match self.below(if depth == 0 { 5 } else { 9 }) {
            0 | 1 => self.number(),
            2 => self.string(),
            3 => self.pick(&["true", "false", "null"]),
            4 => self.number(),
            5 | 6 => self.array(depth - 1),
            _ => self.object(depth - 1),
        }
        self.space();
    }

    fn array(&mut self, depth: usize) {
        self.text.push('[');
        for index in 0..self.below(5) {
            if index > 0 {
                self.text.push(',');
            }
            self.value(depth);
        }
        self.text.push(']');
    }

    fn object(&mut self, depth: usize) {
        self.text.push('{');
        // Few keys often, so that they repeat; many sometimes, so that they are hashed.
        let members = if self.below(20) == 0 {
            40
        } else {
            self.below(7)
        };
        let near = self.below(20) == 0;
        for index in 0..members {
            if index > 0 {
                self.text.push(',');
            }
            self.space();
            self.text.push('"');
            if near {
                let key = (1_u64 << 32) - 12 + self.below(24) as u64;
                self.text.push_str(&key.to_string());
            } else if members > 20 {
                let key = self.below(30);
                self.text.push_str(&format!("k{key}"));
            } else {
                self.pick(KEYS);
            }
            self.text.push('"');
            self.space();
            self.text.push(':');
            self.value(depth);
        }
        self.text.push('}');
    }

    /// An object or an array: the whole body of a delivery.
    fn document(mut self) -> String {
        self.space();
        match self.below(100) {
            0 => {
                let inside = if self.below(2) == 0 {
                    "["
                } else {
                    "{\"1\":0,\"a\":"
                };
                let closing = if inside == "[" { "]" } else { "}" };
                self.text.push_str(&inside.repeat(63));
                self.text.push_str("{\"2\":-0,\"1\":1.0}");
                self.text.push_str(&closing.repeat(63));
            }
            1..30 => self.array(DEPTH),
            _ => self.object(DEPTH),
        }
        self.space();
        self.text
    }
}

fn documents() -> Vec<String> {
    let mut seeds = ChaCha8Rng::seed_from_u64(0x5eed);
    (0..DOCUMENTS)
        .map(|_| {
            Writer {
                rng: ChaCha8Rng::seed_from_u64(seeds.next_u64()),
                text: String::new(),
            }
            .document()
        })
        .collect()
}

/// What is sent of `data`; `None` where it cannot be carried.
fn sent(contract: &Contract, data: &str) -> Option<String> {
    let now = Timestamp::from_millis(1_776_075_480_250);
    let event = Event {
        id: EventId::from_i64(1),
        key: None,
        audience: Audience::Tenantless,
        event_type: "a.b".parse().unwrap(),
        occurred_at: now,
        accepted_at: now,
        attributes: None,
        data: RawJson::parse(data).unwrap(),
        test: false,
    };
    let request = contract.render(&RenderInput {
        event: &event,
        endpoint_id: EndpointId::from_i64(2),
        endpoint_url: "https://example.com/",
        endpoint_headers: &[],
        timeout: None,
        delivery_id: DeliveryId::from_i64(3),
        attempt_id: AttemptId::from_i64(4),
        attempt_number: 1,
        attempt_time: now,
        secrets: &[],
        service_keys: &[],
    });
    let body = request.ok()?.body;
    Some(String::from_utf8(body).unwrap())
}

/// What Node.js prints of each, `None` for an infinite number; nothing where there is no Node.js.
fn printed_by_node(documents: &[String]) -> Option<Vec<Option<String>>> {
    let mut child = Command::new("node")
        .args(["-e", include_str!("ecmascript.cjs")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let lines: Vec<String> = documents
        .iter()
        .map(|document| serde_json::to_string(document).unwrap())
        .collect();
    let mut input = child.stdin.take().unwrap();
    // Node.js reads everything before it writes anything: neither waits for the other.
    input.write_all(lines.join("\n").as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

#[test]
fn thousands_of_documents_are_sent_as_node_prints_them() {
    let documents = documents();
    let Some(printed) = printed_by_node(&documents) else {
        return skip(
            "thousands_of_documents_are_sent_as_node_prints_them",
            "node is not on the path; stored vectors were checked instead",
        );
    };
    assert_eq!(printed.len(), DOCUMENTS);
    let contract = Contract::load(
        "test.toml",
        "name = \"x\"\nsummary = \"x\"\n[body]\nform = \"ecmascript\"\nroot = \"data\"\n[retry]\nladder = []\n",
    )
    .unwrap();
    let mut infinite = 0;
    for (document, printed) in documents.iter().zip(&printed) {
        assert_eq!(&sent(&contract, document), printed, "of {document}");
        infinite += usize::from(printed.is_none());
    }
    assert!(
        (100..DOCUMENTS / 2).contains(&infinite),
        "{infinite} with 1e400"
    );
}
