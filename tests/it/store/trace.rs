//! What a traced program asked of its disk, and what a disk would hold that keeps only what was synced.
//!
//! Reads the lines of `strace -f -y -xx -s 1000000 -e trace=lseek,write,pwrite64,fsync,fdatasync,ftruncate`.

use std::collections::{BTreeMap, HashMap};

/// One thing that the program asked, in the order in which it was done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Bytes at a place of a file; done, not yet safe.
    Write {
        path: String,
        offset: usize,
        bytes: Vec<u8>,
    },
    /// A file cut or stretched; done, not yet safe.
    Resize { path: String, length: usize },
    /// What was done to a file before the operation number `began` is safe now.
    Sync { path: String, began: usize },
    /// A line that the program wrote down for others to rely on.
    Told(String),
}

/// What becomes of changes that were not synced when the power goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unsynced {
    /// None reached the disk.
    Lost,
    /// Some did and some did not, as this number has it.
    Torn(u64),
}

/// Reads a trace. Writes to the file `told` are lines for others to rely on.
pub(crate) fn read(trace: &str, told: &str) -> Vec<Op> {
    let mut reader = Reader {
        told: told.to_owned(),
        ..Reader::default()
    };
    for line in trace.lines() {
        reader.line(line);
    }
    reader.ops
}

#[derive(Default)]
struct Reader {
    told: String,
    ops: Vec<Op>,
    /// Calls in progress by thread: what was printed of them, and how many operations there were when they began.
    begun: HashMap<String, (String, usize)>,
    /// Where the next write through a file descriptor goes.
    places: HashMap<String, usize>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let Some((thread, rest)) = line.split_once(' ') else {
            return;
        };
        let rest = rest.trim_start();
        if let Some(begin) = rest.strip_suffix(" <unfinished ...>") {
            let begun = (begin.to_owned(), self.ops.len());
            self.begun.insert(thread.to_owned(), begun);
            self.begin(begin);
        } else if let Some((_, end)) = rest.split_once(" resumed>") {
            if let Some((begin, began)) = self.begun.remove(thread) {
                self.done(&format!("{begin}{end}"), began);
            }
        } else {
            self.begin(rest);
            self.done(rest, self.ops.len());
        }
    }

    /// A line for others counts from the moment when it is asked for: somebody may read it before the call is over.
    fn begin(&mut self, call: &str) {
        if let Some((name, path, _, arguments)) = parts(call)
            && name == "write"
            && path.ends_with(&self.told)
        {
            let bytes = quoted(arguments);
            self.ops.push(Op::Told(String::from_utf8(bytes).unwrap()));
        }
    }

    fn done(&mut self, call: &str, began: usize) {
        let Some((name, path, descriptor, arguments)) = parts(call) else {
            return;
        };
        let Some(result) = result(call) else {
            return;
        };
        if path.ends_with(&self.told) {
            return;
        }
        match name {
            "lseek" => {
                self.places.insert(descriptor, result);
            }
            "write" | "pwrite64" => {
                let offset = if name == "write" {
                    self.places.get(&descriptor).copied().unwrap_or(0)
                } else {
                    number_after_quotes(arguments)
                };
                let mut bytes = quoted(arguments);
                bytes.truncate(result);
                self.places.insert(descriptor, offset + result);
                self.ops.push(Op::Write {
                    path,
                    offset,
                    bytes,
                });
            }
            "ftruncate" => {
                let length = arguments.trim_start_matches([',', ' ']);
                let length = length.split(')').next().unwrap().parse().unwrap();
                self.ops.push(Op::Resize { path, length });
            }
            "fsync" | "fdatasync" => self.ops.push(Op::Sync { path, began }),
            other => panic!("the trace holds {other}, which nobody asked for"),
        }
    }
}

/// Name, path, descriptor and the arguments behind them of `name(3<path>, …`.
fn parts(call: &str) -> Option<(&str, String, String, &str)> {
    let (name, rest) = call.split_once('(')?;
    let (descriptor, rest) = rest.split_once('<')?;
    let (path, arguments) = rest.split_once('>')?;
    let path = String::from_utf8(unhex(path)).ok()?;
    Some((name, path, descriptor.to_owned(), arguments))
}

