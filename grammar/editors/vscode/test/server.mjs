// A server that answers what the extension asks, in place of `pipec lsp`: `node test/server.mjs lsp`. Its answer says how
// it was started and what it was asked.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const rpc = require('vscode-jsonrpc/node')

const connection = rpc.createMessageConnection(
  new rpc.StreamMessageReader(process.stdin),
  new rpc.StreamMessageWriter(process.stdout),
)
let options
connection.onRequest('initialize', (params) => {
  options = params.initializationOptions
  return { capabilities: {} }
})
connection.onRequest('shutdown', () => null)
connection.onNotification('exit', () => process.exit(0))
connection.onRequest('pipec/preview', (params) => {
  const asked = { arguments: process.argv.slice(2), mark: process.env.MARK, pid: process.pid, options, ...params }
  if (params.kind === 'rust') return null
  if (params.kind === 'pyspark') return { nothing: 'of use' }
  if (params.kind === 'diagram') {
    return { language: 'svg', text: '<svg onload="alert(1)"><script>alert(2)</script></svg>', title: '<b>"clean"</b>' }
  }
  return { language: 'hcl', text: JSON.stringify(asked), title: 'transform clean' }
})
connection.listen()
