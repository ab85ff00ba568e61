/** What a commit holds beside its offset. */
export interface CommitNote {
  /** Finished ranges above the committed offset, ascending, apart from each other: from, and to exclusive. */
  readonly finished: readonly (readonly [from: number, to: number])[]
  /** Of messages that are not finished, ascending. */
  readonly open: readonly OpenNote[]
  /** The owner let go of the partition in order: no handler can have been in the middle of a message. */
  readonly clean: boolean
}

export interface OpenNote {
  readonly offset: number
  /** Used up so far, that of a running handler included. */
  readonly attempts: number
  /** Wall clock, milliseconds; 0 for at once. */
  readonly dueAt: number
}

/** Nothing known: of a partition of which nobody has committed anything yet. */
export const NOTHING_NOTED: CommitNote = Object.freeze({ finished: [], open: [], clean: true })

/** Above that many characters a partition takes no more, until what is open below has been settled. Kafka's limit is 4,096. */
export const NOTE_STOPS_AT = 3_072

/** What a note may have at most: below Kafka's limit, `offset.metadata.max.bytes`, in one byte per character. */
export const NOTE_MAX = 4_000

const VERSION = 'ab1'
const LONGEST_RUN = 100_000

export interface Encoded {
  readonly text: string
  /** Finished offsets from here on did not fit; Infinity where all did. */
  readonly cutAt: number
}

/**
 * A note as text: `ab1c:` or `ab1o:`, then varints in base64url. Attempts come first, then finished ranges as far as there is room.
 */
export function encodeNote(committed: number, { finished, open, clean }: CommitNote, max: number = NOTE_MAX): Encoded {
  const prefix = `${VERSION}${clean ? 'c' : 'o'}:`
  if (finished.length === 0 && open.length === 0) return { text: prefix, cutAt: Infinity }
  const room = Math.floor(((max - prefix.length) * 3) / 4) - 16
  const bytes: number[] = []
  const noted: number[] = []
  const base = open.reduce((least, { dueAt }) => (dueAt > 0 && dueAt < least ? dueAt : least), Infinity)
  let at = committed
  let count = 0
  for (const run of runsOf(open)) {
    const mark = noted.length
    put(noted, run.offset - at)
    put(noted, run.length)
    put(noted, run.attempts)
    put(noted, run.dueAt === 0 ? 0 : run.dueAt - base + 1)
    if (noted.length > room) {
      noted.length = mark
      break
    }
    at = run.offset + run.length
    count += 1
  }
  put(bytes, count)
  put(bytes, Number.isFinite(base) ? base : 0)
  for (const byte of noted) bytes.push(byte)
  at = committed
  for (const [from, to] of finished) {
    const mark = bytes.length
    put(bytes, from - at)
    put(bytes, to - from)
    if (bytes.length > room + 12) {
      bytes.length = mark
      return { text: prefix + Buffer.from(bytes).toString('base64url'), cutAt: from }
    }
    at = to
  }
  return { text: prefix + Buffer.from(bytes).toString('base64url'), cutAt: Infinity }
}

/**
 * The note again. Total: text of another origin, or cut short, says nothing, and not that the partition was left in order: then
 * messages come again, and none is lost.
 */
export function decodeNote(committed: number, text: string | null): CommitNote {
  const parts = /^ab1([co]):([A-Za-z0-9_-]*)$/.exec(text ?? '')
  if (parts === null) return { ...NOTHING_NOTED, clean: text === null || text === '' }
  const clean = parts[1] === 'c'
  const bytes = Buffer.from(parts[2] ?? '', 'base64url')
  if (bytes.length === 0) return { finished: [], open: [], clean }
  const read = reader(bytes)
  const open: OpenNote[] = []
  const finished: [number, number][] = []
  const count = read.next()
  const base = read.next()
  let at = committed
  for (let index = 0; index < count && !read.broken; index++) {
    at += read.next()
    const length = read.next()
    const attempts = read.next()
    const due = read.next()
    // Damaged text may name any length.
    if (length > LONGEST_RUN) return { finished: [], open: [], clean: false }
    const dueAt = due === 0 ? 0 : base + due - 1
    for (let one = 0; one < length && !read.broken; one++) open.push({ offset: at + one, attempts, dueAt })
    at += length
  }
  at = committed
  while (!read.broken && !read.ended) {
    const from = at + read.next()
    at = from + read.next()
    if (!read.broken && at > from) finished.push([from, at])
  }
  // Half a note may have lost its beginning as well as its end.
  return read.broken ? { finished: [], open: [], clean: false } : { finished, open, clean }
}

interface Run extends OpenNote {
  readonly length: number
}

/** Neighbours with the same attempts, as what is in hand mostly is, cost no more than one. */
function runsOf(open: readonly OpenNote[]): Run[] {
  const runs: Run[] = []
  for (const note of open) {
    const last = runs.at(-1)
    const follows =
      last !== undefined &&
      last.length < LONGEST_RUN &&
      note.offset === last.offset + last.length &&
      note.attempts === last.attempts &&
      note.dueAt === last.dueAt
    if (follows) runs[runs.length - 1] = { ...last, length: last.length + 1 }
    else runs.push({ ...note, length: 1 })
  }
  return runs
}

/** Seven bits a byte, the lowest first. */
function put(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
}

function reader(bytes: Uint8Array): { next(): number; readonly broken: boolean; readonly ended: boolean } {
  let at = 0
  let broken = false
  return {
    next() {
      let value = 0
      for (let factor = 1; factor < 2 ** 53; factor *= 0x80) {
        const byte = bytes[at]
        if (byte === undefined) break
        at += 1
        value += (byte % 0x80) * factor
        if (byte < 0x80) {
          if (Number.isSafeInteger(value)) return value
          break
        }
      }
      broken = true
      return 0
    },
    get broken() {
      return broken
    },
    get ended() {
      return at >= bytes.length
    },
  }
}
