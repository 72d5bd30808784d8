//! The verifier that lets every certificate pass and remembers what was wrong.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use httpwhy_model::{CertProblem, Signal, TlsFacts};
use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::anchors::Roots;
use super::{chain, provider};
use crate::signals;

/// Lets every certificate pass and remembers what was wrong; one for each handshake.
#[derive(Debug)]
pub(super) struct Collecting {
    roots: Arc<Roots>,
    /// Whom the certificate is to be of, whatever name was sent.
    host: ServerName<'static>,
    found: Mutex<chain::Found>,
}

impl Collecting {
    pub(super) fn new(roots: Arc<Roots>, host: ServerName<'static>) -> Self {
        Self {
            roots,
            host,
            found: Mutex::default(),
        }
    }

    /// What was found: the problems, and what the leaf says.
    pub(super) fn found(&self) -> (Vec<Signal>, TlsFacts) {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        (found.problems.clone(), found.leaf.clone())
    }

    /// Notes a handshake signature that does not verify, unless it is the key that the library refuses. A certificate
    /// that it cannot read is noted with the chain.
    fn signature(&self, verified: &Result<HandshakeSignatureValid, Error>) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        match verified {
            Err(Error::InvalidCertificate(CertificateError::BadSignature))
                if !found.has(CertProblem::WeakKey) =>
            {
                found.problems.push(Signal::Cert {
                    problem: CertProblem::BadSignature,
                    detail: vec![("of".into(), "handshake".to_owned())],
                });
            }
            Ok(_) | Err(Error::InvalidCertificate(_)) => {}
            Err(error) => found.problems.push(signals::of_tls(error)),
        }
    }
}

impl ServerCertVerifier for Collecting {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _sent: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = chain::examine(&self.roots, leaf, intermediates, &self.host, now);
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &provider().signature_verification_algorithms;
        self.signature(&verify_tls12_signature(message, leaf, signed, algorithms));
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &provider().signature_verification_algorithms;
        self.signature(&verify_tls13_signature(message, leaf, signed, algorithms));
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Shows the client certificate if there is one, and remembers being asked in vain.
#[derive(Debug)]
pub(super) struct ClientCert {
    key: Option<Arc<CertifiedKey>>,
    wanted: AtomicBool,
}

impl ClientCert {
    pub(super) const fn new(key: Option<Arc<CertifiedKey>>) -> Self {
        Self {
            key,
            wanted: AtomicBool::new(false),
        }
    }

    /// Whether one was asked for and there was none.
    pub(super) fn was_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for ClientCert {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        if self.key.is_none() {
            self.wanted.store(true, Ordering::Relaxed);
        }
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        self.key.is_some()
    }
}
