/**
 * Turns the error of a system call into one that says what the store was doing, on which path, why it failed and what
 * to do. Any other error is returned as it is.
 */
export function failure(action: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || !('code' in cause) || !('syscall' in cause)) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  const { path = 'a file' } = cause as NodeJS.ErrnoException
  const reason = reasons[code ?? '']
  const text = `file store: could not ${action} ${path}: ${reason ? `${reason} (${code})` : message}`
  return Object.assign(new Error(text, { cause }), { code })
}

const denied = 'permission denied; the directory and all in it must belong to the user that this process runs as'
const notDirectory = 'a file stands where a directory should be; move it away or choose another directory'
const tooMany = 'too many files are open; raise the limit (ulimit -n)'

const reasons: Readonly<Record<string, string>> = {
  EACCES: denied,
  EPERM: denied,
  EROFS: 'the file system is read-only; mount it writable or choose another directory',
  ENOSPC: 'no space or no inode is left on the device; free some, sweep more often, or use a larger one',
  EDQUOT: 'the disk quota is used up; free some space or raise it',
  ENOENT: 'the directory is not there; call setup(), and see whether it was removed or unmounted',
  ENOTDIR: notDirectory,
  EEXIST: notDirectory,
  EISDIR: 'a directory stands where a file should be; find out who put it there and remove it',
  ELOOP:
    'a symbolic link stands where a file should be; find out who put it there, remove it, and close the directory to others',
  EMFILE: tooMany,
  ENFILE: tooMany,
  EIO: 'the disk fails; see what the system log says of it'
}
