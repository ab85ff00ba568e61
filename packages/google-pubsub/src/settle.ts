import type { ExtendOutcome, Settlement, SettleOutcome, SourceRef, WireMessage } from '@anybroker/driver'
import { acknowledge, type Done, modifyDeadline, publish } from './calls.ts'
import { MOST_LEASE_SECONDS } from './limits.ts'
import { isOrdered, isOwner, type Owner } from './names.ts'
import type { Session } from './session.ts'
import { live, type Receipt, type Taken } from './taken.ts'
import { DUE, type Packet, toPacket } from './wire.ts'

const LOST = Object.freeze({ as: 'lost' } as const)
const OK = Object.freeze({ as: 'ok' } as const)

type Retry = Settlement & { readonly as: 'retry' }
export type Back = readonly { readonly receipt: unknown; readonly attempts: number }[]

export interface SettlingHost {
  /** It is out of hand, for whoever has it; the same may be told twice. */
  readonly over: (taken: Taken) => void
  /** Comes again from memory, because the source has no place where it could wait. */
  readonly park: (taken: Taken, delayMs: number, attempts: number) => void
}

/** Settles what one receiver has in hand. */
export class Settling {
  readonly #session: Session
  readonly #source: SourceRef
  readonly #host: SettlingHost

  constructor(session: Session, source: SourceRef, host: SettlingHost) {
    this.#session = session
    this.#source = source
    this.#host = host
  }

