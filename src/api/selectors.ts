// Parses and evaluates label selectors.

import { hasBrand, KubeError } from './errors'

/** The labels of an object. */
export type Labels = Readonly<Record<string, string>>

/** A parsed label selector. */
export interface LabelSelector {
  /** Whether it selects everything. */
  readonly empty: boolean
  /** Whether the selector matches an object with these labels. */
  matches(labels: Labels | undefined): boolean
  /** The requirements that a label meets only with one of the listed values: `=`, `==` and `in`. */
  readonly equalities: readonly { readonly key: string; readonly values: readonly string[] }[]
  /** The canonical form. Selectors that differ only in white space or in the order of their requirements have the same one. */
  toString(): string
}

/** Thrown for a label or field selector that cannot be parsed. */
export class SelectorError extends KubeError {
  readonly selector: string
  /** The position of the error, counted from 1. */
  readonly column: number

  constructor(selector: string, at: number, problem: string) {
    super(`${problem} (column ${at + 1} of the selector ${JSON.stringify(selector)})`)
    this.selector = selector
    this.column = at + 1
  }
  override get '~kubeflect'(): readonly string[] {
    return ['SelectorError', 'KubeError']
  }
}

/** Whether an error is a {@link SelectorError}. */
export const isSelectorError = (error: unknown): error is SelectorError => hasBrand(error, 'SelectorError')

type Operator = '' | '!' | '=' | '==' | '!=' | '<' | '>' | 'in' | 'notin'

interface Requirement {
  readonly key: string
  readonly operator: Operator
  /** Sorted, without duplicates. */
  readonly values: readonly string[]
}

/**
 * Parses a label selector: requirements joined by commas, each one `key`, `!key`, `key=value`, `key==value`, `key!=value`, `key in (a,b)`,
 * `key notin (a,b)`, `key<1` or `key>1`. `!=` and `notin` also match objects that lack the key.
 *
 * @throws SelectorError with the column and what was expected there.
 * @see apimachinery `labels.Parse`
 */
export function parseLabelSelector(selector: string): LabelSelector {
  // A stable sort by key: requirements of one key keep their order.
  const requirements = new Parser(selector).parse().sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return {
    empty: requirements.length === 0,
    equalities: requirements.filter(({ operator }) => operator === '=' || operator === '==' || operator === 'in'),
    matches: (labels) => requirements.every((requirement) => satisfies(requirement, labels)),
    toString: () => requirements.map(format).join(','),
  }
}

function satisfies({ key, operator, values }: Requirement, labels: Labels | undefined): boolean {
  const value = labels && Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case '!':
      return value === undefined
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value)
    case '':
      return value !== undefined
    case '<':
    case '>': {
      const [label, bound] = [integerOf(value), integerOf(values[0])]
      if (label === undefined || bound === undefined) return false
      return operator === '<' ? label < bound : label > bound
    }
    default:
      return value !== undefined && values.includes(value)
  }
}

function format({ key, operator, values }: Requirement): string {
  if (operator === '!') return `!${key}`
  if (operator === 'in' || operator === 'notin') return `${key} ${operator} (${values.join(',')})`
  return `${key}${operator}${values.join(',')}`
}

/** Parses the integers that Go's `strconv.ParseInt` accepts: 64 bits. Labels cannot begin with a sign. */
function integerOf(value: string | undefined): bigint | undefined {
  if (value === undefined || !/^\d+$/.test(value)) return undefined
  const integer = BigInt(value)
  return BigInt.asIntN(64, integer) === integer ? integer : undefined
}

const OPERATORS: ReadonlySet<string> = new Set<Operator>(['=', '==', '!=', '<', '>', 'in', 'notin'])

interface Token {
  /** A symbol, a word (a key, a value, `in` or `notin`), or the empty string at the end. */
  readonly text: string
  readonly at: number
  readonly word: boolean
}

/** A recursive-descent parser with the grammar of apimachinery's `labels.Parse`, including empty values in lists. */
class Parser {
  readonly #selector: string
  readonly #tokens: readonly Token[]
  #next = 0

