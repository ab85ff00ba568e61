import type { Settlement } from '@anybroker/driver'
import type { Entry } from '../receive/entry.ts'
import type { Verb } from '../receive/open-delivery.ts'
import { deferred, toldElsewhere, type Deferred } from '../time/deferred.ts'

/** One settlement until the broker has answered. Mostly nobody asks how it ends: its promise is made when somebody does. */
export class Pending {
  readonly entry: Entry
  readonly verb: Verb
  readonly settlement: Settlement
  /** On `runtime.now()`'s scale. */
  readonly deadline: number
  tries = 0
  #end: 'open' | 'ok' | Error = 'open'
  #asked: Deferred<void> | undefined

  constructor(entry: Entry, verb: Verb, settlement: Settlement, deadline: number) {
    this.entry = entry
    this.verb = verb
    this.settlement = settlement
    this.deadline = deadline
  }

  /** How it ends. A failure is told as an event too, so that nobody has to await it. */
  get promise(): Promise<void> {
    if (this.#asked === undefined) {
      this.#asked = deferred()
      toldElsewhere(this.#asked.promise)
      this.#tell()
    }
    return this.#asked.promise
  }

  finish(error?: Error): void {
    this.#end = error ?? 'ok'
    this.#tell()
  }

  #tell(): void {
    if (this.#end === 'ok') this.#asked?.resolve()
    else if (this.#end !== 'open') this.#asked?.reject(this.#end)
  }
}
