/**
 * Where a packed file ends must not be for its content to say. repomix escapes nothing, so a file that holds `</file>` forges
 * files and instructions in its packs; here a backslash goes behind the `<` of whatever looks like one of the pack's own tags.
 * One character, readable to a model, and undone exactly by `restore`.
 */
const names =
  'files?|file_summary|directory_structure|user_provided_header|instruction|repomix|git_diffs|git_diff_work_tree|git_diff_staged|git_logs|git_log_commit'
/** Bounded repetitions only: contents are hostile and up to a megabyte. */
const tag = `\\\\*[ \\t\\r\\n]{0,8}/?[ \\t\\r\\n]{0,8}(?:${names})(?![A-Za-z0-9_.-])`
const forged = new RegExp(`<(?=${tag})`, 'g')
const neutral = new RegExp(`<\\\\(?=${tag})`, 'g')

/** @returns the same text when there is nothing in it that looks like a boundary */
export const neutralise = (text: string): string => text.replace(forged, '<\\')

/** The inverse of `neutralise`. */
export const restore = (text: string): string => text.replace(neutral, '<')

/** Line breaks, other controls, and the characters that reorder or hide what a person reads. */
const unprintable = /[&<>"\p{Cc}\p{Zl}\p{Zp}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu
const named: Readonly<Record<string, string>> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'}

/** A file name as an attribute or a line of its own: it stays on one line whatever it holds. */
export const escapeName = (name: string): string =>
  name.replace(unprintable, (char) => named[char] ?? `&#${char.codePointAt(0) ?? 0};`)

const entities: Readonly<Record<string, string>> = {amp: '&', lt: '<', gt: '>', quot: '"', apos: "'"}

/** The inverse of `escapeName`; what is no entity stays as it is. */
export const unescapeName = (name: string): string =>
  name.replace(/&(?:#(\d{1,7})|(amp|lt|gt|quot|apos));/g, (all: string, code?: string, word?: string) => {
    if (word !== undefined) return entities[word] ?? all
    const point = Number(code)
    return point <= 0x10ffff ? String.fromCodePoint(point) : all
  })

/** A place inside the repository: relative, `/`-separated, no way up, nothing of git's own. */
export const isInside = (path: string): boolean =>
  path !== '' &&
  !path.includes('\0') &&
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git')
