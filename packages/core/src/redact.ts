/** Passwords that were handed to `connect` in a URL: their values are struck out wherever they turn up. */
const secrets = new Set<string>()

/** Remembers what is secret in a URL: the password, as written and decoded. */
export function rememberSecrets(url: string): void {
  const password = /^[^:/?#]+:\/\/[^/?#]*?:([^/?#]*)@/.exec(url)?.[1]
  if (password === undefined) return
  for (const secret of [password, decoded(password)]) if (secret.length >= 4) secrets.add(secret)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not percent-encoded: then it is what it is.
    return text
  }
}

/** What secrets look like where nobody told us their value. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/(:\/\/)[^\s/@]*@/g, '$1***@'],
  [/\b(password|passwd|pwd|secret|token|sasl\.jaas\.config)(["']?\s*[=:]\s*["']?)[^\s"',;&}]+/gi, '$1$2***'],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, '***'],
  [/\bBearer\s+[\w.~+/-]+=*/gi, 'Bearer ***'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, '***'],
]

/** A text without what looks like a secret, or is known to be one. */
export function redact(text: string): string {
  let clean = text
  for (const secret of secrets) clean = clean.replaceAll(secret, '***')
  for (const [pattern, instead] of PATTERNS) clean = clean.replace(pattern, instead)
  return clean
}

/** The chain of causes is followed that deep; nobody reads further. */
const DEPTH = 5

/**
 * What a client library threw, as far as it may be shown: name, message, code and stack without secrets, and its causes likewise.
 * Everything else that hangs on it is left behind: connection options, sockets, request objects.
 */
export function shownError(error: unknown, depth: number = DEPTH): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? redact(error) : error
  const shown = new Error(
    redact(error.message),
    error.cause === undefined || depth === 0 ? {} : { cause: shownError(error.cause, depth - 1) },
  )
  shown.name = error.name
  if (error.stack !== undefined) shown.stack = redact(error.stack)
  const { code } = error as NodeJS.ErrnoException
  return code === undefined ? shown : Object.assign(shown, { code })
}
