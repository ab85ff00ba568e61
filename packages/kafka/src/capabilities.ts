import { type Capabilities, declare } from '@anybroker/driver'
import { LONGEST_DELAY_MS } from './lanes.ts'
import type { Settings } from './options.ts'

/** Retries up to that wait in the consumer's hand, their due time written down. */
const HOLD_MAX_MS = 60_000

/** Of Kafka's default limit of a batch, less what headers and framing may take. */
const LARGEST_BODY_BYTES = 1024 * 1024 - 48 * 1024

const NATIVE = { grade: 'native', proof: 'engine' } as const
const EMULATED = { grade: 'emulated', proof: 'engine' } as const
const none = (note: string) => ({ grade: 'none', proof: 'engine', note }) as const

export function capabilitiesOf({ partitions, topicRetentionMs }: Settings): Capabilities {
  const kept = { retentionMs: topicRetentionMs }
  return declare(NATIVE, {
    Q1: { ...NATIVE, maxConsumers: partitions, note: 'partitions of a consumer group' },
    Q3: { ...EMULATED, note: 'a ledger above the committed offset' },
    Q4: { ...EMULATED, duplicates: 'none', note: 'a partition changes hands when what is in hand was settled' },
    T3: { ...NATIVE, note: 'offsets are committed when a subscription is made' },
    S2: { ...NATIVE, ...kept },
    S3: { ...EMULATED, note: 'a retry topic for each subscription' },
    E1: { ...EMULATED, note: 'a reader without a group, over reconnects too' },
    E2: { ...NATIVE, maxMs: 0, note: 'there is nothing to be left' },
    D1: { ...EMULATED, evidence: 'confirmed', note: 'by the commit that holds it' },
    D2: {
      ...EMULATED,
      holdMaxMs: HOLD_MAX_MS,
      maxMs: LONGEST_DELAY_MS,
      block: false,
      note: 'a retry topic for each queue and subscription',
    },
    D3: { ...EMULATED, attempt: 'floor', note: 'in the metadata of commits' },
    D4: { ...EMULATED, note: 'a crash in the first moments of a handler may go uncounted once' },
    D6: { ...EMULATED, note: 'Kafka takes commits of partitions that are no longer ours' },
    D7: { ...NATIVE, note: 'no lease; heartbeats go on whatever handlers do' },
    O1: { ...NATIVE, partitions, maxConsumers: partitions },
    M1: { ...NATIVE, maxBytes: LARGEST_BODY_BYTES },
    L1: { ...EMULATED, maxMs: LONGEST_DELAY_MS },
    L2: none('Kafka keeps by age of a segment, not of a message'),
    L3: none('Kafka knows no deduplication by an id'),
    R1: { ...NATIVE, ...kept },
    R2: { ...NATIVE, ...kept },
    'R3.equals': none('Kafka has no filters'),
    'R3.anyOf': none('Kafka has no filters'),
    'R3.prefix': none('Kafka has no filters'),
    'R3.exists': none('Kafka has no filters'),
    R4: { ...EMULATED, note: 'one topic for the replies of all' },
    A2: { ...EMULATED, note: 'what is in hand counts as ready' },
    'A2.exact': { ...EMULATED, note: 'as long as no foreign transaction writes its marks into the topic' },
    A3: { ...EMULATED, note: 'a reader without a group' },
    A6: { ...EMULATED, note: 'from the registry of the namespace' },
  })
}
