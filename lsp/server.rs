//! The protocol's methods: each hands its question to the one thread.

use std::sync::mpsc::{Sender, channel};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::*;
use tower_lsp::{Client, LanguageServer};

use super::pull::Answered;
use super::queue::{self, Job};
use super::state::{State, Tell};
use super::text::Encoding;
use super::{answers, files, say, shape};

/// The server as the protocol sees it.
pub(super) struct Backend {
    jobs: Sender<Job<State>>,
    client: Client,
}

impl Backend {
    /// Starts the thread.
    pub(super) fn new(client: Client) -> Self {
        let (jobs, received) = channel();
        let (tell, told) = unbounded_channel();
        let state = State::new(jobs.clone(), tell);
        std::thread::spawn(move || queue::run(state, &received));
        tokio::spawn(pass_on(client.clone(), told));
        Backend { jobs, client }
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut State) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        queue::ask(&self.jobs, question).await
    }

    /// Asks again and again, until what is asked about is found out.
    async fn ask_until<T: Send + 'static>(
        &self,
        question: impl Fn(&mut State) -> Result<Answered<T>> + Clone + Send + 'static,
    ) -> Result<T> {
        loop {
            match self.ask(question.clone()).await? {
                Answered::Now(answer) => return Ok(answer),
                // That it is dropped says it.
                Answered::Later(woken) => _ = woken.await,
            }
        }
    }

    async fn format(&self, uri: Uri, lines: (u32, u32)) -> Result<Option<Vec<TextEdit>>> {
        self.ask(move |state| state.of(&uri, |context, file, _| answers::formatting(context, file, Some(lines))))
            .await
    }

    async fn note(&self, what: impl FnOnce(&mut State) + Send + 'static) {
        let done = self.ask(move |state| {
            what(state);
            Ok(())
        });
        // What fails is logged there.
        let _ = done.await;
    }
}

/// Tells the editor what it did not ask for, in order.
async fn pass_on(client: Client, mut told: UnboundedReceiver<Tell>) {
    let token = ProgressToken::String("pipec/check".to_owned());
    let mut progress = None;
    while let Some(tell) = told.recv().await {
        match tell {
            Tell::Diagnostics(uri, said, version) => client.publish_diagnostics(uri, said, version).await,
            Tell::Log(text) => client.log_message(MessageType::ERROR, text).await,
            Tell::Begin(title) => {
                if client.create_work_done_progress(token.clone()).await.is_ok() {
                    progress = Some(client.progress(token.clone(), title).begin().await);
                }
            }
            Tell::End => {
                if let Some(progress) = progress.take() {
                    progress.finish().await;
                }
            }
            Tell::Refresh => {
                // An editor that cannot is one that asks again by itself.
                let _ = client.workspace_diagnostic_refresh().await;
            }
        }
    }
}

fn capabilities(encoding: Encoding) -> ServerCapabilities {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::INCREMENTAL),
        save: Some(TextDocumentSyncSaveOptions::Supported(true)),
        ..TextDocumentSyncOptions::default()
    };
    ServerCapabilities {
        position_encoding: Some(match encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([".", "@", "\"", "/", "{", "[", ","].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        definition_provider: Some(OneOf::Left(true)),
        type_definition_provider: Some(TypeDefinitionProviderCapability::Simple(true)),
        references_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        })),
        document_formatting_provider: Some(OneOf::Left(true)),
        document_range_formatting_provider: Some(OneOf::Left(true)),
        document_on_type_formatting_provider: Some(DocumentOnTypeFormattingOptions {
            first_trigger_character: "}".to_owned(),
            more_trigger_character: Some(vec!["\n".to_owned()]),
        }),
        document_symbol_provider: Some(OneOf::Left(true)),
        workspace_symbol_provider: Some(OneOf::Left(true)),
        document_highlight_provider: Some(OneOf::Left(true)),
        folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
        selection_range_provider: Some(SelectionRangeProviderCapability::Simple(true)),
        signature_help_provider: Some(SignatureHelpOptions {
            trigger_characters: Some(vec!["(".to_owned(), ",".to_owned()]),
            ..SignatureHelpOptions::default()
        }),
        semantic_tokens_provider: Some(
            SemanticTokensOptions {
                legend: SemanticTokensLegend {
                    token_types: shape::COLOURS.iter().map(|(_, name)| name.clone()).collect(),
                    token_modifiers: vec![SemanticTokenModifier::DECLARATION],
                },
                full: Some(SemanticTokensFullOptions::Delta { delta: Some(true) }),
                range: Some(true),
                ..SemanticTokensOptions::default()
            }
            .into(),
        ),
        inlay_hint_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX, CodeActionKind::REFACTOR]),
            ..CodeActionOptions::default()
        })),
        code_lens_provider: Some(CodeLensOptions {
            resolve_provider: Some(false),
        }),
        call_hierarchy_provider: Some(CallHierarchyServerCapability::Simple(true)),
        document_link_provider: Some(DocumentLinkOptions {
            resolve_provider: Some(false),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        }),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: ["pipec.test", "pipec.rows", "pipec.resources"]
                .map(str::to_owned)
                .to_vec(),
            ..ExecuteCommandOptions::default()
        }),
        diagnostic_provider: Some(DiagnosticServerCapabilities::Options(DiagnosticOptions {
            identifier: Some("pipec".to_owned()),
            inter_file_dependencies: true,
            workspace_diagnostics: true,
            work_done_progress_options: WorkDoneProgressOptions::default(),
        })),
        ..ServerCapabilities::default()
    }
}

