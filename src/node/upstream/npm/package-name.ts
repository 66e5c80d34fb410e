import { MAX_NAME_BYTES } from '../../../protocol/index.ts'

/** npm's names, old ones with capitals and marks included: none starts with a dot, only one in a scope with an underscore. */
const NAME = /^(?:@[A-Za-z0-9~-][\w.~!'()*-]*\/[\w~-]|[A-Za-z0-9~-])[\w.~!'()*-]*$/

/** Whether npm could have a package of this name. What is none is never asked for and never part of a URL. */
export function isPackageName(name: string): boolean {
  return name.length <= MAX_NAME_BYTES && NAME.test(name)
}

/** The document's URL below a registry's base, which ends with a slash; npm's spelling of scopes is `@scope%2fname`. */
export function packumentUrlOf(base: URL, name: string): URL {
  return new URL(base.href + encodeURIComponent(name).replace('%40', '@').replace('%2F', '%2f'))
}
