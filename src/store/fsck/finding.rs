//! What a check finds, and the report of it.

use super::mend::Mend;

/// Findings that are kept to be told; more are counted. Whoever has that many needs a backup, not a longer list.
pub const FINDINGS_KEPT_MAX: usize = 10_000;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// SQLite finds the file itself damaged, or a row that breaks a rule of its table.
    File,
    /// A counter of the ledger does not agree with the rows it counts.
    Ledger,
    /// A row whose owner does not exist.
    Ownerless,
    /// A row that says what cannot be.
    Impossible,
    /// Nothing is wrong: something is on its way, and the service sees to it.
    Remark,
}

impl FindingKind {
    /// The word in JSON and on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Ledger => "ledger",
            Self::Ownerless => "ownerless",
            Self::Impossible => "impossible",
            Self::Remark => "remark",
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub kind: FindingKind,
    /// Whom it is about: an id, a day, a table.
    pub subject: String,
    /// What is wrong, in a sentence; untrusted parts are not escaped.
    pub text: String,
    /// How it can be mended safely, where it can.
    pub(super) mend: Option<Mend>,
}

impl Finding {
    /// Whether it can be mended safely.
    pub const fn can_be_mended(&self) -> bool {
        self.mend.is_some()
    }
}

/// What was found, and in how much.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FsckReport {
    /// The findings, at most [`FINDINGS_KEPT_MAX`].
    pub findings: Vec<Finding>,
    /// Differences found: those of the findings that are no remarks, and those beyond the most that are kept.
    pub differences: u64,
    /// Of them, those that can be mended.
    pub mendable: u64,
    /// Events looked at.
    pub events: u64,
    /// Deliveries looked at.
    pub deliveries: u64,
    /// Attempts looked at.
    pub attempts: u64,
    /// Endpoints looked at, deleted ones included.
    pub endpoints: u64,
    /// Days of the ledger looked at.
    pub days: u64,
}

impl FsckReport {
    /// Whether nothing is wrong; remarks may be there.
    pub const fn is_sound(&self) -> bool {
        self.differences == 0
    }

    /// Notes a finding.
    pub(super) fn found(&mut self, finding: Finding) {
        if finding.kind != FindingKind::Remark {
            self.differences += 1;
            self.mendable += u64::from(finding.can_be_mended());
        }
        if self.findings.len() < FINDINGS_KEPT_MAX {
            self.findings.push(finding);
        }
    }
}
