/**
 * What GitHub's documentation says, asked of our fake through the real SDK, and of `emulate` as a second opinion. Where
 * `emulate` answers otherwise it is written down beside the page that says so; a deviation that is gone fails as well.
 */
import {Octokit} from '@octokit/rest'
import type * as Emulate from 'emulate'
import {createSign} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import * as z from 'zod'
import {defaultTokens, type Token} from '../fixtures/github-state.ts'
import {startGitHub, type FakeGitHub} from '../fixtures/github.ts'
import {makeRepository, type RepositoryFixture} from '../fixtures/repository.ts'

/** An app that writes, one that reads, the owner, a person who may write, one with a wrong token, one without. */
type Who = 'bot' | 'reader' | 'owner' | 'ada' | 'nobody' | 'anonymous'

interface Server {
  readonly as: (who: Who) => Octokit
  readonly close: () => Promise<void>
}

/** What every row finds: `main`, `feature` one commit ahead of it, and a pull request from one to the other by ada. */
interface Hub {
  readonly as: (who: Who) => Octokit
  readonly base: string
  readonly tree: string
  readonly head: string
  readonly pull: number
}

interface Row {
  readonly name: string
  readonly ask: (hub: Hub) => Promise<unknown>
  readonly is: unknown
}

const at = {owner: 'acme', repo: 'shop'} as const
const silence = {debug: () => {}, info: () => {}, warn: () => {}, error: () => {}}
const client = (baseUrl: string, auth: string | null): Octokit =>
  new Octokit({baseUrl, log: silence, request: {log: silence}, ...(auth === null ? {} : {auth})})

/* --------------------------------------------------------------------------------------------------------- the servers */

const everything = {
  contents: 'write',
  issues: 'write',
  pull_requests: 'write',
  checks: 'write',
  statuses: 'write',
  metadata: 'read',
} as const
const reading = {contents: 'read', pull_requests: 'read', checks: 'read', statuses: 'read', metadata: 'read'}
const owner: Token = {login: 'acme', kind: 'user', permissions: {...everything, administration: 'write'}}

async function startFake(): Promise<Server> {
  const repository = makeRepository({base: {'README.md': '# shop\n'}, branch: null})
  const fake = await startGitHub({
    repository: 'acme/shop',
    gitRoot: repository.root,
    tokens: {...defaultTokens, ghp_acme: owner},
  })
  fake.state.private = false
  fake.state.setPermission('ada', 'write')
  const tokens = {
    bot: 'ghs_app',
    reader: 'ghs_reader',
    ada: 'ghp_ada',
    owner: 'ghp_acme',
    nobody: 'ghs_wrong',
    anonymous: null,
  }
  return {
    as: (who) => client(fake.apiUrl, tokens[who]),
    close: async () => {
      await fake.close()
      repository.close()
    },
  }
}

const emulate = await import('emulate').catch(() => null)

async function startEmulate({createEmulator}: typeof Emulate): Promise<Server> {
  const app = (id: number, slug: string, permissions: object): object => ({
    app_id: id,
    slug,
    name: slug,
    permissions,
    installations: [{installation_id: 100 + id, account: 'acme', repository_selection: 'all'}],
  })
  const emulator = await createEmulator({
    service: 'github',
    port: 0,
    seed: {
      tokens: {ghp_ada: {login: 'ada'}, ghp_acme: {login: 'acme'}},
      github: {
        users: [{login: 'acme'}, {login: 'ada'}, {login: 'mallory'}],
        repos: [{owner: 'acme', name: 'shop', auto_init: true}],
        apps: [app(1, 'acme-plans', everything), app(2, 'acme-reader', reading)],
      },
    },
  })
  const tokenOf = async (id: number): Promise<string> => {
    const key = emulator.generatedSecrets.find((secret) => secret.id === String(id))?.value ?? ''
    const apps = client(emulator.url, signed(String(id), key)).apps
    return (await apps.createInstallationAccessToken({installation_id: 100 + id})).data.token
  }
  await client(emulator.url, 'ghp_acme').repos.addCollaborator({...at, username: 'ada', permission: 'push'})
  const [bot, reader] = [await tokenOf(1), await tokenOf(2)]
  const tokens = {bot, reader, ada: 'ghp_ada', owner: 'ghp_acme', nobody: 'ghs_wrong', anonymous: null}
  return {as: (who) => client(emulator.url, tokens[who]), close: () => emulator.close()}
}

/** A JSON Web Token, as an app shows it: https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app */
function signed(issuer: string, key: string): string {
  const seconds = Math.floor(Date.now() / 1000)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = `${part({alg: 'RS256', typ: 'JWT'})}.${part({iss: issuer, iat: seconds - 30, exp: seconds + 300})}`
  return `${head}.${createSign('RSA-SHA256').update(head).sign(key, 'base64url')}`
}

async function prepare(server: Server): Promise<Hub> {
  const {git} = server.as('bot')
  const first = (await git.getRef({...at, ref: 'heads/main'})).data.object.sha
  const commit = async (parent: string, base: string | null, files: Readonly<Record<string, string>>) => {
    const {data: tree} = await git.createTree({
      ...at,
      ...(base === null ? {} : {base_tree: base}),
      tree: Object.entries(files).map(([path, content]) => ({
        path,
        mode: '100644' as const,
        type: 'blob' as const,
        content,
      })),
    })
    const {data} = await git.createCommit({
      ...at,
      message: `Add ${Object.keys(files).join()}`,
      tree: tree.sha,
      parents: [parent],
    })
    return {sha: data.sha, tree: tree.sha}
  }
  const base = await commit(first, null, {'lib/a.ex': 'a\n', 'lib/b/c.ex': 'c\n', 'README.md': '# Shop\n'})
  await git.updateRef({...at, ref: 'heads/main', sha: base.sha})
  const head = await commit(base.sha, base.tree, {'lib/a.ex': 'b\n', 'lib/new.ex': 'one\ntwo\n'})
  await git.createRef({...at, ref: 'refs/heads/feature', sha: head.sha})
  const {data} = await server
    .as('ada')
    .pulls.create({...at, head: 'feature', base: 'main', title: 'Change', body: 'Why'})
  return {as: server.as, base: base.sha, tree: base.tree, head: head.sha, pull: data.number}
}

/* ----------------------------------------------------------------------------------------------------------- the rows */

const Refusal = z.object({status: z.number()})

/** The status, and what `pick` takes from the answer; of a refusal only the status. */
async function told<T>(
  call: Promise<{readonly status: number; readonly data: T; readonly headers: {readonly link?: string | undefined}}>,
  pick: (data: T, link: string | undefined) => object = () => ({}),
): Promise<object> {
  try {
    const {status, data, headers} = await call
    return {status, ...pick(data, headers.link)}
  } catch (thrown) {
    const refusal = Refusal.safeParse(thrown)
    if (!refusal.success) throw thrown
    return {status: refusal.data.status}
  }
}

