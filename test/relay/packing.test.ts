import { afterEach, expect, it, vi } from 'vitest'
import { Packer } from '../../src/codec/packer'
import { packOnArrival } from '../../src/relay'
import { briefList, CONFIG_MAPS, RelayWorld, readWatch } from './world'

afterEach(() => vi.restoreAllMocks())

it('an object that cannot be packed is kept as its text: lists and watches have it, and the error is reported', async () => {
  const failure = new RangeError('out of memory')
  vi.spyOn(Packer.prototype, 'pack').mockImplementation(() => {
    throw failure
  })
  const reported = vi.spyOn(console, 'error').mockReturnValue()
  await using world = await new RelayWorld(['a', 'b'], { pack: packOnArrival() }).ready()
  const watch = readWatch(await world.request(`${CONFIG_MAPS}?watch=1&resourceVersion=102`))
  world.create('c')
  await world.settle()
  expect((await briefList(await world.request(`${CONFIG_MAPS}?resourceVersion=0`))).items).toBe('a@101 b@102 c@103')
  expect(watch.events).toEqual(['ADDED c@103'])
  expect(reported.mock.calls).toEqual([[failure], [failure]])
})
