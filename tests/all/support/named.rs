//! A host name that only runs of a test know, and a certificate for it that only they trust.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

use super::cluster::is_root;

/// The name: none that means this machine.
pub(crate) const NAME: &str = "gateway.shop.test";

/// Makes an authority, and a certificate of its own. Both are old enough for machines whose clock is far
/// behind.
const MAKE: &str = r"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=authority \
        -keyout ca.key -out ca.pem
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=gateway -keyout server.key -out server.csr
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 90 -extfile names -out server.pem
";

/// A name, and who may have it.
#[derive(Debug)]
pub(crate) struct Named {
    folder: TempDir,
}

impl Named {
    /// Makes the certificate.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write =
            |name: &str, text: String| fs::write(folder.path().join(name), text).expect("a file can be written");
        write("names", format!("subjectAltName=DNS:{NAME}\n"));
        write("hosts", format!("127.0.0.1 localhost {NAME}\n"));
        let made =
            Command::new("faketime").args(["-f", "-30d", "sh", "-euc", MAKE]).current_dir(folder.path()).output();
        let made = made.expect("faketime can be started");
        assert!(made.status.success(), "openssl makes certificates: {}", String::from_utf8_lossy(&made.stderr));
        Self { folder }
    }

    /// How its owner speaks TLS.
    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        let read = |name: &str| fs::read(self.folder.path().join(name)).expect("a file can be read");
        let certificate = CertificateDer::from_pem_slice(&read("server.pem")).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(&read("server.key")).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has the usual ciphers")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key);
        Arc::new(config.expect("the key is the certificate's"))
    }

    /// The file that names the authority, for `SSL_CERT_FILE`.
    pub(crate) fn authority(&self) -> String {
        self.folder.path().join("ca.pem").display().to_string()
    }

    /// The words before a command that is to know the name: it sees another file of hosts.
    pub(crate) fn words(&self) -> Vec<String> {
        let script = format!("mount --bind '{}' /etc/hosts && exec \"$@\"", self.folder.path().join("hosts").display());
        let namespace: &[&str] = if is_root() { &["--mount"] } else { &["--mount", "--map-root-user"] };
        let words = [&["unshare"], namespace, &["sh", "-c", &script, "sh"]].concat();
        words.into_iter().map(str::to_owned).collect()
    }
}
