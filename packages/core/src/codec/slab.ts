import { markAsUntransferable } from 'node:worker_threads'

/**
 * Small bodies are cut from a shared slab, as Node's own `Buffer` does it: memory of its own costs a body of 256 bytes ten times
 * what copying it costs, most of it in the garbage collector. One body keeps its whole slab alive, so larger slabs are held longer
 * by few messages; smaller ones are made more often.
 */
const SLAB_BYTES = 8 * 1024

/** What is larger gets memory of its own: it would waste the end of a slab. */
const SMALL_BYTES = 1024

let slab = newSlab()
let used = 0

/** A copy that nobody else writes to. */
export function copied(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength > SMALL_BYTES) return bytes.slice()
  const copy = cut(bytes.byteLength)
  copy.set(bytes)
  used += copy.byteLength
  return copy
}

/** A string as UTF-8. */
export function encoded(text: string): Uint8Array {
  // A code unit takes three bytes at most.
  const most = text.length * 3
  if (most > SMALL_BYTES) return encoder.encode(text)
  const room = cut(most)
  const { written } = encoder.encodeInto(text, room)
  used += written
  return room.subarray(0, written)
}

const encoder = new TextEncoder()

function cut(byteLength: number): Uint8Array {
  if (used + byteLength > SLAB_BYTES) {
    slab = newSlab()
    used = 0
  }
  return new Uint8Array(slab, used, byteLength)
}

/** Who transfers one body to another thread must not take its neighbours with it. */
function newSlab(): ArrayBuffer {
  const made = new ArrayBuffer(SLAB_BYTES)
  markAsUntransferable(made)
  return made
}
