import type { ChannelModel } from 'amqplib'
import type { Writable } from 'node:stream'

/**
 * What is written in one turn goes to the server in one piece. amqplib writes frame by frame (2.3.1, lib/mux.js), which costs a
 * system call and, without Nagle's algorithm, a packet for each.
 */
export function cork({ connection }: ChannelModel): void {
  const stream = streamOf(connection)
  if (stream === undefined) return
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
  let open = true
  stream.write = (...args: unknown[]) => {
    if (open) {
      open = false
      stream.cork()
      process.nextTick(() => {
        open = true
        stream.uncork()
      })
    }
    return write(...args)
  }
}

/** Not among the types of amqplib: without it everything works, slower. */
function streamOf(connection: unknown): Writable | undefined {
  const { stream } = connection as { readonly stream?: Partial<Writable> }
  return typeof stream?.write === 'function' && typeof stream.cork === 'function' ? (stream as Writable) : undefined
}
