import type {
  Admin,
  Capabilities,
  Connection,
  ConnectionState,
  InboxRef,
  Receiver,
  ReceiverOptions,
  Ref,
  Sender,
  SourceRef,
  Topology,
} from '@anybroker/driver'
import { KafkaAdmin } from './admin.ts'
import { capabilitiesOf } from './capabilities.ts'
import type { Committed } from './client/port.ts'
import { notFound, unavailable } from './errors.ts'
import { retryPartition } from './lanes.ts'
import { maintain } from './maintain.ts'
import { described, isEphemeral } from './names.ts'
import { groupPlace, ownPlace } from './place.ts'
import { KafkaTopology } from './provision.ts'
import { KafkaReceiver, type Reads } from './receive.ts'
import { inboxPartition, KafkaSender } from './send.ts'
import type { Session } from './session.ts'
import { readsOf } from './sources.ts'
import { inboxOf } from './wire.ts'

/** Replies are of no use to anybody after that. */
const REPLIES = { 'retention.ms': String(60 * 60_000), 'cleanup.policy': 'delete' }

export class KafkaConnection implements Connection {
  readonly capabilities: Capabilities
  readonly topology: Topology
  readonly admin: Admin
  readonly native: unknown
  readonly #session: Session
  /** Members that the connection before left behind: gone, or beyond our reach. */
  readonly #orphansLeft: Promise<void>
  #listener: ((state: ConnectionState) => void) | undefined
  #said: ConnectionState | undefined

  constructor(session: Session) {
    this.#session = session
    this.capabilities = capabilitiesOf(session.settings)
    this.topology = new KafkaTopology(session)
    this.admin = new KafkaAdmin(session)
    this.native = session.client.native
    this.#orphansLeft = this.#leaveOrphans()
    session.client.onDead((error) => this.#die(error))
  }

  async openSender(target: Ref, signal: AbortSignal): Promise<Sender> {
    this.#check()
    signal.throwIfAborted()
    return KafkaSender.open(this.#session, target)
  }

  async openReceiver(source: SourceRef, options: ReceiverOptions, signal: AbortSignal): Promise<Receiver> {
    this.#check()
    signal.throwIfAborted()
    if (source.kind === 'inbox') return this.#receiver(await this.#inboxReads(source, signal), options)
    if (isEphemeral(source)) return this.#receiver(await this.#ephemeralReads(source), options)
    await this.#orphansLeft
    return this.#receiver(await this.#groupReads(source), options)
  }

  onState(listener: (state: ConnectionState) => void): void {
    this.#listener = listener
    if (this.#said !== undefined) listener(this.#said)
  }

  maintain(signal: AbortSignal): Promise<void> {
    return maintain(this.#session, signal)
  }

  async close(_signal: AbortSignal): Promise<void> {
    this.#session.registry.close()
    this.#session.client.close()
    this.#tell({ as: 'disconnected', error: unavailable('the connection is closed', 'connection') })
  }

  #receiver(reads: Reads, options: ReceiverOptions): KafkaReceiver {
    const { client, runtime, receivers, names } = this.#session
    const ended = (one: KafkaReceiver): void => void receivers.delete(one)
    const receiver = new KafkaReceiver({ client, runtime, ended }, reads, options)
    receivers.set(receiver, readsOf(names, reads.source).group)
    return receiver
  }

  async #groupReads(source: Exclude<SourceRef, InboxRef>): Promise<Reads> {
    const { client, names, settings, runtime } = this.#session
    const { group, topics, retry } = readsOf(names, source)
    const there = await client.topics(topics)
    if (topics.some((topic) => !there.has(topic))) throw notFound(`opening a receiver on ${described(source)}`, source)
    return {
      source,
      retries: (delayMs) =>
        retry === undefined
          ? { topic: topics[0] ?? '', partition: 0 }
          : { topic: retry, partition: retryPartition(delayMs) },
      place: (hooks, guarded) =>
        groupPlace(client, group, topics, settings, runtime, guarded, isOrdered(source), hooks),
    }
  }

  async #ephemeralReads(source: SourceRef & { kind: 'subscription' }): Promise<Reads> {
    const { names, memory } = this.#session
    const positions = memory.positions.get(source.name)
    if (positions === undefined) throw notFound(`opening a receiver on ${described(source)}`, source)
    return {
      source,
      retries: undefined,
      place: (hooks) => ownPlace(names.topicOf(source), positions, isOrdered(source), hooks),
    }
  }

  /** Its replies are those of one partition that carry its address. */
  async #inboxReads(source: InboxRef, signal: AbortSignal): Promise<Reads> {
    const { client, names, memory, runtime, settings } = this.#session
    const topic = names.replies
    const address = source.address ?? runtime.id()
    const found = (await client.topics([topic])).get(topic)
    if (found === undefined)
      await client.createTopics([{ topic, partitions: settings.partitions, config: REPLIES }], signal)
    const count = found ?? (await client.topics([topic])).get(topic) ?? 1
    let positions = memory.positions.get(address)
    if (positions === undefined) {
      const partition = inboxPartition(address, count)
      const offset = (await client.offsets(topic, [partition], 'end')).get(partition) ?? 0
      positions = new Map<string, Committed>([[`${topic} ${partition}`, { topic, partition, offset, note: null }]])
      memory.positions.set(address, positions)
    }
    const known = positions
    return {
      source: { kind: 'inbox', address },
      address,
      wanted: (record) => inboxOf(record) === address,
      retries: undefined,
      place: (hooks) => ownPlace(topic, known, false, hooks),
    }
  }

  #check(): void {
    if (this.#said?.as === 'disconnected') throw this.#said.error
  }

  #die(error: unknown): void {
    const { receivers, memory } = this.#session
    for (const [receiver, group] of receivers) {
      if (receiver.member !== '') memory.orphans.push({ group, member: receiver.member })
    }
    this.#tell({ as: 'disconnected', error })
  }

  #tell(state: ConnectionState): void {
    if (this.#said !== undefined) return
    this.#said = state
    this.#listener?.(state)
  }

  async #leaveOrphans(): Promise<void> {
    const { memory, client, runtime } = this.#session
    for (const { group, member } of memory.orphans.splice(0)) {
      try {
        await client.leaveGroup(group, member)
      } catch (error) {
        // Its session ends by itself.
        runtime.log('debug', 'kafka: a member that a dead connection left behind could not leave', { group, error })
      }
    }
  }
}

function isOrdered(source: SourceRef): boolean {
  return 'ordering' in source && source.ordering === 'key'
}
