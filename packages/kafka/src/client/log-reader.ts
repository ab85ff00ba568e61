import filterAborted from 'kafkajs/src/consumer/filterAbortedMessages.js'
import protocolError from 'kafkajs/src/protocol/error.js'
import type { FetchAnswer, FetchedMessage } from './answers.ts'
import type { Cluster } from './cluster.ts'
import type { Fetched, LogReader, LogRecord, Position } from './port.ts'
import type { WireConnection } from './wire-connection.ts'

const ANY_CLIENT = -1
const READ_COMMITTED = 1
const AT_ONCE_BYTES = 1

/** Fetches over connections of its own, one to each node. */
export function openReader(cluster: Cluster): LogReader {
  const connections = new Map<number, WireConnection>()

  const connectionTo = (node: number): WireConnection => {
    const open = connections.get(node)
    if (open !== undefined && !open.dead) return open
    const connection = cluster.dial(node)
    connections.set(node, connection)
    return connection
  }

  return {
    async leader(topic, partition, refresh) {
      const leaders = await cluster.leaders([topic], refresh)
      const list = leaders.get(topic)
      if (list === undefined) throw protocolError.createErrorFromCode(UNKNOWN_TOPIC)
      const node = list[partition] ?? -1
      return node < 0 ? undefined : node
    },

    async fetch(node, positions, waitMs, maxBytes) {
      const connection = connectionTo(node)
      const args = {
        replicaId: ANY_CLIENT,
        isolationLevel: READ_COMMITTED,
        maxWaitTime: waitMs,
        minBytes: AT_ONCE_BYTES,
        maxBytes,
        topics: [...Map.groupBy(positions, ({ topic }) => topic)].map(([topic, list]) => ({
          topic,
          partitions: list.map((one) => ({
            partition: one.partition,
            fetchOffset: String(one.offset),
            maxBytes: one.maxBytes,
          })),
        })),
      }
      try {
        return fetched(positions, (await connection.request('Fetch', args, true)) as FetchAnswer)
      } catch (error) {
        cluster.failed(connection)
        throw error
      }
    },

    close() {
      for (const connection of connections.values()) cluster.hangUp(connection)
      connections.clear()
    },
  }
}

const UNKNOWN_TOPIC = 3

function fetched(positions: readonly Position[], { errorCode, responses }: FetchAnswer): readonly Fetched[] {
  if (errorCode !== undefined && errorCode !== 0) throw protocolError.createErrorFromCode(errorCode)
  const from = new Map(positions.map((one) => [`${one.topic} ${one.partition}`, one.offset]))
  return responses.flatMap(({ topicName: topic, partitions }) =>
    partitions.map((one): Fetched => {
      const { partition } = one
      const offset = from.get(`${topic} ${partition}`) ?? 0
      const high = Number(one.lastStableOffset ?? one.highWatermark)
      const nothing = { topic, partition, records: [], end: offset, high: high < 0 ? offset : high }
      if (one.errorCode !== 0) return { ...nothing, error: protocolError.createErrorFromCode(one.errorCode) }
      const last = one.messages.at(-1)
      if (last === undefined) return nothing
      const { messages, abortedTransactions } = one
      const committed = filterAborted({ messages, abortedTransactions })
      const records: LogRecord[] = []
      for (const message of committed) {
        if (message.isControlRecord !== true) {
          const record = toRecord(message)
          if (record.offset >= offset) records.push(record)
        }
      }
      return { topic, partition, records, end: Math.max(offset, Number(last.offset) + 1), high: nothing.high }
    }),
  )
}

function toRecord({ offset, timestamp, key, value, headers }: FetchedMessage): LogRecord {
  return { offset: Number(offset), timestamp: Number(timestamp), key, value, headers: headers ?? {} }
}
