// The extension as the editor starts it, with the real language client and a real process behind it: test/server.mjs, and
// `pipec lsp` as PIPEC or the PATH has it. The editor itself is stood in for, by `stand_in/`.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'

import { activate, deactivate } from '../src/extension'
import { escapeText, page, policy } from '../src/page'
import {
  CancellationTokenSource,
  Document,
  Position,
  Uri,
  events,
  state,
  window,
  workspace,
  type Editor,
  type Hover,
  type MarkdownString,
  type TextEdit,
  type WorkspaceEdit,
} from './stand_in/vscode'

const home = process.cwd()
const subscriptions: { dispose(): unknown }[] = []

/** Everything that the editor's configuration declares. */
const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
  contributes: { commands: { command: string }[]; configuration: { properties: Record<string, { default: unknown }> } }
}

function open(path: string, languageId = 'pipe', line = 3): Editor {
  const document = new Document(Uri.file(path), languageId, '')
  const editor = { document, selection: { active: new Position(line, 1) } }
  window.activeTextEditor = editor
  return editor
}

const start = () => activate({ subscriptions } as never)
const run = (command: string) => Promise.resolve(state.commands.get(command)?.())
/** Waits until something holds, for ten seconds at most. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 1000, `in vain: ${what}`)
    await rest(10)
  }
}
const rest = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

beforeEach(() => {
  state.settings.clear()
  for (const [name, { default: value }] of Object.entries(manifest.contributes.configuration.properties)) {
    state.settings.set(name, value)
  }
  state.settings.set('pipec.server.path', join(home, 'test/server'))
  state.settings.set('pipec.server.arguments', ['--quiet'])
  state.settings.set('pipec.server.environment', { MARK: 'mine' })
  for (const list of [state.messages, state.output, state.panels, state.shown, state.executed]) list.length = 0
  state.trusted = true
  state.choice = undefined
  window.activeTextEditor = undefined
})

afterEach(async () => {
  await deactivate()
  for (const subscription of subscriptions.splice(0)) subscription.dispose()
})

/** What test/server.mjs says of itself, and of what it was asked. */
interface Asked {
  pid: number
  arguments: string[]
  mark: string
  options: unknown
  textDocument: { uri: string }
  position: { line: number; character: number }
  kind: string
}

