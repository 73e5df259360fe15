// The server: `pipec lsp`, started by the settings, once for the whole window.

import * as vscode from 'vscode'
import { LanguageClient, State, type LanguageClientOptions, type ServerOptions } from 'vscode-languageclient/node'

import { PREVIEW, isPreview, type Kind, type Preview, type PreviewParams } from './protocol'

/** The language of `.pipe` files. */
export const LANGUAGE = 'pipe'

/** The settings of this extension, of which the server reads some itself. */
export const SECTION = 'pipec'

/** How the settings say that the server is started. */
export function command(settings: vscode.WorkspaceConfiguration): ServerOptions {
  return {
    command: settings.get<string>('server.path') || 'pipec',
    args: ['lsp', ...settings.get<string[]>('server.arguments', [])],
    options: { env: { ...process.env, ...settings.get<Record<string, string>>('server.environment', {}) } },
  }
}

/** The running server, or none. */
export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined
  /** Starts and stops wait for each other. */
  private last: Promise<void> = Promise.resolve()

  constructor(private readonly output: vscode.OutputChannel) {}

  start(): Promise<void> {
    return this.queue(() => this.startNow())
  }

  stop(): Promise<void> {
    return this.queue(() => this.stopNow())
  }

  restart(): Promise<void> {
    return this.queue(async () => {
      await this.stopNow()
      await this.startNow()
    })
  }

  /** What the compiler makes of the item at a place; nothing where it makes nothing. */
  async preview(document: vscode.TextDocument, position: vscode.Position, kind: Kind): Promise<Preview | undefined> {
    if (this.client?.state !== State.Running) throw new Error('The server of Pipe does not run.')
    const params: PreviewParams = {
      textDocument: { uri: document.uri.toString() },
      position: { line: position.line, character: position.character },
      kind,
    }
    const answer: unknown = await this.client.sendRequest(PREVIEW, params)
    if (answer === null || answer === undefined) return undefined
    if (!isPreview(answer)) throw new Error('The server of Pipe gave an answer that is no preview.')
    return answer
  }

  dispose(): void {
    void this.stop()
  }

  private queue(action: () => Promise<void>): Promise<void> {
    const next = this.last.then(action)
    this.last = next.catch(() => undefined)
    return next
  }

  private async startNow(): Promise<void> {
    if (this.client || !vscode.workspace.isTrusted) return
    const settings = vscode.workspace.getConfiguration(SECTION)
    const options: LanguageClientOptions = {
      documentSelector: [{ scheme: 'file', language: LANGUAGE }],
      outputChannel: this.output,
      initializationOptions: { inlayHints: settings.get('inlayHints'), codeLens: settings.get('codeLens') },
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- the server takes settings that are sent to it
      synchronize: { configurationSection: SECTION },
    }
    const client = new LanguageClient(SECTION, 'Pipe', command(settings), options)
    this.client = client
    try {
      await client.start()
    } catch (error) {
      this.client = undefined
      await this.couldNotStart(settings, error)
    }
  }

  private async stopNow(): Promise<void> {
    const client = this.client
    this.client = undefined
    if (client && client.state !== State.Stopped) await client.stop()
  }

  private couldNotStart(settings: vscode.WorkspaceConfiguration, error: unknown): Promise<void> {
    const path = settings.get<string>('server.path') || 'pipec'
    const reason = error instanceof Error ? error.message : String(error)
    this.output.appendLine(`\`${path} lsp\` could not be started: ${reason}`)
    const choices = { settings: 'Open Settings', output: 'Show Output' }
    const message = `\`${path} lsp\` could not be started. Install pipec, or say where it is in \`pipec.server.path\`.`
    // Nobody waits for what is chosen: the message may stand there for hours.
    void vscode.window.showErrorMessage(message, choices.settings, choices.output).then((choice) => {
      if (choice === choices.settings) {
        void vscode.commands.executeCommand('workbench.action.openSettings', 'pipec.server.path')
      } else if (choice === choices.output) {
        this.output.show()
      }
    })
    return Promise.resolve()
  }
}
