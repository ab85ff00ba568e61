import type { ErrorFacts, Ref } from '@anybroker/driver'
import { seededRandom } from '../seeded-random.ts'
import { InjectedFault } from './injected-fault.ts'

/**
 * What can go wrong, by the call that it strikes. `before` and `after`: the call fails before or after the broker did it, and the
 * client can't tell which. `throw`: the sender or receiver is dead from then on. `hang`, `hangAfter`: no answer until the signal
 * aborts. `die`, `dieAfter`: the connection ends instead of answering.
 */
export const FAULTS = {
  connect: ['fail', 'hang'],
  /** `openSender`, `openReceiver`. */
  open: ['fail'],
  topology: ['before', 'after'],
  /** `refused`, `before`, `after` strike single messages of a batch, the others the call. `refused`: provably not stored. */
  send: ['refused', 'before', 'after', 'throw', 'delay', 'hang', 'hangAfter', 'die', 'dieAfter'],
  /** `lost`: the broker took the delivery back, will hand it out again, and says so now. */
  settle: ['before', 'after', 'lost', 'throw', 'delay', 'hang', 'hangAfter', 'die', 'dieAfter'],
  release: ['before', 'after'],
  /**
   * `duplicate`: the lease of a delivery ends at the broker without a word, so that it is handed out a second time. `revoke`:
   * everything in hand is taken back, and `onLost` says so.
   */
  receive: ['throw', 'duplicate', 'revoke', 'delay', 'die'],
  extend: ['fail', 'lost', 'throw', 'hang'],
  /** Of a sender (only `fail`), a receiver or the connection. Closed it is in either case. */
  close: ['fail', 'hang'],
} as const

export type FaultPoint = keyof typeof FAULTS
export type FaultKind<P extends FaultPoint = FaultPoint> = (typeof FAULTS)[P][number]
/** `send.after`, `receive.duplicate`, … */
export type FaultName = { [P in FaultPoint]: `${P}.${FaultKind<P>}` }[FaultPoint]

export interface FaultPlan {
  /** Default 1. */
  readonly seed?: number
  /** How likely each fault is at each chance: at each call, or for each message where it strikes single ones. 0 to 1. */
  readonly rates?: { readonly [F in FaultName]?: number }
  /** A `delay` takes up to that long. Default 1,000. */
  readonly delayMs?: number
  /** Spares what this says no to. Told `undefined` for the connection itself. Default: nothing is spared. */
  readonly only?: (target: Ref | undefined) => boolean
}

export interface NextFault {
  /** How often in a row. Default 1. */
  readonly times?: number
  /** Waits for a target of which this is true. Default: the next one. */
  readonly only?: (target: Ref | undefined) => boolean
  /** What `describeError` says of it. Default: `UNAVAILABLE`, retryable. */
  readonly facts?: Partial<ErrorFacts>
}

/** A fault that took effect. */
export interface HappenedFault {
  /** `runtime.now()` */
  readonly at: number
  readonly fault: FaultName | 'disconnect'
  /** `queue orders`, `dead letters of subscription order-placed/billing`, `connection`. */
  readonly target: string
  /** The message that was struck, where it was a single one. */
  readonly id?: string
}

/** A fault that is about to take effect. */
export interface Strike<K extends FaultKind> {
  readonly kind: K
  readonly error: InjectedFault
}

interface Scripted {
  readonly point: FaultPoint
  readonly kind: FaultKind
  readonly options: NextFault
}

/** Chooses, by script first and by chance second, what goes wrong next, and remembers what did. */
export class FaultScript {
  readonly happened: HappenedFault[] = []
  /** Longest `delay`. */
  readonly delayMs: number
  readonly #random: () => number
  readonly #plan: FaultPlan
  #scripted: Scripted[] = []
  #calm = false

  constructor(plan: FaultPlan) {
    for (const [name, rate] of Object.entries(plan.rates ?? {})) {
      if (!isFaultName(name)) throw new TypeError(`rates: there is no fault ${JSON.stringify(name)}`)
      if (!(rate >= 0 && rate <= 1)) throw new TypeError(`rates: ${name} must be 0 to 1, not ${String(rate)}`)
    }
    this.#plan = plan
    this.#random = seededRandom(plan.seed ?? 1)
    this.delayMs = plan.delayMs ?? 1000
  }

  /** Faults of the script that have not struck yet. */
  get waiting(): number {
    return this.#scripted.length
  }

  add<P extends FaultPoint>(point: P, kind: FaultKind<P>, options: NextFault): void {
    if (!isFaultName(`${point}.${kind}`)) throw new TypeError(`there is no fault ${point}.${kind}`)
    for (let times = options.times ?? 1; times > 0; times -= 1) this.#scripted.push({ point, kind, options })
  }

  calm(): void {
    this.#calm = true
    this.#scripted = []
  }

  /** What goes wrong now, if anything, among those kinds that could take effect. One chance is one draw. */
  strike<P extends FaultPoint, K extends FaultKind<P>>(
    point: P,
    target: Ref | undefined,
    among: readonly K[],
  ): Strike<K> | undefined {
    const index = this.#scripted.findIndex(
      (next) =>
        next.point === point && among.some((kind) => kind === next.kind) && (next.options.only?.(target) ?? true),
    )
    const scripted = this.#scripted[index]
    if (scripted !== undefined) {
      this.#scripted.splice(index, 1)
      return this.#made(point, scripted.kind as K, target, scripted.options.facts)
    }
    if (this.#calm || this.#plan.rates === undefined || this.#plan.only?.(target) === false) return undefined
    let drawn = this.#random()
    for (const kind of among) {
      drawn -= (this.#plan.rates as Readonly<Record<string, number | undefined>>)[`${point}.${kind}`] ?? 0
      if (drawn < 0) return this.#made(point, kind, target)
    }
    return undefined
  }

  /** Up to `below`, from the plan's chance. */
  draw(below: number): number {
    return Math.floor(this.#random() * below)
  }

  note(at: number, fault: FaultName | 'disconnect', target: Ref | undefined, id?: string): void {
    this.happened.push({ at, fault, target: targetName(target), ...(id === undefined ? {} : { id }) })
  }

  #made<K extends FaultKind>(
    point: FaultPoint,
    kind: K,
    target: Ref | undefined,
    facts: Partial<ErrorFacts> = {},
  ): Strike<K> {
    const scope =
      target === undefined || kind.startsWith('die') ? 'connection' : kind === 'throw' ? 'receiver' : 'message'
    const error = new InjectedFault(`${point}.${kind} on ${targetName(target)}`, {
      code: 'UNAVAILABLE',
      retryable: true,
      scope,
      ...facts,
    })
    return { kind, error }
  }
}

function isFaultName(name: string): name is FaultName {
  const [point = '', kind = ''] = name.split('.')
  return Object.hasOwn(FAULTS, point) && (FAULTS[point as FaultPoint] as readonly string[]).includes(kind)
}

function targetName(target: Ref | undefined): string {
  switch (target?.kind) {
    case undefined:
      return 'connection'
    case 'queue':
    case 'topic':
      return `${target.kind} ${target.name}`
    case 'subscription':
      return `subscription ${target.topic}/${target.name}`
    case 'dead-letters':
      return `dead letters of ${targetName(target.of)}`
    case 'inbox':
      return 'inbox'
  }
}
