import type { ConnectionState, Runtime } from '@anybroker/driver'
import { describeError } from './errors.ts'

/** Requests that fail for so long, without one that does not, are an outage: a single socket breaks every day. */
const OUTAGE_MS = 5_000

/**
 * Tells when nobody answers. There is no session that could be lost, and what is in hand may be settled after: so it is `blocked`, and
 * `unblocked` with the first answer.
 */
export class Outage {
  readonly #runtime: Pick<Runtime, 'now'>
  #tell: (state: ConnectionState) => void = () => undefined
  /** The first of the failures that nothing came between. */
  #since: number | undefined
  #told = false

  constructor(runtime: Pick<Runtime, 'now'>) {
    this.#runtime = runtime
  }

  onState(tell: (state: ConnectionState) => void): void {
    this.#tell = tell
  }

  /** The service answered, with whatever. */
  answered(): void {
    this.#since = undefined
    if (!this.#told) return
    this.#told = false
    this.#tell({ as: 'unblocked' })
  }

  failed(error: unknown): void {
    // Given up by us: that says nothing.
    if (error instanceof Error && error.name === 'AbortError') return
    if (!isSilence(error)) {
      this.answered()
      return
    }
    const now = this.#runtime.now()
    this.#since ??= now
    if (this.#told || now - this.#since < OUTAGE_MS) return
    this.#told = true
    this.#tell({ as: 'blocked', reason: 'SQS or SNS does not answer' })
  }
}

/** No answer, or one that says that nobody is there. */
function isSilence(error: unknown): boolean {
  const { code, retryable, scope } = describeError(error)
  return code === 'UNAVAILABLE' && retryable && scope !== 'message'
}
