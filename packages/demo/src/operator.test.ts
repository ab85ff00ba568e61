import { expect, it } from 'vitest'
import { correct } from './operator.ts'

const request = (account: string) => ({
  id: 'er-1',
  name: 'A',
  email: 'a@example.org',
  account,
  receivedAt: '2026-03-02T08:00:00Z',
})

it.each([
  ['ACC-OO47l1', 'ACC-004711'],
  ['acc 004 711', 'ACC-004711'],
  ['ACC-004711', 'ACC-004711'],
])('corrects %s to %s', (account, corrected) => {
  expect(correct(request(account))).toEqual(request(corrected))
})

it.each(['', 'ACC-', 'ACC-47', '004711', 'ACC-00471X'])('leaves %j to a person', (account) => {
  expect(correct(request(account))).toBeUndefined()
})

it('leaves a letter without a body to a person', () => {
  expect(correct(undefined)).toBeUndefined()
})
