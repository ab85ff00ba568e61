import { expect, test } from 'vitest'
import { Stock, type Stocked } from './stock.ts'

const item = (name: string, key?: string): Stocked & { readonly name: string } => ({ name, key, bytes: 10 })
const namesOf = (items: readonly { readonly name: string }[]): string => items.map(({ name }) => name).join('')

function stocked(...items: readonly ReturnType<typeof item>[]): Stock<ReturnType<typeof item>> {
  const stock = new Stock<ReturnType<typeof item>>()
  stock.add(items)
  return stock
}

test('hands out in order, within max and credit', () => {
  const stock = stocked(item('a'), item('b'), item('c'), item('d'))
  expect(namesOf(stock.take(2, 3))).toBe('ab')
  expect(namesOf(stock.take(5, 3))).toBe('c')
  expect(namesOf(stock.take(5, 3))).toBe('')
  expect([stock.size, stock.out, stock.bytes]).toEqual([1, 3, 10])
})

test('a key that is out leaves room for others once half the credit is out', () => {
  const all = ['1', '2', '3', '4', '5'].map((name) => item(name, 'k'))
  const stock = stocked(...all, item('x', 'other'))
  expect(namesOf(stock.take(10, 4))).toBe('12x')
  expect(namesOf(stock.take(10, 4))).toBe('')
  const [first] = all
  if (first !== undefined) stock.over(first)
  expect(namesOf(stock.take(10, 4))).toBe('')
})

test('within a key nothing passes what came before', () => {
  const stock = stocked(item('1', 'k'), item('2', 'k'), item('x'), item('3', 'k'))
  expect(namesOf(stock.take(1, 2))).toBe('1')
  expect(namesOf(stock.take(1, 2))).toBe('x')
  expect(namesOf(stock.items)).toBe('23')
})

test('what is over is over once', () => {
  const a = item('a')
  const stock = stocked(a)
  stock.take(1, 1)
  expect([stock.over(a), stock.over(a), stock.out]).toEqual([true, false, 0])
})

test('what is removed is neither handed out nor counted', () => {
  const stock = stocked(item('a'), item('b'), item('c'))
  expect(namesOf(stock.remove(({ name }) => name !== 'b'))).toBe('ac')
  expect([namesOf(stock.items), stock.bytes]).toEqual(['b', 10])
})

test('clear tells what was out and what waited', () => {
  const stock = stocked(item('a', 'k'), item('b'))
  stock.take(1, 5)
  const { out, waiting } = stock.clear()
  expect([namesOf(out), namesOf(waiting), stock.size, stock.out, stock.bytes]).toEqual(['a', 'b', 0, 0, 0])
})