  constructor(selector: string) {
    this.#selector = selector
    this.#tokens = tokenize(selector)
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = []
    if (this.#peek().text === '') return requirements
    for (;;) {
      requirements.push(this.#requirement())
      const separator = this.#take()
      if (separator.text === '') return requirements
      if (separator.text !== ',') this.#fail(separator, "',' or the end")
    }
  }

  #requirement(): Requirement {
    const absent = this.#accept('!')
    const key = this.#take()
    if (!key.word) this.#fail(key, absent ? 'a label key' : "a label key or '!'")
    this.#check(key, keyProblem(key.text))
    const { text } = this.#peek()
    if (text === '' || text === ',') return { key: key.text, operator: absent ? '!' : '', values: [] }
    if (absent) this.#fail(this.#peek(), "',' or the end")
    const operator = this.#take()
    if (!isOperator(operator.text)) this.#fail(operator, "one of '=', '==', '!=', 'in', 'notin', '<', '>', ','")
    const values = operator.text === 'in' || operator.text === 'notin' ? this.#values() : [this.#value(operator.text)]
    return { key: key.text, operator: operator.text, values: [...new Set(values)].sort() }
  }

  /** Parses one value; an absent value is the empty string. */
  #value(operator: Operator): string {
    const ordered = operator === '<' || operator === '>'
    const token = this.#peek()
    const value = token.word ? this.#take().text : ''
    if (!token.word && token.text !== '' && token.text !== ',') this.#fail(token, 'a label value')
    if (ordered && integerOf(value) === undefined) this.#fail(token, 'an integer of at most 64 bits')
    this.#check(token, valueProblem(value))
    return value
  }

  #values(): string[] {
    const open = this.#take()
    if (open.text !== '(') this.#fail(open, "'('")
    const values: string[] = []
    for (;;) {
      const token = this.#peek()
      if (token.word) {
        this.#check(token, valueProblem(token.text))
        values.push(this.#take().text)
      } else {
        values.push('')
      }
      const separator = this.#take()
      if (separator.text === ')') return values
      if (separator.text !== ',') this.#fail(separator, "',' or ')'")
    }
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token
  }

  #take(): Token {
    const token = this.#peek()
    if (token.text !== '') this.#next++
    return token
  }

  #accept(text: string): boolean {
    if (this.#peek().text !== text) return false
    this.#next++
    return true
  }

  #fail({ text, at }: Token, expected: string): never {
    throw new SelectorError(this.#selector, at, `expected ${expected}, found ${text === '' ? 'the end' : `'${text}'`}`)
  }

  #check({ at }: Token, problem: string | undefined): void {
    if (problem) throw new SelectorError(this.#selector, at, problem)
  }
}

function tokenize(selector: string): Token[] {
  // `==` and `!=` are one token when there is no space between their characters.
  const matches = selector.matchAll(/([=!]=|[=!(),<>])|[^=!(),<> \t\r\n]+/g)
  const tokens = Array.from(matches, ({ 0: text, 1: symbol, index }) => ({ text, at: index, word: symbol === undefined }))
  return [...tokens, { text: '', at: selector.length, word: false }]
}

const isOperator = (text: string): text is Operator => OPERATORS.has(text)

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** Describes what is wrong with a label key, which has the form `[DNS subdomain, at most 253/]name, at most 63`. */
function keyProblem(key: string): string | undefined {
  const parts = key.split('/')
  const name = parts.at(-1) ?? ''
  if (parts.length > 2) return `the label key '${key}' has more than one '/'`
  const prefix = parts.length === 2 ? parts[0] : undefined
  if (prefix !== undefined && (prefix.length > 253 || !DNS_SUBDOMAIN.test(prefix)))
    return `the prefix of the label key '${key}' must be a DNS subdomain of at most 253 characters`
  if (name.length > 63 || !NAME.test(name)) {
    return `the name part of the label key '${key}' must be 1 to 63 letters, digits, '-', '_' or '.', and begin and end with a letter or digit`
  }
  return undefined
}

function valueProblem(value: string): string | undefined {
  if (value === '' || (value.length <= 63 && NAME.test(value))) return undefined
  return `the label value '${value}' must be at most 63 letters, digits, '-', '_' or '.', and begin and end with a letter or digit`
}
