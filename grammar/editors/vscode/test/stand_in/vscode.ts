// As much of the module `vscode` as the extension and `vscode-languageclient` ask of it, with a record of what was done.
// An editor cannot be had in a test here, so this is in its place; the client is the real one.

import { Position, Range, TabInputText, type Diagnostic, type Uri } from './values'

export * from './values'

type Listener<T> = (event: T) => unknown

export class Disposable {
  static from(...all: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => all.forEach((one) => one.dispose()))
  }

  constructor(private readonly end: () => unknown) {}

  dispose(): void {
    this.end()
  }
}

export class EventEmitter<T> {
  private listeners: Listener<T>[] = []
  readonly event = (listener: Listener<T>, self?: unknown, disposables?: Disposable[]): Disposable => {
    const bound: Listener<T> = self === undefined ? listener : listener.bind(self)
    this.listeners.push(bound)
    const end = new Disposable(() => (this.listeners = this.listeners.filter((known) => known !== bound)))
    disposables?.push(end)
    return end
  }

  fire(event: T): void {
    for (const listener of this.listeners) listener(event)
  }

  dispose(): void {
    this.listeners = []
  }
}

export class CancellationTokenSource {
  private readonly cancelled = new EventEmitter<void>()
  readonly token = { isCancellationRequested: false, onCancellationRequested: this.cancelled.event }

  cancel(): void {
    this.token.isCancellationRequested = true
    this.cancelled.fire()
  }

  dispose(): void {
    this.cancelled.dispose()
  }
}

export const version = '1.82.0'
export const env = { language: 'en', appName: 'a test', openExternal: () => Promise.resolve(true) }

export class Document {
  version = 1
  isDirty = false

  constructor(
    readonly uri: Uri,
    public languageId: string,
    private text: string,
  ) {}

  getText(): string {
    return this.text
  }

  /** Types a text in place of all that is there. */
  type(text: string): void {
    const lines = this.text.split('\n')
    const end = new Position(lines.length - 1, lines[lines.length - 1]?.length ?? 0)
    const change = { range: new Range(new Position(0, 0), end), rangeOffset: 0, rangeLength: this.text.length, text }
    this.text = text
    this.version += 1
    events.text.fire({ document: this, contentChanges: [change] })
  }
}

export interface Editor {
  document: Document
  selection: { active: Position }
}

export class Panel {
  readonly webview = { html: '' }
  private readonly disposed = new EventEmitter<void>()
  readonly onDidDispose = this.disposed.event
  revealed = 0

  constructor(
    readonly title: string,
    readonly options: Record<string, unknown>,
  ) {}

  reveal(): void {
    this.revealed += 1
  }

  dispose(): void {
    this.disposed.fire()
  }
}

/** What the test sets, and what was done. */
export const state = {
  settings: new Map<string, unknown>(),
  trusted: true,
  languages: ['plaintext', 'rust', 'python', 'pipe'],
  commands: new Map<string, (...given: unknown[]) => unknown>(),
  messages: [] as string[],
  output: [] as string[],
  panels: [] as Panel[],
  contents: new Map<string, { provideTextDocumentContent(uri: Uri): string }>(),
  /** What the client offers the editor: `Hover`, `Rename` and so on. */
  providers: new Map<string, Record<string, (...given: unknown[]) => Promise<unknown>>>(),
  diagnostics: new Map<string, Diagnostic[]>(),
  shown: [] as { uri: string; text: string; language: string }[],
  executed: [] as unknown[][],
  /** What is chosen in the next message. */
  choice: undefined as string | undefined,
}

export const events = {
  text: new EventEmitter<{ document: Document; contentChanges: unknown[] }>(),
  selection: new EventEmitter<{ textEditor: Editor }>(),
  opened: new EventEmitter<Document>(),
  closed: new EventEmitter<Document>(),
  trust: new EventEmitter<void>(),
  configuration: new EventEmitter<{ affectsConfiguration(section: string): boolean }>(),
}

const never = new EventEmitter<never>().event
const nothing = () => new Disposable(() => undefined)

export const workspace = {
  get isTrusted() {
    return state.trusted
  },
  workspaceFolders: undefined,
  textDocuments: [] as Document[],
  notebookDocuments: [],
  getConfiguration: (section?: string) => ({
    get: (name: string, otherwise?: unknown) => {
      const path = section ? `${section}.${name}` : name
      const below = [...state.settings].filter(([known]) => known.startsWith(`${path}.`))
      const group = Object.fromEntries(below.map(([known, value]) => [known.slice(path.length + 1), value]))
      return state.settings.get(path) ?? (below.length > 0 ? group : otherwise)
    },
    inspect: () => undefined,
  }),
  registerTextDocumentContentProvider(scheme: string, provider: { provideTextDocumentContent(uri: Uri): string }) {
    state.contents.set(scheme, provider)
    return new Disposable(() => state.contents.delete(scheme))
  },
  openTextDocument(uri: Uri): Promise<Document> {
    const text = state.contents.get(uri.scheme)?.provideTextDocumentContent(uri) ?? ''
    return Promise.resolve(new Document(uri, 'plaintext', text))
  },
  createFileSystemWatcher: () => ({ onDidCreate: never, onDidChange: never, onDidDelete: never, dispose: nothing }),
  applyEdit: () => Promise.resolve(true),
  onDidChangeTextDocument: events.text.event,
  onDidOpenTextDocument: events.opened.event,
  onDidCloseTextDocument: events.closed.event,
  onDidGrantWorkspaceTrust: events.trust.event,
  onDidChangeConfiguration: events.configuration.event,
  onDidChangeWorkspaceFolders: never,
  onDidSaveTextDocument: never,
  onWillSaveTextDocument: never,
  onDidOpenNotebookDocument: never,
  onDidChangeNotebookDocument: never,
  onDidSaveNotebookDocument: never,
  onDidCloseNotebookDocument: never,
  onDidCreateFiles: never,
  onDidRenameFiles: never,
  onDidDeleteFiles: never,
  onWillCreateFiles: never,
  onWillRenameFiles: never,
  onWillDeleteFiles: never,
}

