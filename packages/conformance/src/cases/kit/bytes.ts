import assert from 'node:assert/strict'
import type { Message } from 'anybroker'

/** That a body arrived byte-equal, as bytes and as the body of the codec `bytes`. A failure tells where, not all of it. */
export function sameBytes(message: Pick<Message<unknown>, 'bytes' | 'body'>, sent: Uint8Array): void {
  assert.ok(message.body instanceof Uint8Array, 'the codec bytes must deliver a Uint8Array')
  for (const [what, got] of [['bytes', message.bytes] as const, ['body', message.body] as const]) {
    // Compared at once first: to look byte by byte at megabytes takes longer than other cases' leases.
    if (Buffer.compare(got, sent) === 0) continue
    const at = got.findIndex((byte, index) => byte !== sent[index])
    assert.equal(at, -1, `${what} differ at ${at}: got ${got[at]}, sent ${sent[at]}`)
    assert.equal(got.byteLength, sent.byteLength, `${what} have another length than what was sent`)
  }
}

/** Bytes of that many, all values, in no pattern that compression or text handling would leave alone. */
export function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = 0x2545f491
  for (let at = 0; at < length; at += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state & 0xff
  }
  return bytes
}