async function ask(path = '/project/a.pipe'): Promise<Asked> {
  open(path)
  const before = state.shown.length
  await run('pipec.preview.terraform')
  const shown = state.shown[before]
  assert.ok(shown, state.messages.join('\n'))
  return JSON.parse(shown.text) as Asked
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('the server is started as the settings say, once', async () => {
  state.settings.set('pipec.inlayHints', false)
  await start()
  const asked = await ask()
  assert.deepEqual(asked.arguments.slice(0, 2), ['lsp', '--quiet'])
  assert.equal(asked.mark, 'mine')
  assert.deepEqual(asked.options, { inlayHints: false, codeLens: true })
  assert.equal((await ask()).pid, asked.pid)
  const declared = manifest.contributes.commands.map((command) => command.command).sort()
  assert.deepEqual([...state.commands.keys()].sort(), declared, 'commands and their declarations are the same')
})

test('a restart ends the old server before it starts a new one', async () => {
  await start()
  const old = (await ask()).pid
  await Promise.all([run('pipec.restart'), run('pipec.restart')])
  assert.notEqual((await ask()).pid, old)
  await until('the old server is gone', () => !runs(old))
})

test('other settings of the server restart it, settings of others do not', async () => {
  await start()
  const old = (await ask()).pid
  events.configuration.fire({ affectsConfiguration: (section) => section === 'editor' })
  assert.equal((await ask()).pid, old)
  state.settings.set('pipec.server.environment', { MARK: 'other' })
  events.configuration.fire({ affectsConfiguration: (section) => section === 'pipec.server' })
  await until('the old server is gone', () => !runs(old))
  await run('pipec.restart')
  assert.equal((await ask()).mark, 'other')
})

test('a server that is not there is said, with a way to the setting', async () => {
  state.settings.set('pipec.server.path', '/nowhere/pipec')
  state.choice = 'Open Settings'
  await start()
  const said = state.messages.filter((message) => /`\/nowhere\/pipec lsp` could not be started/.test(message))
  assert.equal(said.length, 1, state.messages.join('\n'))
  await until('the settings open', () => state.executed.length > 0)
  assert.deepEqual(state.executed, [['workbench.action.openSettings', 'pipec.server.path']])
  open('/project/a.pipe')
  await run('pipec.preview.terraform')
  assert.match(state.messages[state.messages.length - 1] ?? '', /does not run/)
})

test('nothing is started in a workspace that is not trusted, until it is', async () => {
  state.trusted = false
  await start()
  open('/project/a.pipe')
  await run('pipec.preview.terraform')
  assert.match(state.messages[0] ?? '', /does not run/)
  state.trusted = true
  events.trust.fire()
  await run('pipec.restart')
  assert.ok(runs((await ask()).pid))
})

test('the compiler itself answers: diagnostics that come and go, hover, completion, rename, layout, previews', async () => {
  const path = process.env.PIPE_EXAMPLE ?? join(home, '../../../examples/clickstream/clickstream.pipe')
  const text = readFileSync(path, 'utf8')
  state.settings.set('pipec.server.path', process.env.PIPEC ?? 'pipec')
  state.settings.set('pipec.server.arguments', [])
  await start()
  const document = new Document(Uri.file(path), 'pipe', text)
  workspace.textDocuments.push(document)
  events.opened.fire(document)
  const said = () => state.diagnostics.get(document.uri.toString()) ?? []
  document.type(text.replace('dedupe by click_id ', 'dedupe by click_idd '))
  await until('a diagnostic', () => said().length > 0)
  assert.match(said()[0]?.message ?? '', /no column is called `click_idd` here/)
  document.type(text)
  await until('no diagnostic', () => said().length === 0)

  const { token } = new CancellationTokenSource()
  const place = (wanted: string, inside: number) => {
    const before = text.slice(0, text.indexOf(wanted) + inside).split('\n')
    return new Position(before.length - 1, before[before.length - 1]?.length ?? 0)
  }
  const provider = (name: string) => {
    const found = state.providers.get(name)
    assert.ok(found, `the server offers no ${name}`)
    return found
  }
  const hover = (await provider('Hover').provideHover?.(document, place('sum(amount)', 4), token)) as Hover
  assert.match((hover.contents as MarkdownString).value, /amount : decimal\(12, 2\)/)
  const list = await provider('CompletionItem').provideCompletionItems?.(
    document,
    place('sum(amount)', 6),
    token,
    { triggerKind: 0, triggerCharacter: undefined },
  )
  const items = Array.isArray(list) ? list : (list as { items: unknown[] }).items
  const labels = (items as { label: string | { label: string } }[]).map(({ label }) =>
    typeof label === 'string' ? label : label.label,
  )
  assert.ok(labels.includes('amount'), labels.join(' '))
  const renamed = (await provider('Rename').provideRenameEdits?.(
    document,
    place('schema Click', 8),
    'Visit',
    token,
  )) as WorkspaceEdit
  assert.deepEqual(
    renamed.edits.flatMap((file) => file.edits.map((edit) => edit.newText)),
    ['Visit', 'Visit'],
  )
  document.type(text.replace('budget = 600', 'budget    =   600'))
  const layout = (await provider('DocumentFormatting').provideDocumentFormattingEdits?.(
    document,
    { tabSize: 2, insertSpaces: true },
    token,
  )) as TextEdit[]
  assert.ok(layout.length > 0)
  document.type(text)

  window.activeTextEditor = { document, selection: { active: place('transform clean', 12) } }
  await run('pipec.preview.terraform')
  await run('pipec.preview.rust')
  await run('pipec.preview.diagram')
  assert.deepEqual(state.messages, [])
  assert.match(state.shown[0]?.text ?? '', /^resource "aws_kinesis_firehose_delivery_stream" "clean" \{$/m)
  assert.match(state.shown[1]?.text ?? '', /transforms\/clean\.rs/)
  const drawn = /base64,([A-Za-z0-9+/=]+)"/.exec(state.panels[0]?.webview.html ?? '')?.[1] ?? ''
  assert.match(Buffer.from(drawn, 'base64').toString(), /^<svg .*class="transform here"/s)
  events.closed.fire(document)
  workspace.textDocuments.length = 0
})

test('generated code opens beside, in its language, and asking again replaces it', async () => {
  await start()
  const asked = await ask('/project/a b.pipe')
  const [shown] = state.shown
  assert.ok(shown)
  assert.equal(shown.uri, 'pipe-preview://terraform/transform-clean')
  assert.equal(shown.language, 'plaintext', 'no extension brings Terraform here')
  assert.deepEqual(asked.textDocument, { uri: 'file:///project/a%20b.pipe' })
  assert.deepEqual(asked.position, { line: 3, character: 1 })
  assert.equal(asked.kind, 'terraform')
  state.languages.push('terraform')
  await run('pipec.preview.terraform')
  assert.deepEqual([state.shown[1]?.uri, state.shown[1]?.language], [shown.uri, 'terraform'])
})

test('an item that becomes nothing, and an answer that is none, are said', async () => {
  await start()
  open('/project/a.pipe')
  await run('pipec.preview.rust')
  await run('pipec.preview.pyspark')
  assert.match(state.messages[0] ?? '', /becomes no rust/)
  assert.match(state.messages[1] ?? '', /no preview/)
  open('/project/a.txt', 'plaintext')
  await run('pipec.preview.diagram')
  assert.match(state.messages[2] ?? '', /Open a `\.pipe` file/)
})

test('the diagram is a page in which nothing runs', async () => {
  await start()
  open('/project/a.pipe')
  await run('pipec.preview.diagram')
  const [panel] = state.panels
  assert.ok(panel)
  assert.deepEqual(panel.options, { enableScripts: false, enableForms: false, localResourceRoots: [] })
  const html = panel.webview.html
  const nonce = /'nonce-([^']+)'/.exec(html)?.[1] ?? ''
  assert.ok(html.includes(`content="${policy(nonce)}"`))
  assert.ok(nonce.length > 20)
  assert.ok(!html.includes('<script') && !html.includes('<b>') && !html.includes('onload'), html)
  assert.match(html, /src="data:image\/svg\+xml;base64,[A-Za-z0-9+/=]+"/)
  assert.match(html, /&lt;b&gt;&quot;clean&quot;/)
  await run('pipec.preview.diagram')
  assert.equal(state.panels.length, 1)
  assert.equal(panel.revealed, 1)
})

