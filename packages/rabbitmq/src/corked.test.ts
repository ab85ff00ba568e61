import { Writable } from 'node:stream'
import type { ChannelModel } from 'amqplib'
import { expect, it } from 'vitest'
import { cork } from './corked.ts'

function written() {
  const pieces: string[] = []
  const stream = new Writable({
    writev: (chunks, done) => {
      pieces.push(chunks.map(({ chunk }) => String(chunk)).join(''))
      done()
    },
    write: (chunk, _encoding, done) => {
      pieces.push(String(chunk))
      done()
    },
  })
  return { pieces, stream, model: { connection: { stream } } as unknown as ChannelModel }
}

const turn = () => new Promise(setImmediate)

it('sends what is written in one turn in one piece, in order, turn by turn', async () => {
  const { pieces, stream, model } = written()
  cork(model)
  for (const frame of ['a', 'b', 'c']) stream.write(frame)
  expect(pieces).toEqual([])
  await turn()
  stream.write('d')
  stream.write('e')
  await turn()
  expect(pieces).toEqual(['abc', 'de'])
})

it('leaves a client alone that hides its stream', () => {
  expect(() => cork({ connection: {} } as unknown as ChannelModel)).not.toThrow()
})
