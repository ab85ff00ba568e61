import { type Capabilities, declare } from '@anybroker/driver'
import { LOG_RETENTION_MS } from './engine/topic-log.ts'
import { ORPHANED_MS } from './engine/orphans.ts'
import type { Settings } from './options.ts'

/** A year: the longest delay that is promised. The process rarely lives so long. */
const LONGEST_DELAY_MS = 365 * 86_400_000

/** What a message may have at most, where the store itself is not smaller. */
const LARGEST_BODY_BYTES = 16 * 1024 * 1024

/** How many session losses a message of a harsh store may suffer unseen before its takes tell of poison. */
const HARSH_SLACK = 10

const NATIVE = { grade: 'native', proof: 'engine' } as const

/** What a store with these settings does. Every clause is `native`; the harsh profile promises less and keeps that. */
export function capabilitiesOf(settings: Settings): Capabilities {
  const { maxBytes, topicLogBytes, dedupWindowMs } = settings
  const kept = { retentionMs: LOG_RETENTION_MS, maxBytes: topicLogBytes }
  const shared: Parameters<typeof declare>[1] = {
    Q2: { ...NATIVE, maxBytes, note: 'for the life of the process' },
    Q4: { ...NATIVE, duplicates: 'none' },
    S2: { ...NATIVE, note: 'for the life of the process' },
    E2: { ...NATIVE, maxMs: ORPHANED_MS },
    D1: { ...NATIVE, evidence: 'confirmed' },
    D2: { ...NATIVE, holdMaxMs: 0, maxMs: LONGEST_DELAY_MS, block: true },
    D3: { ...NATIVE, attempt: 'exact' },
    M1: { ...NATIVE, maxBytes: Math.min(LARGEST_BODY_BYTES, Math.floor(maxBytes / 2)) },
    L1: { ...NATIVE, maxMs: LONGEST_DELAY_MS },
    L3: { ...NATIVE, windowMs: dedupWindowMs },
    R1: { ...NATIVE, ...kept },
    R2: { ...NATIVE, ...kept },
  }
  if (settings.profile === 'reference') return declare(NATIVE, shared)
  return declare(NATIVE, {
    ...shared,
    Q4: { ...NATIVE, duplicates: 'rare', note: 'about one unordered message in 32 comes again after its ack' },
    D1: { ...NATIVE, evidence: 'written' },
    D2: { ...NATIVE, holdMaxMs: 60_000, maxMs: LONGEST_DELAY_MS, block: false },
    D3: { ...NATIVE, attempt: 'ceiling', slack: HARSH_SLACK },
    'A2.exact': { grade: 'none', proof: 'engine', note: 'tells the ready ones only' },
  })
}
