//! Open files: each request in flight and each kept connection holds one.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit of open files to the hard one and returns the limit that now holds (`None`: unlimited).
///
/// Called once at start. A limit that cannot be raised is an error which the caller reports and survives.
pub fn raise_open_files_limit() -> io::Result<Option<u64>> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return Ok(limit.current);
    }
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised)?;
    Ok(getrlimit(Resource::Nofile).current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_reaches_the_hard_one() {
        let now = raise_open_files_limit().unwrap();
        assert_eq!(now, getrlimit(Resource::Nofile).maximum);
        assert_eq!(
            raise_open_files_limit().unwrap(),
            now,
            "a second call changes nothing"
        );
    }
}