fn no_such_command() -> tower_lsp::jsonrpc::Error {
    tower_lsp::jsonrpc::Error::invalid_params("no such command, or not with these arguments")
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let general = params.capabilities.general.as_ref();
        let encodings = general.and_then(|general| general.position_encodings.as_ref());
        let utf8 = encodings.is_some_and(|known| known.contains(&PositionEncodingKind::UTF8));
        let encoding = if utf8 { Encoding::Utf8 } else { Encoding::Utf16 };
        self.note(move |state| state.begin(&params, encoding)).await;
        Ok(InitializeResult {
            capabilities: capabilities(encoding),
            server_info: Some(ServerInfo {
                name: "pipec".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
            ..InitializeResult::default()
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        let watchers = [
            "**/*.pipe",
            "**/*.csv",
            "**/*.jsonl",
            "**/*.json",
            "**/*.parquet",
            "**/*.avro",
            "**/*.py",
        ]
        .map(|glob| FileSystemWatcher {
            glob_pattern: GlobPattern::String(glob.to_owned()),
            kind: None,
        });
        let options = DidChangeWatchedFilesRegistrationOptions {
            watchers: watchers.to_vec(),
        };
        let watches = self.ask(|state| Ok(state.watches)).await.unwrap_or(false);
        if let (true, Ok(options)) = (watches, serde_json::to_value(options)) {
            let registration = Registration {
                id: "pipec/files".to_owned(),
                method: "workspace/didChangeWatchedFiles".to_owned(),
                register_options: Some(options),
            };
            // An editor that refuses tells of its own files only.
            let _ = self.client.register_capability(vec![registration]).await;
        }
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        self.note(move |state| state.open(document.uri, document.version, &document.text))
            .await;
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let document = params.text_document;
        self.note(move |state| state.change(&document.uri, document.version, params.content_changes))
            .await;
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.note(move |state| state.close(&params.text_document.uri)).await;
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        self.note(move |state| {
            if let Some(path) = files::path_of(&params.text_document.uri) {
                state.outside(&path);
            }
        })
        .await;
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        self.note(move |state| {
            let paths = params.changes.iter().filter_map(|change| files::path_of(&change.uri));
            paths.for_each(|path| state.outside(&path));
        })
        .await;
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        self.note(move |state| state.settings.read(&params.settings)).await;
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let at = params.text_document_position_params;
        self.ask(move |state| {
            state.at(&at.text_document.uri, at.position, |context, place, around| {
                let found = context.hover(place)?;
                Some(answers::hover(context, around, found))
            })
        })
        .await
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        let at = params.text_document_position;
        self.ask(move |state| {
            let snippets = state.snippets;
            state.at(&at.text_document.uri, at.position, |context, place, around| {
                let found = context.complete(place).into_iter();
                let items = found.map(|item| answers::completion(context, around, item, snippets));
                Some(CompletionResponse::Array(items.collect()))
            })
        })
        .await
    }

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        let at = params.text_document_position_params;
        self.ask(move |state| {
            let links = state.links;
            state.at(&at.text_document.uri, at.position, |context, place, around| {
                let (from, target) = context.definition(place)?;
                let link = answers::link(context, around, from, &target)?;
                Some(answers::definition(link, links))
            })
        })
        .await
    }

    async fn goto_type_definition(
        &self,
        params: request::GotoTypeDefinitionParams,
    ) -> Result<Option<request::GotoTypeDefinitionResponse>> {
        let at = params.text_document_position_params;
        self.ask(move |state| {
            state.at(&at.text_document.uri, at.position, |context, place, around| {
                let span = context.type_definition(place)?;
                let location = say::location(around.root, context.sources, span, around.encoding)?;
                Some(GotoDefinitionResponse::Scalar(location))
            })
        })
        .await
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        let at = params.text_document_position;
        let declared = params.context.include_declaration;
        self.ask(move |state| {
            state.at(&at.text_document.uri, at.position, |context, place, around| {
                let all = context.references(place).into_iter();
                let wanted = all.filter(|mention| declared || !mention.declares);
                let places =
                    wanted.filter_map(|m| say::location(around.root, context.sources, m.span, around.encoding));
                Some(places.collect())
            })
        })
        .await
    }

    async fn prepare_rename(&self, at: TextDocumentPositionParams) -> Result<Option<PrepareRenameResponse>> {
        self.ask(move |state| {
            state.at(&at.text_document.uri, at.position, |context, place, around| {
                let span = context.renamable(place)?;
                let range = say::range(context.sources, span, around.encoding);
                Some(PrepareRenameResponse::Range(range))
            })
        })
        .await
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        let at = params.text_document_position;
        let name = params.new_name;
        self.ask(move |state| {
            let edits = state.at(&at.text_document.uri, at.position, |context, place, around| {
                let edits = context.rename(place, &name)?;
                Ok(answers::edits(context, around, edits))
            })?;
            edits
                .map(Some)
                .map_err(tower_lsp::jsonrpc::Error::invalid_params::<String>)
        })
        .await
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        self.ask(move |state| {
            state.of(&params.text_document.uri, |context, file, _| {
                answers::formatting(context, file, None)
            })
        })
        .await
    }

    async fn range_formatting(&self, params: DocumentRangeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        let lines = (params.range.start.line, params.range.end.line);
        self.format(params.text_document.uri, lines).await
    }

    async fn on_type_formatting(&self, params: DocumentOnTypeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        let at = params.text_document_position;
        // The line that was left; the one that is typed in stays as it is.
        let last = if params.ch == "\n" {
            at.position.line.saturating_sub(1)
        } else {
            at.position.line
        };
        self.format(at.text_document.uri, (last, last)).await
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        let (uri, before) = (params.text_document.uri, params.previous_result_id);
        self.ask_until(move |state| state.report(&uri, before.as_deref())).await
    }

    async fn workspace_diagnostic(&self, params: WorkspaceDiagnosticParams) -> Result<WorkspaceDiagnosticReportResult> {
        let before = params.previous_result_ids;
        self.ask_until(move |state| Ok(state.report_all(&before)))
            .await
            .map(Into::into)
    }

    async fn document_symbol(&self, params: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        self.ask(move |state| {
            state.of(&params.text_document.uri, |context, file, around| {
                let all = context.outline(file).into_iter();
                let all = all.map(|item| shape::symbol(context, around, item));
                Some(DocumentSymbolResponse::Nested(all.collect()))
            })
        })
        .await
    }

    async fn symbol(&self, params: WorkspaceSymbolParams) -> Result<Option<WorkspaceSymbolResponse>> {
        self.ask(move |state| Ok(Some(WorkspaceSymbolResponse::Nested(state.symbols(&params.query)))))
            .await
    }

    async fn document_highlight(&self, params: DocumentHighlightParams) -> Result<Option<Vec<DocumentHighlight>>> {
        let at = params.text_document_position_params;
        self.ask(move |state| {
            state.at(&at.text_document.uri, at.position, |context, place, around| {
                let here = context
                    .references(place)
                    .into_iter()
                    .filter(|mention| mention.span.file == place.file);
                let all = here.map(|mention| DocumentHighlight {
                    range: say::range(context.sources, mention.span, around.encoding),
                    kind: Some(match mention.declares {
                        true => DocumentHighlightKind::WRITE,
                        false => DocumentHighlightKind::READ,
                    }),
                });
                Some(all.collect())
            })
        })
        .await
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        self.ask(move |state| {
            state.of(&params.text_document.uri, |context, file, _| {
                Some(shape::folds(context, file))
            })
        })
        .await
    }

    async fn selection_range(&self, params: SelectionRangeParams) -> Result<Option<Vec<SelectionRange>>> {
        self.ask(move |state| {
            let uri = &params.text_document.uri;
            let one = |position: &Position| {
                state.at(uri, *position, |context, place, around| {
                    shape::selection(context, around, place)
                })
            };
            params.positions.iter().map(one).collect::<Result<Vec<_>>>().map(Some)
        })
        .await
    }

    async fn signature_help(&self, params: SignatureHelpParams) -> Result<Option<SignatureHelp>> {
        let at = params.text_document_position_params;
        self.ask(move |state| {
            state.at(&at.text_document.uri, at.position, |context, place, _| {
                context.signatures(place).map(shape::signatures)
            })
        })
        .await
    }

    async fn semantic_tokens_full(&self, params: SemanticTokensParams) -> Result<Option<SemanticTokensResult>> {
        self.ask(move |state| {
            let tokens = state.colours(&params.text_document.uri)?;
            Ok(Some(SemanticTokensResult::Tokens(tokens)))
        })
        .await
    }

    async fn semantic_tokens_full_delta(
        &self,
        params: SemanticTokensDeltaParams,
    ) -> Result<Option<SemanticTokensFullDeltaResult>> {
        self.ask(move |state| {
            let found = state.colours_since(&params.text_document.uri, &params.previous_result_id)?;
            Ok(Some(found))
        })
        .await
    }

    async fn semantic_tokens_range(
        &self,
        params: SemanticTokensRangeParams,
    ) -> Result<Option<SemanticTokensRangeResult>> {
        self.ask(move |state| {
            let tokens = state.colours_within(&params.text_document.uri, params.range)?;
            Ok(Some(SemanticTokensRangeResult::Tokens(tokens)))
        })
        .await
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        self.ask(move |state| {
            if !state.settings.inlay_hints {
                return Ok(None);
            }
            state.of(&params.text_document.uri, |context, file, around| {
                Some(shape::hints(context, around, file, params.range))
            })
        })
        .await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        self.ask(move |state| state.actions(&params).map(Some)).await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        self.ask(move |state| {
            if !state.settings.code_lens {
                return Ok(None);
            }
            let uri = params.text_document.uri;
            state.of(&uri, |context, file, around| {
                let all = context.lenses(file).into_iter();
                Some(all.map(|lens| shape::lens(context, around, &uri, lens)).collect())
            })
        })
        .await
    }

    async fn prepare_call_hierarchy(
        &self,
        params: CallHierarchyPrepareParams,
    ) -> Result<Option<Vec<CallHierarchyItem>>> {
        let at = params.text_document_position_params;
        self.ask(move |state| {
            state.at(&at.text_document.uri, at.position, |context, place, around| {
                let station = context.station(place)?;
                Some(vec![shape::station(context, around, &station)?])
            })
        })
        .await
    }

    async fn incoming_calls(
        &self,
        params: CallHierarchyIncomingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyIncomingCall>>> {
        self.ask(move |state| {
            let item = params.item;
            let found = state.hierarchy(&item, false)?.into_iter();
            let call = |(from, range)| CallHierarchyIncomingCall {
                from,
                from_ranges: vec![range],
            };
            Ok(Some(found.map(call).collect()))
        })
        .await
    }

    async fn outgoing_calls(
        &self,
        params: CallHierarchyOutgoingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyOutgoingCall>>> {
        self.ask(move |state| {
            let item = params.item;
            let found = state.hierarchy(&item, true)?.into_iter();
            let call = |(to, range)| CallHierarchyOutgoingCall {
                to,
                from_ranges: vec![range],
            };
            Ok(Some(found.map(call).collect()))
        })
        .await
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        self.ask(move |state| {
            state.of(&params.text_document.uri, |context, file, around| {
                let link = |(span, path): (crate::base::Span, String)| {
                    Some(DocumentLink {
                        range: say::range(context.sources, span, around.encoding),
                        target: Some(files::address_of(around.root, &path)?),
                        tooltip: None,
                        data: None,
                    })
                };
                Some(context.links(file).into_iter().filter_map(link).collect())
            })
        })
        .await
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        let text = |at: usize| {
            params
                .arguments
                .get(at)
                .and_then(|value| value.as_str())
                .map(str::to_owned)
        };
        let (uri, name) = (text(0).and_then(|uri| uri.parse::<Uri>().ok()), text(1));
        let (Some(uri), Some(name)) = (uri, name) else {
            return Err(no_such_command());
        };
        let said = match params.command.as_str() {
            "pipec.test" => self.ask(move |state| state.run_test(&uri, &name)).await?,
            "pipec.rows" => {
                let run = self.ask(move |state| state.run_rows(&uri, &name)).await?;
                // It takes as long as its samples are long, and nobody is to wait for it.
                let found = tokio::task::spawn_blocking(run).await;
                found.map_err(|_| tower_lsp::jsonrpc::Error::internal_error())??
            }
            "pipec.resources" => self.ask(move |state| state.resources(&uri, &name)).await?,
            _ => return Err(no_such_command()),
        };
        self.client.show_message(MessageType::INFO, &said).await;
        Ok(Some(LSPAny::String(said)))
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        self.note(move |state| {
            for folder in params.event.removed {
                if let Some(path) = files::path_of(&folder.uri) {
                    state.remove_folder(&path);
                }
            }
            let added = params.event.added.iter();
            let added = added.filter_map(|folder| files::path_of(&folder.uri));
            added.for_each(|path| state.add_folder(path));
        })
        .await;
    }
}
