//! TLS for outgoing requests: ring, TLS 1.2 and 1.3, the system's roots and those the operator adds.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::{ClientSessionMemoryCache, ClientSessionStore, Resumption};
use rustls::client::{Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::{CertificateError, InvalidMessage, PeerIncompatible};
use rustls::{ClientConfig, NamedGroup, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::probe;
use crate::domain::time::Timestamp;

/// Server names whose sessions are remembered, so that a new connection skips half of the handshake.
const SESSIONS_MAX: usize = 1_024;

/// Why the roots could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of extra roots could not be read.
    #[error("failed to read the extra root certificates in {}", file.display())]
    Unreadable {
        /// The file as configured.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is no PEM text, or a certificate in it is damaged.
    #[error("failed to load the extra root certificates in {}: {reason}; expected PEM certificates", file.display())]
    Invalid {
        /// The file as configured.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The versions or suites do not fit together.
    #[error("failed to set up TLS")]
    Setup(#[from] rustls::Error),
}

/// Makes ring the process's provider of cryptography; harmless when repeated.
///
/// reqwest panics without a provider, so this comes before any of its clients is built.
pub fn install_crypto_provider() {
    // An error means that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The client side of TLS: versions 1.2 and 1.3, certificates verified against `roots`, sessions resumed.
///
/// # Errors
///
/// [`TlsError::Setup`] when rustls rejects its own defaults.
pub(super) fn client_config(roots: RootCertStore) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::store(Arc::new(TimedSessions::new()));
    Ok(config)
}

/// The system's roots and those in `extra`, a list of PEM files.
///
/// A system without roots earns a warning and an HTTPS receiver then a `tls` failure; a service that only speaks
/// to private HTTP receivers must still start.
///
/// # Errors
///
/// [`TlsError::Unreadable`] and [`TlsError::Invalid`] name the file of `extra` that is at fault.
pub fn load_roots(extra: &[PathBuf]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::warn!(%error, "a part of the system's root certificates could not be read");
    }
    let (_, ignored) = roots.add_parsable_certificates(native.certs);
    if ignored > 0 {
        tracing::debug!(ignored, "unusable root certificates of the system left out");
    }
    for file in extra {
        add_file(&mut roots, file)?;
    }
    if roots.is_empty() {
        tracing::warn!(
            "no root certificates found: every https receiver will fail; install ca-certificates or set targets.extra_roots"
        );
    }
    Ok(roots)
}

fn add_file(roots: &mut RootCertStore, file: &Path) -> Result<(), TlsError> {
    let invalid = |reason: String| TlsError::Invalid {
        file: file.to_owned(),
        reason,
    };
    let text = std::fs::read(file).map_err(|source| TlsError::Unreadable {
        file: file.to_owned(),
        source,
    })?;
    let mut found = 0;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| invalid(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| invalid(format!("certificate {}: {error}", found + 1)))?;
        found += 1;
    }
    if found == 0 {
        return Err(invalid("no certificate in it".to_owned()));
    }
    Ok(())
}

/// When the X.509 certificate in `der` runs out (RFC 5280, 4.1.2.5); `None` for what is no certificate.
pub(super) fn certificate_expiry(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    let seconds = certificate.validity().not_after.timestamp();
    Some(Timestamp::from_millis(seconds.saturating_mul(1_000)))
}

/// What `error` means, for the person who has to mend it.
pub(super) fn explain(error: &rustls::Error) -> String {
    let at = |time: UnixTime| {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        Timestamp::from_millis(seconds.saturating_mul(1000)).to_rfc3339_seconds()
    };
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "its certificate is not signed by an authority that is trusted here; targets.extra_roots adds one"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(CertificateError::ExpiredContext {
            not_after, ..
        }) => {
            format!("its certificate expired at {}", at(*not_after))
        }
        rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext {
            not_before,
            ..
        }) => format!("its certificate is not valid before {}", at(*not_before)),
        rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => "it speaks neither TLS 1.2 nor 1.3".to_owned(),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "it does not speak TLS on this port".to_owned()
        }
        other => other.to_string(),
    }
}

/// rustls's session cache, listening for the first question of a handshake: that is when TLS starts.
#[derive(Debug)]
struct TimedSessions {
    inner: ClientSessionMemoryCache,
}

impl TimedSessions {
    fn new() -> Self {
        Self {
            inner: ClientSessionMemoryCache::new(SESSIONS_MAX),
        }
    }
}

impl ClientSessionStore for TimedSessions {
    fn set_kx_hint(&self, server_name: ServerName<'static>, group: NamedGroup) {
        self.inner.set_kx_hint(server_name, group);
    }

    fn kx_hint(&self, server_name: &ServerName<'_>) -> Option<NamedGroup> {
        probe::note(|probe| probe.tls_started());
        self.inner.kx_hint(server_name)
    }

    fn set_tls12_session(&self, server_name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.inner.set_tls12_session(server_name, value);
    }

    fn tls12_session(&self, server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.inner.tls12_session(server_name)
    }

    fn remove_tls12_session(&self, server_name: &ServerName<'static>) {
        self.inner.remove_tls12_session(server_name);
    }

    fn insert_tls13_ticket(
        &self,
        server_name: ServerName<'static>,
        value: Tls13ClientSessionValue,
    ) {
        self.inner.insert_tls13_ticket(server_name, value);
    }

    fn take_tls13_ticket(
        &self,
        server_name: &ServerName<'static>,
    ) -> Option<Tls13ClientSessionValue> {
        self.inner.take_tls13_ticket(server_name)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn installing_the_provider_twice_is_harmless() {
        install_crypto_provider();
        install_crypto_provider();
        assert!(rustls::crypto::CryptoProvider::get_default().is_some());
    }

    #[test]
    fn a_missing_roots_file_is_named() {
        let error = load_roots(&[PathBuf::from("/nowhere/roots.pem")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "failed to read the extra root certificates in /nowhere/roots.pem"
        );
    }

    #[test]
    fn a_roots_file_without_a_certificate_is_named_with_what_was_expected() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"not a certificate\n").unwrap();
        let path = file.path().to_owned();
        let error = load_roots(std::slice::from_ref(&path)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "failed to load the extra root certificates in {}: no certificate in it; expected PEM certificates",
                path.display()
            )
        );
    }

    #[test]
    fn a_damaged_certificate_is_refused() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .unwrap();
        let error = load_roots(&[file.path().to_owned()]).unwrap_err();
        assert!(
            error.to_string().contains("certificate 1: "),
            "unexpected text: {error}"
        );
    }
}
