import type { QueueRef } from '@anybroker/driver'
import { expect, test } from 'vitest'
import { differences, identityLabels, identityOf } from './labels.ts'

const queue: QueueRef = { kind: 'queue', name: 'orders', ordering: 'none' }

test('labels are what the service takes', () => {
  const labels = identityLabels('queue', identityOf(queue, { filter: { region: ['EU', 'ü'] }, from: 'earliest' }))
  for (const [key, value] of Object.entries(labels)) {
    expect(key).toMatch(/^[a-z][a-z0-9_-]{0,62}$/)
    expect(value).toMatch(/^[a-z0-9_-]{0,63}$/)
  }
})

test('the same options are the same identity, others are named', () => {
  const there = identityLabels('queue', identityOf(queue, { filter: { a: ['x', 'y'] } }))
  expect(differences(there, identityOf(queue, { filter: { a: ['y', 'x'] }, from: 'now' }))).toEqual([])
  expect(differences(there, identityOf({ ...queue, ordering: 'key' }, { from: 'earliest' }))).toEqual([
    'ordering: there none, asked key',
    expect.stringMatching(/^filter: there [0-9a-f]{16}, asked none$/),
    'from: there now, asked earliest',
  ])
})

test('what an operator made without labels is not compared', () => {
  expect(differences(undefined, identityOf(queue, {}))).toEqual([])
})
