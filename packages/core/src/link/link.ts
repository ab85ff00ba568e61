import { BrokerError, type Capabilities, type Connection, type Driver, type Runtime } from '@anybroker/driver'
import { closedError, described, isFinal, wrapped } from '../errors.ts'
import type { Events } from '../events.ts'
import { shownError } from '../redact.ts'
import { fullJitter } from '../time/backoff.ts'
import { DeadlinePassed, whileNotAborted, withDeadline } from '../time/deadline.ts'
import { deferred, toldElsewhere, type Deferred } from '../time/deferred.ts'

/** One life of a connection. Whatever was opened on it is dead once `down` aborted, and opened again on the next. */
export interface Live {
  readonly connection: Connection
  readonly down: AbortSignal
}

/**
 * Keeps one connection alive: opens it, watches it, and opens another when it died, with full jitter and without end (C4).
 * Everything in core reaches the broker through `live()`, which waits while there is none.
 */
export class Link {
  readonly driver: Driver
  readonly runtime: Runtime
  readonly #events: Events
  readonly #connectTimeoutMs: number
  readonly #end = new AbortController()
  #live: (Live & { readonly controller: AbortController }) | undefined
  #next: Deferred<Live> = newWait()
  #capabilities: Capabilities
  #blocked = false
  #work: Promise<void> = Promise.resolve()

  constructor(driver: Driver, runtime: Runtime, events: Events, connectTimeoutMs: number) {
    this.driver = driver
    this.runtime = runtime
    this.#events = events
    this.#connectTimeoutMs = connectTimeoutMs
    this.#capabilities = driver.capabilities
  }

  /** The driver's grades, corrected by what the broker last said of itself. */
  get capabilities(): Capabilities {
    return this.#capabilities
  }

  /** The present connection, if there is one. */
  get present(): Connection | undefined {
    return this.#live?.connection
  }

  get closed(): boolean {
    return this.#end.signal.aborted
  }

  /** The first connection: one attempt, and what is wrong is said at once (C5). */
  async open(signal: AbortSignal | undefined): Promise<void> {
    this.#adopt(await this.#connect(signal))
  }

  /** The present connection, or the next. Rejects when the broker object is closed, or with the signal's reason. */
  live(signal?: AbortSignal): Promise<Live> {
    if (this.#end.signal.aborted) return Promise.reject(closedError('the broker'))
    return this.#live === undefined ? whileNotAborted(this.#next.promise, signal) : Promise.resolve(this.#live)
  }

  /**
   * One administrative call: waits for a connection, tries again after what may pass and when its connection died, ends at the
   * deadline. `work` may be called several times and must bear that, and that what it brings after its signal aborted is dropped.
   */
  async run<T>(
    action: string,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
    work: (connection: Connection, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    let last: unknown
    try {
      return await withDeadline(this.runtime, options.timeoutMs, options.signal, async (signal) => {
        for (let attempt = 1; ; attempt++) {
          const { connection, down } = await this.live(signal)
          try {
            // What was asked of a connection that died may never be answered.
            return await whileNotAborted(asked(work, connection, AbortSignal.any([signal, down])), down)
          } catch (error) {
            signal.throwIfAborted()
            last = error
            const facts = described(this.driver, error)
            if (!facts.retryable || isFinal(facts)) throw error
          }
          await this.runtime.sleep(fullJitter(this.runtime, attempt), signal)
        }
      })
    } catch (error) {
      if (options.signal?.aborted === true && error === options.signal.reason) throw error
      if (error instanceof TypeError && error !== last) throw error
      const cause =
        error instanceof DeadlinePassed && last !== undefined
          ? new DeadlinePassed(error.message, { cause: last })
          : error
      throw wrapped(action, cause, this.driver)
    }
  }

  /** Ends it for good; nothing is opened after. Ends when the signal aborts at the latest. */
  async close(signal: AbortSignal): Promise<void> {
    if (this.#end.signal.aborted) return
    this.#end.abort(closedError('the broker'))
    this.#next.reject(closedError('the broker'))
    const live = this.#live
    this.#live = undefined
    live?.controller.abort(closedError('the broker'))
    // A reconnect under way ends with `#end`; what it still opens is closed where it arrives.
    const work = Promise.allSettled([live?.connection.close(signal), this.#work])
    try {
      await whileNotAborted(work, signal)
    } catch (error) {
      this.runtime.log('warn', `anybroker: closing the connection to ${this.driver.name} took too long`, { error })
    }
  }

  async #connect(signal: AbortSignal | undefined): Promise<Connection> {
    const discard = (late: Connection) => toldElsewhere(late.close(AbortSignal.abort()))
    try {
      return await withDeadline(
        this.runtime,
        this.#connectTimeoutMs,
        signal,
        (inner) => this.driver.connect(this.runtime, inner),
        discard,
      )
    } catch (error) {
      if (signal?.aborted === true && error === signal.reason) throw error
      throw wrapped(`connecting to ${this.driver.name}`, error, this.driver)
    }
  }

  #adopt(connection: Connection): void {
    const controller = new AbortController()
    const live = { connection, down: controller.signal, controller }
    this.#capabilities = connection.capabilities
    this.#live = live
    this.#blocked = false
    connection.onState((state) => {
      if (this.#live !== live) return
      if (state.as === 'disconnected') this.#lost(live, state.error)
      else this.#setBlocked(state.as === 'blocked', state.as === 'blocked' ? state.reason : '')
    })
    if (this.#live === live) this.#next.resolve(live)
  }

  #setBlocked(blocked: boolean, reason: string): void {
    if (this.#blocked === blocked) return
    this.#blocked = blocked
    if (blocked) this.#events.emit('blocked', { reason })
    else this.#events.emit('unblocked', {})
  }

  #lost(live: Live & { readonly controller: AbortController }, error: unknown): void {
    this.#live = undefined
    this.#next = newWait()
    this.#setBlocked(false, '')
    live.controller.abort(
      new BrokerError('UNAVAILABLE', `the connection to ${this.driver.name} is gone`, {
        cause: error,
        retryable: true,
      }),
    )
    this.#events.emit('disconnected', { reason: shownError(error) })
    this.#work = this.#reconnect(live.connection)
  }

  async #reconnect(dead: Connection): Promise<void> {
    const since = this.runtime.now()
    toldElsewhere(dead.close(AbortSignal.abort()))
    const end = this.#end.signal
    for (let attempts = 1; !end.aborted; attempts++) {
      try {
        await this.runtime.sleep(fullJitter(this.runtime, attempts), end)
        const connection = await this.#connect(end)
        if (end.aborted) {
          toldElsewhere(connection.close(AbortSignal.abort()))
          return
        }
        this.#events.emit('connected', { afterMs: Math.round(this.runtime.now() - since), attempts })
        this.#adopt(connection)
        return
      } catch (error) {
        if (!end.aborted)
          this.runtime.log('debug', `anybroker: reconnecting to ${this.driver.name} failed`, { attempts, error })
      }
    }
  }
}

async function asked<T>(
  work: (connection: Connection, signal: AbortSignal) => Promise<T>,
  connection: Connection,
  signal: AbortSignal,
): Promise<T> {
  return work(connection, signal)
}

function newWait(): Deferred<Live> {
  const wait = deferred<Live>()
  // Nobody may be waiting when it is closed.
  toldElsewhere(wait.promise)
  return wait
}
