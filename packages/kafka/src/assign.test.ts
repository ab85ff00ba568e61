import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { assign, type MemberClaim } from './assign.ts'

type Owned = ReadonlyMap<string, readonly number[]>
const TOPICS = new Map([
  ['main', 12],
  ['retry', 4],
])

const nothing: Owned = new Map()
const flat = (owned: Owned | undefined) =>
  [...(owned ?? nothing)].flatMap(([topic, list]) => list.map((one) => `${topic}${one}`))

/** Rounds of joining until nothing moves: after each, members let go of what they were not given. */
function settle(claims: readonly MemberClaim[]): { claims: readonly MemberClaim[]; rounds: number } {
  let now = claims
  for (let rounds = 1; rounds < 10; rounds++) {
    const assigned = assign(now, TOPICS)
    const next = now.map(({ member }) => ({ member, owned: assigned.get(member) ?? nothing }))
    const moved = next.some(
      ({ owned }, index) => flat(owned).toSorted().join() !== flat(now[index]?.owned).toSorted().join(),
    )
    now = next
    if (!moved) return { claims: now, rounds }
  }
  throw new Error('it never settles')
}

test('one member gets everything', () => {
  const assigned = assign([{ member: 'a', owned: nothing }], TOPICS)
  expect(flat(assigned.get('a'))).toHaveLength(16)
})

test('a second one gets nothing that is still held, and its half once that is let go', () => {
  const a = assign([{ member: 'a', owned: nothing }], TOPICS).get('a') ?? nothing
  const first = assign(
    [
      { member: 'a', owned: a },
      { member: 'b', owned: nothing },
    ],
    TOPICS,
  )
  expect(first.get('a')?.get('main')).toEqual([0, 1, 2, 3, 4, 5])
  expect(flat(first.get('b'))).toEqual([])
  const second = assign(
    [
      { member: 'a', owned: first.get('a') ?? nothing },
      { member: 'b', owned: nothing },
    ],
    TOPICS,
  )
  expect(second.get('a')).toEqual(first.get('a'))
  expect(second.get('b')?.get('main')).toEqual([6, 7, 8, 9, 10, 11])
  expect(second.get('b')?.get('retry')).toHaveLength(2)
})

test('in every round no partition has two owners; in the end each has one, in even shares, and who stays keeps his own', () => {
  const member = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(member, { minLength: 1 }), { minLength: 1, maxLength: 6 }), (casts) => {
      let before: readonly MemberClaim[] = []
      for (const cast of casts) {
        const claims = cast.map((name) => ({
          member: name,
          owned: before.find((one) => one.member === name)?.owned ?? nothing,
        }))
        const assigned = assign(claims, TOPICS)
        const given = [...assigned.values()].flatMap(flat)
        expect(new Set(given).size).toBe(given.length)
        for (const { member: name, owned } of claims) {
          const others = claims.filter((one) => one.member !== name).flatMap((one) => flat(one.owned))
          for (const one of flat(assigned.get(name))) expect(others).not.toContain(one)
          expect(flat(owned).filter((one) => !flat(assigned.get(name)).includes(one)).length).toBeLessThanOrEqual(16)
        }
        const { claims: after } = settle(claims)
        expect(after.flatMap(({ owned }) => flat(owned))).toHaveLength(16)
        const shares = after.map(({ owned }) => owned.get('main')?.length ?? 0)
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
        before = after
      }
    }),
  )
})

test('a claim that makes no sense is left out', () => {
  const assigned = assign(
    [
      {
        member: 'a',
        owned: new Map([
          ['main', [99, -1, 0]],
          ['gone', [1]],
        ]),
      },
      { member: 'b', owned: new Map([['main', [0, 1]]]) },
    ],
    TOPICS,
  )
  expect(assigned.get('a')?.get('main')).toContain(0)
  expect(assigned.get('b')?.get('main')).not.toContain(0)
})
