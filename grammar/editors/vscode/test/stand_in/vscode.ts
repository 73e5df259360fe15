// As much of the module `vscode` as the extension asks of it, with a record of what it did. The editor itself cannot be
// had in a test here; what is typed against the real declarations (`tsc`) and runs against this is what is tested.

import { pathToFileURL } from 'node:url'

export class Uri {
  private constructor(
    readonly scheme: string,
    readonly authority: string,
    readonly path: string,
  ) {}

  static from(parts: { scheme: string; authority?: string; path?: string }): Uri {
    return new Uri(parts.scheme, parts.authority ?? '', parts.path ?? '')
  }

  static file(path: string): Uri {
    return new Uri('file', '', pathToFileURL(path).pathname)
  }

  toString(): string {
    return `${this.scheme}://${this.authority}${this.path}`
  }
}

export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}
}

type Listener<T> = (event: T) => unknown

export class EventEmitter<T> {
  private listeners: Listener<T>[] = []
  readonly event = (listener: Listener<T>): { dispose(): void } => {
    this.listeners.push(listener)
    return { dispose: () => (this.listeners = this.listeners.filter((known) => known !== listener)) }
  }

  fire(event: T): void {
    for (const listener of this.listeners) listener(event)
  }

  dispose(): void {
    this.listeners = []
  }
}

export enum ViewColumn {
  Beside = -2,
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
  providers: new Map<string, { provideTextDocumentContent(uri: Uri): string }>(),
  shown: [] as { uri: string; text: string; language: string }[],
  executed: [] as unknown[][],
  /** What is chosen in the next message. */
  choice: undefined as string | undefined,
}

export const events = {
  text: new EventEmitter<{ document: Document }>(),
  selection: new EventEmitter<{ textEditor: Editor }>(),
  closed: new EventEmitter<Document>(),
  trust: new EventEmitter<void>(),
  configuration: new EventEmitter<{ affectsConfiguration(section: string): boolean }>(),
}

export interface Document {
  uri: Uri
  languageId: string
  getText(): string
}

export interface Editor {
  document: Document
  selection: { active: Position }
}

export class Panel {
  readonly webview = { html: '' }
  readonly disposed = new EventEmitter<void>()
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

export const workspace = {
  get isTrusted() {
    return state.trusted
  },
  getConfiguration: (section: string) => ({
    get: (name: string, otherwise?: unknown) => state.settings.get(`${section}.${name}`) ?? otherwise,
  }),
  registerTextDocumentContentProvider(scheme: string, provider: { provideTextDocumentContent(uri: Uri): string }) {
    state.providers.set(scheme, provider)
    return { dispose: () => state.providers.delete(scheme) }
  },
  openTextDocument(uri: Uri): Promise<Document> {
    const text = state.providers.get(uri.scheme)?.provideTextDocumentContent(uri) ?? ''
    return Promise.resolve({ uri, languageId: 'plaintext', getText: () => text })
  },
  onDidChangeTextDocument: events.text.event,
  onDidCloseTextDocument: events.closed.event,
  onDidGrantWorkspaceTrust: events.trust.event,
  onDidChangeConfiguration: events.configuration.event,
}

const say = (message: string) => {
  state.messages.push(message)
  return Promise.resolve(state.choice)
}

export const window = {
  activeTextEditor: undefined as Editor | undefined,
  createOutputChannel: () => ({
    appendLine: (line: string) => state.output.push(line),
    show: () => state.output.push('(shown)'),
    dispose: () => undefined,
  }),
  createWebviewPanel(_type: string, title: string, _column: unknown, options: Record<string, unknown>): Panel {
    const panel = new Panel(title, options)
    state.panels.push(panel)
    return panel
  },
  showErrorMessage: say,
  showInformationMessage: say,
  showTextDocument(document: Document) {
    state.shown.push({ uri: document.uri.toString(), text: document.getText(), language: document.languageId })
    return Promise.resolve()
  },
  onDidChangeTextEditorSelection: events.selection.event,
}

export const languages = {
  getLanguages: () => Promise.resolve(state.languages),
  setTextDocumentLanguage(document: Document, language: string) {
    document.languageId = language
    return Promise.resolve(document)
  },
}

export const commands = {
  registerCommand(name: string, action: (...given: unknown[]) => unknown) {
    state.commands.set(name, action)
    return { dispose: () => state.commands.delete(name) }
  },
  executeCommand(...given: unknown[]) {
    state.executed.push(given)
    return Promise.resolve()
  },
}