const say = async ({as, pull}: Hub, body: string): Promise<number> =>
  (await as('bot').issues.createComment({...at, issue_number: pull, body})).data.id

/** A commit on top of `parent` with the same files, and another SHA for another message. */
const commitOn = async ({as, tree}: Hub, parent: string | null, message: string): Promise<string> =>
  (await as('bot').git.createCommit({...at, message, tree, parents: parent === null ? [] : [parent]})).data.sha

const branchAt = async ({as}: Hub, name: string, sha: string): Promise<void> => {
  await as('bot').git.createRef({...at, ref: `refs/heads/${name}`, sha})
}

const decoded = (content: string): string => Buffer.from(content, 'base64').toString()
const isSha = /^[0-9a-f]{40}$/

const rows: readonly Row[] = [
  // who asks
  {
    name: 'auth: a wrong token is refused',
    ask: ({as}) => told(as('nobody').repos.get(at)),
    is: {status: 401},
  },
  {
    name: 'auth: a person is told his name',
    ask: ({as}) => told(as('ada').users.getAuthenticated(), ({login, type}) => ({login, type})),
    is: {status: 200, login: 'ada', type: 'User'},
  },
  {
    name: 'auth: an app is no person',
    ask: ({as}) => told(as('bot').users.getAuthenticated()),
    is: {status: 403},
  },
  {
    name: 'auth: GraphQL tells an app its name',
    ask: async ({as}) =>
      told(as('bot').request('POST /graphql', {query: 'query {viewer {login}}'}), (data: unknown) => ({data})),
    is: {status: 200, data: {data: {viewer: {login: 'acme-plans[bot]'}}}},
  },
  {
    name: 'auth: what was not granted is refused',
    ask: ({as, head}) => told(as('reader').git.createRef({...at, ref: 'refs/heads/no', sha: head})),
    is: {status: 403},
  },
  {
    name: 'auth: nobody writes without a token',
    ask: ({as, pull}) => told(as('anonymous').issues.createComment({...at, issue_number: pull, body: 'x'})),
    is: {status: 401},
  },
  {
    name: 'auth: what is left of the hour stands in every answer',
    ask: async ({as}) => {
      const left = async (): Promise<number> => Number((await as('bot').repos.get(at)).headers['x-ratelimit-remaining'])
      const before = await left()
      return {fewer: before - (await left())}
    },
    is: {fewer: 1},
  },
  {
    name: 'auth: what did not change is not sent again',
    ask: async ({as}) => {
      const {headers} = await as('bot').repos.get(at)
      return told(as('bot').repos.get({...at, headers: {'if-none-match': headers.etag ?? 'none'}}))
    },
    is: {status: 304},
  },
  // the repository
  {
    name: 'repository: its default branch',
    ask: ({as}) =>
      told(as('bot').repos.get(at), ({full_name, default_branch, fork}) => ({full_name, default_branch, fork})),
    is: {status: 200, full_name: 'acme/shop', default_branch: 'main', fork: false},
  },
  {
    name: 'permission: a collaborator',
    ask: ({as}) =>
      told(as('bot').repos.getCollaboratorPermissionLevel({...at, username: 'ada'}), ({permission, role_name}) => ({
        permission,
        role_name,
      })),
    is: {status: 200, permission: 'write', role_name: 'write'},
  },
  {
    name: 'permission: everybody reads what is public',
    ask: ({as}) =>
      told(as('bot').repos.getCollaboratorPermissionLevel({...at, username: 'mallory'}), ({permission}) => ({
        permission,
      })),
    is: {status: 200, permission: 'read'},
  },
  // comments
  {
    name: 'comments: one is made by the app',
    ask: ({as, pull}) =>
      told(as('bot').issues.createComment({...at, issue_number: pull, body: 'hello'}), ({body, user}) => ({
        body,
        login: user?.login,
        type: user?.type,
      })),
    is: {status: 201, body: 'hello', login: 'acme-plans[bot]', type: 'Bot'},
  },
  {
    name: 'comments: one is changed',
    ask: async (hub) => {
      const id = await say(hub, 'before')
      return told(hub.as('bot').issues.updateComment({...at, comment_id: id, body: 'after'}), (data) => ({
        body: data.body,
        same: data.id === id,
      }))
    },
    is: {status: 200, body: 'after', same: true},
  },
  {
    name: 'comments: one is read',
    ask: async (hub) => {
      const id = await say(hub, 'read me')
      return told(hub.as('reader').issues.getComment({...at, comment_id: id}), ({body}) => ({body}))
    },
    is: {status: 200, body: 'read me'},
  },
  {
    name: 'comments: one that is gone',
    ask: async (hub) => {
      const id = await say(hub, 'gone')
      const gone = await told(hub.as('bot').issues.deleteComment({...at, comment_id: id}))
      return [gone, await told(hub.as('bot').issues.getComment({...at, comment_id: id}))]
    },
    is: [{status: 204}, {status: 404}],
  },
  {
    name: 'comments: they come in pages, oldest first',
    ask: async (hub) => {
      const {pull} = hub
      for (const body of ['p1', 'p2', 'p3']) await say(hub, body)
      return told(hub.as('bot').issues.listComments({...at, issue_number: pull, per_page: 2}), (data, link) => ({
        count: data.length,
        ordered: (data[0]?.id ?? 0) < (data[1]?.id ?? 0),
        next: /[?&]page=2\b.*rel="next"/.test(link ?? ''),
        last: /rel="last"/.test(link ?? ''),
      }))
    },
    is: {status: 200, count: 2, ordered: true, next: true, last: true},
  },
  {
    name: 'comments: at most 65,536 characters',
    ask: ({as, pull}) => told(as('bot').issues.createComment({...at, issue_number: pull, body: 'x'.repeat(65_537)})),
    is: {status: 422},
  },
  {
    name: 'comments: exactly 65,536 characters',
    ask: ({as, pull}) => told(as('bot').issues.createComment({...at, issue_number: pull, body: 'x'.repeat(65_536)})),
    is: {status: 201},
  },
  {
    name: 'comments: not an empty one',
    ask: ({as, pull}) => told(as('bot').issues.createComment({...at, issue_number: pull, body: ''})),
    is: {status: 422},
  },
  {
    name: 'comments: not on what is not there',
    ask: ({as}) => told(as('bot').issues.createComment({...at, issue_number: 999, body: 'x'})),
    is: {status: 404},
  },
  {
    name: 'comments: a pull request is an issue, too',
    ask: ({as, pull}) =>
      told(as('bot').issues.get({...at, issue_number: pull}), (data) => ({isPull: data.pull_request !== undefined})),
    is: {status: 200, isPull: true},
  },
  // reactions and labels
  {
    name: 'reactions: one, and the same again',
    ask: async (hub) => {
      const id = await say(hub, 'react')
      const eyes = () => hub.as('bot').reactions.createForIssueComment({...at, comment_id: id, content: 'eyes'})
      return [await told(eyes(), ({content}) => ({content})), await told(eyes())]
    },
    is: [{status: 201, content: 'eyes'}, {status: 200}],
  },
  {
    name: 'reactions: only those there are',
    ask: async (hub) => {
      const id = await say(hub, 'react')
      const path = 'POST /repos/{owner}/{repo}/issues/comments/{id}/reactions'
      return told(hub.as('bot').request(path, {...at, id, content: 'thumbs'}))
    },
    is: {status: 422},
  },
  {
    name: 'labels: one is added, though the repository had none of the name',
    ask: ({as, pull}) =>
      told(as('bot').issues.addLabels({...at, issue_number: pull, labels: ['plan']}), (data) => ({
        names: data.map(({name}) => name),
      })),
    is: {status: 200, names: ['plan']},
  },
  {
    name: 'labels: one that is not on it cannot be taken off',
    ask: ({as, pull}) => told(as('bot').issues.removeLabel({...at, issue_number: pull, name: 'never'})),
    is: {status: 404},
  },
  // contents
  {
    name: 'contents: a file of a commit',
    ask: ({as, head}) =>
      told(as('reader').repos.getContent({...at, path: 'lib/a.ex', ref: head}), (data) =>
        'content' in data
          ? {type: data.type, encoding: data.encoding, text: decoded(data.content), size: data.size}
          : {data},
      ),
    is: {status: 200, type: 'file', encoding: 'base64', text: 'b\n', size: 2},
  },
  {
    name: 'contents: of the default branch, when none is named',
    ask: ({as}) =>
      told(as('reader').repos.getContent({...at, path: 'lib/a.ex'}), (data) =>
        'content' in data ? {text: decoded(data.content)} : {data},
      ),
    is: {status: 200, text: 'a\n'},
  },
  {
    name: 'contents: a folder',
    ask: ({as, head}) =>
      told(as('reader').repos.getContent({...at, path: 'lib', ref: head}), (data) => ({
        entries: Array.isArray(data) ? data.map(({path, type}) => `${type} ${path}`).toSorted() : data,
      })),
    is: {status: 200, entries: ['dir lib/b', 'file lib/a.ex', 'file lib/new.ex']},
  },
  {
    name: 'contents: raw',
    ask: ({as, head}) =>
      told(
        as('reader').repos.getContent({...at, path: 'lib/new.ex', ref: head, mediaType: {format: 'raw'}}),
        (data: unknown) => ({text: data instanceof ArrayBuffer ? Buffer.from(data).toString() : data}),
      ),
    is: {status: 200, text: 'one\ntwo\n'},
  },
  {
    name: 'contents: what is not there',
    ask: ({as}) => told(as('reader').repos.getContent({...at, path: 'lib/none.ex'})),
    is: {status: 404},
  },
  {
    name: 'contents: of a ref that is not there',
    ask: ({as}) => told(as('reader').repos.getContent({...at, path: 'lib/a.ex', ref: 'nowhere'})),
    is: {status: 404},
  },
  {
    name: 'contents: of a pull request, by its ref',
    ask: ({as, pull}) => told(as('reader').repos.getContent({...at, path: 'lib/a.ex', ref: `refs/pull/${pull}/head`})),
    is: {status: 200},
  },
  // git data
  {
    name: "git: a blob's SHA is git's own",
    ask: ({as}) => told(as('bot').git.createBlob({...at, content: 'hello\n'}), ({sha}) => ({sha})),
    is: {status: 201, sha: 'ce013625030ba8dba906f756967f9e9ca394464a'},
  },
  {
    name: 'git: a blob comes back as it was',
    ask: async ({as}) => {
      const bytes = Buffer.from([0, 255, 10, 13, 128])
      const {data} = await as('bot').git.createBlob({...at, content: bytes.toString('base64'), encoding: 'base64'})
      return told(as('bot').git.getBlob({...at, file_sha: data.sha}), ({content, encoding, size}) => ({
        same: Buffer.from(content, 'base64').equals(bytes),
        encoding,
        size,
      }))
    },
    is: {status: 200, same: true, encoding: 'base64', size: 5},
  },
  {
    name: 'git: a tree keeps what it is not told of',
    ask: async ({as, tree}) => {
      const files = [{path: 'lib/d.ex', mode: '100644' as const, type: 'blob' as const, content: 'd\n'}]
      const {data} = await as('bot').git.createTree({...at, base_tree: tree, tree: files})
      return told(as('bot').git.getTree({...at, tree_sha: data.sha, recursive: 'true'}), (made) => ({
        paths: made.tree.flatMap(({path, type}) => (type === 'blob' ? [path] : [])).toSorted(),
        truncated: made.truncated,
      }))
    },
    is: {status: 200, paths: ['README.md', 'lib/a.ex', 'lib/b/c.ex', 'lib/d.ex'], truncated: false},
  },
  {
    name: 'git: a commit will do for a base tree',
    ask: ({as, base}) => {
      const files = [{path: 'x', mode: '100644' as const, type: 'blob' as const, content: 'x'}]
      return told(as('bot').git.createTree({...at, base_tree: base, tree: files}))
    },
    is: {status: 201},
  },
  {
    name: 'git: a file is taken away by a null',
    ask: async ({as, tree}) => {
      const files = [{path: 'lib/a.ex', mode: '100644' as const, type: 'blob' as const, sha: null}]
      const {data} = await as('bot').git.createTree({...at, base_tree: tree, tree: files})
      return told(as('bot').git.getTree({...at, tree_sha: data.sha, recursive: 'true'}), (made) => ({
        there: made.tree.some(({path}) => path === 'lib/a.ex'),
      }))
    },
    is: {status: 200, there: false},
  },
  {
    name: 'git: no tree leads out of itself',
    ask: ({as}) => {
      const files = [{path: '../x', mode: '100644' as const, type: 'blob' as const, content: 'x'}]
      return told(as('bot').git.createTree({...at, tree: files}))
    },
    is: {status: 422},
  },
  {
    name: 'git: no tree of blobs that are not there',
    ask: ({as}) => {
      const files = [{path: 'x', mode: '100644' as const, type: 'blob' as const, sha: 'a'.repeat(40)}]
      return told(as('bot').git.createTree({...at, tree: files}))
    },
    is: {status: 422},
  },
  {
    name: 'git: a commit has its parents and its message',
    ask: ({as, base, tree}) =>
      told(as('bot').git.createCommit({...at, message: 'Say why', tree, parents: [base]}), (data) => ({
        message: data.message,
        tree: data.tree.sha === tree,
        parents: data.parents.map(({sha}) => sha === base),
        sha: isSha.test(data.sha),
      })),
    is: {status: 201, message: 'Say why', tree: true, parents: [true], sha: true},
  },
  {
    name: 'git: what an app commits without naming an author is signed',
    ask: ({as, base, tree}) =>
      told(as('bot').git.createCommit({...at, message: 'Sign', tree, parents: [base]}), ({verification}) => ({
        verified: verification.verified,
      })),
    is: {status: 201, verified: true},
  },
  {
    name: 'git: a commit of no tree',
    ask: ({as}) => told(as('bot').git.createCommit({...at, message: 'x', tree: 'a'.repeat(40), parents: []})),
    is: {status: 422},
  },
  {
    name: 'git: a branch is read',
    ask: ({as, head}) =>
      told(as('reader').git.getRef({...at, ref: 'heads/feature'}), ({ref, object}) => ({
        ref,
        type: object.type,
        sha: object.sha === head,
      })),
    is: {status: 200, ref: 'refs/heads/feature', type: 'commit', sha: true},
  },
  {
    name: 'git: a branch that is not there',
    ask: ({as}) => told(as('reader').git.getRef({...at, ref: 'heads/none'})),
    is: {status: 404},
  },
  {
    name: 'git: a branch is made, with slashes in its name, and found by its beginning',
    ask: async (hub) => {
      await branchAt(hub, 'refactor-plan/one', hub.base)
      await branchAt(hub, 'refactor-plan/two', hub.base)
      return told(hub.as('bot').git.listMatchingRefs({...at, ref: 'heads/refactor-plan/'}), (data) => ({
        refs: data.map(({ref}) => ref),
      }))
    },
    is: {status: 200, refs: ['refs/heads/refactor-plan/one', 'refs/heads/refactor-plan/two']},
  },
  {
    name: 'git: a branch is not made twice',
    ask: ({as, base}) => told(as('bot').git.createRef({...at, ref: 'refs/heads/feature', sha: base})),
    is: {status: 422},
  },
  {
    name: 'git: no branch of a commit that is not there',
    ask: ({as}) => told(as('bot').git.createRef({...at, ref: 'refs/heads/x', sha: 'a'.repeat(40)})),
    is: {status: 422},
  },
  {
    name: 'git: no branch of a name that git does not know',
    ask: ({as, base}) => told(as('bot').git.createRef({...at, ref: 'refs/heads/a..b', sha: base})),
    is: {status: 422},
  },
  {
    name: 'git: a ref has two slashes',
    ask: ({as, base}) => told(as('bot').git.createRef({...at, ref: 'refs/main', sha: base})),
    is: {status: 422},
  },
  {
    name: 'git: a branch moves forward, and back only by force',
    ask: async (hub) => {
      const next = await commitOn(hub, hub.base, 'Forward')
      await branchAt(hub, 'moves', hub.base)
      const move = (sha: string, force: boolean) =>
        told(hub.as('bot').git.updateRef({...at, ref: 'heads/moves', sha, force}), ({object}) => ({
          moved: object.sha === sha,
        }))
      return [await move(next, false), await move(hub.base, false), await move(hub.base, true)]
    },
    is: [{status: 200, moved: true}, {status: 422}, {status: 200, moved: true}],
  },
  {
    name: 'git: a branch that is not there does not move',
    ask: ({as, base}) => told(as('bot').git.updateRef({...at, ref: 'heads/none', sha: base})),
    is: {status: 422},
  },
  {
    name: 'git: a branch is deleted once',
    ask: async (hub) => {
      await branchAt(hub, 'short', hub.base)
      const drop = () => told(hub.as('bot').git.deleteRef({...at, ref: 'heads/short'}))
      return [await drop(), await drop()]
    },
    is: [{status: 204}, {status: 422}],
  },
  // pull requests
  {
    name: 'pulls: one is read',
    ask: ({as, pull, head, base}) =>
      told(as('reader').pulls.get({...at, pull_number: pull}), (data) => ({
        state: data.state,
        draft: data.draft,
        head: data.head.sha === head,
        base: [data.base.ref, data.base.sha === base, data.base.repo.default_branch],
        from: data.head.repo.full_name,
        author: data.user.login,
      })),
    is: {
      status: 200,
      state: 'open',
      draft: false,
      head: true,
      base: ['main', true, 'main'],
      from: 'acme/shop',
      author: 'ada',
    },
  },
  {
    name: 'pulls: how much one changes',
    ask: ({as, pull}) =>
      told(as('reader').pulls.get({...at, pull_number: pull}), ({changed_files, additions, deletions, commits}) => ({
        changed_files,
        additions,
        deletions,
        commits,
      })),
    is: {status: 200, changed_files: 2, additions: 3, deletions: 1, commits: 1},
  },
  {
    name: 'pulls: the files of one',
    ask: ({as, pull}) =>
      told(as('reader').pulls.listFiles({...at, pull_number: pull}), (data) => ({
        files: data.map(({filename, status, additions, deletions}) => [filename, status, additions, deletions]),
        patch: data[0]?.patch,
      })),
    is: {
      status: 200,
      files: [
        ['lib/a.ex', 'modified', 1, 1],
        ['lib/new.ex', 'added', 2, 0],
      ],
      patch: '@@ -1 +1 @@\n-a\n+b',
    },
  },
  {
    name: 'pulls: the commits of one',
    ask: ({as, pull, head}) =>
      told(as('reader').pulls.listCommits({...at, pull_number: pull}), (data) => ({
        commits: data.map(({sha}) => sha === head),
      })),
    is: {status: 200, commits: [true]},
  },
  {
    name: 'pulls: one is found by its head',
    ask: ({as, pull}) =>
      told(as('reader').pulls.list({...at, state: 'open', head: 'acme:feature', base: 'main'}), (data) => ({
        found: data.map(({number}) => number === pull),
      })),
    is: {status: 200, found: [true]},
  },
  {
    name: 'pulls: none of another base',
    ask: ({as}) =>
      told(as('reader').pulls.list({...at, head: 'acme:feature', base: 'other'}), (data) => ({count: data.length})),
    is: {status: 200, count: 0},
  },
  {
    name: 'pulls: not a second one of the same two branches',
    ask: ({as}) => told(as('bot').pulls.create({...at, head: 'feature', base: 'main', title: 'Again'})),
    is: {status: 422},
  },
  {
    name: 'pulls: none without commits',
    ask: async (hub) => {
      await branchAt(hub, 'nothing-new', hub.base)
      return told(hub.as('bot').pulls.create({...at, head: 'nothing-new', base: 'main', title: 'Nothing'}))
    },
    is: {status: 422},
  },
  {
    name: 'pulls: none into a branch that is not there',
    ask: ({as}) => told(as('bot').pulls.create({...at, head: 'feature', base: 'none', title: 'Where'})),
    is: {status: 422},
  },
  {
    name: 'pulls: the head moves with its branch',
    ask: async (hub) => {
      const [first, second] = [await commitOn(hub, hub.base, 'First'), await commitOn(hub, hub.base, 'Second')]
      await branchAt(hub, 'moving', first)
      const {pulls, git} = hub.as('bot')
      const {data} = await pulls.create({...at, head: 'moving', base: 'main', title: 'Moving', draft: true})
      await git.updateRef({...at, ref: 'heads/moving', sha: second, force: true})
      return told(pulls.get({...at, pull_number: data.number}), ({head, draft}) => ({
        draft,
        moved: head.sha === second,
      }))
    },
    is: {status: 200, draft: true, moved: true},
  },
  {
    name: 'pulls: one is changed, closed and led to another base',
    ask: async (hub) => {
      const {pulls} = hub.as('bot')
      await branchAt(hub, 'changing', await commitOn(hub, hub.base, 'Changing'))
      await branchAt(hub, 'release', hub.base)
      const {data} = await pulls.create({...at, head: 'changing', base: 'main', title: 'Before'})
      const change = (more: object) =>
        told(pulls.update({...at, pull_number: data.number, ...more}), ({title, body, state, base}) => ({
          is: [title, body, state, base.ref],
        }))
      return [await change({title: 'After', body: 'Why', base: 'release'}), await change({state: 'closed'})]
    },
    is: [
      {status: 200, is: ['After', 'Why', 'open', 'release']},
      {status: 200, is: ['After', 'Why', 'closed', 'release']},
    ],
  },
  {
    name: 'reviews: one is given, and stays with the commit it saw',
    ask: async ({as, pull, head}) => {
      const {pulls} = as('bot')
      const made = await told(pulls.createReview({...at, pull_number: pull, event: 'APPROVE'}))
      return [
        made,
        await told(pulls.listReviews({...at, pull_number: pull}), (data) => ({
          is: data.map(({state, user, commit_id}) => [state, user?.login, commit_id === head]),
        })),
      ]
    },
    is: [{status: 200}, {status: 200, is: [['APPROVED', 'acme-plans[bot]', true]]}],
  },
  {
    name: 'reviews: nobody approves his own',
    ask: ({as, pull}) => told(as('ada').pulls.createReview({...at, pull_number: pull, event: 'APPROVE'})),
    is: {status: 422},
  },
  {
    name: 'reviews: changes are not asked for without a word',
    ask: ({as, pull}) => told(as('bot').pulls.createReview({...at, pull_number: pull, event: 'REQUEST_CHANGES'})),
    is: {status: 422},
  },
  // commits
  {
    name: 'commits: one with what it changes',
    ask: ({as, head, base}) =>
      told(as('reader').repos.getCommit({...at, ref: head}), (data) => ({
        message: data.commit.message,
        parents: data.parents.map(({sha}) => sha === base),
        files: data.files?.map(({filename, status}) => `${status} ${filename}`),
      })),
    is: {
      status: 200,
      message: 'Add lib/a.ex,lib/new.ex',
      parents: [true],
      files: ['modified lib/a.ex', 'added lib/new.ex'],
    },
  },
  {
    name: 'commits: a branch will do',
    ask: ({as, head}) =>
      told(as('reader').repos.getCommit({...at, ref: 'heads/feature'}), ({sha}) => ({is: sha === head})),
    is: {status: 200, is: true},
  },
  {
    name: 'commits: one that is not there',
    ask: ({as}) => told(as('reader').repos.getCommit({...at, ref: 'a'.repeat(40)})),
    is: {status: 422},
  },
  {
    name: 'commits: those of a file, newest first',
    ask: ({as, head, base}) =>
      told(as('reader').repos.listCommits({...at, sha: head, path: 'lib/a.ex'}), (data) => ({
        is: data.map(({sha}) => (sha === head ? 'head' : sha === base ? 'base' : sha)),
      })),
    is: {status: 200, is: ['head', 'base']},
  },
  {
    name: 'commits: the pull request of one',
    ask: ({as, head, pull}) =>
      told(as('reader').repos.listPullRequestsAssociatedWithCommit({...at, commit_sha: head}), (data) => ({
        is: data.map(({number}) => number === pull),
      })),
    is: {status: 200, is: [true]},
  },
  {
    name: 'compare: what the head has more',
    ask: ({as}) =>
      told(as('reader').repos.compareCommitsWithBasehead({...at, basehead: 'main...feature'}), (data) => ({
        apart: [data.status, data.ahead_by, data.behind_by, data.total_commits],
        files: data.files?.map(({filename}) => filename),
      })),
    is: {status: 200, apart: ['ahead', 1, 0, 1], files: ['lib/a.ex', 'lib/new.ex']},
  },
  {
    name: 'compare: apart, from where they parted',
    ask: async (hub) => {
      const other = await commitOn(hub, hub.base, 'Apart')
      return told(
        hub.as('reader').repos.compareCommitsWithBasehead({...at, basehead: `${other}...${hub.head}`}),
        (data) => ({
          apart: [data.status, data.ahead_by, data.behind_by],
          common: data.merge_base_commit.sha === hub.base,
          files: data.files?.length,
        }),
      )
    },
    is: {status: 200, apart: ['diverged', 1, 1], common: true, files: 2},
  },
  {
    name: 'compare: the same, and the other way round',
    ask: async ({as}) => {
      const of = (basehead: string) =>
        told(as('reader').repos.compareCommitsWithBasehead({...at, basehead}), ({status, files}) => ({
          is: [status, files?.length],
        }))
      return [await of('main...main'), await of('feature...main')]
    },
    is: [
      {status: 200, is: ['identical', 0]},
      {status: 200, is: ['behind', 0]},
    ],
  },
  {
    name: 'compare: with what is not there',
    ask: ({as}) => told(as('reader').repos.compareCommitsWithBasehead({...at, basehead: 'main...none'})),
    is: {status: 404},
  },
  {
    name: 'activity: a push by force, with its time',
    ask: async (hub) => {
      const [first, second] = [await commitOn(hub, hub.base, 'Old'), await commitOn(hub, hub.base, 'New')]
      await branchAt(hub, 'pushed', first)
      await hub.as('bot').git.updateRef({...at, ref: 'heads/pushed', sha: second, force: true})
      return told(hub.as('reader').repos.listActivities({...at, ref: 'pushed'}), (data) => ({
        is: data.map(({activity_type, after, timestamp}) => [
          activity_type,
          after === second ? 'second' : after === first ? 'first' : after,
          Number.isNaN(Date.parse(timestamp)),
        ]),
      }))
    },
    is: {
      status: 200,
      is: [
        ['force_push', 'second', false],
        ['branch_creation', 'first', false],
      ],
    },
  },
  // checks
  {
    name: 'checks: one is made and ended',
    ask: async ({as, head}) => {
      const {checks} = as('bot')
      const {data} = await checks.create({...at, name: 'plan', head_sha: head, status: 'in_progress'})
      return told(
        checks.update({
          ...at,
          check_run_id: data.id,
          conclusion: 'neutral',
          output: {title: 'Plan', summary: 'Fine'},
        }),
        ({status, conclusion, completed_at, output}) => ({
          is: [status, conclusion, completed_at !== null, output.title],
        }),
      )
    },
    is: {status: 200, is: ['completed', 'neutral', true, 'Plan']},
  },
  {
    name: 'checks: the newest of a name',
    ask: async ({as, head}) => {
      const make = async (conclusion: 'failure' | 'success') => {
        await as('bot').checks.create({...at, name: 'twice', head_sha: head, conclusion})
      }
      await make('failure')
      await make('success')
      return told(as('bot').checks.listForRef({...at, ref: head, check_name: 'twice'}), (data) => ({
        total: data.total_count,
        is: data.check_runs.map(({conclusion, app}) => [conclusion, app?.slug ?? null]),
      }))
    },
    is: {status: 200, total: 1, is: [['success', 'acme-plans']]},
  },
  {
    name: 'checks: annotations come in requests of fifty, and add up',
    ask: async ({as, head}) => {
      const {checks} = as('bot')
      const notes = (count: number) => ({
        title: 'Plan',
        summary: 'Notes',
        annotations: Array.from({length: count}, (_, index) => ({
          path: 'lib/a.ex',
          start_line: index + 1,
          end_line: index + 1,
          annotation_level: 'notice' as const,
          message: 'Look',
        })),
      })
      const {data} = await checks.create({...at, name: 'notes', head_sha: head, output: notes(50)})
      const more = await told(checks.update({...at, check_run_id: data.id, output: notes(2)}))
      const list = await told(checks.listAnnotations({...at, check_run_id: data.id, per_page: 100}), (all) => ({
        count: Array.isArray(all) ? all.length : 'no list',
      }))
      return [more, list]
    },
    is: [{status: 200}, {status: 200, count: 52}],
  },
  {
    name: 'checks: not fifty-one annotations at once',
    ask: ({as, head}) => {
      const note = {path: 'a', start_line: 1, end_line: 1, annotation_level: 'notice' as const, message: 'm'}
      const output = {title: 't', summary: 's', annotations: Array.from({length: 51}, () => note)}
      return told(as('bot').checks.create({...at, name: 'many', head_sha: head, output}))
    },
    is: {status: 422},
  },
  {
    name: 'checks: a summary of at most 65,535 characters',
    ask: ({as, head}) => {
      const output = {title: 't', summary: 'x'.repeat(65_536)}
      return told(as('bot').checks.create({...at, name: 'long', head_sha: head, output}))
    },
    is: {status: 422},
  },
  {
    name: 'checks: none ends without a conclusion',
    ask: ({as, head}) => told(as('bot').checks.create({...at, name: 'x', head_sha: head, status: 'completed'})),
    is: {status: 422},
  },
  {
    name: 'checks: none of a commit that is not there',
    ask: ({as}) => told(as('bot').checks.create({...at, name: 'x', head_sha: 'a'.repeat(40)})),
    is: {status: 422},
  },
  {
    name: 'checks: a person makes none',
    ask: ({as, head}) => told(as('ada').checks.create({...at, name: 'x', head_sha: head})),
    is: {status: 403},
  },
  // statuses
  {
    name: 'statuses: one is set',
    ask: ({as, head}) =>
      told(
        as('bot').repos.createCommitStatus({
          ...at,
          sha: head,
          state: 'pending',
          context: 'plan/gate',
          description: 'running',
        }),
        ({state, context, description, creator}) => ({is: [state, context, description, creator?.login]}),
      ),
    is: {status: 201, is: ['pending', 'plan/gate', 'running', 'acme-plans[bot]']},
  },
  {
    name: 'statuses: the last of a context counts',
    ask: async (hub) => {
      const sha = await commitOn(hub, hub.base, 'Judged')
      const {repos} = hub.as('bot')
      for (const state of ['pending', 'failure', 'success'] as const) {
        await told(repos.createCommitStatus({...at, sha, state, context: 'gate'}))
      }
      return told(repos.getCombinedStatusForRef({...at, ref: sha}), (data) => ({
        is: [data.state, data.total_count, data.statuses.map(({state}) => state)],
      }))
    },
    is: {status: 200, is: ['success', 1, ['success']]},
  },
  {
    name: 'statuses: none at all is pending',
    ask: async (hub) => {
      const sha = await commitOn(hub, hub.base, 'Not judged')
      return told(hub.as('bot').repos.getCombinedStatusForRef({...at, ref: sha}), ({state}) => ({is: state}))
    },
    is: {status: 200, is: 'pending'},
  },
  {
    name: 'statuses: at most 140 characters',
    ask: ({as, head}) =>
      told(as('bot').repos.createCommitStatus({...at, sha: head, state: 'success', description: 'x'.repeat(141)})),
    is: {status: 422},
  },
  {
    name: 'statuses: none of a commit that is not there',
    ask: ({as}) => told(as('bot').repos.createCommitStatus({...at, sha: 'a'.repeat(40), state: 'success'})),
    is: {status: 422},
  },
  // protection
  {
    name: 'protection: a branch says whether it has any',
    ask: ({as, base}) =>
      told(as('reader').repos.getBranch({...at, branch: 'main'}), (data) => ({
        is: [data.name, data.protected, data.commit.sha === base],
      })),
    is: {status: 200, is: ['main', false, true]},
  },
  {
    name: 'protection: only who administers sees more',
    ask: ({as}) => told(as('bot').repos.getBranchProtection({...at, branch: 'main'})),
    is: {status: 403},
  },
  {
    name: 'protection: there is none',
    ask: ({as}) => told(as('owner').repos.getBranchProtection({...at, branch: 'main'})),
    is: {status: 404},
  },
  {
    name: 'protection: the rules of a branch, which everybody may read',
    ask: ({as}) => told(as('reader').repos.getBranchRules({...at, branch: 'main'}), (data) => ({data})),
    is: {status: 200, data: []},
  },
]

