import type { Runtime } from '@anybroker/driver'
import { Kafka, logLevel, type ISocketFactory, type SASLOptions } from 'kafkajs'
import protocolError from 'kafkajs/src/protocol/error.js'
import type { Settings } from '../options.ts'
import type {
  DeleteGroupsAnswer,
  DeleteRecordsAnswer,
  DescribeGroupsAnswer,
  OffsetFetchAnswer,
  OffsetsAnswer,
  ProduceAnswer,
  TopicErrorsAnswer,
} from './answers.ts'
import { Cluster } from './cluster.ts'
import { toCommit } from './commits.ts'
import { openMember } from './group-member.ts'
import { openReader } from './log-reader.ts'
import type { Committed, LogClient, NewRecord, NewTopic, Offsets, Produced } from './port.ts'

const REPLICATION_OF_THE_BROKER = -1
const ALL_REPLICAS = -1
/** How long the broker may wait for what it was asked to do, at the nodes that it asks itself. */
const BROKER_TIMEOUT_MS = 15_000
const LOOK_AGAIN_MS = 20
const TOPIC_ALREADY_EXISTS = 36
const NON_EMPTY_GROUP = 68
const GROUP_ID_NOT_FOUND = 69
const UNKNOWN_TOPIC = 3
const START = '-2'
const END = '-1'

/** Errors of a produced batch that exclude that it was stored. */
const NOT_STORED: ReadonlySet<number> = new Set([
  2, // CORRUPT_MESSAGE
  3, // UNKNOWN_TOPIC_OR_PARTITION
  5, // LEADER_NOT_AVAILABLE
  6, // NOT_LEADER_FOR_PARTITION
  10, // MESSAGE_TOO_LARGE
  17, // INVALID_TOPIC_EXCEPTION
  18, // RECORD_LIST_TOO_LARGE
  19, // NOT_ENOUGH_REPLICAS
  29, // TOPIC_AUTHORIZATION_FAILED
  31, // CLUSTER_AUTHORIZATION_FAILED
  32, // INVALID_TIMESTAMP
  44, // POLICY_VIOLATION
  87, // INVALID_RECORD
])

/** The port, over the requests of kafkajs. */
export class KafkajsClient implements LogClient {
  readonly #cluster: Cluster

  private constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  static async connect(settings: Settings, runtime: Runtime, signal: AbortSignal): Promise<LogClient> {
    return new KafkajsClient(await Cluster.connect(settings, runtime, signal))
  }

  /** For what this driver has no words for. Nothing of it is connected. */
  get native(): Kafka {
    const { hosts, tls, sasl, clientId, socketFactory } = this.#cluster.settings
    return new Kafka({
      brokers: hosts.map(({ host, port }) => `${host}:${port}`),
      clientId,
      logLevel: logLevel.NOTHING,
      ...(tls === undefined ? {} : { ssl: tls }),
      ...(sasl === undefined ? {} : { sasl: { ...sasl } as SASLOptions }),
      ...(socketFactory === undefined || tls !== undefined ? {} : { socketFactory: plainSockets(socketFactory) }),
    })
  }

  onDead(listener: (error: unknown) => void): void {
    this.#cluster.onDead(listener)
  }

  close(): void {
    this.#cluster.close()
  }

  async topics(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const leaders = await this.#cluster.leaders(names, true)
    return new Map([...leaders].map(([name, list]) => [name, list.length]))
  }

