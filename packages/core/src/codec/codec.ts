/** Bytes from values and back. A codec that throws in `decode` sends the message to the dead letters as `undecodable` (D8). */
export interface Codec<T> {
  readonly name: string
  /** Set on every message that names no other. */
  readonly contentType: string
  /** Throws on what it can't carry without loss. */
  encode(value: T): Uint8Array
  decode(bytes: Uint8Array): T
}
