import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hanse, NodeProcess } from '../e2e/hanse-process.ts'
import { type FakeRegistry, startFakeRegistry } from '../node/upstream/fake-registry.ts'
import type { Client } from './client.ts'
import { installClients } from './installed-clients.ts'

/** A node without a network whose names come from a registry that the test fills; that one's times are believed. */
export class RegistryNode implements AsyncDisposable {
  readonly upstream: FakeRegistry
  readonly node: NodeProcess
  /** What the API asks of writers. */
  readonly token: string

  private constructor(upstream: FakeRegistry, node: NodeProcess, token: string) {
    this.upstream = upstream
    this.node = node
    this.token = token
  }

  static async start(): Promise<RegistryNode> {
    await installClients()
    const upstream = await startFakeRegistry()
    const node = await NodeProcess.start(['--network', 'off'])
    await node.end('SIGTERM')
    const config = join(node.home, 'config.yaml')
    const settings = `{ ecosystem: npm, url: "${upstream.url}", trustTime: true }`
    await writeFile(config, `${await readFile(config, 'utf8')}\nupstreams:\n  fake: ${settings}\n`)
    await node.restart()
    await node.run('route', 'add', 'npm:*', 'upstream/fake')
    return new RegistryNode(upstream, node, await node.token())
  }

  /** Where clients find it. */
  get registry(): string {
    return `${this.node.ready.http}/npm/`
  }

  /** Runs `hanse use` in a project's folder. */
  async use(client: Client, cwd: string, ...flags: readonly string[]): Promise<void> {
    const { code, stderr } = await hanse(['use', client.kind, ...flags, '--home', this.node.home], undefined, cwd)
    if (code !== 0) throw new Error(`hanse use ${client.kind} exited ${code}: ${stderr}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]()
    await this.upstream[Symbol.asyncDispose]()
  }
}
