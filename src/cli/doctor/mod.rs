//! `hookyard doctor`: is this installation sound? Each check is a line with what was found and what to do.
//!
//! - `finding`: what a check says, and the rules that are pure: from numbers to a verdict
//! - `checks`: what is looked at: files, disk, sockets, names
//!
//! **Promises.** Nothing is made, changed or started. No secret is printed: of the key its fingerprint.

mod checks;
mod finding;

use clap::Args;

use super::context::Context;
use super::failure::Failure;
use super::output::{Format, FormatArgs};
use super::serve::SettingArgs;
use crate::config::Config;
use checks::Patient;
use finding::{Finding, Verdict};

/// Check whether this installation is sound.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hookyard doctor --config /etc/hookyard/hookyard.toml\n  hookyard doctor --json\n\n\
                  Run it as the service's user, with the settings that the service has; beside a running service or \
                  without one. It reads the whole database once. Exit code 0: nothing fails (warnings may stand), 1: \
                  something does."
)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    settings: SettingArgs,
    /// A public name that is looked up, to see whether receivers' names can be.
    #[arg(long, value_name = "NAME", default_value = "example.com")]
    look_up: String,
    #[command(flatten)]
    format: FormatArgs,
}

/// Looks at everything and tells.
pub(crate) async fn run(args: DoctorArgs, context: &Context) -> anyhow::Result<()> {
    let findings = match Config::load(&args.settings.sources(context)) {
        Err(errors) => {
            let remedy = "mend that first: everything else follows from it";
            let fault = |line| Finding::fail("configuration", line, remedy);
            errors.lines().map(fault).collect()
        }
        Ok(config) => Patient::new(&config, &args.look_up).examine().await,
    };
    let output = context.output;
    let verdict = |finding: &Finding| match (output.format(args.format), finding.verdict) {
        (Format::Table, Verdict::Ok) => output.good("ok"),
        (Format::Table, Verdict::Fail) => output.bad("FAIL"),
        (_, verdict) => verdict.as_str().to_owned(),
    };
    if output.format(args.format) == Format::Table {
        for finding in &findings {
            let remedy = finding.remedy.as_ref();
            let remedy = remedy.map_or_else(String::new, |remedy| format!(": {remedy}"));
            let text = format!("{}: {}{remedy}", finding.check, finding.text);
            let text = crate::domain::escape::line(&text).into_owned();
            output.print(&format!("{:4}  {text}\n", verdict(finding)))?;
        }
    } else {
        output.list(
            args.format,
            &[
                ("STATE", &|finding: &Finding| verdict(finding)),
                ("CHECK", &|finding| finding.check.to_owned()),
                ("WHAT", &|finding| finding.text.clone()),
                ("REMEDY", &|finding| {
                    finding.remedy.clone().unwrap_or_default()
                }),
            ],
            &findings,
        )?;
    }
    let failing = |finding: &&Finding| finding.verdict == Verdict::Fail;
    match findings.iter().filter(failing).count() {
        0 => Ok(()),
        1 => Err(Failure::failed("one check fails: its line says what to do")),
        several => Err(Failure::failed(format!(
            "{several} checks fail: their lines say what to do"
        ))),
    }
}
