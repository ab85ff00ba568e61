/** What became of one send: the sender's word. */
export type SendFate = 'confirmed' | 'refused' | 'unknown'

/** The checker's line. Everything but `recovered`, `vanished`, `duplicated` and the counts of sends must be 0. */
export interface Verdict {
  readonly sent: number
  readonly confirmed: number
  readonly refused: number
  readonly unknown: number
  /** Confirmed and never handled: by where they lie among the confirmed of their key. */
  readonly lost: { readonly prefix: number; readonly middle: number; readonly tail: number }
  /** Handled more than once: how many times too often, in all. */
  readonly duplicated: number
  /** Refused and handled all the same. */
  readonly phantom: number
  /** Handled and never sent, or not as it was sent. */
  readonly corrupt: number
  /** First handled after one of its key that was sent later. */
  readonly reordered: number
  /** Unknown, and handled. */
  readonly recovered: number
  /** Unknown, and never handled. */
  readonly vanished: number
}

const FATES: readonly SendFate[] = ['confirmed', 'refused', 'unknown']

/** Two bytes a message: what its sender was told, and how often it was handled. Messages are numbered from 0 in the order of sends. */
export class Tally {
  readonly #fates: Uint8Array
  readonly #handled: Uint8Array
  readonly #keys: number
  /** Per key: the highest number first handled so far. */
  readonly #last: Int32Array
  #duplicated = 0
  #corrupt = 0
  #reordered = 0
  #firsts = 0
  #confirmed = 0

  /** Message `n` has the key `n % keys`. */
  constructor(messages: number, keys = 1) {
    this.#fates = new Uint8Array(messages)
    this.#handled = new Uint8Array(messages)
    this.#keys = keys
    this.#last = new Int32Array(keys).fill(-1)
  }

  get confirmed(): number {
    return this.#confirmed
  }

  /** Messages handled at least once. */
  get firsts(): number {
    return this.#firsts
  }

  sent(number: number, fate: SendFate): void {
    if (fate === 'confirmed') this.#confirmed += 1
    this.#fates[number] = FATES.indexOf(fate) + 1
  }

  /** `intact`: it came as it was sent. */
  handled(number: number, intact: boolean): void {
    const before = this.#handled[number]
    if (before === undefined || !intact) {
      this.#corrupt += 1
      return
    }
    this.#handled[number] = Math.min(before + 1, 255)
    if (before > 0) {
      this.#duplicated += 1
      return
    }
    this.#firsts += 1
    const key = number % this.#keys
    if (number < (this.#last[key] ?? 0)) this.#reordered += 1
    else this.#last[key] = number
  }

  /** Confirmed and not handled so far. */
  missing(): number {
    return this.#lost().length
  }

  verdict(): Verdict {
    const count = (fate: SendFate, handled?: boolean): number => {
      const code = FATES.indexOf(fate) + 1
      return this.#fates.reduce(
        (sum, is, number) =>
          sum + Number(is === code && (handled === undefined || this.#wasHandled(number) === handled)),
        0,
      )
    }
    return {
      sent: this.#fates.reduce((sum, is) => sum + Number(is > 0), 0),
      confirmed: this.#confirmed,
      refused: count('refused'),
      unknown: count('unknown'),
      lost: this.#whereLost(),
      duplicated: this.#duplicated,
      phantom: count('refused', true),
      corrupt: this.#corrupt,
      reordered: this.#reordered,
      recovered: count('unknown', true),
      vanished: count('unknown', false),
    }
  }

  #wasHandled(number: number): boolean {
    return (this.#handled[number] ?? 0) > 0
  }

  #lost(): number[] {
    const lost: number[] = []
    for (const [number, fate] of this.#fates.entries()) if (fate === 1 && !this.#wasHandled(number)) lost.push(number)
    return lost
  }

  #whereLost(): Verdict['lost'] {
    const first = this.#handled.findIndex((times) => times > 0)
    const last = this.#handled.findLastIndex((times) => times > 0)
    const lost = this.#lost()
    return {
      prefix: lost.filter((number) => first === -1 || number < first).length,
      middle: lost.filter((number) => number > first && number < last).length,
      tail: lost.filter((number) => first !== -1 && number > last).length,
    }
  }
}

/** One line, for people and for logs. */
export function printed({ lost, ...rest }: Verdict): string {
  const parts = Object.entries({ ...rest, lost: lost.prefix + lost.middle + lost.tail })
  const where = `(prefix ${lost.prefix}, middle ${lost.middle}, tail ${lost.tail})`
  return `${parts.map(([name, count]) => `${name} ${count}`).join(', ')} ${where}`
}
