import { deploy } from './deploy.js'
import { lostUpdate } from './lost-update.js'
import { otherDevice } from './other-device.js'
import { rotation } from './rotation.js'
import type { Scene } from './scene.js'
import { signOut } from './sign-out.js'
import { tampering } from './tampering.js'
import { twoTabs } from './two-tabs.js'

/** In the order in which they are told. */
export const scenes: readonly Scene[] = [lostUpdate, signOut, rotation, deploy, tampering, otherDevice, twoTabs]

export function sceneOf(name: string): Scene | undefined {
  return scenes.find((scene) => scene.name === name)
}