  async settle(batch: readonly Settlement[], signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    const acks = new Map<Settlement, Receipt>()
    const copies = new Map<Settlement, readonly [Receipt, Retry]>()
    const outcomes = new Map<Settlement, SettleOutcome>()
    for (const one of batch) {
      const receipt = live(one.receipt)
      if (receipt === undefined) continue
      // Its slot is free at the call: see D1.
      this.#host.over(receipt.handle)
      if (one.as === 'ack') acks.set(one, receipt)
      else if (this.#isKept) copies.set(one, [receipt, one])
      else {
        const taken = receipt.take()
        if (taken === undefined) continue
        this.#host.park(taken, one.delayMs, one.attempts)
        outcomes.set(one, OK)
      }
    }
    const note = (keys: Iterable<Settlement>, done: readonly SettleOutcome[]): void => {
      let index = 0
      for (const key of keys) outcomes.set(key, done[index++] ?? LOST)
    }
    const work: Promise<void>[] = []
    if (acks.size > 0) work.push(this.#ack([...acks.values()], signal).then((done) => note(acks.keys(), done)))
    if (copies.size > 0)
      work.push(this.#replace([...copies.values()], signal).then((done) => note(copies.keys(), done)))
    await Promise.all(work)
    return batch.map((one) => outcomes.get(one) ?? LOST)
  }

  /** Back at once, in the order given; by a copy where more attempts are used up than the service counts. */
  async release(back: Back, signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    const outcomes = new Map<unknown, SettleOutcome>()
    const given: Receipt[] = []
    const used: number[] = []
    const copies: (readonly [Receipt, Retry])[] = []
    for (const { receipt: each, attempts } of back) {
      const receipt = live(each)
      if (receipt === undefined) continue
      this.#host.over(receipt.handle)
      // A copy would go behind its key: there its place counts for more than its count.
      if (isOrdered(this.#source) || attempts <= receipt.handle.attempt || !isOwner(this.#source)) {
        given.push(receipt)
        used.push(attempts)
      } else copies.push([receipt, { receipt, as: 'retry', delayMs: 0, attempts, order: 'overtake' }])
    }
    const [returned, copied] = await Promise.all([
      given.length === 0 ? [] : this.#giveBack(given, used, signal),
      copies.length === 0 ? [] : this.#replace(copies, signal),
    ])
    given.forEach((receipt, index) => outcomes.set(receipt, returned[index] ?? LOST))
    copies.forEach(([receipt], index) => outcomes.set(receipt, copied[index] ?? LOST))
    return back.map(({ receipt }) => outcomes.get(receipt) ?? LOST)
  }

  async extend(receipts: readonly unknown[], leaseMs: number, signal: AbortSignal): Promise<readonly ExtendOutcome[]> {
    const now = this.#session.runtime.now()
    const seconds = Math.min(MOST_LEASE_SECONDS, Math.max(1, Math.ceil(leaseMs / 1_000)))
    const asked = receipts.map(live).filter((receipt) => receipt !== undefined)
    const done = await this.renew(
      asked.map(({ handle }) => handle),
      seconds,
      signal,
    )
    const outcomes = new Map<unknown, ExtendOutcome>()
    asked.forEach((receipt, index) => {
      const outcome = done[index] ?? LOST
      outcomes.set(receipt, outcome.as === 'ok' ? { as: 'ok', leaseUntil: now + seconds * 1_000 } : outcome)
    })
    return receipts.map((receipt) => outcomes.get(receipt) ?? LOST)
  }

  async renew(all: readonly Taken[], seconds: number, signal: AbortSignal | undefined): Promise<readonly Done[]> {
    const now = this.#session.runtime.now()
    const done = await this.#eachPath(all, (path, ids) => modifyDeadline(this.#session, path, ids, seconds, signal))
    all.forEach((taken, index) => {
      if (done[index]?.as === 'ok') taken.leaseUntil = now + seconds * 1_000
    })
    return done
  }

  /** Back at once, in this order. `used`: the attempts of each that are used up; by default none by this delivery. */
  show(all: readonly Taken[], signal: AbortSignal | undefined, used: readonly number[] = []): Promise<readonly Done[]> {
    all.forEach(({ from, path, message, attempt }, index) => {
      const counted = (used[index] ?? attempt - 1) - (message.carriedAttempts ?? 0)
      this.#session.discounts.set(path, from.message?.messageId ?? '', (from.deliveryAttempt ?? 0) - counted)
    })
    return this.#eachPath(all, (path, ids) => modifyDeadline(this.#session, path, ids, 0, signal))
  }

  /**
   * Whether a retry is a copy. A deadline of 0 would be cheaper, but what was given back after a purge or a seek never comes.
   */
  get #isKept(): boolean {
    return isOwner(this.#source) || this.#source.kind === 'dead-letters'
  }

  async #ack(receipts: readonly Receipt[], signal: AbortSignal): Promise<readonly Done[]> {
    const done = await this.#eachPath(receipts.map(handleOf), (path, ids) =>
      acknowledge(this.#session, path, ids, signal),
    )
    return this.#over(receipts, done)
  }

  async #giveBack(
    receipts: readonly Receipt[],
    used: readonly number[],
    signal: AbortSignal,
  ): Promise<readonly Done[]> {
    return this.#over(receipts, await this.show(receipts.map(handleOf), signal, used))
  }

  /** A confirmed copy, then the ack: what happens between the two is a duplicate. */
  async #replace(
    copies: readonly (readonly [Receipt, Retry])[],
    signal: AbortSignal,
  ): Promise<readonly SettleOutcome[]> {
    const outcomes: SettleOutcome[] = copies.map(() => LOST)
    const byTopic = new Map<string, number[]>()
    const packets: Packet[] = []
    const there: number[] = []
    copies.forEach(([{ handle }, retry], index) => {
      const { topic, packet } = this.#copy(handle.message, retry)
      packets.push(packet)
      if (handle.copied === true) there.push(index)
      else byTopic.set(topic, [...(byTopic.get(topic) ?? []), index])
    })
    await Promise.all(
      [...byTopic].map(async ([topic, indexes]) => {
        const some = indexes.map((index) => packets[index]).filter((packet) => packet !== undefined)
        const done = await publish(this.#session, topic, some, signal)
        indexes.forEach((index, at) => {
          const outcome = done[at]
          const copy = copies[index]
          if (outcome?.as === 'confirmed' && copy !== undefined) {
            copy[0].handle.copied = true
            there.push(index)
          } else if (outcome?.as !== 'confirmed') outcomes[index] = { as: 'error', error: outcome?.error }
        })
      }),
    )
    const receipts = there.map((index) => copies[index]?.[0]).filter((receipt) => receipt !== undefined)
    const acked = receipts.length === 0 ? [] : await this.#ack(receipts, signal)
    there.forEach((index, at) => (outcomes[index] = acked[at] ?? LOST))
    return outcomes
  }

  /** Later in the lane; at once where it came from, to the tail. */
  #copy(message: WireMessage, { delayMs, attempts }: Retry): { readonly topic: string; readonly packet: Packet } {
    const { names, runtime } = this.#session
    const copy: WireMessage = { ...message, carriedAttempts: attempts }
    const source = this.#source
    if (source.kind === 'dead-letters') return { topic: names.topicPath(names.dead(source.of)), packet: toPacket(copy) }
    const owner = source as Owner
    if (delayMs > 0) {
      const due = Math.ceil(runtime.wallNow() + delayMs)
      return { topic: names.topicPath(names.lane(owner)), packet: toPacket(copy, { extra: { [DUE]: String(due) } }) }
    }
    const home = owner.kind === 'queue' ? names.base(owner) : names.lane(owner)
    return { topic: names.topicPath(home), packet: toPacket(copy, { ordered: isOrdered(owner) }) }
  }

  /** What is settled, or lost, is out of hand; what failed may be tried again. */
  #over(receipts: readonly Receipt[], done: readonly Done[]): readonly Done[] {
    receipts.forEach((receipt, index) => {
      if (done[index]?.as !== 'error') receipt.take()
    })
    return done
  }

  /** One call for each subscription that some came from, in their order. */
  async #eachPath(
    all: readonly Taken[],
    send: (path: string, ackIds: readonly string[]) => Promise<readonly Done[]>,
  ): Promise<readonly Done[]> {
    const [first] = all
    if (first === undefined) return []
    if (all.every(({ path }) => path === first.path)) return send(first.path, all.map(ackIdOf))
    const done: Done[] = all.map(() => LOST)
    await Promise.all(
      [...new Set(all.map(({ path }) => path))].map(async (path) => {
        const indexes = all.flatMap((taken, index) => (taken.path === path ? [index] : []))
        const some = await send(
          path,
          indexes.map((index) => all[index]?.ackId ?? ''),
        )
        indexes.forEach((index, at) => (done[index] = some[at] ?? LOST))
      }),
    )
    return done
  }
}

function handleOf({ handle }: Receipt): Taken {
  return handle
}

function ackIdOf({ ackId }: Taken): string {
  return ackId
}
