//! TLS for everything that connects: which crypto provider, which roots.

/// Makes ring the crypto provider of this process. Harmless when called again; without it building any client,
/// even one for a Unix socket, panics.
pub fn install_crypto_provider() {
    // An error means that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