/* -------------------------------------------------------------------------------------------------- what differs where */

interface Deviation {
  /** What `emulate` answers. */
  readonly instead: unknown
  /** Where GitHub says otherwise. */
  readonly says: string
}

const rest = 'https://docs.github.com/rest'
const absent = {status: 404}

/**
 * By the name of the row. The pages are those of the calls; where a page tells only which statuses there are, the one that
 * `emulate` answers with is not among them.
 */
const deviations: Readonly<Record<string, Deviation>> = {
  'auth: a wrong token is refused': {
    instead: {status: 200},
    says: `${rest}/authentication/authenticating-to-the-rest-api#failed-login-limit`,
  },
  'auth: an app is no person': {
    instead: {status: 200},
    says: 'https://docs.github.com/rest/authentication/endpoints-available-for-github-app-installation-access-tokens',
  },
  'auth: GraphQL tells an app its name': {
    instead: absent,
    says: 'https://docs.github.com/graphql/reference/queries#viewer',
  },
  'auth: what did not change is not sent again': {
    instead: {status: 200},
    says: `${rest}/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate`,
  },
  'permission: a collaborator': {
    instead: {status: 200, permission: 'push', role_name: 'write'},
    says: `${rest}/collaborators/collaborators#get-repository-permissions-for-a-user`,
  },
  'permission: everybody reads what is public': {
    instead: absent,
    says: `${rest}/collaborators/collaborators#get-repository-permissions-for-a-user`,
  },
  'comments: at most 65,536 characters': {
    instead: {status: 201},
    says: `${rest}/issues/comments#create-an-issue-comment`,
  },
  'comments: a pull request is an issue, too': {
    instead: absent,
    says: `${rest}/issues/issues#get-an-issue`,
  },
  'reactions: one, and the same again': {
    instead: [absent, absent],
    says: `${rest}/reactions/reactions#create-reaction-for-an-issue-comment`,
  },
  'reactions: only those there are': {
    instead: absent,
    says: `${rest}/reactions/reactions#create-reaction-for-an-issue-comment`,
  },
  'contents: of a pull request, by its ref': {
    instead: absent,
    says: 'https://docs.github.com/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/checking-out-pull-requests-locally',
  },
  'git: a commit will do for a base tree': {
    instead: {status: 422},
    says: `${rest}/git/trees#create-a-tree`,
  },
  'git: what an app commits without naming an author is signed': {
    instead: {status: 201, verified: false},
    says: 'https://docs.github.com/authentication/managing-commit-signature-verification/about-commit-signature-verification#signature-verification-for-bots',
  },
  'git: no branch of a name that git does not know': {
    instead: {status: 201},
    says: `${rest}/git/refs#create-a-reference`,
  },
  'git: a ref has two slashes': {
    instead: {status: 201},
    says: `${rest}/git/refs#create-a-reference`,
  },
  'git: a branch that is not there does not move': {
    instead: absent,
    says: `${rest}/git/refs#update-a-reference`,
  },
  'git: a branch is deleted once': {
    instead: [{status: 204}, absent],
    says: `${rest}/git/refs#delete-a-reference`,
  },
  'pulls: how much one changes': {
    instead: {status: 200, changed_files: 0, additions: 0, deletions: 0, commits: 2},
    says: `${rest}/pulls/pulls#get-a-pull-request`,
  },
  'pulls: the files of one': {
    instead: {status: 200, files: []},
    says: `${rest}/pulls/pulls#list-pull-requests-files`,
  },
  'pulls: the commits of one': {
    instead: {status: 200, commits: [false, true]},
    says: `${rest}/pulls/pulls#list-commits-on-a-pull-request`,
  },
  'pulls: not a second one of the same two branches': {
    instead: {status: 201},
    says: `${rest}/pulls/pulls#create-a-pull-request`,
  },
  'pulls: none without commits': {
    instead: {status: 201},
    says: `${rest}/pulls/pulls#create-a-pull-request`,
  },
  'pulls: none into a branch that is not there': {
    instead: {status: 201},
    says: `${rest}/pulls/pulls#create-a-pull-request`,
  },
  'pulls: the head moves with its branch': {
    instead: {status: 200, draft: true, moved: false},
    says: 'https://docs.github.com/webhooks/webhook-events-and-payloads?actionType=synchronize#pull_request',
  },
  'reviews: one is given, and stays with the commit it saw': {
    instead: [{status: 201}, {status: 200, is: [['APPROVED', 'acme-plans[bot]', true]]}],
    says: `${rest}/pulls/reviews#create-a-review-for-a-pull-request`,
  },
  'reviews: nobody approves his own': {
    instead: {status: 201},
    says: 'https://docs.github.com/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/approving-a-pull-request-with-required-reviews',
  },
  'reviews: changes are not asked for without a word': {
    instead: {status: 201},
    says: `${rest}/pulls/reviews#create-a-review-for-a-pull-request`,
  },
  'commits: one that is not there': {
    instead: absent,
    says: `${rest}/commits/commits#get-a-commit`,
  },
  'commits: the pull request of one': {
    instead: absent,
    says: `${rest}/commits/commits#list-pull-requests-associated-with-a-commit`,
  },
  'compare: with what is not there': {
    instead: {status: 200},
    says: `${rest}/commits/commits#compare-two-commits`,
  },
  'activity: a push by force, with its time': {
    instead: absent,
    says: `${rest}/repos/repos#list-repository-activities`,
  },
  'checks: one is made and ended': {
    instead: {status: 200, is: ['in_progress', null, false, 'Plan']},
    says: `${rest}/checks/runs#update-a-check-run`,
  },
  'checks: the newest of a name': {
    instead: {status: 200, total: 1, is: [[null, null]]},
    says: `${rest}/checks/runs#create-a-check-run`,
  },
  'checks: annotations come in requests of fifty, and add up': {
    instead: [{status: 200}, {status: 200, count: 'no list'}],
    says: `${rest}/checks/runs#list-check-run-annotations`,
  },
  'checks: not fifty-one annotations at once': {
    instead: {status: 201},
    says: `${rest}/checks/runs#create-a-check-run`,
  },
  'checks: a summary of at most 65,535 characters': {
    instead: {status: 201},
    says: `${rest}/checks/runs#create-a-check-run`,
  },
  'checks: none of a commit that is not there': {
    instead: {status: 201},
    says: `${rest}/checks/runs#create-a-check-run`,
  },
  'checks: a person makes none': {
    instead: {status: 201},
    says: `${rest}/checks/runs#create-a-check-run`,
  },
  'protection: only who administers sees more': {
    instead: absent,
    says: `${rest}/branches/branch-protection#get-branch-protection`,
  },
  'protection: the rules of a branch, which everybody may read': {
    instead: absent,
    says: `${rest}/repos/rules#get-rules-for-a-branch`,
  },
  'statuses: one is set': {
    instead: absent,
    says: `${rest}/commits/statuses#create-a-commit-status`,
  },
  'statuses: the last of a context counts': {
    instead: absent,
    says: `${rest}/commits/statuses#get-the-combined-status-for-a-specific-reference`,
  },
  'statuses: none at all is pending': {
    instead: absent,
    says: `${rest}/commits/statuses#get-the-combined-status-for-a-specific-reference`,
  },
  'statuses: at most 140 characters': {
    instead: absent,
    says: `${rest}/commits/statuses#create-a-commit-status`,
  },
  'statuses: none of a commit that is not there': {
    instead: absent,
    says: `${rest}/commits/statuses#create-a-commit-status`,
  },
}

