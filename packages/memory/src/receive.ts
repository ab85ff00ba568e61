import type {
  ExtendOutcome,
  Receiver,
  ReceiverOptions,
  SettleOutcome,
  Settlement,
  WireDelivery,
} from '@anybroker/driver'
import { BrokerError } from '@anybroker/driver'
import type { Held } from './engine/held.ts'
import type { Holder } from './engine/holder.ts'
import type { Session } from './engine/session.ts'
import type { Source } from './engine/source.ts'
import { extend, writeDown, release, settle } from './settle.ts'

type Deliveries = readonly WireDelivery<Held>[]
type ReceiveOptions = Parameters<Receiver['receive']>[1]

/** An inbox ends with its receiver; when that died, another may take it over. */
interface Own {
  readonly address: string
  closed(): void
  died(): void
}

/**
 * Deliveries between two turns of the event loop. A broker on a socket lets other work through by itself; a loop over memory runs
 * on promises alone and would starve timers and I/O. Smaller costs throughput (a turn takes 1 µs), larger costs others latency.
 */
const DELIVERIES_PER_TURN = 1024

export class MemoryReceiver implements Receiver<Held> {
  readonly address?: string
  /** One look is proof, but for a harsh store: there it is the default. */
  readonly emptyAfterMs?: number
  readonly #session: Session
  readonly #holder: Holder
  readonly #inbox: Own | undefined
  #sinceTurn = 0

  constructor(session: Session, source: Source, options: ReceiverOptions, inbox?: Own) {
    this.#session = session
    this.#holder = session.hold(source, options.maxUnsettled, options.leaseMs)
    this.#inbox = inbox
    if (session.store.harsh === undefined) this.emptyAfterMs = 0
    if (inbox !== undefined) this.address = inbox.address
  }

  async receive(max: number, options: ReceiveOptions): Promise<Deliveries> {
    options.signal.throwIfAborted()
    if (this.#sinceTurn >= DELIVERIES_PER_TURN) {
      this.#sinceTurn = 0
      await new Promise<void>((resolve) => setImmediate(resolve))
      options.signal.throwIfAborted()
    }
    const holder = this.#holder
    if (holder.failure === undefined && this.#session.store.harsh !== undefined) this.#misfortune()
    if (holder.failure !== undefined) throw holder.failure
    let deliveries: Deliveries = holder.source.take(holder, max)
    if (deliveries.length === 0 && options.waitMs > 0) deliveries = await this.#wait(max, options)
    this.#sinceTurn += deliveries.length
    return deliveries
  }

  async settle(batch: readonly Settlement<Held>[], signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    signal.throwIfAborted()
    return settle(this.#holder, batch)
  }

  async extend(receipts: readonly Held[], leaseMs: number, signal: AbortSignal): Promise<readonly ExtendOutcome[]> {
    signal.throwIfAborted()
    return extend(this.#holder, receipts, leaseMs)
  }

  async release(
    back: readonly { readonly receipt: Held; readonly attempts: number }[],
    signal: AbortSignal,
  ): Promise<readonly SettleOutcome[]> {
    signal.throwIfAborted()
    return release(this.#holder, back)
  }

  started(begun: readonly { readonly receipt: Held; readonly attempts: number }[]): void {
    writeDown(this.#holder, begun)
  }

  hold(held: readonly { readonly receipt: Held; readonly attempts: number; readonly dueAt: number }[]): void {
    writeDown(this.#holder, held)
  }

  onLost(listener: (receipts: readonly Held[] | 'all', reason: string) => void): void {
    this.#holder.onLost(listener)
  }

  async resize(maxUnsettled: number): Promise<void> {
    this.#holder.credit = maxUnsettled
    this.#holder.source.share()
  }

  pause(): void {
    this.#holder.paused = true
  }

  resume(): void {
    this.#holder.paused = false
    this.#holder.source.share()
  }

  /** Whatever the signal says: nothing here takes time. */
  async close(_signal: AbortSignal): Promise<void> {
    // Whoever takes from it all the same is told, instead of holding what nobody will ever give back.
    this.#holder.failure ??= new BrokerError('CLOSED', 'memory: the receiver is closed')
    this.#session.letGo(this.#holder)
    this.#inbox?.closed()
  }

  /** The end of the wait, of the signal or of the receiver, whichever is first; each takes the other two off. */
  #wait(max: number, { waitMs, signal }: ReceiveOptions): Promise<Deliveries> {
    const holder = this.#holder
    return new Promise((resolve, reject) => {
      const cancel = this.#session.runtime.timer(waitMs, () => {
        signal.removeEventListener('abort', aborted)
        holder.stopWaiting()
        resolve([])
      })
      const aborted = () => {
        cancel()
        holder.stopWaiting()
        reject(signal.reason)
      }
      const done = () => {
        cancel()
        signal.removeEventListener('abort', aborted)
      }
      signal.addEventListener('abort', aborted, { once: true })
      holder.wait({
        max,
        resolve(deliveries) {
          done()
          resolve(deliveries)
        },
        reject(error) {
          done()
          reject(error)
        },
      })
    })
  }

  /** Now and then a harsh store ends the session of this receiver, or its connection. */
  #misfortune(): void {
    const holder = this.#holder
    const { source } = holder
    if (source.ready === 0 && holder.inHand === 0) return
    const loss = this.#session.store.harsh?.loss()
    if (loss === 'connection') this.#session.die('the connection was lost (profile harsh)')
    if (loss !== 'receiver') return
    const reason = `receiving from ${source.name}: the session was lost (profile harsh)`
    holder.fail(new BrokerError('UNAVAILABLE', reason, { retryable: true, facts: { scope: 'receiver' } }))
    this.#session.letGo(holder)
    this.#inbox?.died()
  }
}