const say = (message: string) => {
  state.messages.push(message)
  return Promise.resolve(state.choice)
}
const write = (line: string) => state.output.push(line)

export const window = {
  activeTextEditor: undefined as Editor | undefined,
  visibleTextEditors: [],
  /** Each open document has a tab: the client asks for the diagnostics of what can be seen. */
  tabGroups: {
    get all() {
      return [{ tabs: workspace.textDocuments.map(({ uri }) => ({ input: new TabInputText(uri) })) }]
    },
    onDidChangeTabs: (changed: (event: { opened: unknown[]; closed: unknown[] }) => void) =>
      events.opened.event((document) => changed({ opened: [document], closed: [] })),
    onDidChangeTabGroups: never,
  },
  createOutputChannel: () => ({
    append: write,
    appendLine: write,
    info: write,
    error: write,
    show: () => write('(shown)'),
    dispose: () => undefined,
  }),
  createWebviewPanel(_type: string, title: string, _column: unknown, options: Record<string, unknown>): Panel {
    const panel = new Panel(title, options)
    state.panels.push(panel)
    return panel
  },
  showErrorMessage: say,
  showWarningMessage: say,
  showInformationMessage: say,
  showTextDocument(document: Document) {
    state.shown.push({ uri: document.uri.toString(), text: document.getText(), language: document.languageId })
    return Promise.resolve()
  },
  withProgress: (_options: unknown, action: (progress: unknown, token: unknown) => unknown) =>
    Promise.resolve(action({ report: () => undefined }, new CancellationTokenSource().token)),
  onDidChangeActiveTextEditor: never,
  onDidChangeTextEditorSelection: events.selection.event,
}

interface Selector {
  language?: string
  scheme?: string
}

const registered = (name: string) => (_selector: unknown, provider: never) => {
  state.providers.set(name, provider)
  return new Disposable(() => state.providers.delete(name))
}

export const languages = {
  getLanguages: () => Promise.resolve(state.languages),
  setTextDocumentLanguage(document: Document, language: string) {
    document.languageId = language
    return Promise.resolve(document)
  },
  match: (selector: Selector | Selector[], document: Document) =>
    [selector]
      .flat()
      .some(({ language, scheme }) => language === document.languageId && (scheme ?? 'file') === document.uri.scheme)
      ? 10
      : 0,
  createDiagnosticCollection: () => ({
    set: (uri: Uri, found: Diagnostic[] | undefined) => state.diagnostics.set(uri.toString(), found ?? []),
    delete: (uri: Uri) => state.diagnostics.delete(uri.toString()),
    clear: () => state.diagnostics.clear(),
    dispose: () => state.diagnostics.clear(),
  }),
  registerCallHierarchyProvider: registered('CallHierarchy'),
  registerCodeActionsProvider: registered('CodeActions'),
  registerCodeLensProvider: registered('CodeLens'),
  registerColorProvider: registered('Color'),
  registerCompletionItemProvider: registered('CompletionItem'),
  registerDeclarationProvider: registered('Declaration'),
  registerDefinitionProvider: registered('Definition'),
  registerDocumentFormattingEditProvider: registered('DocumentFormatting'),
  registerDocumentHighlightProvider: registered('DocumentHighlight'),
  registerDocumentLinkProvider: registered('DocumentLink'),
  registerDocumentRangeFormattingEditProvider: registered('RangeFormatting'),
  registerDocumentRangeSemanticTokensProvider: registered('RangeSemanticTokens'),
  registerDocumentSemanticTokensProvider: registered('SemanticTokens'),
  registerDocumentSymbolProvider: registered('DocumentSymbol'),
  registerFoldingRangeProvider: registered('FoldingRange'),
  registerHoverProvider: registered('Hover'),
  registerImplementationProvider: registered('Implementation'),
  registerInlayHintsProvider: registered('InlayHints'),
  registerOnTypeFormattingEditProvider: registered('OnTypeFormatting'),
  registerReferenceProvider: registered('Reference'),
  registerRenameProvider: registered('Rename'),
  registerSelectionRangeProvider: registered('SelectionRange'),
  registerSignatureHelpProvider: registered('SignatureHelp'),
  registerTypeDefinitionProvider: registered('TypeDefinition'),
  registerTypeHierarchyProvider: registered('TypeHierarchy'),
  registerWorkspaceSymbolProvider: (provider: never) => registered('WorkspaceSymbol')(undefined, provider),
}

export const commands = {
  registerCommand(name: string, action: (...given: unknown[]) => unknown) {
    state.commands.set(name, action)
    return new Disposable(() => state.commands.delete(name))
  },
  executeCommand(...given: unknown[]) {
    state.executed.push(given)
    return Promise.resolve()
  },
}
