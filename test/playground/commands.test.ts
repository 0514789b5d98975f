// Tests the search of the playground's command palette.
import { describe, expect, it } from 'vitest'
import { type Command, search } from '../../playground/commands.ts'
import { navigation } from '../../playground/page-commands.ts'
import type { DiscoveredResource } from '../../src/discovery'

const command = (group: string, title: string, words = ''): Command => ({ group, title, words, run: () => undefined })
const found = (commands: readonly Command[], text: string) =>
  search(commands, text).map(({ title, commands: some }) => [title, ...some.map((each) => each.title)])

describe('the search of commands', () => {
  const commands = [
    command('Views', 'Table'),
    command('Views', 'Map'),
    command('Namespaces', 'maps'),
    command('Resources', 'configmaps', 'cm'),
    command('Resources', 'deployments', 'deploy Deployment apps'),
  ]

  it('the search of commands without a text finds every command, in the order of its groups', () => {
    expect(found(commands, ' ')).toEqual([
      ['Views', 'Table', 'Map'],
      ['Namespaces', 'maps'],
      ['Resources', 'configmaps', 'deployments'],
    ])
  })

  it('the search of commands puts the title itself first, then the beginning of a title, then any other place', () => {
    expect(found(commands.toReversed(), 'MAP')).toEqual([
      ['Views', 'Map'],
      ['Namespaces', 'maps'],
      ['Resources', 'configmaps'],
    ])
  })

  it.each([
    ['cm', 'configmaps'],
    ['apps deploy', 'deployments'],
    ['namespaces', 'maps'],
  ])('the search of commands finds %s by other words: %s', (text, title) => {
    expect(found(commands, text).map(([, first]) => first)).toEqual([title])
  })

  it('the search of commands finds nothing when one word is missing', () => {
    expect(found(commands, 'map nothing')).toEqual([])
  })

  it('the search of commands shows at most eight of a group, the best of them', () => {
    const many = Array.from({ length: 20 }, (_, at) => command('Objects', `shop/web-${at}`))
    const [group] = found([...many, command('Objects', 'web')], 'web')
    expect(group).toHaveLength(9)
    expect(group?.[1]).toBe('web')
  })
})

describe('the commands that lead somewhere', () => {
  const calls: unknown[] = []
  const deployments = { group: 'apps', plural: 'deployments', singular: 'deployment', kind: 'Deployment', shortNames: ['deploy'] }
  const commandsFor = (text: string) =>
    navigation(
      {
        resources: [deployments as unknown as DiscoveredResource],
        namespaces: ['shop'],
        plural: 'pods',
        keys: ['shop/cart-1', 'shop/cart-2', 'search/api-1'],
        onView: (view) => calls.push(view),
        onResource: (name) => calls.push(name),
        onNamespace: (namespace) => calls.push(namespace),
        onObject: (key) => calls.push(key),
      },
      text,
    )
  const run = (text: string) => search(commandsFor(text), text)[0]?.commands[0]?.run()

  it('the commands that lead somewhere open a view, a resource, a namespace and an object', () => {
    for (const text of ['nodes', 'deploy', 'shop', 'all namespaces', 'cart 2']) run(text)
    expect(calls).toEqual(['nodes', 'deployments.apps', 'shop', undefined, 'shop/cart-2'])
  })

  it('the commands that lead somewhere offer objects from the second character on', () => {
    const objects = (text: string) => commandsFor(text).filter(({ group }) => group === 'Objects: pods')
    expect([objects(''), objects('c'), objects('ca').map(({ title }) => title)]).toEqual([[], [], ['shop/cart-1', 'shop/cart-2']])
  })
})
