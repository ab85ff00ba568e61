import type { SourceRef } from '@anybroker/driver'
import { acknowledge, modifyDeadline, publish } from './calls.ts'
import { BACKSTOP_DELIVERIES, MOST_LEASE_SECONDS } from './limits.ts'
import { isOrdered, isOwner } from './names.ts'
import type { Session } from './session.ts'
import { Stream } from './stream.ts'
import { DUE, fromReceived, isProbe, type Received, toPacket } from './wire.ts'

/** What is due so soon waits in memory, to be in time; what is not comes back by the service shortly before. */
const SOON_MS = 6_000
const BEFORE_MS = 3_000
/** So many wait in memory at once, at most. */
const MOST_SOON = 1_000

/** Each return counts as a delivery; well before the service's own dead-letter policy strikes, a copy begins anew. */
const RENEW_AT = BACKSTOP_DELIVERIES / 2

interface Waiting {
  readonly received: Received
  readonly cancel: () => void
}

export interface LaneSetup {
  readonly source: SourceRef
  readonly lane: string
  readonly leaseSeconds: number
  /** What has no due time in it: of a subscription, which has no other place of its own. */
  readonly arrived: (received: readonly Received[]) => void
  readonly failed: (error: unknown) => void
}

/**
 * The lane of a queue or durable subscription: a topic and a subscription of its own, where that waits which is due later. It comes back
 * until it is due, and then goes where it can be handed out, as a confirmed copy whose attempts are counted from what it carried.
 */
export class Lane {
  readonly #session: Session
  readonly #setup: LaneSetup
  readonly #path: string
  readonly #stream: Stream
  readonly #soon = new Map<string, Waiting>()
  readonly #moving = new Set<Promise<void>>()
  #stopped = false

  constructor(session: Session, setup: LaneSetup) {
    this.#session = session
    this.#setup = setup
    this.#path = session.names.subscriptionPath(setup.lane)
    this.#stream = new Stream(session, {
      path: this.#path,
      leaseSeconds: setup.leaseSeconds,
      // What waits is not settled for long: a window would be full of it, and hide what is due.
      window: { messages: 0, bytes: 0 },
      oneByOne: isOrdered(setup.source),
      arrived: (received) => this.#arrived(received),
      failed: setup.failed,
    })
  }

  get path(): string {
    return this.#path
  }

  want(wanted: boolean): void {
    this.#stream.want(wanted)
  }

  /** Takes nothing more, and gives back what waits in memory. What is on its way to its place gets there. */
  async stop(signal: AbortSignal | undefined): Promise<void> {
    this.#stopped = true
    await this.#stream.stop()
    await this.giveBack(signal)
    await Promise.all(this.#moving)
  }

  /** Forgets what waits in memory; the service has it. */
  async giveBack(signal: AbortSignal | undefined): Promise<void> {
    const waiting = [...this.#soon.values()]
    this.#soon.clear()
    for (const { cancel } of waiting) cancel()
    if (waiting.length === 0) return
    const ackIds = waiting.map(({ received }) => received.ackId ?? '')
    await modifyDeadline(this.#session, this.#path, ackIds, 0, signal)
  }

  #arrived(all: readonly Received[]): void {
    const probes = all.filter(isProbe)
    if (probes.length > 0) this.#unawaited(this.#ack(probes))
    const direct: Received[] = []
    const due: Received[] = []
    const later = new Map<number, string[]>()
    for (const received of probes.length > 0 ? all.filter((one) => !isProbe(one)) : all) {
      const at = Number(received.message?.attributes?.[DUE] ?? Number.NaN)
      const restMs = at - this.#session.runtime.wallNow()
      if (Number.isNaN(at)) direct.push(received)
      else if (restMs <= 0 || this.#mustRenew(received)) due.push(received)
      else if (restMs <= SOON_MS && this.#soon.size < MOST_SOON && !this.#stopped) this.#wait(received, restMs)
      else {
        const seconds = Math.min(MOST_LEASE_SECONDS, Math.max(1, Math.ceil((restMs - BEFORE_MS) / 1_000)))
        const ids = later.get(seconds)
        if (ids === undefined) later.set(seconds, [received.ackId ?? ''])
        else ids.push(received.ackId ?? '')
      }
    }
    for (const [seconds, ackIds] of later) this.#unawaited(this.#away(ackIds, seconds))
    if (due.length > 0) this.#unawaited(this.#move(due))
    if (direct.length > 0) this.#setup.arrived(direct)
  }

  #mustRenew({ deliveryAttempt }: Received): boolean {
    return (deliveryAttempt ?? 0) >= RENEW_AT
  }

  #wait(received: Received, restMs: number): void {
    const ackId = received.ackId ?? ''
    const cancel = this.#session.runtime.timer(restMs, () => {
      this.#soon.delete(ackId)
      this.#unawaited(this.#move([received]))
    })
    this.#soon.set(ackId, { received, cancel })
  }

  /** Out of sight: what fails comes back when its lease ends. */
  async #away(ackIds: readonly string[], seconds: number): Promise<void> {
    await modifyDeadline(this.#session, this.#path, ackIds, seconds, undefined)
  }

  async #ack(received: readonly Received[]): Promise<void> {
    await acknowledge(
      this.#session,
      this.#path,
      received.map(({ ackId }) => ackId ?? ''),
      undefined,
    )
  }

  /** Where it is handed out, or, when it is not due, to the lane again. What fails comes back when its lease ends. */
  async #move(all: readonly Received[]): Promise<void> {
    const { names, runtime } = this.#session
    const { source, lane } = this.#setup
    if (!isOwner(source)) return
    const home = source.kind === 'queue' ? names.base(source) : lane
    const moves = all.map((received) => {
      const { message, due } = fromReceived(received, source)
      const early = due !== undefined && due > runtime.wallNow()
      const packet = early
        ? toPacket(message, { extra: { [DUE]: String(due) } })
        : toPacket(message, { ordered: isOrdered(source) })
      return { received, packet, topic: names.topicPath(early ? lane : home) }
    })
    const done: Received[] = []
    for (const topic of new Set(moves.map((move) => move.topic))) {
      const some = moves.filter((move) => move.topic === topic)
      const outcomes = await publish(
        this.#session,
        topic,
        some.map(({ packet }) => packet),
        NEVER,
      )
      some.forEach(({ received }, index) => {
        const outcome = outcomes[index]
        if (outcome?.as === 'confirmed') done.push(received)
        else runtime.log('debug', `anybroker: moving a message out of ${lane} failed`, { ...outcome })
      })
    }
    if (done.length > 0) await this.#ack(done)
  }

  #unawaited(work: Promise<void>): void {
    const over = (): void => void this.#moving.delete(done)
    const done = work.then(over, over)
    this.#moving.add(done)
  }
}

const NEVER = new AbortController().signal
