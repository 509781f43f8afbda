//! A guide, or our facts about it where it is not at hand.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::Value;

use super::cutting::{Block, Call, blocks};

/// What we wrote down ourselves.
static FACTS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../vectors/guides.json")).expect("our facts are JSON")
});

/// One platform's guide.
pub(super) struct Guide {
    /// Its blocks; `None` where the guide is not at hand.
    blocks: Option<Vec<Block>>,
    facts: &'static Value,
}

impl Guide {
    /// The guide of this name.
    pub(super) fn open(name: &str) -> Self {
        let folder = std::env::var_os("HOOKYARD_GUIDES").map(PathBuf::from);
        let text = folder.map(|folder| {
            let file = folder.join(format!("{name}.md"));
            std::fs::read_to_string(&file)
                .unwrap_or_else(|error| panic!("HOOKYARD_GUIDES: {}: {error}", file.display()))
        });
        if text.is_none() {
            let said = writeln!(
                std::io::stderr(),
                "\nHOOKYARD_GUIDES is not set: {name} is tested against facts of our own writing, not its guide"
            );
            said.expect("standard error is open");
        }
        Self {
            blocks: text.as_deref().map(blocks),
            facts: &FACTS[name],
        }
    }

    /// The call that `cut` finds in the guide, else the one of this name in our facts.
    pub(super) fn call(&self, fact: &str, cut: impl FnOnce(&[Block]) -> Option<Call>) -> Call {
        match &self.blocks {
            Some(blocks) => {
                cut(blocks).unwrap_or_else(|| panic!("the guide shows no such call: {fact}"))
            }
            None => Call {
                method: text(&self.facts[fact]["method"]),
                path: text(&self.facts[fact]["path"]),
                body: self.facts[fact]["body"].clone(),
            },
        }
    }

    /// The JSON values that `cut` finds in the guide, else those of this name in our facts; at least one.
    pub(super) fn values(&self, fact: &str, cut: impl Fn(&Block) -> bool) -> Vec<Value> {
        let found: Vec<Value> = match &self.blocks {
            Some(blocks) => blocks
                .iter()
                .filter(|block| block.language == "json" && cut(block))
                .map(|block| serde_json::from_str(&block.text).expect("a block of JSON"))
                .collect(),
            None => self.facts[fact]
                .as_array()
                .expect("a list of facts")
                .clone(),
        };
        assert!(!found.is_empty(), "the guide shows no {fact}");
        found
    }

    /// The code that the guide gives to consumers in this language, if the guide is at hand.
    pub(super) fn code(&self, language: &str) -> Option<String> {
        let blocks = self.blocks.as_ref()?;
        let block = blocks.iter().find(|block| block.language == language);
        Some(block.expect("the guide has code").text.clone())
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a fact that is a text").to_owned()
}
