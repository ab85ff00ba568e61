import type { v1 } from '@google-cloud/pubsub'
import { describeError, unavailable } from './errors.ts'
import type { Session } from './session.ts'
import type { Received } from './wire.ts'

/** How often a word is written into an idle stream, so that nothing on the way forgets it; and how long its answer may take. */
const KEEP_ALIVE_MS = 30_000
const ANSWER_MS = 15_000

/** Between streams that fail: from, to. One that brought something, or lived that long, did not fail. */
const FIRST_BACKOFF_MS = 100
const LAST_BACKOFF_MS = 5_000
const LIVED_MS = 2_000

/** A subscription that was just made may be unknown somewhere: so often in a row it must be missing. */
const MISSING_STREAMS = 4

/**
 * How long a stream that was asked to end may take for it: what is on its way is still wanted, and what is cancelled is hidden for a whole
 * lease. And how long anybody waits for that.
 */
const GOODBYE_MS = 15_000
const PATIENCE_MS = 1_000

type Call = ReturnType<v1.SubscriberClient['streamingPull']>

export interface StreamSetup {
  readonly path: string
  readonly leaseSeconds: number
  /** What the service may send beyond what is settled; 0 for as much as it likes. */
  readonly window: { readonly messages: number; readonly bytes: number }
  /** Whether a new stream waits for the end of the one before, because both bring messages of one key. */
  readonly oneByOne: boolean
  readonly arrived: (received: readonly Received[]) => void
  /** It is over for good. */
  readonly failed: (error: unknown) => void
}

/**
 * One streaming pull, reopened whenever it ends: the service ends each of them now and then. A message and its ack id outlive the
 * stream that brought it, so nobody notices. `want(false)` ends it gracefully: cancelling would leave what is under way hidden
 * for a whole lease.
 */
export class Stream {
  readonly #session: Session
  readonly #setup: StreamSetup
  readonly #id: string
  readonly #ending = new Set<Promise<void>>()
  #current: { readonly call: Call; over: boolean } | undefined
  #wanted = false
  #stopped = false
  #failures = 0
  #missing = 0
  #cancelRetry: (() => void) | undefined
  #cancelPing: (() => void) | undefined
  /** The service answers what is written; older client libraries can't ask it to. */
  #answers = false

  constructor(session: Session, setup: StreamSetup) {
    this.#session = session
    this.#setup = setup
    this.#id = session.runtime.id()
  }

  /** Opens a stream where there is none, or lets the present one end. */
  want(wanted: boolean): void {
    if (this.#wanted === wanted || this.#stopped) return
    this.#wanted = wanted
    if (wanted) this.#reopen(0)
    else this.#letEnd()
  }

  /** Lets it end, until it is wanted again; resolves when nothing more comes. */
  async idle(): Promise<void> {
    this.want(false)
    await this.#allEnded()
  }

  /** Ends for good. Resolves when nothing comes any more, or within a second: then something still may. */
  async stop(): Promise<void> {
    this.#wanted = false
    this.#stopped = true
    this.#letEnd()
    await this.#allEnded()
  }

  async #allEnded(): Promise<void> {
    if (this.#ending.size === 0) return
    let cancel = (): void => undefined
    const enough = new Promise<void>((resolve) => {
      cancel = this.#session.runtime.timer(PATIENCE_MS, resolve)
    })
    await Promise.race([Promise.all(this.#ending), enough])
    cancel()
  }

  #reopen(delayMs: number): void {
    this.#cancelRetry?.()
    const open = (): void => {
      this.#cancelRetry = undefined
      if (this.#wanted && this.#current === undefined) this.#open()
    }
    if (delayMs > 0) {
      this.#cancelRetry = this.#session.runtime.timer(delayMs, open)
    } else if (this.#setup.oneByOne && this.#ending.size > 0) {
      Promise.all(this.#ending).then(open, open)
    } else open()
  }

  #open(): void {
    const { path, leaseSeconds, window } = this.#setup
    const { runtime, clients } = this.#session
    const openedAt = runtime.now()
    let brought = false
    const call = clients.subscriber.streamingPull({
      otherArgs: { headers: { 'x-goog-request-params': `subscription=${path}` } },
    })
    const current = { call, over: false }
    this.#current = current
    this.#session.calls.add(call)
    call.on('data', ({ receivedMessages }: { receivedMessages?: readonly Received[] | null }) => {
      const received = receivedMessages ?? []
      if (received.length === 0) {
        this.#answers = true
      } else {
        brought = true
        this.#failures = 0
        this.#missing = 0
        this.#setup.arrived(received)
      }
      if (this.#current === current) this.#ping(current, KEEP_ALIVE_MS)
    })
    const over = (error?: unknown): void => {
      if (current.over) return
      current.over = true
      this.#session.calls.delete(call)
      call.cancel()
      if (this.#current !== current) return
      this.#current = undefined
      this.#cancelPing?.()
      this.#ended(error, brought || runtime.now() - openedAt > LIVED_MS)
    }
    call.on('error', over)
    call.on('end', () => over())
    call.on('close', () => over())
    call.write({
      subscription: path,
      streamAckDeadlineSeconds: leaseSeconds,
      maxOutstandingMessages: window.messages,
      maxOutstandingBytes: window.bytes,
      clientId: this.#id,
      protocolVersion: 1,
    })
    this.#ping(current, KEEP_ALIVE_MS)
  }

  /** A word now and then; where the service is known to answer, silence means that the stream is dead. */
  #ping(current: { readonly call: Call; over: boolean }, delayMs: number): void {
    const { runtime } = this.#session
    this.#cancelPing?.()
    this.#cancelPing = runtime.timer(delayMs, () => {
      if (current.over || this.#current !== current) return
      current.call.write({})
      this.#cancelPing = runtime.timer(this.#answers ? ANSWER_MS : KEEP_ALIVE_MS, () => {
        if (!this.#answers) {
          this.#ping(current, 0)
          return
        }
        runtime.log('debug', `anybroker: a stream of ${this.#setup.path} is silent, and is replaced`)
        this.#letEnd()
        this.#reopen(0)
      })
    })
  }

  #ended(error: unknown, lived: boolean): void {
    if (!this.#wanted) return
    if (error !== undefined && !lived) this.#failures += 1
    const { code, retryable } = describeError(error ?? unavailable('the service ended the stream', 'receiver'))
    this.#missing = code === 'NOT_FOUND' ? this.#missing + 1 : 0
    if (code === 'NOT_FOUND' ? this.#missing >= MISSING_STREAMS : !retryable) {
      this.#stopped = true
      this.#setup.failed(error)
      return
    }
    const { runtime } = this.#session
    const most = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(this.#failures, 10))
    this.#reopen(this.#failures === 0 ? 1 : most * (0.5 + runtime.random() / 2))
  }

  /** The present stream is asked to end; it is cancelled if it does not. */
  #letEnd(): void {
    const current = this.#current
    this.#current = undefined
    this.#cancelRetry?.()
    this.#cancelPing?.()
    if (current === undefined || current.over) return
    const { call } = current
    const ended = new Promise<void>((resolve) => {
      const cancel = this.#session.runtime.timer(GOODBYE_MS, () => call.cancel())
      const done = (): void => {
        cancel()
        resolve()
      }
      call.once('close', done)
      call.once('end', done)
      call.once('error', done)
    })
    this.#ending.add(ended)
    this.#session.ending.add(ended)
    ended.then(
      () => {
        this.#ending.delete(ended)
        this.#session.ending.delete(ended)
      },
      () => undefined,
    )
    call.end()
  }
}
