import { connect, createServer, type Socket } from 'node:net'

/** A way to a broker that can be shut: what stands open is cut, and nobody gets in until it is opened. */
export interface Door {
  readonly port: number
  shut(): void
  open(): void
  close(): Promise<void>
}

export async function door(host: string, port: number): Promise<Door> {
  const sockets = new Set<Socket>()
  let isShut = false
  const server = createServer({ noDelay: true }, (near) => {
    if (isShut) {
      near.destroy()
      return
    }
    const far = connect({ host, port, noDelay: true })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: address.port,
    shut: () => {
      isShut = true
      cut()
    },
    open: () => {
      isShut = false
    },
    close: () => {
      cut()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
