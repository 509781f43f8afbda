//! Cutting out of a guide: its fenced blocks, the calls it shows, the code it gives to consumers.

use serde_json::Value;

/// A fenced block of a Markdown text.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// The headings above it, outermost first.
    pub(super) headings: Vec<String>,
    /// The lines between the heading or the block before it and it.
    pub(super) lead: String,
    /// The word behind the fence; empty for none.
    pub(super) language: String,
    /// What it holds.
    pub(super) text: String,
}

/// A call to the platform's API.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Value,
}

impl Block {
    /// Whether one of the headings above it has this text.
    pub(super) fn is_under(&self, heading: &str) -> bool {
        self.headings.iter().any(|known| known.contains(heading))
    }
}

/// Every fenced block, in order.
pub(super) fn blocks(guide: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut headings: Vec<(usize, String)> = Vec::new();
    let mut lead = String::new();
    let mut open: Option<Block> = None;
    for line in guide.lines() {
        if let Some(fence) = line.trim_start().strip_prefix("```") {
            match open.take() {
                Some(block) => blocks.push(block),
                None => {
                    open = Some(Block {
                        headings: headings.iter().map(|(_, text)| text.clone()).collect(),
                        lead: std::mem::take(&mut lead),
                        language: fence.trim_matches('`').trim().to_owned(),
                        text: String::new(),
                    });
                }
            }
        } else if let Some(block) = &mut open {
            block.text.push_str(line);
            block.text.push('\n');
        } else if line.starts_with('#') {
            let level = line.len() - line.trim_start_matches('#').len();
            headings.retain(|&(above, _)| above < level);
            headings.push((level, line.trim_start_matches('#').trim().to_owned()));
            lead.clear();
        } else {
            lead.push_str(line);
            lead.push('\n');
        }
    }
    blocks
}

/// The call that a `curl` command makes; its host is left out.
pub(super) fn curl(command: &str) -> Call {
    let method = command
        .split_once("-X ")
        .and_then(|(_, rest)| rest.split_whitespace().next())
        .expect("a curl command with -X");
    let url = command
        .split_whitespace()
        .find(|word| word.starts_with("https://"))
        .expect("a curl command with a URL");
    let path = url.splitn(4, '/').nth(3).expect("a URL with a path");
    let (_, body) = command.split_once("-d '").expect("a curl command with -d");
    let (body, _) = body.split_once('\'').expect("a body that ends");
    Call {
        method: method.to_owned(),
        path: format!("/{path}"),
        body: serde_json::from_str(body).expect("a body of JSON"),
    }
}

/// The method and path that a text shows, such as `` `POST /api/v1/hooks` ``.
pub(super) fn request_line(text: &str) -> Option<(String, String)> {
    let methods = ["GET", "POST", "PATCH", "PUT", "DELETE"];
    let mut words = text
        .split(|letter: char| letter.is_whitespace() || letter == '`')
        .filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        if methods.contains(&word) {
            let path = words.next().filter(|path| path.starts_with('/'))?;
            return Some((word.to_owned(), path.to_owned()));
        }
    }
    None
}

#[test]
fn blocks_know_their_headings_lead_and_language() {
    let found = blocks("# A\n## B\nlead `GET /x/{id}`\n```json\n{}\n```\n## C\n````\ntext\n````\n");
    assert_eq!(found.len(), 2);
    assert!(found[0].is_under("A") && found[0].is_under("B"));
    assert_eq!(
        (found[0].language.as_str(), found[0].text.as_str()),
        ("json", "{}\n")
    );
    let line = request_line(&found[0].lead).unwrap();
    assert_eq!(line, ("GET".to_owned(), "/x/{id}".to_owned()));
    assert!(!found[1].is_under("B") && found[1].language.is_empty());
}

#[test]
fn a_curl_command_is_a_call() {
    let call = curl("curl -X POST https://api.example.com/a/b \\\n -H 'x: y' \\\n -d '{\"n\": 1}'");
    assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/a/b"));
    assert_eq!(call.body["n"], 1);
}
