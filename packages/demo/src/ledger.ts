import { type Service, SERVICES } from './erasure.ts'

/** A dead letter, as somebody saw it who could correct it. */
export interface Correction {
  readonly request: string
  readonly at: string
  readonly attempts: number
  readonly error: string
  /** What was wrong and what became of it; absent where nothing had to be changed. */
  readonly change?: { readonly from: string; readonly to: string }
}

/**
 * What this application saw, and nothing that it did not: no broker is asked how much it holds, for some can't tell. Everything is
 * counted by the id of a request, so that a message that comes twice counts once.
 */
export class Ledger {
  readonly expected: number
  readonly #sent = new Set<string>()
  readonly #completed = new Set<string>()
  readonly #mailed = new Set<string>()
  readonly #done: Readonly<Record<Service, Set<string>>>
  readonly #dead = new Set<string>()
  readonly #dealtWith = new Map<string, Set<string>>()
  readonly #beyondHelp = new Map<string, string>()
  readonly #corrections = new Map<string, Correction>()
  readonly #listeners = new Set<() => void>()
  #redelivered = 0
  #duplicates = 0
  #redriven = 0

  constructor(expected: number) {
    this.expected = expected
    this.#done = { crm: new Set(), billing: new Set(), search: new Set(), audit: new Set() }
  }

  /** The broker has confirmed them. */
  sent(requests: Iterable<string>): void {
    for (const request of requests) this.#sent.add(request)
    this.#changed()
  }

  /** A handler was given a delivery; it may be one that was given before. */
  delivered(delivery: { readonly redelivered: boolean; readonly attempt: number }): void {
    if (delivery.redelivered || delivery.attempt > 1) this.#redelivered += 1
  }

  /** A handler found that its work was done already, and did nothing. */
  duplicated(): void {
    this.#duplicates += 1
  }

  did(service: Service, request: string): void {
    this.#done[service].add(request)
    this.#dealtWithAt(service).add(request)
    this.#changed()
  }

  completed(request: string): void {
    this.#completed.add(request)
    this.#changed()
  }

  mailed(request: string): void {
    this.#mailed.add(request)
    this.#changed()
  }

  /** `at`: the service or the queue that gave it up. */
  deadLettered(at: string, id: string): void {
    this.#dead.add(`${at} ${id}`)
    this.#dealtWithAt(at).add(id)
    this.#changed()
  }

  corrected(correction: Correction): void {
    this.#corrections.set(`${correction.at} ${correction.request}`, correction)
  }

  redriven(count: number): void {
    this.#redriven += count
    if (count > 0) this.#changed()
  }

  /** Only a person can help this one. */
  leftBehind(request: string, why: string): void {
    if (this.#beyondHelp.has(request)) return
    this.#beyondHelp.set(request, why)
    this.#changed()
  }

  get published(): number {
    return this.#sent.size
  }

  /** Resolves true when `condition` holds; false when it does not and nothing has changed for `quietMs`. */
  until(condition: () => boolean, signal: AbortSignal, quietMs?: number): Promise<boolean> {
    return new Promise<boolean>((resolve, reject) => {
      signal.throwIfAborted()
      let timer: NodeJS.Timeout | undefined
      const look = () => {
        clearTimeout(timer)
        if (condition()) end(() => resolve(true))
        else if (quietMs !== undefined) timer = setTimeout(() => end(() => resolve(false)), quietMs)
      }
      const abort = () => end(() => reject(signal.reason as Error))
      const end = (settle: () => void) => {
        clearTimeout(timer)
        this.#listeners.delete(look)
        signal.removeEventListener('abort', abort)
        settle()
      }
      this.#listeners.add(look)
      signal.addEventListener('abort', abort)
      look()
    })
  }

  doneBy(service: Service): number {
    return this.#done[service].size
  }

  /** Every request is done by this service, or has died there. */
  dealtWith(service: Service): boolean {
    return this.published === this.expected && this.#dealtWithAt(service).size >= this.expected
  }

  /** Nothing is left to wait for. */
  get settled(): boolean {
    return this.#mailed.size + this.#beyondHelp.size >= this.expected
  }

  get corrections(): readonly Correction[] {
    return [...this.#corrections.values()]
  }

  get totals(): Totals {
    return {
      in: this.#sent.size,
      completed: this.#completed.size,
      mailed: this.#mailed.size,
      redelivered: this.#redelivered,
      deadLettered: this.#dead.size,
      redriven: this.#redriven,
      duplicates: this.#duplicates,
      leftBehind: this.#beyondHelp.size,
      lost: this.missing.length,
    }
  }

  /** Requests that were sent, did not complete, and lie nowhere that anybody knows of. */
  get missing(): readonly string[] {
    return [...this.#sent].filter(
      (request) => !this.#beyondHelp.has(request) && !(this.#completed.has(request) && this.#mailed.has(request)),
    )
  }

  /** In words, what a request waits for. */
  waitsFor(request: string): string {
    const reason = this.#beyondHelp.get(request)
    if (reason !== undefined) return reason
    const services = SERVICES.filter((service) => !this.#done[service].has(request))
    if (services.length > 0) return services.join(', ')
    return this.#completed.has(request) ? 'its mail' : 'the coordinator'
  }

  get leftBehindRequests(): readonly string[] {
    return [...this.#beyondHelp.keys()]
  }

  #dealtWithAt(at: string): Set<string> {
    const requests = this.#dealtWith.get(at) ?? new Set()
    this.#dealtWith.set(at, requests)
    return requests
  }

  #changed(): void {
    for (const look of this.#listeners) look()
  }
}

export interface Totals {
  readonly in: number
  readonly completed: number
  readonly mailed: number
  /** Deliveries that were not the first of their message: retries, and what a broker or a session brought again. */
  readonly redelivered: number
  readonly deadLettered: number
  readonly redriven: number
  /** Deliveries of work that was done already: seen, recognised, not done twice. */
  readonly duplicates: number
  /** Dead letters that nobody but a person can correct. */
  readonly leftBehind: number
  readonly lost: number
}
