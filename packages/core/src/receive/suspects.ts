import type { Entry } from './entry.ts'

/**
 * Messages above `maxAttempts` where takes are counted too (D3 `ceiling`): each may be what killed those who had it, or may only
 * have lain beside that. Each runs alone, after everything else in hand.
 *
 * A crash counts for all that is still in hand, so the order decides who is counted with the guilty one. It is turned round from
 * one crash to the next: forwards, what lies before the guilty one is done before the crash; backwards, what lies behind it. After two
 * crashes nothing is left beside it. No note is needed for that: the highest count grows by one with each crash.
 */
export class Suspects {
  #waiting: Entry[] = []

  add(entry: Entry): void {
    this.#waiting.push(entry)
  }

  /** The next to run alone. */
  take(): Entry | undefined {
    const waiting = this.#waiting.filter(({ state }) => state === 'waiting')
    const most = waiting.reduce((highest, { attempt }) => Math.max(highest, attempt), 0)
    const next = most % 2 === 0 ? waiting.shift() : waiting.pop()
    this.#waiting = waiting
    return next
  }
}