test('the diagram follows the text, not each key of it', async () => {
  await start()
  const editor = open('/project/a.pipe')
  await run('pipec.preview.diagram')
  const [panel] = state.panels
  assert.ok(panel)
  const first = panel.webview.html
  for (let key = 0; key < 5; key++) editor.document.type('')
  await rest(100)
  assert.equal(panel.webview.html, first, 'not before typing rests')
  await until('another page', () => panel.webview.html !== first)
  const second = panel.webview.html
  state.settings.set('pipec.preview.refresh', false)
  editor.document.type('')
  await rest(500)
  assert.equal(panel.webview.html, second)
  panel.dispose()
  state.settings.set('pipec.preview.refresh', true)
  editor.document.type('')
  await rest(400)
  assert.equal(state.panels.length, 1)
})

test('what is no drawing is shown as text, and why there is nothing', () => {
  const text = page({ language: 'mermaid', text: 'a --> b <script>', title: 'Flow' }, '', 'n')
  assert.match(text, /<pre>a --&gt; b &lt;script&gt;<\/pre>/)
  assert.match(page(undefined, 'Not <yet>.', 'n'), /<p class="note">Not &lt;yet&gt;\.<\/p>/)
  assert.equal(escapeText(`<a href='x' title="y">&`), '&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;')
})

