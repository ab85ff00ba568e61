import type { Entry } from './entry.ts'

/**
 * What is fetched and may run next. Without a key: first come, first served. With one: a lane per key, of which one message runs at
 * a time, in order of arrival (O1); the lane is busy until `free`, also while its message is held for a retry (O2).
 */
export class Lanes {
  /** Ready: keyless messages, heads of idle lanes, and held ones that are due. */
  #ready: (Entry | Lane)[] = []
  #head = 0
  readonly #lanes = new Map<string, Lane>()

  /** How many may run now, or were lost while they waited for it. */
  get ready(): number {
    return this.#ready.length - this.#head
  }

  /** Arrived: at the tail. */
  add(entry: Entry): void {
    if (entry.key === undefined) {
      this.#ready.push(entry)
      return
    }
    let lane = this.#lanes.get(entry.key)
    if (lane === undefined) {
      lane = { key: entry.key, entries: [], busy: false }
      this.#lanes.set(entry.key, lane)
      this.#ready.push(lane)
    }
    lane.entries.push(entry)
  }

  /** Due again after a hold: its lane is still its own. */
  again(entry: Entry): void {
    this.#ready.push(entry)
  }

  /** The next that may run; its lane is busy from now on. */
  next(): Entry | undefined {
    for (;;) {
      const ready = this.#ready[this.#head]
      if (ready === undefined) {
        this.#ready.length = 0
        this.#head = 0
        return undefined
      }
      this.#head += 1
      if (this.#head > 1024 && this.#head * 2 > this.#ready.length) {
        this.#ready = this.#ready.slice(this.#head)
        this.#head = 0
      }
      const entry = 'entries' in ready ? takeHead(ready) : ready
      if (entry?.state === 'waiting') return entry
      if ('entries' in ready) this.#idle(ready)
    }
  }

  /** Its message is settled or gone: the next of the key may run. */
  free(entry: Entry): void {
    const lane = entry.key === undefined ? undefined : this.#lanes.get(entry.key)
    if (lane?.busy === true) this.#idle(lane)
  }

  /** Takes out what waits behind the running or held message of a key, in order. */
  behind(key: string): Entry[] {
    const lane = this.#lanes.get(key)
    return lane === undefined ? [] : lane.entries.splice(0).filter((entry) => entry.state === 'waiting')
  }

  #idle(lane: Lane): void {
    lane.busy = false
    if (lane.entries.length > 0) this.#ready.push(lane)
    else this.#lanes.delete(lane.key)
  }
}

interface Lane {
  readonly key: string
  readonly entries: Entry[]
  busy: boolean
}

function takeHead(lane: Lane): Entry | undefined {
  lane.busy = true
  return lane.entries.shift()
}
