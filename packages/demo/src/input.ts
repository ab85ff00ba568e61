import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { type ErasureRequest, erasureRequest } from './erasure.ts'

/** What is wrong with the input, in one sentence. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

/** Reads all requests of an NDJSON file, so that a bad line is found before anything is sent. Empty lines are passed over. */
export async function readRequests(file: string): Promise<readonly ErasureRequest[]> {
  const shown = JSON.stringify(file)
  const requests = parseRequests(shown, await readText(file, shown))
  if (requests.length === 0) throw new InputError(`${shown} holds no requests.`)
  return requests
}

async function readText(file: string, shown: string): Promise<string> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = REASONS[code ?? ''] ?? `can't be read (${code})`
    throw new InputError(`${shown} ${why}.`, { cause: error })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new InputError(`${shown} is not UTF-8 text.`, { cause: error })
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a directory',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read',
}

/** `where` names the text in errors: `"requests.ndjson"`. */
export function parseRequests(where: string, text: string): readonly ErasureRequest[] {
  const requests: ErasureRequest[] = []
  const lineOf = new Map<string, number>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const number = index + 1
    const request = parseRequest(`${where}, line ${number}`, line)
    const before = lineOf.get(request.id)
    if (before !== undefined) {
      throw new InputError(`${where}, line ${number}: the request ${request.id} stands on line ${before} already.`)
    }
    lineOf.set(request.id, number)
    requests.push(request)
  }
  return requests
}

function parseRequest(where: string, line: string): ErasureRequest {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    throw new InputError(`${where}: this is not JSON.`, { cause: error })
  }
  const parsed = v.safeParse(erasureRequest, value)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const path = v.getDotPath(issue)
  throw new InputError(`${where}: ${path === null ? 'a request' : JSON.stringify(path)} ${issue.message}.`)
}
