//! Certificates for receivers: an authority of the test's own, and what it signs.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use hookyard::domain::time::Timestamp;
use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;

/// An authority that only this test trusts.
pub(crate) struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
    file: NamedTempFile,
}

impl Authority {
    /// A fresh one.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        // Its own name: a verifier looks an issuer up by name, and must not find another test's.
        let name = hex::encode(&key.public_key_raw()[..16]);
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap();
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(certificate.pem().as_bytes()).unwrap();
        Self {
            certificate,
            issuer: Issuer::new(params, key),
            file,
        }
    }

    /// Its root certificate as a PEM file, for `extra_roots`.
    pub(crate) fn roots_file(&self) -> PathBuf {
        self.file.path().to_owned()
    }

    /// A receiver's side of TLS, valid now, for these names and addresses.
    pub(crate) fn valid(&self, names: &[&str]) -> TlsAcceptor {
        self.issue(&params(names))
    }

    /// The same, valid until the end of May 2041.
    pub(crate) fn valid_until_june_2041(&self, names: &[&str]) -> TlsAcceptor {
        let mut params = params(names);
        params.not_after = rcgen::date_time_ymd(2041, 6, 1);
        self.issue(&params)
    }

    /// The same, valid until `end`, to the second.
    pub(crate) fn valid_until(&self, names: &[&str], end: Timestamp) -> TlsAcceptor {
        let mut params = params(names);
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + end.since(Timestamp::EPOCH);
        self.issue(&params)
    }

    /// The same, but it ran out in 2001.
    pub(crate) fn expired(&self, names: &[&str]) -> TlsAcceptor {
        let mut params = params(names);
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        self.issue(&params)
    }

    /// The same, by a server that speaks TLS 1.2 only.
    pub(crate) fn tls_1_2(&self, names: &[&str]) -> TlsAcceptor {
        let (chain, key) = self.sign(&params(names));
        acceptor(&[&rustls::version::TLS12], chain, &key)
    }

    fn issue(&self, params: &CertificateParams) -> TlsAcceptor {
        let (chain, key) = self.sign(params);
        acceptor(rustls::ALL_VERSIONS, chain, &key)
    }

    fn sign(&self, params: &CertificateParams) -> (Vec<CertificateDer<'static>>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        let chain = vec![leaf.der().clone(), self.certificate.der().clone()];
        (chain, key)
    }
}

/// A certificate that vouches for itself.
pub(crate) fn self_signed(names: &[&str]) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let certificate = params(names).self_signed(&key).unwrap();
    acceptor(rustls::ALL_VERSIONS, vec![certificate.der().clone()], &key)
}

/// The answer of a server that knows nothing above TLS 1.1: its hello, with version 3.2 and an old suite.
pub(crate) fn tls_1_1_hello() -> Vec<u8> {
    let mut hello = vec![3, 2];
    hello.extend_from_slice(&[7; 32]);
    hello.extend_from_slice(&[0, 0, 0x2f, 0]);
    let mut record = vec![22, 3, 2, 0, u8::try_from(hello.len() + 4).unwrap()];
    record.extend_from_slice(&[2, 0, 0, u8::try_from(hello.len()).unwrap()]);
    record.extend_from_slice(&hello);
    record
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

fn acceptor(
    versions: &[&'static SupportedProtocolVersion],
    chain: Vec<CertificateDer<'static>>,
    key: &KeyPair,
) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
