const SEED = 0x97_47_b2_8c
const M = 0x5b_d1_e9_95
const R = 24

/** MurmurHash2 of 32 bits, with the seed of Kafka's Java client. */
export function murmur2(data: Uint8Array): number {
  const { length } = data
  const view = new DataView(data.buffer, data.byteOffset, length)
  let hash = SEED ^ length
  let at = 0
  for (; at + 4 <= length; at += 4) {
    let k = Math.imul(view.getInt32(at, true), M)
    k ^= k >>> R
    hash = Math.imul(hash, M) ^ Math.imul(k, M)
  }
  const rest = length - at
  if (rest === 3) hash ^= (data[at + 2] ?? 0) << 16
  if (rest >= 2) hash ^= (data[at + 1] ?? 0) << 8
  if (rest >= 1) hash = Math.imul(hash ^ (data[at] ?? 0), M)
  hash ^= hash >>> 13
  hash = Math.imul(hash, M)
  return hash ^ (hash >>> 15)
}

const encoder = new TextEncoder()

/** Where the Java client puts this key, so that clients of both kinds agree. */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(encoder.encode(key)) & 0x7f_ff_ff_ff) % partitions
}

/**
 * Partitions for `count` messages without a key: even shares, each in one piece, beginning at `first`. Consumers of a small batch
 * share it, and a large one makes few large pieces.
 */
export function shares(count: number, partitions: number, first: number): (index: number) => number {
  const size = Math.max(1, Math.ceil(count / partitions))
  return (index) => (first + Math.floor(index / size)) % partitions
}