const start = (open: () => Promise<Server>): (() => Hub) => {
  let server: Server | null = null
  let hub: Hub | null = null
  beforeAll(async () => {
    server = await open()
    hub = await prepare(server)
  })
  afterAll(() => server?.close())
  return () => {
    if (hub === null) throw new Error('the server did not start')
    return hub
  }
}

describe('§9.12 the fake answers as GitHub says', () => {
  const hub = start(startFake)
  test.each(rows)('$name', async ({ask, is}) => {
    expect(await ask(hub())).toEqual(is)
  })
})

const missing = emulate === null ? ': not installed, so not asked' : ''

describe.skipIf(emulate === null)(`§9.12 emulate answers as GitHub says, or as is written down${missing}`, () => {
  const hub = start(() => {
    if (emulate === null) throw new Error('emulate is not installed')
    return startEmulate(emulate)
  })
  test('is the one that the deviations were found in', () => {
    const own = new URL('../package.json', import.meta.resolve('emulate'))
    expect(JSON.parse(readFileSync(own, 'utf8'))).toMatchObject({name: 'emulate', version: '0.12.2'})
  })
  test.each(rows)('$name', async ({name, ask, is}) => {
    const known = deviations[name]
    const hint =
      known === undefined ? 'a deviation to be written down' : `a deviation that is another, or gone: ${known.says}`
    expect(await ask(hub()), hint).toEqual(known === undefined ? is : known.instead)
  })
})

