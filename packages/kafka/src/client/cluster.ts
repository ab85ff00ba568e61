import type { Runtime } from '@anybroker/driver'
import protocolError from 'kafkajs/src/protocol/error.js'
import type { Settings } from '../options.ts'
import type { CoordinatorAnswer, MetadataAnswer } from './answers.ts'
import { errorType } from './port.ts'
import { type Address, ConnectionGone, WireConnection } from './wire-connection.ts'

/** How long a node may say nothing when there is another to try. */
const SILENT_NODE_MS = 3_000
/** Metadata older than that are asked for anew before they are used. */
const METADATA_MS = 60_000

/** The partitions of one topic with the nodes that lead them; -1 where none does. */
type Leaders = readonly number[]

/**
 * The nodes of one cluster: where they are, who leads what, and connections to them by purpose. It is dead when none of them
 * answers any more: a single node may go, and come back.
 */
export class Cluster {
  readonly settings: Settings
  readonly runtime: Runtime
  #addresses = new Map<number, Address>()
  #controller = -1
  #topics = new Map<string, { readonly leaders: Leaders; readonly at: number }>()
  #coordinators = new Map<string, number>()
  readonly #open = new Map<string, WireConnection>()
  readonly #all = new Set<WireConnection>()
  #probing: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  #listener: ((error: unknown) => void) | undefined
  #closed = false

  private constructor(settings: Settings, runtime: Runtime) {
    this.settings = settings
    this.runtime = runtime
  }

  /** Tries the hosts in an order drawn anew. Throws what the last of them said. */
  static async connect(settings: Settings, runtime: Runtime, signal: AbortSignal): Promise<Cluster> {
    const cluster = new Cluster(settings, runtime)
    const aborted = () => cluster.close()
    signal.addEventListener('abort', aborted, { once: true })
    try {
      await cluster.#bootstrap(settings.hosts)
      signal.throwIfAborted()
      return cluster
    } catch (error) {
      cluster.close()
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', aborted)
    }
  }

