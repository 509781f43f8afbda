//! What is wrong with a contract's text, gathered while the reading goes on: whoever writes one learns all of it at once.

use super::error::{ContractError, ContractErrors};

/// The faults found so far. A part that cannot be read is `None` from then on, and what depends on it is not judged.
#[derive(Default)]
pub(super) struct Faults {
    found: Vec<ContractError>,
}

impl Faults {
    /// What was read; a refusal is noted and leaves nothing.
    pub(super) fn keep<T>(&mut self, read: Result<T, ContractError>) -> Option<T> {
        read.map_err(|fault| self.found.push(fault)).ok()
    }

    /// A refusal of something that is left out.
    pub(super) fn note(&mut self, fault: ContractError) {
        self.found.push(fault);
    }

    /// All that was read, or nothing if one was refused; every refusal is noted.
    pub(super) fn all<T>(
        &mut self,
        read: impl IntoIterator<Item = Result<T, ContractError>>,
    ) -> Option<Vec<T>> {
        let read: Vec<Option<T>> = read.into_iter().map(|one| self.keep(one)).collect();
        read.into_iter().collect()
    }

    /// What was read of the whole text, if nothing was refused.
    pub(super) fn judge<T>(self, read: Option<T>) -> Result<T, ContractErrors> {
        match read {
            Some(read) if self.found.is_empty() => Ok(read),
            _ => Err(ContractErrors::of(self.found)),
        }
    }
}
