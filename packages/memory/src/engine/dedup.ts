import type { Alarm, Timed } from './alarm.ts'
import type { Room } from './room.ts'

/** A key and a number in a map, beside the text itself. */
const REMEMBERED_BYTES = 96

/** The dedup ids of one queue or topic, each remembered for the window. They count against the room of the store. */
export class Dedup implements Timed {
  readonly #windowMs: number
  readonly #alarm: Alarm
  readonly #room: Room
  /** All windows are equally long: the first is the first to end. */
  readonly #until = new Map<string, number>()

  constructor(windowMs: number, alarm: Alarm, room: Room) {
    this.#windowMs = windowMs
    this.#alarm = alarm
    this.#room = room
  }

  knows(id: string, now: number): boolean {
    const until = this.#until.get(id)
    return until !== undefined && until > now
  }

  /** The room that remembering takes. */
  bytes(id: string): number {
    return id.length + REMEMBERED_BYTES
  }

  remember(id: string, now: number): void {
    this.#forget(id)
    this.#until.set(id, now + this.#windowMs)
    this.#room.take(this.bytes(id))
    if (this.#until.size === 1) this.#alarm.watch(this, now + this.#windowMs)
  }

  clear(): void {
    for (const id of this.#until.keys()) this.#forget(id)
  }

  tick(now: number): number {
    for (const [id, until] of this.#until) {
      if (until > now) return until
      this.#forget(id)
    }
    return Infinity
  }

  #forget(id: string): void {
    if (this.#until.delete(id)) this.#room.free(this.bytes(id))
  }
}
