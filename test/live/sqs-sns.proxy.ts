import { Agent, createServer, request as send, type IncomingMessage } from 'node:http'

/** What the service is made to answer instead: a status, its error's name, and a text. */
export interface Scripted {
  readonly status: number
  readonly code: string
  readonly message?: string
}

/** One answer of the engine, or of the script. */
interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** HTTP to an engine, counted by action, with answers that an engine never gives. */
export interface Proxy {
  readonly url: string
  /** Requests by action: `SendMessageBatch`, `Publish`, … */
  readonly counts: ReadonlyMap<string, number>
  reset(): void
  /** Of what was to be answered otherwise, nothing is left. */
  forget(): void
  /** From now on all but these actions are answered with what a policy that lacks them makes of it; without any, none is. */
  allow(actions?: readonly string[]): void
  /** From now on these actions are answered as the service does when it is asked too often; without any, none is. */
  throttle(actions?: readonly string[]): void
  /** The next `times` requests of an action are answered so, and do not reach the engine. */
  answer(action: string, scripted: Scripted, times?: number): void
  /** The next answer to an action goes through this; the engine has done what it was asked. */
  change(action: string, change: (answer: Record<string, unknown>) => unknown): void
  /** The next answer to an action is lost: the engine has done what it was asked, and the connection breaks. */
  lose(action: string): void
  close(): Promise<void>
}

type Script =
  | { readonly as: 'answer'; readonly scripted: Scripted }
  | { readonly as: 'change'; readonly change: (answer: Record<string, unknown>) => unknown }
  | { readonly as: 'lose' }

const DENIED = { status: 403, code: 'AccessDenied' }
const THROTTLED = { status: 400, code: 'ThrottlingException', message: 'Rate exceeded' }

export async function proxyTo(engine: string): Promise<Proxy> {
  const counts = new Map<string, number>()
  const scripts = new Map<string, Script[]>()
  let allowed: readonly string[] | undefined
  let throttled: readonly string[] = []
  const agent = new Agent({ keepAlive: true })
  const denied = (action: string): Script | undefined => {
    if (throttled.includes(action)) return { as: 'answer', scripted: THROTTLED }
    const may = allowed === undefined || allowed.includes(action)
    return may ? undefined : { as: 'answer', scripted: { ...DENIED, message: action } }
  }
  const plan = (action: string, ...more: readonly Script[]) =>
    void scripts.set(action, [...(scripts.get(action) ?? []), ...more])

  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const body = await whole(incoming)
      const action = actionOf(incoming, body)
      counts.set(action, (counts.get(action) ?? 0) + 1)
      const script = denied(action) ?? scripts.get(action)?.shift()
      if (script?.as === 'answer') {
        const { status, headers, body: error } = errorOf(script.scripted, incoming)
        outgoing.writeHead(status, headers).end(error)
        return
      }
      const answer = await forward(engine, agent, incoming, body)
      if (script?.as === 'lose') {
        incoming.socket.destroy()
        return
      }
      const { 'content-length': _length, 'transfer-encoding': _encoding, ...headers } = answer.headers
      const text =
        script === undefined
          ? answer.body
          : JSON.stringify(script.change(JSON.parse(answer.body) as Record<string, unknown>))
      outgoing.writeHead(answer.status, headers).end(text)
    })().catch(() => incoming.socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    counts,
    reset: () => counts.clear(),
    forget: () => scripts.clear(),
    allow: (actions) => {
      allowed = actions
    },
    throttle: (actions = []) => {
      throttled = actions
    },
    answer: (action, scripted, times = 1) =>
      plan(action, ...Array.from({ length: times }, (): Script => ({ as: 'answer', scripted }))),
    change: (action, change) => plan(action, { as: 'change', change }),
    lose: (action) => plan(action, { as: 'lose' }),
    close: () => {
      agent.destroy()
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** SQS names it in a header, SNS in a form. */
function actionOf({ headers }: IncomingMessage, body: Buffer): string {
  const target = headers['x-amz-target']
  if (typeof target === 'string') return target.slice(target.indexOf('.') + 1)
  return new URLSearchParams(body.toString()).get('Action') ?? 'unknown'
}

/** As the service spells it: JSON for SQS, XML for SNS. */
function errorOf({ status, code, message = code }: Scripted, { headers }: IncomingMessage) {
  if (headers['x-amz-target'] !== undefined) {
    const type = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'scripted' }
    return { status, headers: type, body: JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message }) }
  }
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`
  const xml = `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">${error}<RequestId>scripted</RequestId></ErrorResponse>`
  return { status, headers: { 'content-type': 'text/xml' }, body: xml }
}

function forward(
  engine: string,
  agent: Agent,
  { method, url = '/', headers }: IncomingMessage,
  body: Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(engine)
    const outgoing = send({ hostname, port, method, path: url, headers, agent }, (answer) => {
      whole(answer).then(
        (text) => resolve({ status: answer.statusCode ?? 500, headers: answer.headers, body: text.toString() }),
        reject,
      )
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function whole(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
