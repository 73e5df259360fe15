// Generated code, as documents that nobody can edit.

import * as vscode from 'vscode'

import type { Kind, Preview } from './protocol'
import { LANGUAGE, type Server } from './server'

/** The scheme of these documents. */
export const SCHEME = 'pipe-preview'

/** What languages of answers are called here; others keep their name. */
const LANGUAGES: Record<string, string> = { hcl: 'terraform', pyspark: 'python' }

export class Generated implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>()
  readonly onDidChange = this.changed.event
  private readonly texts = new Map<string, string>()
  private readonly registration: vscode.Disposable[]

  constructor(private readonly server: Pick<Server, 'preview'>) {
    this.registration = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument((document) => this.texts.delete(document.uri.toString())),
    ]
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? ''
  }

  /** Shows what the item under the cursor becomes. */
  async show(editor: vscode.TextEditor, kind: Kind): Promise<void> {
    const preview = await this.server.preview(editor.document, editor.selection.active, kind)
    if (!preview) {
      void vscode.window.showInformationMessage(`The item under the cursor becomes no ${kind}.`)
      return
    }
    const uri = address(preview, kind)
    this.texts.set(uri.toString(), preview.text)
    this.changed.fire(uri)
    const document = await vscode.workspace.openTextDocument(uri)
    await vscode.languages.setTextDocumentLanguage(document, await known(preview.language))
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true })
  }

  dispose(): void {
    for (const registration of this.registration) registration.dispose()
    this.changed.dispose()
  }
}

/** One document for each title and kind, so that asking twice replaces what is shown. */
function address(preview: Preview, kind: Kind): vscode.Uri {
  const name = preview.title.replace(/[^\w.-]+/g, '-').replace(/^-+|-+$/g, '') || kind
  return vscode.Uri.from({ scheme: SCHEME, authority: kind, path: `/${name}` })
}

/** A language of this editor: plain text where no extension brings the one that was answered. */
async function known(language: string): Promise<string> {
  const own = LANGUAGES[language] ?? language
  const all = await vscode.languages.getLanguages()
  return [own, language].find((name) => name !== LANGUAGE && all.includes(name)) ?? 'plaintext'
}