/// What the call returned; `None` for an error.
fn result(call: &str) -> Option<usize> {
    let (_, result) = call.rsplit_once(" = ")?;
    result.split(' ').next()?.parse().ok()
}

fn quoted(arguments: &str) -> Vec<u8> {
    let text = arguments.split('"').nth(1).unwrap_or("");
    unhex(text)
}

/// The offset of `pwrite64(fd, "…", length, offset)`.
fn number_after_quotes(arguments: &str) -> usize {
    let behind = arguments.rsplit('"').next().unwrap();
    let offset = behind.split(',').nth(2).unwrap().trim();
    offset.split(')').next().unwrap().parse().unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    text.split("\\x")
        .skip(1)
        .map(|digits| u8::from_str_radix(digits, 16).unwrap())
        .collect()
}

/// What files hold after the power went just before `ops[until]`, by path. Syncs from `ops[broken]` on are taken for
/// ones that did nothing.
pub(crate) fn after_power_cut(
    ops: &[Op],
    until: usize,
    broken: usize,
    unsynced: Unsynced,
) -> BTreeMap<String, Vec<u8>> {
    let mut files: BTreeMap<String, (Vec<u8>, Vec<usize>)> = BTreeMap::new();
    for (index, op) in ops[..until].iter().enumerate() {
        match op {
            Op::Write { path, .. } | Op::Resize { path, .. } => {
                files.entry(path.clone()).or_default().1.push(index);
            }
            Op::Sync { path, began } if index < broken => {
                let (safe, waiting) = files.entry(path.clone()).or_default();
                let later = waiting.partition_point(|change| change < began);
                for change in waiting.drain(..later) {
                    apply(&ops[change], safe);
                }
            }
            Op::Sync { .. } | Op::Told(_) => {}
        }
    }
    let keep = |index: usize| match unsynced {
        Unsynced::Lost => false,
        Unsynced::Torn(seed) => {
            let mixed = (seed ^ index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed >> 63 == 1
        }
    };
    files
        .into_iter()
        .map(|(path, (mut safe, waiting))| {
            for change in waiting.into_iter().filter(|&change| keep(change)) {
                apply(&ops[change], &mut safe);
            }
            (path, safe)
        })
        .collect()
}

fn apply(op: &Op, file: &mut Vec<u8>) {
    match op {
        Op::Write { offset, bytes, .. } => {
            let end = offset + bytes.len();
            if file.len() < end {
                file.resize(end, 0);
            }
            file[*offset..end].copy_from_slice(bytes);
        }
        Op::Resize { length, .. } => file.resize(*length, 0),
        Op::Sync { .. } | Op::Told(_) => {}
    }
}

#[test]
fn only_what_was_done_before_a_sync_began_is_safe() {
    let hex =
        |text: &str| -> String { text.bytes().map(|byte| format!("\\x{byte:02x}")).collect() };
    let (file, told) = (hex("/d/a"), hex("/d/told"));
    let trace = format!(
        "7 write(3<{file}>, \"{}\", 2) = 2\n\
         7 fsync(3<{file}> <unfinished ...>\n\
         8 lseek(4<{file}>, 1, SEEK_SET) = 1\n\
         8 write(4<{file}>, \"{}\", 2) = 2\n\
         7 <... fsync resumed>) = 0\n\
         7 write(5<{told}>, \"{}\", 3 <unfinished ...>\n\
         7 <... write resumed>) = 3\n\
         8 ftruncate(4<{file}>, 9) = 0\n",
        hex("ab"),
        hex("xy"),
        hex("ok\n"),
    );
    let ops = read(&trace, "/told");
    assert_eq!(ops[3], Op::Told("ok\n".to_owned()));
    let safe = |broken| after_power_cut(&ops, ops.len(), broken, Unsynced::Lost);
    assert_eq!(safe(ops.len())["/d/a"], b"ab");
    assert_eq!(safe(2)["/d/a"], b"");
    assert!(matches!(&ops[4], Op::Resize { length: 9, .. }));
}
