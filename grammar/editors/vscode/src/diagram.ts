// The diagram, in a panel beside the editor. It follows the text and the cursor.

import { randomBytes } from 'node:crypto'
import * as vscode from 'vscode'

import { page } from './page'
import { LANGUAGE, SECTION, type Server } from './server'

/** How long typing must rest before the diagram is drawn again, in milliseconds. */
const REST = 300

export class Diagram implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly listeners: readonly vscode.Disposable[]
  /** Counts requests, so that a late answer does not replace a newer one. */
  private asked = 0
  private place: { document: vscode.TextDocument; position: vscode.Position } | undefined

  constructor(private readonly server: Pick<Server, 'preview'>) {
    this.listeners = [
      vscode.workspace.onDidChangeTextDocument((change) => {
        if (change.document === this.place?.document) this.soon()
      }),
      vscode.window.onDidChangeTextEditorSelection((change) => {
        if (change.textEditor.document.languageId === LANGUAGE) this.follow(change.textEditor)
      }),
    ]
  }

  /** Opens the panel, or brings it to the front. */
  async show(editor: vscode.TextEditor): Promise<void> {
    this.place = { document: editor.document, position: editor.selection.active }
    if (this.panel) {
      this.panel.reveal(vscode.ViewColumn.Beside, true)
    } else {
      this.panel = vscode.window.createWebviewPanel(
        'pipe.diagram',
        'Diagram',
        { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
        { enableScripts: false, enableForms: false, localResourceRoots: [] },
      )
      this.panel.onDidDispose(() => {
        this.panel = undefined
        clearTimeout(this.timer)
      })
    }
    await this.draw()
  }

  dispose(): void {
    clearTimeout(this.timer)
    for (const listener of this.listeners) listener.dispose()
    this.panel?.dispose()
  }

  private follow(editor: vscode.TextEditor): void {
    const { active } = editor.selection
    const same = this.place?.document === editor.document && this.place.position.line === active.line
    this.place = { document: editor.document, position: active }
    if (!same) this.soon()
  }

  private soon(): void {
    const wanted = vscode.workspace.getConfiguration(SECTION).get<boolean>('preview.refresh', true)
    if (!this.panel || !wanted) return
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.draw(), REST)
  }

  private async draw(): Promise<void> {
    const { panel, place } = this
    if (!panel || !place) return
    const mine = ++this.asked
    const nonce = randomBytes(16).toString('base64')
    const html = await this.server.preview(place.document, place.position, 'diagram').then(
      (preview) => page(preview, preview ? '' : 'There is nothing to draw yet.', nonce),
      (error: unknown) => page(undefined, error instanceof Error ? error.message : String(error), nonce),
    )
    if (mine === this.asked && this.panel === panel) panel.webview.html = html
  }
}
