import { expect, test } from 'vitest'
import { groups, names, select, splitNames, supported, urlVariable, withDriver } from './names.ts'

test('a group stands for its brokers, and each comes once, in one order', () => {
  expect(select(['rabbitmq', 'kafka', 'rabbitmq-4'])).toEqual(['rabbitmq-3', 'rabbitmq-4', 'kafka'])
  expect(select(['sqs-sns'])).toEqual(['fauxqs', 'localstack'])
  expect(select([])).toEqual([])
})

test.each(['rabbit', 'RABBITMQ', '', 'toString', '__proto__', 'constructor'])(
  '"%s" is unknown, and the names are said',
  (name) => {
    expect(() => select([name])).toThrow(RangeError)
    expect(() => select([name])).toThrow(/rabbitmq-3, rabbitmq-4, kafka/u)
  },
)

test('a list in the environment may have commas, blanks, or nothing', () => {
  expect(splitNames('rabbitmq, kafka  fauxqs,')).toEqual(['rabbitmq', 'kafka', 'fauxqs'])
  expect(splitNames('')).toEqual([])
  expect(splitNames(undefined)).toEqual([])
})

test('each broker has its own variable for its URL', () => {
  expect(urlVariable('rabbitmq-4')).toBe('ANYBROKER_TEST_RABBITMQ_4_URL')
  expect(urlVariable('kafka-3-nodes')).toBe('ANYBROKER_TEST_KAFKA_3_NODES_URL')
  expect(new Set(names.map(urlVariable)).size).toBe(names.length)
})

test('groups and the supported ones are made of known names, and no group has the name of a broker', () => {
  for (const name of [...Object.values(groups).flat(), ...withDriver, ...supported]) expect(names).toContain(name)
  for (const group of Object.keys(groups)) expect(names).not.toContain(group)
})
