import { type Capabilities, declare } from '@anybroker/driver'
import { LONGEST_DELAY_MS } from './delays.ts'
import { PARTITIONS } from './names.ts'
import type { Settings } from './options.ts'

/** How long an ephemeral subscription, or an inbox, outlives its last consumer: an outage that is shorter loses nothing. */
export const EPHEMERAL_MS = 60_000

/** Retries up to that wait in the consumer's hand, far below RabbitMQ's consumer timeout of 30 min. */
const HOLD_MAX_MS = 60_000

/** RabbitMQ's default consumer timeout: what is unsettled for longer ends its channel. */
const CONSUMER_TIMEOUT_MS = 30 * 60_000

/** How many takes that no handler saw may be counted: each lost channel counts for all that it had fetched. */
const SLACK = 20

const NATIVE = { grade: 'native', proof: 'engine' } as const
const EMULATED = { grade: 'emulated', proof: 'engine' } as const
const none = (note: string) => ({ grade: 'none', proof: 'engine', note }) as const

/** What the server says of itself, as far as it makes a difference. */
export interface Server {
  readonly major: number
}

const MIB = 1024 * 1024

/** One set per line of servers; the connection picks it by what the server says. */
export function capabilitiesOf(
  { major }: Server,
  { stream, management }: Pick<Settings, 'stream' | 'management'>,
): Capabilities {
  const balanced = major >= 4
  const replay =
    stream.mode === 'off'
      ? none("needs the topic's stream: the driver's option stream is off")
      : {
          ...EMULATED,
          retentionMs: stream.maxAgeMs,
          maxBytes: stream.maxBytes,
          note: "the subscription's queue is filled again from the stream of its topic",
        }
  return declare(NATIVE, {
    Q4: { ...NATIVE, duplicates: 'none' },
    E1: { ...NATIVE, note: 'a durable queue that expires, so that a short outage is bridged' },
    E2: { ...NATIVE, maxMs: EPHEMERAL_MS },
    D1: { ...NATIVE, evidence: 'written', note: 'AMQP has no answer to an ack' },
    D2: {
      ...EMULATED,
      holdMaxMs: HOLD_MAX_MS,
      maxMs: LONGEST_DELAY_MS,
      block: false,
      note: 'delay queues, one per delay',
    },
    D3: { ...NATIVE, attempt: 'ceiling', slack: SLACK },
    D7: { ...NATIVE, maxMs: CONSUMER_TIMEOUT_MS, note: 'no lease; the consumer timeout of the server' },
    O1: {
      ...EMULATED,
      partitions: PARTITIONS,
      maxConsumers: balanced ? PARTITIONS : 1,
      note: balanced
        ? 'partition queues, each with a single active consumer'
        : 'partition queues; the first consumer is the active one on all of them',
    },
    M1: { ...NATIVE, maxBytes: balanced ? 16 * MIB - 64 * 1024 : 128 * MIB - 64 * 1024 },
    L1: { ...EMULATED, maxMs: LONGEST_DELAY_MS },
    L2: none('a native TTL would dead-letter what core drops'),
    L3: none('RabbitMQ has no deduplication of its own'),
    R1: replay,
    R2: replay,
    'R3.equals': NATIVE,
    'R3.anyOf': NATIVE,
    'R3.prefix': none('a headers exchange compares whole values'),
    'R3.exists': none('a headers exchange can tell that a header is there, not that it is missing'),
    A2: { ...NATIVE, note: 'the ready ones; what is in hand is not told over AMQP' },
    'A2.exact': none('what is in hand is not told over AMQP'),
    A3: none('a get counts as a delivery'),
    A6:
      management === undefined
        ? none("AMQP has no list: the driver's option management names the management API")
        : { ...NATIVE, note: 'by the management API' },
  })
}

/** `4.0.5` as the server spells its version; anything else counts as the oldest. */
export function serverOf(version: unknown): Server {
  const major = typeof version === 'string' ? /^(\d{1,3})\./.exec(version)?.[1] : undefined
  return { major: major === undefined ? 3 : Number(major) }
}
