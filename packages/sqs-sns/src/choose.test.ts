import { expect, test } from 'vitest'
import { choose } from './choose.ts'

const one = (text: string) => ({ text, message: /^\d/.test(text) ? {} : { key: text.slice(0, 1) } })
const list = (text: string) => text.split(' ').filter(Boolean).map(one)
const shown = ({ taken, left }: ReturnType<typeof choose<ReturnType<typeof one>>>) =>
  `${taken.map(({ text }) => text).join(' ')} | ${left.map(({ text }) => text).join(' ')}`

test.each([
  ['without keys', '1 2 3', 2, '', 10, '1 2 | 3'],
  ['a key is pipelined while there is room', 'a1 a2 a3 b1', 10, '', 10, 'a1 a2 a3 b1 | '],
  ['up to half of the credit', 'a1 a2 a3 b1', 10, '', 4, 'a1 a2 b1 | a3'],
  ['behind what is out nothing follows beyond half', 'a2 b1 a3', 10, 'a1 c1', 4, 'b1 | a2 a3'],
  ['nothing passes another of its key', 'a1 a2 b1', 1, '', 10, 'a1 | a2 b1'],
  ['keys that wait leave the rest to others', 'a2 b2 c2 d1 5', 10, 'a1 b1 c1', 6, 'd1 5 | a2 b2 c2'],
])('%s', (_, buffer, max, out, credit, expected) => {
  expect(shown(choose(list(buffer), max, { out: list(out), credit }))).toBe(expected)
})
