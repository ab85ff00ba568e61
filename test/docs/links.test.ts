import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = [
  'README.md',
  ...globSync('docs/**/*.md', { cwd: root }),
  ...globSync('packages/*/README.md', { cwd: root }),
]

/** Targets of links and images, as written. What stands in code is no link. */
function linksOf(text: string): readonly string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target)
}

/** The anchors that GitHub makes of the headings of a page. */
function anchorsOf(text: string): readonly string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '')
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** What is wrong with a link, undefined where it leads somewhere. Links to other sites are not followed. */
function broken(page: string, link: string): string | undefined {
  if (/^[a-z]+:/i.test(link)) return undefined
  const [file = '', anchor] = link.split('#')
  const target = file === '' ? path.join(root, page) : path.resolve(root, path.dirname(page), decodeURIComponent(file))
  if (!target.startsWith(root) || !existsSync(target)) return `${link}: no such file`
  if (anchor === undefined) return undefined
  return anchorsOf(readFileSync(target, 'utf8')).includes(anchor) ? undefined : `${link}: no such heading`
}

describe.each(pages)('%s', (page) => {
  it('links only to what is there', () => {
    const links = linksOf(readFileSync(path.join(root, page), 'utf8'))
    expect(links.map((link) => broken(page, link)).filter((problem) => problem !== undefined)).toEqual([])
  })
})

it('every package has a README', () => {
  const packages = globSync('packages/*/package.json', { cwd: root }).map((manifest) => path.dirname(manifest))
  expect(packages.filter((folder) => !pages.includes(`${folder}/README.md`))).toEqual([])
})

it('a link to nowhere is found', () => {
  expect(linksOf('[a](x.md) `[b](y.md)` ![c](z.png)')).toEqual(['x.md', 'z.png'])
  expect(broken('README.md', 'docs/missing.md')).toContain('no such file')
  expect(broken('docs/contract.md', '#missing')).toContain('no such heading')
  expect(broken('docs/contract.md', '#q--queue')).toBeUndefined()
})
