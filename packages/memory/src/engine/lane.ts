import { Deque } from './deque.ts'
import type { Entry } from './entry.ts'
import type { Holder } from './holder.ts'

/** The messages of one key in one backlog, and who holds some of them. */
export class Lane {
  readonly key: string
  /** By sequence. */
  readonly waiting: Deque<Entry> = new Deque()
  /** The one receiver that holds deliveries of this key; no other gets any until it holds none. */
  holder: Holder | undefined = undefined
  inHand = 0
  /** Where it waits for its turn. A link in a list, so that it changes lists in constant time. */
  list: LaneList | undefined = undefined
  before: Lane | undefined = undefined
  after: Lane | undefined = undefined

  constructor(key: string) {
    this.key = key
  }

  /** Whether its next message could be handed out: there is one, and it waits for no time. */
  get ready(): boolean {
    return this.waiting.at(0)?.dueAt === 0
  }

  insert(entry: Entry): void {
    const last = this.waiting.at(this.waiting.size - 1)
    if (last === undefined || last.sequence < entry.sequence) this.waiting.push(entry)
    else this.waiting.insert(entry, (other) => other.sequence > entry.sequence)
  }
}

/** Lanes with something ready, in the order of their turns. A lane is in one list at most. */
export class LaneList {
  first: Lane | undefined = undefined
  #last: Lane | undefined = undefined

  append(lane: Lane): void {
    lane.list = this
    lane.before = this.#last
    if (this.#last === undefined) this.first = lane
    else this.#last.after = lane
    this.#last = lane
  }

  remove(lane: Lane): void {
    if (lane.before === undefined) this.first = lane.after
    else lane.before.after = lane.after
    if (lane.after === undefined) this.#last = lane.before
    else lane.after.before = lane.before
    lane.list = lane.before = lane.after = undefined
  }
}
