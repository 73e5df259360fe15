// In place of `vscode-languageclient/node`, whose client is made of the editor's own classes: one that starts the same
// program by the same options and speaks the same protocol with it, by the library that the real one speaks it with.

import { spawn, type ChildProcess } from 'node:child_process'
import {
  StreamMessageReader,
  StreamMessageWriter,
  createMessageConnection,
  type MessageConnection,
} from 'vscode-jsonrpc/node'

export enum State {
  Stopped = 1,
  Running = 2,
  Starting = 3,
}

interface Executable {
  command: string
  args: string[]
  options: { env: NodeJS.ProcessEnv }
}

/** Every client that was made, the last one last. */
export const clients: LanguageClient[] = []

export class LanguageClient {
  state = State.Stopped
  process: ChildProcess | undefined
  connection: MessageConnection | undefined

  constructor(
    readonly id: string,
    readonly name: string,
    readonly server: Executable,
    readonly options: { documentSelector: { scheme: string; language: string }[] },
  ) {
    clients.push(this)
  }

  async start(): Promise<void> {
    this.state = State.Starting
    const { command, args, options } = this.server
    const child = spawn(command, args, { env: options.env, stdio: ['pipe', 'pipe', 'inherit'] })
    this.process = child
    const failed = new Promise<never>((_, refuse) => {
      child.once('error', refuse)
      child.once('exit', (status) => refuse(new Error(`the server ended with ${String(status)}`)))
    })
    failed.catch(() => (this.state = State.Stopped))
    // A program that is not there has nothing to write to.
    if (child.pid === undefined) return failed
    const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin))
    connection.onError(() => undefined)
    connection.listen()
    this.connection = connection
    const initialize = connection.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: {} })
    await Promise.race([initialize, failed])
    await connection.sendNotification('initialized', {})
    this.state = State.Running
  }

  sendRequest(method: string, params: unknown): Promise<unknown> {
    if (!this.connection) return Promise.reject(new Error('not started'))
    return this.connection.sendRequest(method, params)
  }

  async stop(): Promise<void> {
    const { connection, process: child } = this
    this.state = State.Stopped
    if (!connection || !child) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    await connection.sendRequest('shutdown')
    await connection.sendNotification('exit')
    await ended
    connection.dispose()
  }
}
