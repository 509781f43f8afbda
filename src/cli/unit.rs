//! `hookyard service unit`: the systemd unit that runs this binary.

use std::path::Path;

use clap::{Args, Subcommand};

use super::context::Context;
use super::failure::Failure;

/// Run Hookyard as a service of the operating system.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  hookyard service unit > /etc/systemd/system/hookyard.service")]
pub(crate) struct ServiceArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print a hardened systemd unit for this binary.
    #[command(after_help = "Example:\n  \
        head -c 32 /dev/urandom | base64 | systemd-creds encrypt - /etc/credstore.encrypted/hookyard.key\n  \
        hookyard service unit > /etc/systemd/system/hookyard.service\n  \
        systemctl daemon-reload && systemctl enable --now hookyard")]
    Unit,
}

/// Runs it.
pub(crate) fn run(args: &ServiceArgs, context: &Context) -> anyhow::Result<()> {
    match args.action {
        Action::Unit => {
            let program = std::env::current_exe()?;
            context.output.print(&unit(&program)?)
        }
    }
}

/// The unit. Its user is made by systemd and owns nothing but the state directory.
fn unit(program: &Path) -> anyhow::Result<String> {
    let path = program.to_str().filter(|path| is_plain(path));
    let path = path.ok_or_else(|| {
        Failure::failed(format!(
            "{} cannot stand in a unit: move the binary to a path of letters, digits and /._- such as \
             /usr/local/bin/hookyard",
            program.display()
        ))
    })?;
    Ok(format!(
        "[Unit]\n\
         Description=Hookyard webhook delivery\n\
         Wants=network-online.target\n\
         After=network-online.target\n\
         \n\
         [Service]\n\
         Type=notify\n\
         ExecStart={path} serve --log-format json\n\
         ExecReload=/bin/kill -HUP $MAINPID\n\
         Restart=on-failure\n\
         RestartSec=1s\n\
         WatchdogSec=30s\n\
         # Longer than shutdown_grace: requests in flight may finish.\n\
         TimeoutStopSec=60s\n\
         DynamicUser=yes\n\
         StateDirectory=hookyard\n\
         RuntimeDirectory=hookyard\n\
         UMask=0077\n\
         LimitNOFILE=65536\n\
         Environment=HOOKYARD_DATA_DIR=%S/hookyard HOOKYARD_SOCKET=%t/hookyard/hookyard.sock\n\
         # The key that secrets are sealed with is made in the state directory. To keep it out of there and of its\n\
         # backups, make a credential (hookyard service unit --help shows how) and enable both lines.\n\
         #LoadCredentialEncrypted=hookyard.key\n\
         #Environment=HOOKYARD_KEY_FILE=%d/hookyard.key\n\
         \n\
         AmbientCapabilities=\n\
         CapabilityBoundingSet=\n\
         LockPersonality=yes\n\
         MemoryDenyWriteExecute=yes\n\
         NoNewPrivileges=yes\n\
         PrivateDevices=yes\n\
         PrivateTmp=yes\n\
         ProtectClock=yes\n\
         ProtectControlGroups=yes\n\
         ProtectHome=yes\n\
         ProtectHostname=yes\n\
         ProtectKernelLogs=yes\n\
         ProtectKernelModules=yes\n\
         ProtectKernelTunables=yes\n\
         ProtectProc=invisible\n\
         ProtectSystem=strict\n\
         RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n\
         RestrictNamespaces=yes\n\
         RestrictRealtime=yes\n\
         RestrictSUIDSGID=yes\n\
         SystemCallArchitectures=native\n\
         SystemCallFilter=@system-service\n\
         \n\
         [Install]\n\
         WantedBy=multi-user.target\n"
    ))
}

/// Whether systemd takes the path as it stands: no specifiers, no quotes, no spaces.
fn is_plain(path: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+".contains(letter);
    path.starts_with('/') && path.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_systemd_would_read_otherwise_is_refused() {
        assert!(unit(Path::new("/usr/local/bin/hookyard")).is_ok());
        for path in ["/opt/my apps/hookyard", "/opt/100%/hookyard", "hookyard"] {
            let error = unit(Path::new(path)).unwrap_err().to_string();
            assert_eq!(
                error,
                format!(
                    "{path} cannot stand in a unit: move the binary to a path of letters, digits and /._- such as \
                     /usr/local/bin/hookyard"
                )
            );
        }
    }
}
