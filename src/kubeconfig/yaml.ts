// Parses kubeconfig YAML like kubectl, with bounds on nesting and aliases.

import { KubeconfigError } from './error'
import { loadPeer } from './peer'

/** The maximum number of alias expansions in one file. Hundreds of users may share one `&exec`; a YAML bomb needs millions. */
const MAX_ALIAS_COUNT = 10_000

// Go's YAML accepts these as true and false, besides `true` and `false`.
const BOOLEAN_1_1 = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/

/**
 * Parses YAML, including JSON, like kubectl: the first of several documents, the last value of a duplicate key, `yes` and `on` as true.
 * Errors give a line and a code, because the parser's own messages quote the text, which may be a secret.
 *
 * @param file the name of the text in messages.
 * @throws KubeconfigError when the text is not YAML or is nested too deeply, or when the package `yaml` does not load.
 */
export async function parseYaml(text: string, file: string): Promise<unknown> {
  if (isTooDeep(text)) throw new KubeconfigError(`${file}: the YAML is nested too deeply`)
  const { LineCounter, parseDocument } = await loadPeer('yaml', () => import('yaml'), `${file} cannot be read without`)
  const lines = new LineCounter()
  const boolean = {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: BOOLEAN_1_1,
    resolve: (value: string) => /^(?:y|on)/i.test(value),
  } as const
  try {
    const options = { prettyErrors: false, merge: true, uniqueKeys: false, lineCounter: lines, logLevel: 'silent' } as const
    const document = parseDocument(text, { ...options, customTags: (tags) => [...tags, boolean] })
    const error = document.errors.find(({ code }) => code !== 'MULTIPLE_DOCS')
    if (error) throw new KubeconfigError(`${file}: line ${lines.linePos(error.pos[0]).line} is not YAML (${error.code})`)
    return document.toJS({ maxAliasCount: MAX_ALIAS_COUNT })
  } catch (error) {
    if (error instanceof KubeconfigError) throw error
    // The parser's own messages may quote the text.
    throw new KubeconfigError(`${file}: a YAML alias (*) has no anchor, or expands too often`)
  }
}

/** The deepest nesting that is accepted; a kubeconfig needs ten levels. */
const MAX_DEPTH = 200
/** The widest indentation that is accepted. Each level of a block is indented by at least one space, usually by two to four. */
const MAX_INDENT = 1_000

/**
 * Returns whether a text may be nested so deeply that the recursive parser overflows the stack. V8 ends the process when that happens while it
 * compiles a regular expression. Ignores quotes, so the estimate can exceed the real depth.
 */
function isTooDeep(text: string): boolean {
  let brackets = 0
  let marks = 0
  let indent = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '\n') marks = indent = 0
    else if (character === ' ' && indent >= 0) indent++
    else {
      if (indent > MAX_INDENT) return true
      indent = -1
      if (character === '[' || character === '{') brackets++
      else if (character === ']' || character === '}') brackets = Math.max(0, brackets - 1)
      else if (brackets === 0 && (character === '-' || character === '?' || character === ':') && /\s/.test(text[at + 1] ?? '')) marks++
    }
    if (brackets > MAX_DEPTH || marks > MAX_DEPTH) return true
  }
  return false
}
