//! What an editor asks for instead of being told: what is to be said of a document, and of all files of all projects.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::path::PathBuf;

use tokio::sync::oneshot;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{
    Diagnostic as Said, DocumentDiagnosticReport, DocumentDiagnosticReportResult, FullDocumentDiagnosticReport,
    PreviousResultId, RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport,
    UnchangedDocumentDiagnosticReport, Uri, WorkspaceDiagnosticReport, WorkspaceDocumentDiagnosticReport,
    WorkspaceFullDocumentDiagnosticReport, WorkspaceUnchangedDocumentDiagnosticReport,
};

use super::state::{State, Tell, unknown};
use super::{files, say};

/// An answer, or when to ask again: once something more was found out.
pub(super) enum Answered<T> {
    Now(T),
    Later(oneshot::Receiver<()>),
}

impl State {
    /// What is to be said of a document; that nothing changed, where that is so. What is known of another state of the
    /// texts is no answer: it stands at other places.
    pub(super) fn report(
        &mut self,
        uri: &Uri,
        before: Option<&str>,
    ) -> Result<Answered<DocumentDiagnosticReportResult>> {
        let document = self.documents.get(uri).cloned().ok_or_else(|| unknown(uri))?;
        let analysis = self.analysed(&document.root);
        let known = analysis.as_ref().map_or(0, |analysis| analysis.generation);
        let encoding = self.encoding;
        let session = &mut self.project(&document.root).session;
        let now = session.generation();
        // Of a large project, what is typed in is looked at before the whole is.
        let quick = if known == now { None } else { session.quick() };
        let (id, items) = match (quick, analysis) {
            (Some(quick), _) => {
                let sources = &session.parsed().sources;
                let mut found = say::by_file(&document.root, sources, &quick.said, encoding);
                let here = files::address(&document.root, sources, quick.file).as_ref() == Some(uri);
                let items = found.remove(&quick.file).filter(|_| here);
                (format!("{known}.{now}"), items.unwrap_or_default())
            }
            (None, _) if known != now => return Ok(self.later()),
            (None, None) => (format!("{known}"), Vec::new()),
            (None, Some(analysis)) => {
                let found = say::by_file(&document.root, &analysis.sources, &analysis.diagnostics, encoding);
                let mut here = found
                    .into_iter()
                    .filter(|(file, _)| files::address(&document.root, &analysis.sources, *file).as_ref() == Some(uri));
                (format!("{known}"), here.next().map_or_else(Vec::new, |(_, said)| said))
            }
        };
        let report = if before == Some(id.as_str()) {
            DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
                related_documents: None,
                unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: id },
            })
        } else {
            DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
                related_documents: None,
                full_document_diagnostic_report: FullDocumentDiagnosticReport {
                    result_id: Some(id),
                    items,
                },
            })
        };
        Ok(Answered::Now(DocumentDiagnosticReportResult::Report(report)))
    }

    fn later<T>(&mut self) -> Answered<T> {
        let (wake, woken) = oneshot::channel();
        self.waiting.push(wake);
        Answered::Later(woken)
    }

    /// What is to be said of every file of every project, files of which there is nothing to say included. From now on the
    /// editor is told nothing by itself: it would show everything twice.
    pub(super) fn report_all(&mut self, before: &[PreviousResultId]) -> Answered<WorkspaceDiagnosticReport> {
        self.pulls_all = true;
        for uri in self
            .projects
            .values_mut()
            .flat_map(super::state::Project::take_back)
            .collect::<Vec<_>>()
        {
            self.tell(Tell::Diagnostics(uri, Vec::new(), None));
        }
        let before: BTreeMap<&str, &str> = before
            .iter()
            .map(|one| (one.uri.as_str(), one.value.as_str()))
            .collect();
        let roots: Vec<PathBuf> = self.projects.keys().cloned().collect();
        for root in &roots {
            let known = self.analysed(root).map(|analysis| analysis.generation);
            if known != Some(self.project(root).session.generation()) {
                return self.later();
            }
        }
        let mut items = Vec::new();
        for root in roots {
            let Some(analysis) = self.analysed(&root) else { continue };
            let mut found = say::by_file(&root, &analysis.sources, &analysis.diagnostics, self.encoding);
            let own = analysis
                .sources
                .iter()
                .filter(|(_, source)| !source.path.starts_with("std/"));
            for (file, _) in own {
                let Some(uri) = files::address(&root, &analysis.sources, file) else {
                    continue;
                };
                // What an editor holds it asks for by itself, as it is typed.
                let version = self.documents.get(&uri).map(|document| i64::from(document.version));
                let said = found.remove(&file).unwrap_or_default();
                items.push(one(uri, version, said, &before));
            }
        }
        Answered::Now(WorkspaceDiagnosticReport { items })
    }
}

/// The report of one file, which is told apart by what it says.
fn one(
    uri: Uri,
    version: Option<i64>,
    said: Vec<Said>,
    before: &BTreeMap<&str, &str>,
) -> WorkspaceDocumentDiagnosticReport {
    let mut hasher = DefaultHasher::new();
    hasher.write(&serde_json::to_vec(&said).unwrap_or_default());
    let id = format!("{:x}", hasher.finish());
    if before.get(uri.as_str()) == Some(&id.as_str()) {
        return WorkspaceUnchangedDocumentDiagnosticReport {
            uri,
            version,
            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: id },
        }
        .into();
    }
    WorkspaceFullDocumentDiagnosticReport {
        uri,
        version,
        full_document_diagnostic_report: FullDocumentDiagnosticReport {
            result_id: Some(id),
            items: said,
        },
    }
    .into()
}
