import { toldElsewhere } from '../time/deferred.ts'
import type { Attached } from './attached.ts'
import type { Entry } from './entry.ts'
import type { Hand } from './hand.ts'
import type { ConsumerSetup } from './setup.ts'

/** Handed out more often than allowed: it may be what killed those who had it. */
export function isSuspect(entry: Entry, { undertaker, options }: ConsumerSetup): boolean {
  return undertaker.as !== 'letters' && entry.attempt > options.retry.maxAttempts
}

/**
 * How much a receiver may hold where attempts are a ceiling (D3), because there every take counts, also one that no handler saw: a
 * message that kills its process must not take the attempts of its neighbours with it (D4). So a receiver begins with one message
 * and opens up when that is no suspect; where a suspect came, it holds one at a time until one comes that is none.
 */
export class Caution {
  readonly #setup: ConsumerSetup
  readonly #hand: Hand
  readonly #giveBack: (entries: readonly Entry[]) => void
  #on = false
  /** One change of the credit after the other. */
  #resized: Promise<void> = Promise.resolve()

  constructor(setup: ConsumerSetup, hand: Hand, giveBack: (entries: readonly Entry[]) => void) {
    this.#setup = setup
    this.#hand = hand
    this.#giveBack = giveBack
  }

  /** What the receiver may hold now. */
  get limit(): number {
    return this.#on ? 1 : this.#hand.limit
  }

  /** A receiver is about to be opened. */
  begin(): void {
    this.#on = this.#setup.link.capabilities.D3.attempt === 'ceiling'
  }

  /** Something came: opens up, or closes down. What leaves the hand changes nothing: the next may be a suspect too. */
  look(attached: Attached): void {
    if (this.#setup.link.capabilities.D3.attempt !== 'ceiling') return
    const suspected = this.#hand.all().some((entry) => isSuspect(entry, this.#setup))
    if (this.#on === suspected) return
    this.#on = suspected
    const apply = () => this.#apply(attached)
    this.#resized = this.#resized.then(apply, apply)
    // A receiver that can't be resized is dead, and says so where it is asked for messages.
    toldElsewhere(this.#resized)
  }

  async #apply(attached: Attached): Promise<void> {
    if (attached.dead) return
    await attached.receiver.resize(this.limit)
    if (!this.#on) return
    const waiting = this.#hand.all('waiting')
    const alone = waiting.find((entry) => isSuspect(entry, this.#setup))
    // Only now, or the broker would hand them out again to this very receiver.
    this.#giveBack(waiting.filter((entry) => entry !== alone))
  }
}
