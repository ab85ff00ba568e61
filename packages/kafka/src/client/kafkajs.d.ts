// What we use of the inside of kafkajs 2.2.x, and nothing more. It has no types of its own below its front door.

declare module 'kafkajs/src/network/connection.js' {
  import type { Socket } from 'node:net'

  interface Protocol {
    readonly request: { readonly apiName: string }
    readonly response: { decode(raw: unknown): Promise<unknown>; parse(decoded: unknown): Promise<unknown> }
    readonly requestTimeout?: number
    readonly logResponseError?: boolean
  }
  interface Logger {
    namespace(name: string): Logger
    debug(): void
    info(): void
    warn(): void
    error(): void
  }
  interface RequestQueue {
    readonly pending: readonly unknown[]
    readonly throttledUntil: number
    scheduleCheckPendingRequests(): void
  }
  export default class Connection {
    constructor(options: {
      readonly host: string
      readonly port: number
      readonly logger: Logger
      readonly socketFactory: (to: {
        readonly host: string
        readonly port: number
        readonly ssl: unknown
        readonly onConnect: () => void
      }) => Socket
      readonly requestTimeout: number
      readonly connectionTimeout: number
      readonly enforceRequestTimeout: boolean
      readonly clientId: string
      readonly ssl: object | null
      readonly sasl: object | null
    })
    readonly requestQueue: RequestQueue
    connect(): Promise<true>
    disconnect(): Promise<true>
    authenticate(): Promise<void>
    isConnected(): boolean
    setVersions(versions: unknown): void
    setSupportAuthenticationProtocol(supported: boolean): void
    rejectRequests(error: Error): void
    send(protocol: Protocol): Promise<unknown>
  }
}

declare module 'kafkajs/src/protocol/requests/index.js' {
  interface Definition {
    readonly versions: readonly string[]
    protocol(of: { readonly version: number }): (args: object) => {
      readonly request: { readonly apiName: string }
      readonly response: { decode(raw: unknown): Promise<unknown>; parse(decoded: unknown): Promise<unknown> }
      readonly requestTimeout?: number
    }
  }
  const module: {
    readonly requests: Readonly<Record<string, Definition>>
    readonly lookup: (
      versions: object,
    ) => (apiKey: number, definition: Definition) => ReturnType<Definition['protocol']>
  }
  export default module
}

declare module 'kafkajs/src/protocol/requests/apiKeys.js' {
  const apiKeys: Readonly<Record<string, number>>
  export default apiKeys
}

declare module 'kafkajs/src/protocol/error.js' {
  const module: { readonly createErrorFromCode: (code: number) => Error & { readonly type: string } }
  export default module
}

declare module 'kafkajs/src/consumer/assignerProtocol.js' {
  const module: {
    readonly MemberMetadata: {
      encode(of: { readonly version: number; readonly topics: readonly string[]; readonly userData: Buffer }): Buffer
      decode(buffer: Buffer): { readonly topics: readonly string[]; readonly userData: Buffer | null }
    }
    readonly MemberAssignment: {
      encode(of: {
        readonly version: number
        readonly assignment: Readonly<Record<string, readonly number[]>>
        readonly userData: Buffer
      }): Buffer
      decode(buffer: Buffer): { readonly assignment: Readonly<Record<string, readonly number[]>> } | null
    }
  }
  export default module
}

declare module 'kafkajs/src/consumer/filterAbortedMessages.js' {
  const filter: <M>(from: { readonly messages: readonly M[]; readonly abortedTransactions: unknown }) => M[]
  export default filter
}
