import type { RunRecord, Seen } from './record.ts'

export interface Rules {
  /** Which sources get what is sent to a target. */
  readonly sourcesOf: Readonly<Record<string, readonly string[]>>
  /** Most attempts that a handler may see; undefined where the broker counts takes that no handler saw. */
  readonly maxAttempts: number | undefined
}

/** Everything that is wrong with a run, in sentences. */
export function check(record: RunRecord, rules: Rules): readonly string[] {
  return [
    ...record.problems,
    ...(record.faults === 0 ? ['no fault took effect: this run proves nothing'] : []),
    ...(record.seen.length === 0 ? ['nothing was ever delivered: this run proves nothing'] : []),
    ...lost(record, rules),
    ...phantoms(record, rules),
    ...settledForNothing(record),
    ...tooOften(record, rules),
    ...early(record),
    ...(record.lossy ? [] : disordered(record, rules)),
  ]
}

/** Confirmed means handled or dead-lettered, on every source that it was for. */
function lost({ sends, succeeded, letters }: RunRecord, { sourcesOf }: Rules): string[] {
  const ended = new Set([...succeeded, ...letters].map(({ source, id }) => `${source} ${id}`))
  return sends
    .filter(({ outcome }) => outcome === 'confirmed')
    .flatMap(({ id, target }) =>
      (sourcesOf[target] ?? [])
        .filter((source) => !ended.has(`${source} ${id}`))
        .map((source) => `lost: ${id} was confirmed and never ended on ${source}`),
    )
}

/** Refused means never stored and never seen; and nothing is seen, or lies in the dead letters, that was not sent there. */
function phantoms({ sends, seen, letters, stored }: RunRecord, { sourcesOf }: Rules): string[] {
  const refused = new Set(sends.filter(({ outcome }) => outcome === 'refused').map(({ id }) => id))
  const known = new Set(sends.flatMap(({ id, target }) => (sourcesOf[target] ?? []).map((source) => `${source} ${id}`)))
  return [
    ...stored
      .filter(({ id }) => refused.has(id))
      .map(({ id, target }) => `phantom: ${id} was refused and stored in ${target}`),
    ...[...seen, ...letters]
      .filter(({ source, id }) => refused.has(id) || !known.has(`${source} ${id}`))
      .map(({ source, id }) => `phantom: ${id} was seen on ${source}`),
  ]
}

/** The broker took off nothing that the application was not content with, or that was not buried before: receipt by receipt. */
function settledForNothing({ acked, succeeded, stored }: RunRecord): string[] {
  const ends = new Map<string, number>()
  const end = (source: string, id: string) => void ends.set(`${source} ${id}`, (ends.get(`${source} ${id}`) ?? 0) + 1)
  for (const { source, id } of succeeded) end(source, id)
  for (const { target, id } of stored) if (target.startsWith(DEAD)) end(target.slice(DEAD.length), id)
  const ofSources = acked.filter(({ source }) => !source.startsWith(DEAD))
  return [...Map.groupBy(ofSources, ({ source, id }) => `${source} ${id}`)].flatMap(([name, acks]) => {
    const receipts = new Set(acks.map(({ receipt }) => receipt)).size
    const reasons = ends.get(name) ?? 0
    return receipts > reasons ? [`settled for nothing: ${name}, ${receipts} acks for ${reasons} ends`] : []
  })
}

const DEAD = 'dead letters of '

function tooOften({ seen }: RunRecord, { maxAttempts }: Rules): string[] {
  if (maxAttempts === undefined) return []
  return seen
    .filter(({ attempt }) => attempt > maxAttempts || attempt < 1)
    .map(({ source, id, attempt }) => `attempts: ${id} was handed out on ${source} as attempt ${attempt}`)
}

/** Nothing is handed out before its time, whatever happened on the way. */
function early({ sends, seen }: RunRecord): string[] {
  const due = new Map(sends.map(({ id, notBefore }) => [id, notBefore]))
  return seen
    .filter(({ id, at }) => at < (due.get(id) ?? 0))
    .map(({ id, at }) => `early: ${id} was handed out ${(due.get(id) ?? 0) - at} ms before its time`)
}

/** First deliveries of a key come in the order of the sends, one at a time. */
function disordered({ sends, seen }: RunRecord, { sourcesOf }: Rules): string[] {
  const place = new Map(sends.map(({ id }, index) => [id, index]))
  const problems = seen
    .filter(({ key, beside }) => key !== undefined && beside.length > 0)
    .map(({ source, id, beside }) => `order: ${id} ran on ${source} beside ${beside.join(', ')} of its key`)
  for (const source of Object.values(sourcesOf).flat()) {
    const firsts = new Map<string, Seen>()
    for (const one of seen) if (one.source === source && !firsts.has(one.id)) firsts.set(one.id, one)
    for (const [key, ofKey] of Map.groupBy(firsts.values(), (one) => one.key)) {
      if (key === undefined) continue
      let last = -1
      for (const { id } of ofKey) {
        const at = place.get(id) ?? -1
        if (at < last) problems.push(`order: ${id} of key ${key} was first seen on ${source} after one sent later`)
        last = Math.max(last, at)
      }
    }
  }
  return problems
}
