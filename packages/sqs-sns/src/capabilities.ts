import { type Capabilities, declare } from '@anybroker/driver'
import { RETENTION_SECONDS } from './limits.ts'

/** Retries up to that wait in the consumer's hand: visibility counts in whole seconds. */
const HOLD_MAX_MS = 1_000

/** Far below the retention of 14 days, so that what waits is not deleted while it does. */
const LONGEST_DELAY_MS = 7 * 24 * 60 * 60_000

/** How many takes that no handler saw may be counted before a message is dead-lettered unseen. */
const SLACK = 20

/** The total time for which SQS hides a message that was received. */
export const LONGEST_LEASE_MS: number = 12 * 60 * 60_000

/** How long an ephemeral subscription or an inbox lives without a word of its process. */
export const EPHEMERAL_MS = 300_000

/** How often `maintain` looks for those of the dead, and how often core calls it. Two looks must find one overdue. */
export const REAP_EVERY_MS = 300_000
const MAINTAIN_EVERY_MS = 30_000

const NATIVE = { grade: 'native', proof: 'engine' } as const
const EMULATED = { grade: 'emulated', proof: 'engine' } as const
const none = (note: string) => ({ grade: 'none', proof: 'engine', note }) as const

/** Of a body in one message: 256 KiB of SNS, less 16 KiB for headers and fields, as base64. */
const BODY_BYTES = ((256 - 16) * 1024 * 3) / 4

const FILTERED = none('SNS applies what it can see, and core the whole filter again')

export function capabilitiesOf({ readyMs }: { readonly readyMs: number }): Capabilities {
  return declare(NATIVE, {
    Q2: { ...NATIVE, retentionMs: RETENTION_SECONDS * 1_000 },
    Q4: { ...NATIVE, duplicates: 'rare', note: 'a standard queue may deliver twice' },
    S1: { ...NATIVE, readyMs, note: 'a new subscription is in force soon, not at once: creating it waits that long' },
    S2: { ...NATIVE, retentionMs: RETENTION_SECONDS * 1_000 },
    E1: { ...NATIVE, note: 'a queue of its own, so that an outage is bridged' },
    E2: {
      ...EMULATED,
      maxMs: EPHEMERAL_MS + 2 * (REAP_EVERY_MS + MAINTAIN_EVERY_MS),
      note: 'by any process of the namespace',
    },
    D1: { ...NATIVE, evidence: 'confirmed' },
    D2: {
      ...NATIVE,
      holdMaxMs: HOLD_MAX_MS,
      maxMs: LONGEST_DELAY_MS,
      granularityMs: 1_000,
      block: false,
      note: 'by visibility, in whole seconds, rounded up',
    },
    D3: { ...NATIVE, attempt: 'ceiling', slack: SLACK },
    D7: { ...NATIVE, maxMs: LONGEST_LEASE_MS },
    O1: { ...NATIVE, note: 'FIFO queues and topics' },
    O2: { ...EMULATED, note: 'the head is held in hand' },
    O3: { ...EMULATED, note: 'a copy with a deduplication id of its own' },
    M1: { ...EMULATED, maxBytes: BODY_BYTES, note: 'what is no text goes as base64' },
    M2: { ...EMULATED, note: 'packed, where attributes are too few or can not spell them' },
    L1: {
      ...NATIVE,
      maxMs: LONGEST_DELAY_MS,
      granularityMs: 1_000,
      note: 'to 15 minutes natively; longer, on topics and FIFO by visibility',
    },
    L2: none('the retention is the same for all messages of a queue'),
    L3: none('standard queues have none'),
    R1: none('what was acked is gone'),
    R2: none('SNS keeps nothing'),
    'R3.equals': FILTERED,
    'R3.anyOf': FILTERED,
    'R3.prefix': FILTERED,
    'R3.exists': FILTERED,
    A2: { ...NATIVE, note: 'approximate' },
    'A2.exact': none('SQS counts approximately'),
    A3: none('a look counts as a delivery'),
    A4: { ...EMULATED, note: 'receives and deletes: PurgeQueue takes what is in hand, too' },
  })
}
