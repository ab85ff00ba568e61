import type { Ledger } from './ledger.ts'
import { paint } from './paint.ts'

/** How many are named where there are too many to name. */
const NAMED = 5

/** The dead letters, what was done about them, and the ledger. */
export function printSummary(stream: NodeJS.WriteStream, ledger: Ledger, elapsedMs: number): void {
  const { corrections, totals } = ledger
  if (corrections.length > 0) stream.write('\nDead letters\n')
  for (const { request, at, attempts, error, change } of corrections) {
    const done = change === undefined ? 'sent back as it was' : `corrected to ${JSON.stringify(change.to)}`
    stream.write(`  ${request}  ${at}, ${attempts} attempts: ${error}  → ${done}\n`)
  }
  const rows: readonly (readonly [what: string, count: number, good: boolean])[] = [
    ['in', totals.in, totals.in === ledger.expected],
    ['completed', totals.completed, totals.completed === totals.in],
    ['mails', totals.mailed, totals.mailed === totals.in],
    ['redelivered', totals.redelivered, true],
    ['dead-lettered', totals.deadLettered, true],
    ['redriven', totals.redriven, true],
    ['left behind', totals.leftBehind, totals.leftBehind === 0],
    ['lost', totals.lost, totals.lost === 0],
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