  async createTopics(topics: readonly NewTopic[], signal: AbortSignal): Promise<void> {
    const args = {
      topics: topics.map(({ topic, partitions, config }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: REPLICATION_OF_THE_BROKER,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      })),
      timeout: BROKER_TIMEOUT_MS,
    }
    const answer = await this.#cluster.ask(this.#cluster.anyNode, 'control', 'CreateTopics', args, true)
    for (const { errorCode } of (answer as TopicErrorsAnswer).topicErrors) {
      if (errorCode !== 0 && errorCode !== TOPIC_ALREADY_EXISTS) throw protocolError.createErrorFromCode(errorCode)
    }
    const names = topics.map(({ topic }) => topic)
    for (;;) {
      const leaders = await this.#cluster.leaders(names, true)
      const ready = names.every((name) => leaders.get(name)?.every((node) => node >= 0) === true)
      if (ready) return
      await this.#cluster.runtime.sleep(LOOK_AGAIN_MS, signal)
    }
  }

  async deleteTopics(names: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    if (names.length === 0) return []
    const args = { topics: names, timeout: BROKER_TIMEOUT_MS }
    const answer = await this.#cluster.ask(this.#cluster.anyNode, 'control', 'DeleteTopics', args, true)
    const deleted: string[] = []
    for (const { topic, errorCode } of (answer as TopicErrorsAnswer).topicErrors) {
      this.#cluster.forgetTopic(topic)
      if (errorCode === 0) deleted.push(topic)
      else if (errorCode !== UNKNOWN_TOPIC) throw protocolError.createErrorFromCode(errorCode)
    }
    // The controller has deleted them; the nodes hear of it a little later, and would show the old ones under a new name.
    while (deleted.length > 0 && (await this.#cluster.leaders(deleted, true)).size > 0)
      await this.#cluster.runtime.sleep(LOOK_AGAIN_MS, signal)
    return deleted
  }

  async deleteRecords(topic: string, before: Offsets): Promise<void> {
    await this.#byLeader(topic, [...before.keys()], async (node, partitions) => {
      const list = partitions.map((partition) => ({ partition, offset: String(before.get(partition) ?? 0) }))
      const args = { topics: [{ topic, partitions: list }], timeout: BROKER_TIMEOUT_MS }
      const { topics } = (await this.#cluster.ask(node, 'control', 'DeleteRecords', args, true)) as DeleteRecordsAnswer
      this.#throwFirst(topic, topics)
    })
  }

  async offsets(topic: string, partitions: readonly number[], at: 'start' | 'end' | number): Promise<Offsets> {
    const found = await this.#offsets(topic, partitions, at)
    const later = partitions.filter((partition) => (found.get(partition) ?? -1) < 0)
    const ends = later.length === 0 ? undefined : await this.#offsets(topic, later, 'end')
    return new Map(partitions.map((one) => [one, ends?.get(one) ?? found.get(one) ?? 0]))
  }

  async committed(group: string, partitions: ReadonlyMap<string, number>): Promise<readonly Committed[]> {
    const topics = [...partitions].map(([topic, count]) => ({
      topic,
      partitions: Array.from({ length: count }, (_, partition) => ({ partition })),
    }))
    const answer = await this.#cluster.askCoordinator(group, 'OffsetFetch', { groupId: group, topics })
    return (answer as OffsetFetchAnswer).responses.flatMap((of) =>
      of.partitions
        .filter(({ offset }) => !offset.startsWith('-'))
        .map(({ partition, offset, metadata }) => ({
          topic: of.topic,
          partition,
          offset: Number(offset),
          note: metadata,
        })),
    )
  }

  async commitIdle(group: string, commits: readonly Committed[]): Promise<void> {
    const args = { groupId: group, groupGenerationId: -1, memberId: '', topics: toCommit(commits) }
    await this.#cluster.askCoordinator(group, 'OffsetCommit', args)
  }

  async members(group: string): Promise<readonly string[]> {
    const answer = await this.#cluster.askCoordinator(group, 'DescribeGroups', { groupIds: [group] }, true)
    const [found] = (answer as DescribeGroupsAnswer).groups
    if (found === undefined || found.errorCode === GROUP_ID_NOT_FOUND) return []
    if (found.errorCode !== 0) throw protocolError.createErrorFromCode(found.errorCode)
    return found.members.map(({ memberId }) => memberId)
  }

  async deleteGroup(group: string): Promise<boolean> {
    const answer = await this.#cluster.askCoordinator(group, 'DeleteGroups', [group])
    const code = (answer as DeleteGroupsAnswer).results[0]?.errorCode ?? 0
    if (code === NON_EMPTY_GROUP) return false
    if (code !== 0 && code !== GROUP_ID_NOT_FOUND) {
      this.#cluster.forgetCoordinator(group)
      throw protocolError.createErrorFromCode(code)
    }
    return true
  }

  async leaveGroup(group: string, member: string): Promise<void> {
    await this.#cluster.askCoordinator(group, 'LeaveGroup', { groupId: group, memberId: member }, true)
  }

  async produce(
    topic: string,
    batches: ReadonlyMap<number, readonly NewRecord[]>,
  ): Promise<ReadonlyMap<number, Produced>> {
    const results = new Map<number, Produced>()
    const each = async (node: number, partitions: readonly number[]): Promise<void> => {
      const args = {
        acks: ALL_REPLICAS,
        timeout: BROKER_TIMEOUT_MS,
        topicData: [
          {
            topic,
            partitions: partitions.map((partition) => ({
              partition,
              firstSequence: 0,
              messages: batches.get(partition) ?? [],
            })),
          },
        ],
      }
      try {
        const answer = (await this.#cluster.ask(node, 'produce', 'Produce', args, true)) as ProduceAnswer
        for (const one of answer.topics.flatMap((of) => of.partitions)) {
          if (one.errorCode !== 0) this.#cluster.forgetTopic(topic)
          results.set(one.partition, produced(one))
        }
      } catch (error) {
        const failure = error instanceof Error ? error : new Error('the request failed', { cause: error })
        for (const partition of partitions) results.set(partition, { as: 'failed', error: failure, stored: 'unknown' })
      }
    }
    const leaders = (await this.#cluster.leaders([topic])).get(topic)
    const byNode = new Map<number, number[]>()
    for (const partition of batches.keys()) {
      const node = leaders?.[partition] ?? -1
      if (node >= 0) byNode.set(node, [...(byNode.get(node) ?? []), partition])
      else {
        const code = leaders?.[partition] === undefined ? UNKNOWN_TOPIC : 5
        results.set(partition, { as: 'failed', error: protocolError.createErrorFromCode(code), stored: 'no' })
      }
    }
    await Promise.all([...byNode].map(([node, partitions]) => each(node, partitions)))
    return results
  }

  openReader(): ReturnType<typeof openReader> {
    return openReader(this.#cluster)
  }

  openMember(group: string): ReturnType<typeof openMember> {
    return openMember(this.#cluster, group)
  }

  async #offsets(topic: string, wanted: readonly number[], at: 'start' | 'end' | number): Promise<Map<number, number>> {
    const timestamp = at === 'start' ? START : at === 'end' ? END : String(at)
    const found = new Map<number, number>()
    await this.#byLeader(topic, wanted, async (node, partitions) => {
      const list = partitions.map((partition) => ({ partition, timestamp }))
      const args = { replicaId: -1, isolationLevel: 1, topics: [{ topic, partitions: list }] }
      const { responses } = (await this.#cluster.ask(node, 'control', 'ListOffsets', args, true)) as OffsetsAnswer
      this.#throwFirst(topic, responses)
      for (const { partition, offset } of responses.flatMap((of) => of.partitions)) found.set(partition, Number(offset))
    })
    return found
  }

  async #byLeader(
    topic: string,
    partitions: readonly number[],
    ask: (node: number, partitions: readonly number[]) => Promise<void>,
  ): Promise<void> {
    const leaders = (await this.#cluster.leaders([topic])).get(topic)
    if (leaders === undefined) throw protocolError.createErrorFromCode(UNKNOWN_TOPIC)
    const byNode = Map.groupBy(partitions, (partition) => leaders[partition] ?? -1)
    await Promise.all([...byNode].map(([node, list]) => ask(node, list)))
  }

  #throwFirst(
    topic: string,
    answers: readonly { readonly partitions: readonly { readonly errorCode: number }[] }[],
  ): void {
    const failed = answers.flatMap((of) => of.partitions).find(({ errorCode }) => errorCode !== 0)
    if (failed === undefined) return
    this.#cluster.forgetTopic(topic)
    throw protocolError.createErrorFromCode(failed.errorCode)
  }
}

function plainSockets(factory: NonNullable<Settings['socketFactory']>): ISocketFactory {
  return ({ host, port, onConnect }) => factory({ host, port }).once('connect', onConnect)
}

function produced({ errorCode, baseOffset }: { readonly errorCode: number; readonly baseOffset: string }): Produced {
  if (errorCode === 0) return { as: 'stored', offset: Number(baseOffset) }
  const stored = NOT_STORED.has(errorCode) ? 'no' : 'unknown'
  return { as: 'failed', error: protocolError.createErrorFromCode(errorCode), stored }
}
