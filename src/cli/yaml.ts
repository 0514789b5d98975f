// Parses YAML files for the commands.

import { KubeError } from '../api/errors'
import { loadPeer } from '../kubeconfig/peer'

/**
 * Parses YAML with any number of documents like kubectl: YAML 1.1, where `on` is true, with dates and times as strings and the last value
 * of a duplicate key. Parses JSON without the package `yaml`.
 *
 * @param file the name of the text in messages.
 * @throws KubeError when the text is not YAML, or the package `yaml` is not installed or does not load.
 */
export async function parseYaml(text: string, file: string): Promise<unknown[]> {
  const json = parseJson(text.replace(/^\ufeff/, ''))
  if (json) return [json.value]
  const { LineCounter, parseAllDocuments } = await loadPeer('yaml', () => import('yaml'), `${file} cannot be read without`)
  const lineCounter = new LineCounter()
  const documents = parseAllDocuments(text, {
    version: '1.1',
    merge: true,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
    lineCounter,
    // Go's parser supports neither dates nor base-60 numbers.
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !(/:timestamp$/.test(tag.tag) || tag.format === 'TIME')),
  })
  if (!Array.isArray(documents)) return []
  return documents.map((document) => {
    const [error] = document.errors
    if (error) throw new KubeError(`${file}: line ${lineCounter.linePos(error.pos[0]).line} is not YAML (${error.code})`)
    try {
      return document.toJS({ maxAliasCount: 100 })
    } catch {
      throw new KubeError(`${file}: a YAML alias (*) has no anchor, or expands too often`)
    }
  })
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