describe('what the fake alone is asked', () => {
  const template = makeRepository({base: {'lib/a.ex': 'a\n'}, head: {'lib/a.ex': 'b\n'}, branches: {old: {}}})
  afterAll(template.close)
  const {fake, as} = (() => {
    let hub: FakeGitHub | null = null
    let repository: RepositoryFixture | null = null
    beforeEach(async () => {
      repository = template.copy()
      hub = await startGitHub({repository: 'acme/shop', gitRoot: repository.root})
      hub.state.addPull({number: 7, head: {sha: repository.head}, base: {sha: repository.base}})
    })
    afterEach(async () => {
      await hub?.close()
      repository?.close()
    })
    const opened = () => {
      if (hub === null || repository === null) throw new Error('the server did not start')
      return {hub, repository}
    }
    return {fake: opened, as: (token: string) => client(opened().hub.apiUrl, token)}
  })()
  test('an hour has an end', async () => {
    fake().hub.state.limits.remaining = 1
    const ask = () => told(as('ghs_app').repos.get(at))
    expect([await ask(), await ask()]).toEqual([{status: 200}, {status: 403}])
    fake().hub.state.limits.reset = 1
    expect(await ask()).toEqual({status: 200})
  })
  test.each([
    ['contentPerMinute', 1],
    ['pointsPerMinute', 6],
  ] as const)('a minute has an end, too: %s', async (limit, most) => {
    fake().hub.state.limits[limit] = most
    const path = 'POST /repos/{owner}/{repo}/issues/7/comments'
    const ask = () => as('ghs_app').request(path, {...at, body: 'x'})
    expect((await ask()).status).toBe(201)
    const thrown: unknown = await ask().catch((refused: unknown) => refused)
    expect(thrown).toMatchObject({
      status: 403,
      response: {headers: {'retry-after': expect.stringMatching(/^[1-9]\d?$/)}},
    })
    expect(fake().hub.state.comments).toHaveLength(1)
  })
  test('a context has a thousand statuses on a commit', async () => {
    const {hub, repository} = fake()
    const set = (context: string) =>
      told(as('ghs_app').repos.createCommitStatus({...at, sha: repository.head, state: 'success', context}))
    await set('gate')
    const [first] = hub.state.statuses
    if (first) for (let index = 1; index < 1000; index++) hub.state.statuses.push(first)
    expect([await set('gate'), await set('other')]).toEqual([{status: 422}, {status: 201}])
  })
  test("a fork's commit leads to no pull request, and what it pushed is told only in public", async () => {
    const {hub, repository} = fake()
    const next = repository.commit(repository.head, {'lib/a.ex': 'c\n'})
    const from = {sha: repository.head, ref: 'theirs', repository: 'mallory/shop'}
    hub.state.addPull({number: 8, head: from, base: {sha: repository.base}})
    const {createdAt} = hub.state.addComment({number: 8, login: 'ada', body: '/refactor-plan'})
    hub.state.moveHead(8, next)
    const {repos} = as('ghs_app')
    const pulls = (commit_sha: string) =>
      told(repos.listPullRequestsAssociatedWithCommit({...at, commit_sha}), (data) => ({
        is: data.map(({number}) => number),
      }))
    expect([await pulls(repository.head), await pulls(next)]).toEqual([
      {status: 200, is: [7]},
      {status: 200, is: []},
    ])
    const pushes = () =>
      told(
        repos.listActivities({owner: 'mallory', repo: 'shop', ref: 'refs/heads/theirs', per_page: 1}),
        (data, link) => ({
          is: data.map((each) => [each.activity_type, each.after === next, each.timestamp > createdAt]),
          more: /rel="next"/.test(link ?? ''),
        }),
      )
    expect(await pushes()).toEqual({status: 404})
    hub.state.private = false
    expect(await pushes()).toEqual({status: 200, is: [['push', true, true]], more: true})
  })
  test('a pull request is led to another base, its status stays', async () => {
    const {hub, repository} = fake()
    await as('ghs_app').repos.createCommitStatus({...at, sha: repository.head, state: 'success', context: 'gate'})
    await as('ghp_ada').pulls.update({...at, pull_number: 7, base: 'old'})
    expect(hub.state.pulls.get(7)?.base).toEqual({ref: 'old', sha: repository.branches['old']})
    expect(hub.state.statuses).toHaveLength(1)
  })
  test.each([
    [
      'mutation {minimizeComment(input: {subjectId: "ID", classifier: OUTDATED}) {minimizedComment {isMinimized}}}',
      'ghs_app',
    ],
    [
      'mutation($id: ID!) {minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) {clientMutationId}}',
      'ghs_app',
    ],
    ['mutation($it: MinimizeCommentInput!) {minimizeComment(input: $it) {clientMutationId}}', 'ghs_app'],
    [
      'mutation($id: ID!) {minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) {clientMutationId}}',
      'ghs_reader',
    ],
    ['mutation {minimizeComment(input: {subjectId: "IC_1", classifier: OUTDATED}) {clientMutationId}}', 'ghs_app'],
    ['mutation {minimizeComment(input: {subjectId: "ID", classifier: UGLY}) {clientMutationId}}', 'ghs_app'],
  ])('a comment is folded away: %s, %s', async (query, token) => {
    const comment = fake().hub.state.addComment({number: 7, login: 'acme-plans[bot]', body: 'old'})
    const id = `IC_${comment.id}`
    const asked = as(token).graphql(query.replace('ID"', `${id}"`), {id, it: {subjectId: id, classifier: 'OUTDATED'}})
    const done = await asked.then(
      () => true,
      () => false,
    )
    expect(done).toBe(token === 'ghs_app' && !/IC_1|UGLY/.test(query))
    expect(comment.minimized).toBe(done ? 'outdated' : null)
  })
})

describe('§9.12 the list of deviations', () => {
  test('is of rows that there are, and says what GitHub does not', () => {
    const named = new Map(rows.map(({name, is}) => [name, is]))
    expect(named.size).toBe(rows.length)
    for (const [name, {instead}] of Object.entries(deviations)) {
      expect(named.has(name), name).toBe(true)
      expect(instead, name).not.toEqual(named.get(name))
    }
  })
})
