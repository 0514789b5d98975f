import { KubeconfigError } from './error'
import { loadPeer } from './peer'

/** How often aliases may be expanded in one file; `&exec` for each of some hundred users is ordinary, a bomb needs millions. */
const MAX_ALIAS_COUNT = 10_000

// What Go's YAML takes for true and false beside `true` and `false`.
const BOOLEAN_1_1 = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/

/**
 * Parses YAML, and so JSON, as kubectl does: of several documents the first, of a key that occurs twice the last value, `yes` and `on` are true. What is
 * wrong is told by line and code: the parser's own messages quote the text, which may be a secret.
 *
 * @param file What the text is called in messages.
 * @throws KubeconfigError when it is not YAML, is nested too deeply, or the package `yaml` does not load.
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
    throw new KubeconfigError(`${file}: an alias (*) of the YAML refers to nothing, or to too much`)
  }
}

/** How deep a document may be; a kubeconfig needs ten. */
const MAX_DEPTH = 200
/** Each level of a block is indented by one space at least, most by two to four. */
const MAX_INDENT = 1_000

/**
 * Whether a text could be nested so deeply that the parser, which calls itself for each level, comes to the end of the stack: V8 then ends the process
 * when it compiles a regular expression. Quotes are not looked at, so this can be more than the depth.
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
