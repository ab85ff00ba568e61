import { expect, it } from 'vitest'
import { printed, Tally } from './tally.ts'

it('tells what was lost, where, and what came that must not', () => {
  const tally = new Tally(10)
  for (let number = 0; number < 8; number += 1) tally.sent(number, 'confirmed')
  tally.sent(8, 'refused')
  tally.sent(9, 'unknown')
  for (const number of [2, 3, 5, 5, 8]) tally.handled(number, true)
  tally.handled(4, false)
  tally.handled(10, true)
  expect(tally.verdict()).toEqual({
    sent: 10,
    confirmed: 8,
    refused: 1,
    unknown: 1,
    lost: { prefix: 2, middle: 3, tail: 0 },
    duplicated: 1,
    phantom: 1,
    corrupt: 2,
    reordered: 0,
    recovered: 0,
    vanished: 1,
  })
  expect(tally.missing()).toBe(5)
  expect(printed(tally.verdict())).toContain('lost 5 (prefix 2, middle 3, tail 0)')
})

it('tells the tail, and all of it where nothing was handled', () => {
  const tally = new Tally(4)
  for (let number = 0; number < 4; number += 1) tally.sent(number, 'confirmed')
  expect(tally.verdict().lost).toEqual({ prefix: 4, middle: 0, tail: 0 })
  tally.handled(0, true)
  expect(tally.verdict().lost).toEqual({ prefix: 0, middle: 0, tail: 3 })
})

it('counts disorder within a key alone, and first deliveries alone', () => {
  const tally = new Tally(6, 2)
  for (const number of [1, 0, 3, 2, 1, 0, 5, 4]) tally.handled(number, true)
  expect(tally.verdict().reordered).toBe(0)
  const disordered = new Tally(6, 2)
  for (const number of [2, 0]) disordered.handled(number, true)
  expect(disordered.verdict().reordered).toBe(1)
})

it('knows what is recovered', () => {
  const tally = new Tally(1)
  tally.sent(0, 'unknown')
  tally.handled(0, true)
  expect(tally.verdict()).toMatchObject({ recovered: 1, vanished: 0, unknown: 1 })
})
