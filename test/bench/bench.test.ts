import { describe, expect, it } from 'vitest'
import type { Measured } from './bench.ts'
import { parseOptions } from './options.ts'
import { markdown, summarize } from './table.ts'

const measured = (messagesPerSecond: number): Measured => ({ messagesPerSecond, cpuMicrosPerMessage: 1 })

describe('the options of the bench', () => {
  it('are a broker and how much of it', () => {
    expect(parseOptions(['memory'], ['memory'])).toEqual({
      broker: 'memory',
      rounds: 5,
      messages: 100_000,
      json: undefined,
    })
    const args = ['memory', '--rounds', '2', '--messages=10', '--json', 'bench.json']
    expect(parseOptions(args, ['memory'])).toEqual({ broker: 'memory', rounds: 2, messages: 10, json: 'bench.json' })
  })

  it.each([
    [[], 'Name a broker'],
    [['kafka'], 'no bench for "kafka"'],
    [['memory', 'memory'], 'One broker at a time'],
    [['memory', '--rounds', '0'], '--rounds must be a whole number from 1'],
    [['memory', '--messages', 'many'], '--messages must be a whole number from 1'],
    [['memory', '--bodies', '1'], "Unknown option '--bodies'"],
  ])('%j is refused with what is wrong', (args, sentence) => {
    expect(() => parseOptions(args, ['memory'])).toThrow(sentence)
  })
})

describe('the table of the bench', () => {
  it('tells ratios within rounds, so that a slow minute of the machine slows both sides', () => {
    const rows = [
      { name: 'yard-stick', rounds: [measured(1000), measured(10), measured(2000)] },
      { name: 'ours', rounds: [measured(500), measured(5), measured(1000)] },
    ]
    const cases = summarize(rows, 'yard-stick')
    expect(cases.map(({ ratio }) => ratio)).toEqual([1, 0.5])
    expect(cases[1]?.messagesPerSecond).toEqual({ median: 500, min: 5, max: 1000 })
    expect(markdown(cases, 'yard-stick')).toContain('| ours ')
  })
})
