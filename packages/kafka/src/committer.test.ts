import { virtualTime } from '@anybroker/testkit'
import { expect, test } from 'vitest'
import { Assigned } from './assigned.ts'
import type { Committed, LogRecord } from './client/port.ts'
import { Committer, type Commit } from './committer.ts'
import { Ledger } from './ledger.ts'

function assignedWith(count: number): Assigned {
  const assigned = new Assigned('t', 0, new Ledger(0), 20)
  const records = Array.from({ length: count }, (_, offset): LogRecord => ({
    offset,
    key: null,
    value: null,
    headers: {},
    timestamp: 0,
  }))
  assigned.accept(records, count, count)
  return assigned
}

function committing(answer: (commits: readonly Committed[]) => Promise<readonly (Error | undefined)[]>) {
  const time = virtualTime({ seed: 1 })
  const seen: (readonly Committed[])[] = []
  const state = { open: true, stale: 0, died: [] as unknown[] }
  const commit: NonNullable<Commit> = (commits) => {
    seen.push(commits)
    return answer(commits)
  }
  const committer = new Committer(time.runtime, {
    commit: () => (state.open ? commit : undefined),
    stale: () => (state.stale += 1),
    died: (error) => state.died.push(error),
    changed: () => undefined,
  })
  return { time, seen, state, committer }
}

const fine = () => Promise.resolve([])
const protocol = (type: string, retriable: boolean) => Object.assign(new Error(type), { type, retriable })

test('acks of one tick share a commit, and each is told', async () => {
  const { time, seen, committer } = committing(fine)
  const assigned = assignedWith(10)
  const told = [0, 1, 2].map((offset) => {
    assigned.ledger.finish(offset)
    return committer.finished(assigned, offset)
  })
  await time.advance(10)
  expect(await Promise.all(told)).toEqual([{ as: 'ok' }, { as: 'ok' }, { as: 'ok' }])
  expect(seen).toHaveLength(1)
  expect(seen[0]).toMatchObject([{ topic: 't', partition: 0, offset: 3 }])
})

test('in the middle of a rebalance an ack waits, and is told after it', async () => {
  const { time, seen, state, committer } = committing(fine)
  const assigned = assignedWith(1)
  state.open = false
  assigned.ledger.finish(0)
  let outcome: unknown
  void committer.finished(assigned, 0).then((told) => (outcome = told))
  await time.advance(60_000)
  expect([outcome, seen]).toEqual([undefined, []])
  state.open = true
  committer.resume()
  await time.advance(10)
  expect(outcome).toEqual({ as: 'ok' })
})

test('an ack of a partition that is lost is lost', async () => {
  const { time, state, committer } = committing(fine)
  const assigned = assignedWith(1)
  state.open = false
  assigned.ledger.finish(0)
  const told = committer.finished(assigned, 0)
  await time.advance(10)
  assigned.epoch.end('gone')
  committer.lost([assigned])
  expect(await told).toEqual({ as: 'lost' })
  expect(await committer.finished(assigned, 0)).toEqual({ as: 'lost' })
})

test('a commit that fails for now is made again; a stale member is told to join again', async () => {
  let failures = 2
  const { time, seen, state, committer } = committing(async () => {
    failures -= 1
    return failures >= 0 ? [protocol('REBALANCE_IN_PROGRESS', false)] : []
  })
  const assigned = assignedWith(1)
  assigned.ledger.finish(0)
  const told = committer.finished(assigned, 0)
  await time.advance(5_000)
  expect(await told).toEqual({ as: 'ok' })
  expect([seen.length, state.stale, state.died]).toEqual([3, 2, []])
})

test('a commit that can never be made ends the receiver', async () => {
  const { time, state, committer } = committing(async () => [protocol('GROUP_AUTHORIZATION_FAILED', false)])
  const assigned = assignedWith(1)
  assigned.ledger.finish(0)
  const told = committer.finished(assigned, 0)
  await time.advance(100)
  expect(state.died.length).toBeGreaterThan(0)
  committer.end()
  expect(await told).toEqual({ as: 'lost' })
})

test('one commit after the other: what was written is never taken back', async () => {
  const gates: (() => void)[] = []
  const { time, seen, committer } = committing(() => new Promise((resolve) => gates.push(() => resolve([]))))
  const assigned = assignedWith(3)
  assigned.ledger.finish(0)
  const first = committer.flush([assigned], false)
  await time.advance(1)
  assigned.ledger.finish(1)
  const second = committer.flush([assigned], true)
  await time.advance(100)
  expect(seen.map(([one]) => one?.offset)).toEqual([1])
  gates.shift()?.()
  await time.advance(100)
  expect(seen.map(([one]) => one?.offset)).toEqual([1, 2])
  gates.shift()?.()
  expect(await Promise.all([first, second])).toEqual([true, true])
})
