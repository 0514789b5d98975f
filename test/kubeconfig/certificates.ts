// Issues certificates for tests.

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'

/** A certificate and its key, PEM. */
export interface Issued {
  readonly cert: string
  readonly key: string
}

/** A certificate authority, like that of a cluster. */
export interface Authority {
  readonly cert: string
  /** Issues a certificate for a server with the given names and addresses. */
  server(...names: string[]): Issued
  /** Issues a client certificate: the API server reads the user from the common name and the groups from the organizations. */
  client(user: string, ...groups: string[]): Issued
}

// The necessary part of X.509. OpenSSL is not on every machine, Node cannot issue certificates, and certificates in a repository expire.

const der = (tag: number, ...parts: (Uint8Array | string)[]): Buffer => {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  const { length } = content
  const shortest = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...shortest]), content])
}
const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const bits = (bytes: Uint8Array) => der(0x03, Buffer.from([0]), bytes)
const time = (date: Date) => der(0x17, `${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`)

const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'))
const COMMON_NAME = '550403'
const ORGANISATION = '55040a'
const nameOf = (common: string, organisations: readonly string[] = []) =>
  sequence(
    ...organisations.map((name) => der(0x31, sequence(oid(ORGANISATION), der(0x0c, name)))),
    der(0x31, sequence(oid(COMMON_NAME), der(0x0c, common))),
  )

const extension = (hex: string, value: Uint8Array) => sequence(oid(hex), der(0x04, value))
const isAuthority = extension('551d13', sequence(der(0x01, Buffer.from([0xff]))))
const usage = (hex: string) => extension('551d25', sequence(oid(hex)))
const alternativeNames = (names: readonly string[]) =>
  extension(
    '551d11',
    sequence(...names.map((name) => (isIP(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, name)))),
  )

interface Subject {
  readonly name: Uint8Array
  readonly publicKey: KeyObject
  readonly extensions: readonly Uint8Array[]
}

function issue(issuer: { name: Uint8Array; privateKey: KeyObject }, { name, publicKey, extensions }: Subject): string {
  const day = 86_400_000
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1]), randomBytes(8)),
    ECDSA_SHA256,
    issuer.name,
    sequence(time(new Date(Date.now() - day)), time(new Date(Date.now() + 30 * day))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  )
  const certificate = sequence(body, ECDSA_SHA256, bits(sign('sha256', body, issuer.privateKey)))
  return `-----BEGIN CERTIFICATE-----\n${certificate
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** Creates an authority for one test. */
export function createAuthority(): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const own = { name: nameOf(`test authority ${randomBytes(4).toString('hex')}`), privateKey }
  const issueTo = (name: Uint8Array, extensions: readonly Uint8Array[]): Issued => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const cert = issue(own, { name, publicKey: pair.publicKey, extensions })
    return { cert, key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
  }
  return {
    cert: issue(own, { name: own.name, publicKey, extensions: [isAuthority] }),
    server: (...names) => issueTo(nameOf('server'), [alternativeNames(names), usage('2b06010505070301')]),
    client: (user, ...groups) => issueTo(nameOf(user, groups), [usage('2b06010505070302')]),
  }
}
