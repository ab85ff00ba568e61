import type { Ledger } from './ledger.ts'
import { paint } from './paint.ts'

/** How many are told of where there are too many to tell of each. */
const NAMED = 5
const SHOWN = 20

/** The dead letters, what was done about them, and the ledger. What is missing was lost, unless nobody waited for it. */
export function printSummary(
  stream: NodeJS.WriteStream,
  ledger: Ledger,
  elapsedMs: number,
  missing: 'lost' | 'unfinished',
): void {
  const { corrections, totals } = ledger
  if (corrections.length > 0) stream.write('\nDead letters\n')
  for (const { request, at, attempts, error, change } of corrections.slice(0, SHOWN)) {
    const done = change === undefined ? 'sent back as it was' : `corrected to ${JSON.stringify(change.to)}`
    stream.write(`  ${request}  ${at}, ${attempts} attempts: ${error}  → ${done}\n`)
  }
  if (corrections.length > SHOWN) stream.write(`  and ${(corrections.length - SHOWN).toLocaleString('en')} more\n`)
  const rows: readonly (readonly [what: string, count: number, good: boolean])[] = [
    ['in', totals.in, totals.in === ledger.expected],
    ['completed', totals.completed, totals.completed === totals.in],
    ['mails', totals.mailed, totals.mailed === totals.in],
    ['redelivered', totals.redelivered, true],
    ['dead-lettered', totals.deadLettered, true],
    ['redriven', totals.redriven, true],
    ['left behind', totals.leftBehind, totals.leftBehind === 0],
    [missing, totals.lost, totals.lost === 0],
    ['duplicates', totals.duplicates, true],
  ]
  stream.write(`\nLedger, after ${(elapsedMs / 1000).toFixed(1)} s\n`)
  for (const [what, count, good] of rows) {
    const line = `  ${what.padEnd(14)} ${count.toLocaleString('en').padStart(9)}`
    stream.write(`${good ? line : paint(stream, 'red', line)}\n`)
  }
}

/** `er-0017 (billing: there is no account), er-0018 (…) and 3 more` */
export function named(ledger: Ledger, requests: readonly string[]): string {
  const some = requests.slice(0, NAMED).map((request) => `${request} (${ledger.waitsFor(request)})`)
  const more = requests.length - some.length
  return some.join(', ') + (more > 0 ? ` and ${more.toLocaleString('en')} more` : '')
}
