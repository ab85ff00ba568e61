import type { Filter, HeaderMatch } from '@anybroker/driver'
import { FILTER_BYTES } from './limits.ts'

const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/
const PLAIN_VALUE = /^[ -~]*$/

/**
 * What of a filter the service can apply: what it drops, core never sees, and core looks at the whole filter again. So it may be laxer
 * than what was asked, and is, where a value is not plain ASCII or the service's 256 bytes are not enough. Empty for none.
 *
 * @see https://cloud.google.com/pubsub/docs/subscription-message-filter
 */
export function nativeFilter(filter: Filter | undefined): string {
  let native = ''
  for (const [key, match] of Object.entries(filter ?? {})) {
    const one = condition(key, match)
    if (one === undefined) continue
    const longer = native === '' ? one : `${native} AND ${one}`
    if (longer.length <= FILTER_BYTES) native = longer
  }
  return native
}

function condition(key: string, match: HeaderMatch): string | undefined {
  const name = PLAIN_KEY.test(key) ? key : quoted(key)
  if (typeof match === 'string') return equals(name, match)
  if ('exists' in match) return `${match.exists ? '' : 'NOT '}attributes:${name}`
  if ('prefix' in match)
    return PLAIN_VALUE.test(match.prefix) ? `hasPrefix(attributes.${name}, ${quoted(match.prefix)})` : undefined
  const any = match.map((value) => equals(name, value))
  return any.includes(undefined) ? undefined : `(${any.join(' OR ')})`
}

function equals(name: string, value: string): string | undefined {
  return PLAIN_VALUE.test(value) ? `attributes.${name} = ${quoted(value)}` : undefined
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
