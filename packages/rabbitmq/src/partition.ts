import { PARTITIONS } from './names.ts'

/**
 * 32 bits of a text: FNV-1a over its UTF-8 bytes, then the finalizer of MurmurHash3. Part of the wire format: another client that
 * wants to keep the order of keys computes the same.
 */
export function hash(text: string): number {
  let value = 0x811c9dc5
  for (const byte of Buffer.from(text, 'utf8')) value = Math.imul(value ^ byte, 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

/** The partition of a key; of a message without one, that of its id. */
export function partitionOf(key: string): number {
  return hash(key) % PARTITIONS
}

/** How much a consumer wants a partition: the highest of all consumers gets it, so that partitions spread evenly (rendezvous). */
export function priorityOf(consumer: string, partition: number): number {
  return hash(`${consumer} ${partition}`) % 1_000_000
}
