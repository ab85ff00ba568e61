import { expect, test } from 'vitest'
import { murmur2, partitionOf, shares } from './partition.ts'

// Of the unit test of Kafka's Java client, org.apache.kafka.common.utils.UtilsTest.
test.each([
  ['21', -973_932_308],
  ['foobar', -790_332_482],
  ['a-little-bit-long-string', -985_981_536],
  ['a-little-bit-longer-string', -1_486_304_829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
])('the hash of %s is that of the Java client', (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash)
})

test('the hash reads a slice of a larger buffer, and bytes that are not letters', () => {
  expect(murmur2(Buffer.from('xfoobar').subarray(1))).toBe(murmur2(Buffer.from('foobar')))
  expect(murmur2(Uint8Array.of(97, 98, 99))).toBe(479_470_107)
})

test('a partition is within bounds, for empty keys too', () => {
  for (const key of ['', 'a', 'customer-7', 'ä€𝄞']) {
    const partition = partitionOf(key, 12)
    expect(partition).toBeGreaterThanOrEqual(0)
    expect(partition).toBeLessThan(12)
    expect(partitionOf(key, 12)).toBe(partition)
  }
})

test('a small batch is spread, a large one goes in even pieces', () => {
  const few = shares(3, 12, 11)
  expect([0, 1, 2].map(few)).toEqual([11, 0, 1])
  const many = shares(500, 4, 1)
  const counts = new Map<number, number>()
  for (let index = 0; index < 500; index++) counts.set(many(index), (counts.get(many(index)) ?? 0) + 1)
  expect([...counts]).toEqual([
    [1, 125],
    [2, 125],
    [3, 125],
    [0, 125],
  ])
})
