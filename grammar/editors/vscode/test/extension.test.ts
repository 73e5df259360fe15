// The extension as the editor starts it, against the stand-ins of `stand_in/`, with a server that is a real process:
// test/server.mjs, and `pipec lsp` where PIPEC names a compiler.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'

import { activate, deactivate } from '../src/extension'
import { escapeText, page, policy } from '../src/page'
import { clients, State } from './stand_in/client'
import { Position, Uri, events, state, window, type Editor } from './stand_in/vscode'

const home = process.cwd()
const subscriptions: { dispose(): unknown }[] = []

/** Everything that the editor's configuration declares. */
const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
  contributes: { commands: { command: string }[]; configuration: { properties: Record<string, { default: unknown }> } }
}

function open(path: string, languageId = 'pipe', line = 3): Editor {
  const document = { uri: Uri.file(path), languageId, getText: () => '' }
  const editor = { document, selection: { active: new Position(line, 1) } }
  window.activeTextEditor = editor
  return editor
}

const start = () => activate({ subscriptions } as never)
const run = (command: string) => Promise.resolve(state.commands.get(command)?.())
const last = () => clients[clients.length - 1]
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

test('the server is started as the settings say, once', async () => {
  await start()
  assert.equal(last()?.state, State.Running)
  assert.deepEqual(last()?.server.args, ['lsp', '--quiet'])
  assert.deepEqual(last()?.options.documentSelector, [{ scheme: 'file', language: 'pipe' }])
  const declared = manifest.contributes.commands.map((command) => command.command).sort()
  assert.deepEqual([...state.commands.keys()].sort(), declared, 'commands and their declarations are the same')
})

test('a restart ends the old server before it starts a new one', async () => {
  await start()
  const old = last()
  await Promise.all([run('pipec.restart'), run('pipec.restart')])
  assert.ok(old)
  assert.equal(old.state, State.Stopped)
  assert.ok(old.process && old.process.exitCode !== null)
  assert.equal(last()?.state, State.Running)
  assert.equal(clients.filter((client) => client.state === State.Running).length, 1)
})

test('other settings of the server restart it, settings of others do not', async () => {
  await start()
  const old = last()
  events.configuration.fire({ affectsConfiguration: (section) => section === 'editor' })
  await rest(50)
  assert.equal(last(), old)
  events.configuration.fire({ affectsConfiguration: (section) => section === 'pipec.server' })
  await until('a new server', () => last() !== old && last()?.state === State.Running)
  assert.equal(old?.state, State.Stopped)
})

test('a server that is not there is said, with a way to the setting', async () => {
  state.settings.set('pipec.server.path', '/nowhere/pipec')
  state.choice = 'Open Settings'
  await start()
  assert.match(state.messages[0] ?? '', /`\/nowhere\/pipec lsp` could not be started/)
  await rest(0)
  assert.deepEqual(state.executed, [['workbench.action.openSettings', 'pipec.server.path']])
  open('/project/a.pipe')
  await run('pipec.preview.terraform')
  assert.match(state.messages[1] ?? '', /does not run/)
})

test('nothing is started in a workspace that is not trusted, until it is', async () => {
  const before = clients.length
  state.trusted = false
  await start()
  assert.equal(clients.length, before)
  state.trusted = true
  events.trust.fire()
  await until('a server', () => clients.length > before && last()?.state === State.Running)
})

test('generated code opens beside, in its language, and asking again replaces it', async () => {
  await start()
  open('/project/a b.pipe')
  await run('pipec.preview.terraform')
  const [shown] = state.shown
  assert.ok(shown)
  assert.equal(shown.uri, 'pipe-preview://terraform/transform-clean')
  assert.equal(shown.language, 'plaintext', 'no extension brings Terraform here')
  const asked = JSON.parse(shown.text) as Record<string, unknown>
  assert.deepEqual(asked.textDocument, { uri: 'file:///project/a%20b.pipe' })
  assert.deepEqual(asked.position, { line: 3, character: 1 })
  assert.equal(asked.kind, 'terraform')
  assert.equal(asked.mark, 'mine')
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
  for (let key = 0; key < 5; key++) events.text.fire({ document: editor.document })
  await rest(100)
  assert.equal(panel.webview.html, first, 'not before typing rests')
  await until('another page', () => panel.webview.html !== first)
  const second = panel.webview.html
  state.settings.set('pipec.preview.refresh', false)
  events.text.fire({ document: editor.document })
  await rest(500)
  assert.equal(panel.webview.html, second)
  panel.dispose()
  state.settings.set('pipec.preview.refresh', true)
  events.text.fire({ document: editor.document })
  await rest(400)
  assert.equal(state.panels.length, 1)
})

test('what is no drawing is shown as text, and why there is nothing', () => {
  const text = page({ language: 'mermaid', text: 'a --> b <script>', title: 'Flow' }, '', 'n')
  assert.match(text, /<pre>a --&gt; b &lt;script&gt;<\/pre>/)
  assert.match(page(undefined, 'Not <yet>.', 'n'), /<p class="note">Not &lt;yet&gt;\.<\/p>/)
  assert.equal(escapeText(`<a href='x' title="y">&`), '&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;')
})

