import type { ExtendOutcome, SettleOutcome, Settlement, WireMessage } from '@anybroker/driver'
import { MOST_ENTRIES } from './batches.ts'
import { LONGEST_LEASE_MS } from './capabilities.ts'
import { MOST_HIDDEN_SECONDS } from './limits.ts'
import type { Done, QueueCalls } from './queue-calls.ts'
import type { Session } from './session.ts'
import { live, type Receipt, type Taken } from './taken.ts'

const LOST = Object.freeze({ as: 'lost' } as const)

type Retry = Settlement & { readonly as: 'retry' }
type Back = readonly { readonly receipt: Receipt; readonly attempts: number }[]

/** How long a few settlements wait for more while there is traffic, and how long ago the last ones make traffic. */
const LINGER_MS = 10
const TRAFFIC_MS = 50

/** Settles what one receiver has in hand. */
export class Settling {
  readonly #session: Session
  readonly #calls: QueueCalls
  /** A queue of letters: what goes to the tail must really go there. */
  readonly #letters: boolean
  readonly #settled: (taken: Taken) => void
  #lastAt = -Infinity

  constructor(session: Session, calls: QueueCalls, letters: boolean, settled: (taken: Taken) => void) {
    this.#session = session
    this.#calls = calls
    this.#letters = letters
    this.#settled = settled
  }

