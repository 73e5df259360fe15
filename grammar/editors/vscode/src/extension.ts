// What VS Code starts: the server, the commands, the previews.

import * as vscode from 'vscode'

import { Diagram } from './diagram'
import { Generated } from './generated'
import { KINDS } from './protocol'
import { LANGUAGE, SECTION, Server } from './server'

let server: Server | undefined

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel('Pipe', { log: true })
  const running = new Server(output)
  const diagram = new Diagram(running)
  const generated = new Generated(running)
  server = running
  const commands = KINDS.map((kind) =>
    vscode.commands.registerCommand(`pipec.preview.${kind}`, () =>
      withEditor((editor) => (kind === 'diagram' ? diagram.show(editor) : generated.show(editor, kind))),
    ),
  )
  context.subscriptions.push(
    output,
    running,
    diagram,
    generated,
    ...commands,
    vscode.commands.registerCommand('pipec.restart', () => running.restart()),
    vscode.commands.registerCommand('pipec.showOutput', () => output.show()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => running.start()),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration(`${SECTION}.server`)) await running.restart()
    }),
  )
  await running.start()
}

export async function deactivate(): Promise<void> {
  await server?.stop()
}

/** Runs a command on the open `.pipe` file, and says what went wrong. */
async function withEditor(action: (editor: vscode.TextEditor) => Promise<void>): Promise<void> {
  const editor = vscode.window.activeTextEditor
  if (editor?.document.languageId !== LANGUAGE) {
    void vscode.window.showInformationMessage('Open a `.pipe` file first.')
    return
  }
  try {
    await action(editor)
  } catch (error) {
    void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error))
  }
}
