// The shortest question in each protocol to which only a broker that is ready has the answer.
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

const amqpHeader = Buffer.from('AMQP\0\0\x09\x01', 'latin1')
const methodFrame = 1 // RabbitMQ begins with the frame Connection.Start; what speaks another version sends a header, "A"

export function answersAmqp(url: string, timeoutMs: number): Promise<boolean> {
  const { protocol, hostname: host, port } = new URL(url)
  const socket =
    protocol === 'amqps:'
      ? connectTls({ host, port: Number(port || 5671), rejectUnauthorized: false })
      : connect({ host, port: Number(port || 5672) })
  return asks(socket, amqpHeader, timeoutMs, (answer) => answer[0] === methodFrame)
}

/** Whether each node named in `kafka://host:port,host:port` knows at least as many brokers as there are names. */
export async function answersKafka(url: string, timeoutMs: number): Promise<boolean> {
  const nodes = url.replace('kafka://', '').split(',')
  // Metadata, version 1: size, key 3, version 1, correlation 7, no client id, an empty list of topics. The answer begins
  // with size, correlation and the count of brokers.
  const question = Buffer.from('000000' + '0e' + '0003' + '0001' + '00000007' + 'ffff' + '00000000', 'hex')
  const knowsAll = (answer: Buffer): boolean =>
    answer.length >= 12 && answer.readInt32BE(4) === 7 && answer.readInt32BE(8) >= nodes.length
  const answered = nodes.map((node) => {
    const { hostname: host, port } = new URL(`kafka://${node}`)
    return asks(connect({ host, port: Number(port || 9092) }), question, timeoutMs, knowsAll)
  })
  return (await Promise.all(answered)).every(Boolean)
}

export async function answersHttp(url: string, timeoutMs: number): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

function asks(
  socket: Socket,
  question: Buffer,
  timeoutMs: number,
  isIt: (answer: Buffer) => boolean,
): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(timeoutMs, () => settle(false))
    socket.once('error', () => settle(false))
    socket.once('end', () => settle(false))
    socket.once('data', (data: Buffer) => settle(isIt(data)))
    socket.write(question)
  })
}
