import type { Ref, Runtime } from '@anybroker/driver'
import type { FaultKind, FaultName, FaultPoint, FaultScript, Strike } from './faults.ts'

interface Ended {
  readonly error: unknown
}

/** One connection's life: whether it still stands, whether the broker takes anything, and what goes wrong on it. */
export class Life {
  readonly runtime: Runtime
  readonly #script: FaultScript
  readonly #ending = Promise.withResolvers<Ended>()
  readonly #atEnd: ((error: unknown) => void)[] = []
  readonly #owned: ((signal: AbortSignal) => Promise<void>)[] = []
  #closed: Promise<void> = Promise.resolve()
  #ended: Ended | undefined
  #blocked: PromiseWithResolvers<void> | undefined

  constructor(runtime: Runtime, script: FaultScript) {
    this.runtime = runtime
    this.#script = script
  }

  get over(): boolean {
    return this.#ended !== undefined
  }

  /**
   * Ends it once: what it made hears of it in order of making, then whoever waits. Then the broker notices that the session is
   * gone: everything that it owns is closed, the last opened first.
   */
  end(error: unknown): void {
    if (this.#ended !== undefined) return
    this.#ended = { error }
    for (const told of this.#atEnd) told(error)
    this.#ending.resolve(this.#ended)
    this.#closed = this.#closeAll()
  }

  atEnd(told: (error: unknown) => void): void {
    this.#atEnd.push(told)
  }

  /** Has `close` called when the connection ends. */
  owns(close: (signal: AbortSignal) => Promise<void>): void {
    this.#owned.push(close)
  }

  /** Closed in order: nothing is left for the broker to notice. */
  disown(): void {
    this.#owned.length = 0
  }

  /** Resolves when the broker has noticed the end. */
  get closed(): Promise<void> {
    return this.#closed
  }

  async #closeAll(): Promise<void> {
    const { signal } = new AbortController()
    for (const close of this.#owned.toReversed()) {
      try {
        await close(signal)
      } catch (error) {
        this.runtime.log('error', 'faults: closing what was left of a dead connection failed', { error })
      }
    }
  }

  /** Throws what ended it. */
  check(): void {
    if (this.#ended !== undefined) throw this.#ended.error
  }

  /** What `work` comes to, or what `dead` makes of the end of this connection, whichever is first. */
  whileAlive<T>(work: Promise<T>, dead: (error: unknown) => T): Promise<T> {
    return Promise.race([work, this.#ending.promise.then(({ error }) => dead(error))])
  }

  /** Resolves with what ended the connection, or rejects with the signal's reason. */
  async hang(signal: AbortSignal): Promise<unknown> {
    const { error } = await aborting(this.#ending.promise, signal)
    return error
  }

  setBlocked(blocked: boolean): void {
    if (blocked) this.#blocked ??= Promise.withResolvers<void>()
    else {
      this.#blocked?.resolve()
      this.#blocked = undefined
    }
  }

  /** Passes while nothing is blocked; else waits for that, for the end, or for the signal, which rejects. */
  async passable(signal: AbortSignal): Promise<void> {
    while (this.#blocked !== undefined && this.#ended === undefined) {
      await aborting(Promise.race([this.#blocked.promise, this.#ending.promise.then(() => {})]), signal)
    }
  }

  strike<P extends FaultPoint, K extends FaultKind<P>>(
    point: P,
    target: Ref | undefined,
    among: readonly K[],
  ): Strike<K> | undefined {
    return this.#script.strike(point, target, among)
  }

  note(fault: FaultName, target: Ref | undefined, id?: string): void {
    this.#script.note(this.runtime.now(), fault, target, id)
  }

  async delay(signal: AbortSignal): Promise<void> {
    await this.runtime.sleep(this.#script.draw(this.#script.delayMs + 1), signal)
  }
}

/** `work`, unless the signal aborts before: then its reason. Leaves no listener. */
async function aborting<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const aborted = () => reject(signal.reason)
  signal.addEventListener('abort', aborted, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', aborted)
  }
}

/** The first call's promise for every call. */
export function once(close: (signal: AbortSignal) => Promise<void>): (signal: AbortSignal) => Promise<void> {
  let closing: Promise<void> | undefined
  return (signal) => (closing ??= close(signal))
}
