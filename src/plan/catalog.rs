//! The catalogs beside Glue's, that people look datasets up in.
//!
//! It must not know AWS: only what an author says of each.

/// A catalog that datasets, columns, classes and owners are told to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Catalog {
    /// Amazon DataZone, with a domain of the platform's own.
    DataZone {
        /// The domain's name.
        domain: String,
    },
    /// OpenMetadata, wherever it runs.
    OpenMetadata(OpenMetadata),
}

/// A server of OpenMetadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenMetadata {
    /// Where it listens: `https://metadata.example.internal`.
    pub endpoint: String,
    /// The name of the secret with the token that it is called with.
    pub token: Option<String>,
}

impl OpenMetadata {
    /// The port that it listens on.
    pub fn port(&self) -> u32 {
        let (scheme, rest) = self.endpoint.split_once("://").unwrap_or(("https", &self.endpoint));
        let host = rest.split('/').next().unwrap_or_default();
        let usual = if scheme == "http" { 80 } else { 443 };
        let said = host.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        said.unwrap_or(usual)
    }
}