  onDead(listener: (error: unknown) => void): void {
    this.#listener = listener
    if (this.#failure !== undefined) listener(this.#failure.error)
  }

  close(): void {
    this.#closed = true
    this.#failure ??= { error: new ConnectionGone('the connection is closed') }
    for (const connection of this.#all) connection.close()
    this.#all.clear()
    this.#open.clear()
  }

  /** A connection of its own to a node, for what may hold up whatever comes behind it. Whoever asked for it closes it. */
  dial(node: number): WireConnection {
    const address = this.#addresses.get(node)
    if (this.#failure !== undefined) throw this.#failure.error
    if (address === undefined) throw new ConnectionGone(`node ${node} is not there`)
    return this.#connection(address)
  }

  hangUp(connection: WireConnection): void {
    this.#all.delete(connection)
    connection.close()
  }

  /** To a node, over the connection for this purpose, which all share. */
  async ask(
    node: number,
    purpose: 'control' | 'produce',
    api: string,
    args: object,
    lenient = false,
  ): Promise<unknown> {
    const name = `${purpose} ${node}`
    let connection = this.#open.get(name)
    if (connection === undefined || connection.dead) {
      connection = this.dial(node)
      this.#open.set(name, connection)
    }
    try {
      return await connection.request(api, args, lenient)
    } catch (error) {
      this.failed(connection)
      throw error
    }
  }

  /** Something went wrong with a request: if its connection is gone, it is time to look whether any node is left. */
  failed(connection: WireConnection): void {
    if (!connection.dead) return
    this.#all.delete(connection)
    this.suspect()
  }

  suspect(): void {
    if (this.#failure !== undefined || this.#probing !== undefined) return
    this.#probing = this.#probe().finally(() => {
      this.#probing = undefined
    })
  }

  /** Any node: the controller where it is known. */
  get anyNode(): number {
    if (this.#addresses.has(this.#controller)) return this.#controller
    const [first] = this.#addresses.keys()
    return first ?? -1
  }

  /** Leaders by partition. Missing topics are left out. */
  async leaders(names: readonly string[], refresh = false): Promise<ReadonlyMap<string, Leaders>> {
    const now = this.runtime.now()
    const stale = names.filter((name) => {
      const known = this.#topics.get(name)
      return refresh || known === undefined || now - known.at > METADATA_MS || known.leaders.includes(-1)
    })
    if (stale.length > 0) await this.#metadata(stale)
    const found = new Map<string, Leaders>()
    for (const name of names) {
      const known = this.#topics.get(name)
      if (known !== undefined) found.set(name, known.leaders)
    }
    return found
  }

  /** One partition's leader is another now, or nobody knows. */
  forgetTopic(name: string): void {
    this.#topics.delete(name)
  }

  async coordinator(group: string): Promise<number> {
    const known = this.#coordinators.get(group)
    if (known !== undefined && this.#addresses.has(known)) return known
    const answer = await this.ask(this.anyNode, 'control', 'GroupCoordinator', { groupId: group })
    const { coordinator } = answer as CoordinatorAnswer
    this.#addresses.set(coordinator.nodeId, { host: coordinator.host, port: coordinator.port })
    this.#coordinators.set(group, coordinator.nodeId)
    return coordinator.nodeId
  }

  forgetCoordinator(group: string): void {
    this.#coordinators.delete(group)
  }

  /** Asks a group's coordinator, once more where it has just moved. */
  async askCoordinator(group: string, api: string, args: object, lenient = false): Promise<unknown> {
    try {
      return await this.ask(await this.coordinator(group), 'control', api, args, lenient)
    } catch (error) {
      this.forgetCoordinator(group)
      if (errorType(error) !== 'NOT_COORDINATOR_FOR_GROUP') throw error
    }
    return this.ask(await this.coordinator(group), 'control', api, args, lenient)
  }

  async #metadata(names: readonly string[]): Promise<void> {
    const answer = await this.ask(this.anyNode, 'control', 'Metadata', metadataArgs(names), true)
    this.#learnNodes(answer as MetadataAnswer)
    this.#learnTopics(answer as MetadataAnswer)
  }

  #learnNodes({ brokers, controllerId }: MetadataAnswer): void {
    if (brokers.length > 0) this.#addresses = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
    this.#controller = controllerId
  }

  #learnTopics({ topicMetadata }: MetadataAnswer): void {
    const at = this.runtime.now()
    for (const { topic, topicErrorCode, partitionMetadata } of topicMetadata) {
      if (topicErrorCode === UNKNOWN_TOPIC) this.#topics.delete(topic)
      else if (topicErrorCode !== 0 && topicErrorCode !== LEADER_NOT_AVAILABLE) {
        this.#topics.delete(topic)
        throw protocolError.createErrorFromCode(topicErrorCode)
      } else {
        const leaders = Array.from<number>({ length: partitionMetadata.length }).fill(-1)
        for (const { partitionId, leader } of partitionMetadata) leaders[partitionId] = leader
        this.#topics.set(topic, { leaders, at })
      }
    }
  }

  async #bootstrap(addresses: readonly Address[]): Promise<void> {
    let failure: unknown = new ConnectionGone('no node is known')
    const order = addresses
      .map((address) => ({ address, at: this.runtime.random() }))
      .toSorted((one, other) => one.at - other.at)
    for (const { address } of order) {
      if (this.#closed) throw new ConnectionGone('the connection is closed')
      const connection = this.#connection(address)
      const silent = order.at(-1)?.address === address ? () => undefined : this.#closeIfSilent(connection)
      try {
        await connection.open()
        const answer = await connection.request('Metadata', metadataArgs([this.settings.probeTopic]), true)
        // Whether we may see that topic does not matter here.
        this.#learnNodes(answer as MetadataAnswer)
        return
      } catch (error) {
        failure = error
      } finally {
        silent()
        this.hangUp(connection)
      }
    }
    throw failure
  }

  #closeIfSilent(connection: WireConnection): () => void {
    return this.runtime.timer(SILENT_NODE_MS, () => connection.close())
  }

  /** Whether any node answers, of those that we know and of those that we were told at first. */
  async #probe(): Promise<void> {
    try {
      await this.#bootstrap([...this.#addresses.values(), ...this.settings.hosts])
    } catch (error) {
      this.#die(error)
    }
  }

  #die(error: unknown): void {
    if (this.#failure !== undefined) return
    this.close()
    this.#failure = { error }
    this.#listener?.(error)
  }

  #connection(address: Address): WireConnection {
    const connection: WireConnection = new WireConnection(this.settings, address, () => this.failed(connection))
    this.#all.add(connection)
    return connection
  }
}

const UNKNOWN_TOPIC = 3
const LEADER_NOT_AVAILABLE = 5

function metadataArgs(topics: readonly string[]): object {
  return { topics, allowAutoTopicCreation: false }
}