  async settle(batch: readonly Settlement[], signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    const { runtime } = this.#session
    // What is settled meanwhile gathers in core, and goes in the next request together.
    if (batch.length < MOST_ENTRIES && runtime.now() - this.#lastAt < TRAFFIC_MS) await runtime.sleep(LINGER_MS, signal)
    const acks = new Map<Settlement, Receipt>()
    const hidden = new Map<Settlement, readonly [Receipt, number]>()
    const copies = new Map<Settlement, readonly [Receipt, Partial<WireMessage>]>()
    for (const one of batch) {
      const receipt = live(one.receipt)
      if (receipt === undefined) continue
      if (one.as === 'ack') acks.set(one, receipt)
      else {
        const seconds = this.#secondsHidden(one, receipt.handle)
        if (seconds === undefined) copies.set(one, [receipt, this.#changes(one)])
        else hidden.set(one, [receipt, seconds])
      }
    }
    const outcomes = new Map<Settlement, SettleOutcome>()
    const note = (keys: Iterable<Settlement>, done: readonly SettleOutcome[]) => {
      let index = 0
      for (const key of keys) outcomes.set(key, done[index++] ?? LOST)
    }
    await Promise.all([
      this.#delete([...acks.values()], signal).then((done) => note(acks.keys(), done)),
      this.#hide([...hidden.values()], signal).then((done) => note(hidden.keys(), done)),
      this.#replace([...copies.values()], signal).then((done) => note(copies.keys(), done)),
    ])
    this.#lastAt = runtime.now()
    return batch.map((one) => outcomes.get(one) ?? LOST)
  }

  /** Back at once, in the order given; by a copy where more attempts are used up than the service counted. */
  async release(back: Back, signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    const outcomes = new Map<Receipt, SettleOutcome>()
    const hidden: Receipt[] = []
    const copies: (readonly [Receipt, Partial<WireMessage>])[] = []
    for (const { receipt: given, attempts } of back) {
      const receipt = live(given)
      if (receipt === undefined) continue
      // On FIFO a copy would go behind its key: there its place counts for more than its count.
      if (this.#calls.fifo || attempts <= receipt.handle.attempt) hidden.push(receipt)
      else copies.push([receipt, { carriedAttempts: attempts }])
    }
    const [shown, copied] = await Promise.all([
      this.#hide(
        hidden.map((receipt) => [receipt, 0] as const),
        signal,
      ),
      this.#replace(copies, signal),
    ])
    hidden.forEach((receipt, index) => outcomes.set(receipt, shown[index] ?? LOST))
    copies.forEach(([receipt], index) => outcomes.set(receipt, copied[index] ?? LOST))
    return back.map(({ receipt }) => outcomes.get(receipt) ?? LOST)
  }

  async extend(receipts: readonly Receipt[], leaseMs: number, signal: AbortSignal): Promise<readonly ExtendOutcome[]> {
    const now = this.#session.runtime.now()
    const asked = new Map<Receipt, number>()
    for (const given of receipts) {
      const receipt = live(given)
      if (receipt === undefined) continue
      const leftMs = LONGEST_LEASE_MS - (now - receipt.handle.receivedAt)
      const seconds = Math.min(Math.ceil(leaseMs / 1_000), Math.floor(leftMs / 1_000))
      if (seconds > 0) asked.set(receipt, seconds)
    }
    const done = await this.#calls.hide(
      [...asked].map(([receipt, seconds]) => [receipt.handle, seconds] as const),
      signal,
    )
    const outcomes = new Map<Receipt, ExtendOutcome>()
    ;[...asked].forEach(([receipt, seconds], index) => {
      const outcome = done[index] ?? LOST
      if (outcome.as === 'ok') receipt.handle.leaseUntil = now + seconds * 1_000
      outcomes.set(receipt, outcome.as === 'ok' ? { as: 'ok', leaseUntil: receipt.handle.leaseUntil } : outcome)
    })
    return receipts.map((receipt) => outcomes.get(receipt) ?? LOST)
  }

  /** How long it is to be hidden; undefined where that will not do, and a copy must carry what is to be known. */
  #secondsHidden({ delayMs, attempts }: Retry, taken: Taken): number | undefined {
    // On FIFO what keeps its place is held in hand by core: only what goes to the tail comes here.
    if (this.#calls.fifo && !this.#letters) return undefined
    if (this.#letters && delayMs === 0) return undefined
    if (attempts > taken.attempt) return undefined
    const seconds = Math.ceil(delayMs / 1_000)
    const elapsed = Math.ceil((this.#session.runtime.now() - taken.receivedAt) / 1_000)
    return seconds <= MOST_HIDDEN_SECONDS - elapsed ? seconds : undefined
  }

  #changes({ delayMs, attempts }: Retry): Partial<WireMessage> {
    return {
      carriedAttempts: attempts,
      ...(delayMs > 0 ? { deliverAt: this.#session.runtime.wallNow() + delayMs } : {}),
    }
  }

  async #delete(receipts: readonly Receipt[], signal: AbortSignal): Promise<readonly Done[]> {
    return this.#over(receipts, await this.#calls.delete(receipts.map(handleOf), signal))
  }

  async #hide(hidden: readonly (readonly [Receipt, number])[], signal: AbortSignal): Promise<readonly Done[]> {
    const entries = hidden.map(([receipt, seconds]) => [receipt.handle, seconds] as const)
    return this.#over(
      hidden.map(([receipt]) => receipt),
      await this.#calls.hide(entries, signal),
    )
  }

  /** A confirmed copy, then the delete: what happens between the two is a duplicate. */
  async #replace(
    copies: readonly (readonly [Receipt, Partial<WireMessage>])[],
    signal: AbortSignal,
  ): Promise<readonly Done[]> {
    const copied = await this.#calls.copy(
      copies.map(([receipt, changes]) => ({ taken: receipt.handle, changes })),
      signal,
    )
    const there = copies.filter((_, index) => copied[index]?.as === 'ok').map(([receipt]) => receipt)
    const deleted = [...(await this.#delete(there, signal))]
    return copied.map((done) => (done.as === 'ok' ? (deleted.shift() ?? LOST) : done))
  }

  /** What is settled, or lost, is out of hand; what failed may be tried again. */
  #over(receipts: readonly Receipt[], done: readonly Done[]): readonly Done[] {
    receipts.forEach((receipt, index) => {
      if (done[index]?.as === 'error') return
      const taken = receipt.take()
      if (taken !== undefined) this.#settled(taken)
    })
    return done
  }
}

function handleOf({ handle }: Receipt): Taken {
  return handle
}
