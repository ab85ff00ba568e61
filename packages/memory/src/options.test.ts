import { describe, expect, it } from 'vitest'
import { CLAUSE_IDS, lacking } from '@anybroker/driver'
import { fromUrl, memory, type MemoryOptions } from './index.ts'
import { parseUrl } from './options.ts'

describe('options', () => {
  it.each<[string, Record<string, unknown>]>([
    ['there is no option "maxByte"', { maxByte: 1 }],
    ['name must have', { name: 'a b' }],
    ['name must have', { name: 1 }],
    ['namespace must have', { namespace: '' }],
    ['maxBytes must be a whole number from 4096', { maxBytes: 1 }],
    ['maxBytes must be', { maxBytes: '5000' }],
    ['maxBytes must be', { maxBytes: NaN }],
    ['seed must be', { seed: -1, profile: 'harsh' }],
    ['seed is for profile=harsh', { seed: 1 }],
    ['profile must be', { profile: 'kind' }],
    ['dedupWindowMs must be', { dedupWindowMs: 0 }],
    ['topicLogBytes must be', { topicLogBytes: 1.5 }],
    ['record must be', { record: 1 }],
  ])('refuse: %s', (text, options) => {
    expect(() => memory(options as MemoryOptions)).toThrow(TypeError)
    expect(() => memory(options as MemoryOptions)).toThrow(text)
  })

  it('may be left undefined', () => {
    expect(memory({ name: undefined, maxBytes: undefined } as unknown as MemoryOptions).capabilities.Q2.maxBytes).toBe(
      268_435_456,
    )
  })
})

describe('URLs', () => {
  it('spell all options', () => {
    expect(parseUrl('memory:')).toEqual({})
    expect(
      parseUrl(
        'memory:a.b-c_1?namespace=n&maxBytes=5000&profile=harsh&seed=7&dedupWindowMs=9&topicLogBytes=2048&record=true',
      ),
    ).toEqual({
      name: 'a.b-c_1',
      namespace: 'n',
      maxBytes: 5000,
      profile: 'harsh',
      seed: 7,
      dedupWindowMs: 9,
      topicLogBytes: 2048,
      record: true,
    })
  })

  it.each<[string, string]>([
    ['must begin with memory:', 'amqp://localhost'],
    ['must begin with memory:', 'memory'],
    ['memory:name', 'memory://host/name'],
    ['memory:name', 'memory:/name'],
    ['memory:name', 'memory:name#x'],
    ['name must have', 'memory:a%20b'],
    ['there is no option "leaseMs" in a URL; there are namespace, maxBytes', 'memory:?leaseMs=1'],
    ['there is no option "name" in a URL', 'memory:?name=x'],
    ['maxBytes is there twice', 'memory:?maxBytes=5000&maxBytes=5000'],
    ['maxBytes must be', 'memory:?maxBytes=5e3'],
    ['record must be', 'memory:?record=yes'],
  ])('refuse: %s: %s', (text, url) => {
    expect(() => fromUrl(url)).toThrow(TypeError)
    expect(() => fromUrl(url)).toThrow(text)
  })
})

describe('capabilities', () => {
  it('are native throughout; the harsh profile promises less', () => {
    const reference = memory().capabilities
    expect(CLAUSE_IDS.filter((clause) => reference[clause].grade !== 'native')).toEqual([])
    const harsh = memory({ profile: 'harsh' }).capabilities
    expect(lacking(harsh)).toEqual([])
    expect(harsh).toMatchObject({
      Q4: { duplicates: 'rare' },
      D2: { block: false, holdMaxMs: 60_000 },
      D3: { attempt: 'ceiling', slack: 10 },
      'A2.exact': { grade: 'none' },
    })
    expect(memory({ maxBytes: 10_000, topicLogBytes: 2048 }).capabilities).toMatchObject({
      M1: { maxBytes: 5000 },
      R1: { maxBytes: 2048 },
    })
  })
})
