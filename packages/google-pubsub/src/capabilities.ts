import { type Capabilities, declare } from '@anybroker/driver'
import { BODY_BYTES, EXPIRATION_SECONDS, REPLAY_SECONDS, retentionSeconds } from './limits.ts'
import type { Settings } from './options.ts'

/** Retries up to that wait in the consumer's hand; longer ones as copies in the lane. */
const HOLD_MAX_MS = 10_000

/** What waits in a lane is renewed long before its retention ends, as long as a consumer runs now and then. */
const LONGEST_DELAY_MS = 30 * 24 * 60 * 60_000

/** How many takes that no handler saw may be counted before a message is dead-lettered unseen. */
const SLACK = 20

const NATIVE = { grade: 'native', proof: 'engine' } as const
const EMULATED = { grade: 'emulated', proof: 'engine' } as const
const none = (note: string) => ({ grade: 'none', proof: 'engine', note }) as const

const FILTERED = none(
  'the service applies what it can say, and core the whole filter again; the emulator has no filters',
)

export function capabilitiesOf(settings: Pick<Settings, 'exactlyOnce' | 'emulator'>): Capabilities {
  const retentionMs = retentionSeconds(settings) * 1_000
  return declare(NATIVE, {
    Q2: { ...NATIVE, retentionMs, note: 'the retention is by the vendor, the emulator keeps what it has in memory' },
    Q4: { ...NATIVE, duplicates: 'rare', note: 'the service may deliver twice, but for exactlyOnce' },
    S2: { ...NATIVE, retentionMs },
    S3: { ...NATIVE, note: 'a lane of its own for what is redriven, delayed or requeued' },
    E1: { ...NATIVE, note: 'a subscription of its own, so that an outage of 10 minutes is bridged' },
    E2: {
      grade: 'native',
      proof: 'vendor',
      maxMs: EXPIRATION_SECONDS * 1_000,
      note: 'deleted on close; of a dead process the service removes it after a day without a consumer, the emulator never',
    },
    D1: settings.exactlyOnce
      ? { ...NATIVE, evidence: 'confirmed' }
      : { ...NATIVE, evidence: 'accepted', note: 'the service takes an ack that came too late, and ignores it' },
    D2: {
      ...EMULATED,
      holdMaxMs: HOLD_MAX_MS,
      maxMs: LONGEST_DELAY_MS,
      block: false,
      note: 'a copy in the lane of its queue or subscription',
    },
    D3: { ...NATIVE, attempt: 'ceiling', slack: SLACK, note: 'as the service counts, which is a best effort' },
    O1: { ...NATIVE, note: 'ordering keys' },
    O2: { ...EMULATED, note: 'the head is held in hand' },
    O3: { ...EMULATED, note: 'a copy; of a subscription in its lane' },
    M1: { ...NATIVE, maxBytes: BODY_BYTES },
    L1: { ...EMULATED, maxMs: LONGEST_DELAY_MS, note: 'in the lane; on topics by each subscription' },
    L2: none('the retention is the same for all messages of a subscription'),
    L3: none('Pub/Sub has no deduplication by an id of the publisher'),
    R1: { ...NATIVE, retentionMs: REPLAY_SECONDS * 1_000 },
    R2: { ...NATIVE, retentionMs: REPLAY_SECONDS * 1_000 },
    'R3.equals': FILTERED,
    'R3.anyOf': FILTERED,
    'R3.prefix': FILTERED,
    'R3.exists': FILTERED,
    A2: none('the service tells a depth by Cloud Monitoring alone, minutes late'),
    'A2.exact': none('the service tells a depth by Cloud Monitoring alone, minutes late'),
    A3: none('a look counts as a delivery'),
    A4: { ...NATIVE, note: 'a seek to now' },
  })
}
