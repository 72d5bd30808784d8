//! Which issuers are trusted, and which certificates are known to be revoked.

use std::sync::{Arc, OnceLock};

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, DnsName, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::provider;
use crate::{Error, Identity, ServerNameSent, TlsOptions, Trust};

/// The trust of a run, shared by all threads. The system's roots are read at the first TLS connection.
#[derive(Debug)]
pub(crate) struct Anchors {
    system: bool,
    extra: Vec<CertificateDer<'static>>,
    lists: Vec<CertificateRevocationListDer<'static>>,
    roots: OnceLock<Arc<Roots>>,
    /// What else TLS with targets is to do.
    pub(super) options: TlsOptions,
    /// The client certificate of those options, ready for use.
    pub(super) identity: Option<Arc<CertifiedKey>>,
}

/// The trusted roots, ready for use.
#[derive(Debug)]
pub(super) struct Roots {
    pub(super) store: Arc<RootCertStore>,
    /// Checks with the revocation lists, when there are any.
    pub(super) revocation: Option<Arc<WebPkiServerVerifier>>,
    /// The system's roots were wanted and there are none: nothing can be said of any issuer.
    pub(super) missing: bool,
}

impl Anchors {
    /// Reads the roots and lists given.
    ///
    /// # Errors
    /// A root that is no certificate, a list that is none or cannot be used, PEM without any, a client certificate that
    /// does not go with its key, a server name that is none.
    pub(crate) fn new(trust: &Trust, options: &TlsOptions) -> Result<Self, Error> {
        let anchors = Self {
            system: trust.system,
            extra: read_all(&trust.roots, "certificate")?,
            lists: read_all(&trust.crls, "revocation list")?,
            roots: OnceLock::new(),
            options: options.clone(),
            identity: options.identity.as_ref().map(read_identity).transpose()?,
        };
        if let ServerNameSent::Other(name) = &options.server_name {
            DnsName::try_from(name.as_str())
                .map_err(|_| Error::new(format_args!("'{name}' is no name for a server")))?;
        }
        let mut store = RootCertStore::empty();
        for root in &anchors.extra {
            store
                .add(root.clone())
                .map_err(|error| Error::new(format_args!("a root given is unusable: {error}")))?;
        }
        for list in &anchors.lists {
            webpki::BorrowedCertRevocationList::from_der(list).map_err(|error| {
                Error::new(format_args!("a revocation list given is unusable: {error}"))
            })?;
        }
        Ok(anchors)
    }

    pub(super) fn roots(&self) -> Arc<Roots> {
        Arc::clone(self.roots.get_or_init(|| Arc::new(self.load())))
    }

    fn load(&self) -> Roots {
        let mut store = RootCertStore::empty();
        if self.system {
            // Roots of the system that cannot be read are as if they were not there.
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        store.add_parsable_certificates(self.extra.iter().cloned());
        let store = Arc::new(store);
        Roots {
            revocation: self.revocation(&store),
            missing: self.system && store.is_empty(),
            store,
        }
    }

    fn revocation(&self, store: &Arc<RootCertStore>) -> Option<Arc<WebPkiServerVerifier>> {
        if self.lists.is_empty() || store.is_empty() {
            return None;
        }
        WebPkiServerVerifier::builder_with_provider(Arc::clone(store), Arc::clone(provider()))
            .with_crls(self.lists.iter().cloned())
            .only_check_end_entity_revocation()
            .enforce_revocation_expiration()
            .build()
            .ok()
    }
}

/// The client certificate with its key.
fn read_identity(identity: &Identity) -> Result<Arc<CertifiedKey>, Error> {
    let chain = read_all(std::slice::from_ref(&identity.chain), "client certificate")?;
    let key = PrivateKeyDer::from_pem_slice(&identity.key).map_err(|error| {
        Error::new(format_args!(
            "the client's private key is unusable: {error}; a PEM key without a passphrase is expected"
        ))
    })?;
    let certified = CertifiedKey::from_der(chain, key, provider()).map_err(|error| {
        Error::new(format_args!(
            "the client certificate and its private key cannot be used: {error}"
        ))
    })?;
    Ok(Arc::new(certified))
}

fn read_all<T: PemObject>(files: &[Vec<u8>], what: &str) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    for file in files {
        let read = T::pem_slice_iter(file)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Error::new(format_args!("a {what} given is unreadable: {error}")))?;
        if read.is_empty() {
            return Err(Error::new(format_args!("no {what} in the PEM text given")));
        }
        all.extend(read);
    }
    Ok(all)
}
