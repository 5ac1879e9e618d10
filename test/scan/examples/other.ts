import {elixir, python, typescript, type Example} from '../example.ts'

const many = (count: number, line: (at: number) => string): string =>
  Array.from({length: count}, (_, at) => line(at)).join('\n')

const branched = many(60, (at) => `  if (x === ${at}) {\n    y(${at})\n  }`)

/** Elixir functions of one clause with `lines` lines each. */
const functions = (count: number, lines: number, from = 0): string =>
  many(count, (at) => `  def f${from + at}(x, _) do\n${many(lines, (line) => `    y${line}(x)`)}\n  end`)

export const otherExamples: Readonly<Record<string, Example>> = {
  'swallowed-error': {
    hits: [
      {
        files: typescript('export function go() {\n  try {\n    save()\n  } catch {}\n}\n'),
        at: 'catch {}',
        severity: 'medium',
      },
      {files: typescript('save().catch(() => {})\n'), at: '.catch(() => {})'},
    ],
    silent: [
      {
        why: 'an attempt that keeps its default',
        files: typescript('let n = 0\ntry {\n  n = Number(raw)\n} catch {}\n'),
      },
      {
        why: 'the code below answers instead',
        files: typescript('export function go() {\n  try {\n    return load()\n  } catch {}\n  return slow()\n}\n'),
      },
      {why: 'a promise that is awaited elsewhere', files: typescript('saved.catch(() => {})\nawait saved\n')},
      {why: 'the comment above says why', files: typescript('// the cache is optional\nsave().catch(() => {})\n')},
      {why: 'a comment says why', files: typescript('try {\n  save()\n} catch {\n  // the cache is optional\n}\n')},
      {why: 'closing twice is fine', files: typescript('try {\n  file.close()\n} catch {}\n')},
      {why: 'handled', files: typescript('try {\n  save()\n} catch (error) {\n  report(error)\n}\n')},
      {why: 'a test may', files: typescript('try {\n  save()\n} catch {}\n', 'src/cart.test.ts')},
    ],
  },
  'async-for-each': {
    hits: [
      {
        files: typescript('items.forEach(async (item) => {\n  await save(item)\n})\n'),
        at: 'items.forEach',
        severity: 'high',
      },
    ],
    silent: [
      {why: 'map gives the promises', files: typescript('await Promise.all(items.map(async (item) => save(item)))\n')},
      {why: 'nothing asynchronous', files: typescript('items.forEach((item) => save(item))\n')},
    ],
  },
  'async-promise-executor': {
    hits: [
      {
        files: typescript('const p = new Promise(async (resolve) => {\n  resolve(await load())\n})\n'),
        at: 'new Promise(async',
        severity: 'medium',
      },
    ],
    silent: [
      {why: 'a plain executor', files: typescript('const p = new Promise((resolve) => setTimeout(resolve, 1))\n')},
      {
        why: 'nothing can be thrown past the try',
        files: typescript(
          'new Promise(async (resolve, reject) => {\n  try {\n    resolve(await load())\n  } catch (error) {\n    reject(error)\n  }\n})\n',
        ),
      },
    ],
  },
  'double-assertion': {
    hits: [
      {
        files: typescript('const cart = company as unknown as Cart\n'),
        at: 'as unknown as Cart',
        severity: 'low',
        says: /goes through `unknown` to `Cart`/,
      },
      {
        files: typescript(
          `${many(54, (at) => `const a${at} = b as any as Cart`)}\nconst c = [b as any as Cart, d as any as Cart]\n`,
        ),
        at: 'const a0 =',
        says: /^56 values are forced into Cart: 56 assertions in this file go through `any` to/,
        places: 55,
      },
      {
        files: typescript('const a = b as any as Cart\nconst c = d as unknown as Order\n'),
        at: 'as unknown as Order',
      },
    ],
    silent: [
      {why: 'one step', files: typescript('const cart = raw as Cart\n')},
      {why: 'const', files: typescript('const cart = {a: 1} as const\n')},
      {why: 'a declaration', files: typescript('const cart = raw as unknown as Cart\n', 'src/cart.d.mts')},
    ],
  },
  'dynamic-code': {
    hits: [
      {files: typescript('export const run = (code: string) => eval(code)\n'), at: 'eval(code)', severity: 'high'},
      {
        files: typescript('export const run = (body: string) => new Function("x", `return ${body}`)\n'),
        at: 'new Function',
      },
      {files: python('def run(code):\n    return eval(code)\n'), at: 'eval(code)'},
    ],
    silent: [
      {why: 'a constant', files: typescript('const globals = new Function("return this")()\n')},
      {why: 'a method of that name', files: python('def run(model):\n    return model.eval()\n')},
      {why: 'a literal', files: python('x = eval("1 + 1")\n')},
    ],
  },
  'shell-injection': {
    hits: [
      {
        files: typescript("import {exec} from 'node:child_process'\nexec(`git log ${branch}`)\n"),
        at: 'exec(`git',
        severity: 'high',
      },
      {files: python('import subprocess\nsubprocess.run(f"ls {path}", shell=True)\n'), at: 'subprocess.run'},
      {files: python('from os import system as sh\nsh("rm " + path)\n'), at: 'sh("rm'},
    ],
    silent: [
      {why: 'another exec', files: typescript('pattern.exec(`a ${b}`)\n')},
      {why: 'a list, no shell', files: python('import subprocess\nsubprocess.run(["ls", path])\n')},
      {why: 'a constant', files: typescript("import {exec} from 'child_process'\nexec('git log')\n")},
      {
        why: 'quoted',
        files: python('import subprocess, shlex\nsubprocess.run(shlex.quote(f"ls {path}"), shell=True)\n'),
      },
    ],
  },
  'sql-injection': {
    hits: [
      {files: typescript("db.query(`SELECT * FROM carts WHERE id = '${id}'`)\n"), at: 'SELECT', severity: 'high'},
      {files: python('cursor.execute(f"DELETE FROM carts WHERE id = {cart_id}")\n'), at: 'DELETE'},
    ],
    silent: [
      {why: 'bound', files: typescript('db.query("SELECT * FROM carts WHERE id = $1", [id])\n')},
      {why: 'the name of a table', files: python('cursor.execute(f"SELECT * FROM {table}")\n')},
      {why: 'a tagged template binds', files: typescript('db.query(sql`SELECT * FROM carts WHERE id = ${id}`)\n')},
    ],
  },
  'lost-cause': {
    hits: [
      {
        files: typescript("try {\n  load()\n} catch (error) {\n  throw new Error('no cart')\n}\n"),
        at: "throw new Error('no cart')",
        severity: 'low',
      },
    ],
    silent: [
      {
        why: 'passed on',
        files: typescript("try {\n  load()\n} catch (error) {\n  throw new Error('no cart', {cause: error})\n}\n"),
      },
      {why: 'thrown again', files: typescript('try {\n  load()\n} catch (error) {\n  throw error\n}\n')},
    ],
  },
  'throw-literal': {
    hits: [
      {files: typescript("export function go() {\n  throw 'no cart'\n}\n"), at: "throw 'no cart'", severity: 'low'},
    ],
    silent: [{why: 'an Error', files: typescript("export function go() {\n  throw new Error('no cart')\n}\n")}],
  },
  'floating-task': {
    hits: [
      {
        files: python('import asyncio\nasync def go():\n    asyncio.create_task(work())\n'),
        at: 'asyncio.create_task',
        severity: 'medium',
      },
    ],
    silent: [
      {
        why: 'held',
        files: python('import asyncio\nasync def go():\n    task = asyncio.create_task(work())\n    await task\n'),
      },
      {why: 'a group holds it', files: python('async def go(group):\n    group.create_task(work())\n')},
    ],
  },
  'mutable-default': {
    hits: [
      {
        files: python('def add(item, items=[]):\n    items.append(item)\n    return items\n'),
        at: 'items=[]',
        severity: 'medium',
      },
    ],
    silent: [
      {why: 'only read', files: python('def total(items=[]):\n    return sum(items)\n')},
      {
        why: 'copied first',
        files: python('def add(item, items=[]):\n    items = list(items)\n    items.append(item)\n    return items\n'),
      },
      {why: 'None', files: python('def add(item, items=None):\n    items = items or []\n    items.append(item)\n')},
    ],
  },
  'swallowed-exception': {
    hits: [
      {files: python('try:\n    save()\nexcept Exception:\n    pass\n'), at: 'except Exception:', severity: 'medium'},
      {files: python('try:\n    save()\nexcept:\n    result = None\n'), at: 'except:'},
    ],
    silent: [
      {why: 'named', files: python('try:\n    save()\nexcept KeyError:\n    pass\n')},
      {why: 'a comment says why', files: python('try:\n    save()\nexcept Exception:\n    # best effort\n    pass\n')},
      {why: 'raised again', files: python('try:\n    save()\nexcept:\n    undo()\n    raise\n')},
      {
        why: 'a finalizer must not raise',
        files: python(
          'class A:\n    def __del__(self):\n        try:\n            self.x()\n        except Exception:\n            pass\n',
        ),
      },
    ],
  },
  'blocking-in-async': {
    hits: [
      {files: python('import time\nasync def go():\n    time.sleep(1)\n'), at: 'time.sleep(1)', severity: 'high'},
      {files: python('import requests as r\nasync def go():\n    return r.get("u", timeout=1)\n'), at: 'r.get('},
    ],
    silent: [
      {why: 'the asynchronous one', files: python('import asyncio\nasync def go():\n    await asyncio.sleep(1)\n')},
      {
        why: 'a plain function inside, for a thread',
        files: python(
          'import time\nasync def go(loop):\n    def work():\n        time.sleep(1)\n    await loop.run_in_executor(None, work)\n',
        ),
      },
      {why: 'a plain function', files: python('import time\ndef go():\n    time.sleep(1)\n')},
    ],
  },
  'request-without-timeout': {
    hits: [
      {files: python('import requests\nrequests.get("https://example.org")\n'), at: 'requests.get', severity: 'medium'},
    ],
    silent: [
      {why: 'bounded', files: python('import requests\nrequests.get("https://example.org", timeout=5)\n')},
      {why: 'may be in there', files: python('import requests\nrequests.get("https://example.org", **options)\n')},
    ],
  },
  'unsafe-deserialisation': {
    hits: [{files: python('import yaml\nyaml.load(text)\n'), at: 'yaml.load', severity: 'high'}],
    silent: [
      {
        why: 'a parser of that name',
        files: python('from ruamel.yaml import YAML\nyaml = YAML(typ="safe")\nyaml.load(text)\n'),
      },
      {why: 'safe', files: python('import yaml\nyaml.safe_load(text)\n')},
      {why: 'a safe loader', files: python('import yaml\nyaml.load(text, Loader=yaml.SafeLoader)\n')},
    ],
  },
  'unclosed-file': {
    hits: [{files: python('text = open("cart.txt").read()\n'), at: 'open("cart.txt")', severity: 'low'}],
    silent: [{why: 'closed', files: python('with open("cart.txt") as file:\n    text = file.read()\n')}],
  },
  'god-function': {
    hits: [
      {
        files: typescript(`export function go(x: number) {\n${branched}\n}\n`),
        at: 'function go',
        severity: 'low',
      },
      {
        files: python(`def go(x):\n${many(110, (at) => `    if x == ${at}:\n        y(${at})`)}\n`),
        at: 'def go',
        severity: 'medium',
      },
      {
        files: elixir(
          `defmodule A do\n  def go(x) do\n    case x do\n${many(60, (at) => `      ${at} ->\n        y(${at})\n        z()`)}\n    end\n  end\nend\n`,
        ),
        at: 'def go',
        says: /^go has 184 lines and 60 decisions: (?!.*\btest covers)/,
      },
      {
        files: elixir(
          `defmodule A do\n  def go(x) do\n    cond do\n${many(60, (at) => `      x > ${at} ->\n        y(${at})`)}\n    end\n  end\nend\n`,
        ),
        at: 'def go',
      },
      {
        files: elixir(
          `defmodule A do\n  def go(x) do\n    case x do\n${many(60, (at) => `      n when n > ${at} ->\n        y(${at})`)}\n    end\n  end\nend\n`,
        ),
        at: 'def go',
      },
      {
        files: typescript(
          `export function go(x: X) {\n  switch (x) {\n${many(40, (at) => `    case ${at}:\n      a(${at})\n      b()\n      break`)}\n    default:\n      a(0)\n  }\n}\n`,
        ),
        at: 'function go',
      },
      {
        files: [
          {path: 'v3/types.js', text: `function go(x) {\n${branched}\n}\n`},
          {path: 'v3/other.d.ts', text: 'export declare function go(x: number): void\n'},
        ],
        at: 'function go',
      },
    ],
    silent: [
      {
        why: 'build output stands beside its declaration',
        files: [
          {path: 'v3/types.cjs', text: `function go(x) {\n${branched}\n}\n`},
          {path: 'v3/types.d.cts', text: 'export declare function go(x: number): void\n'},
        ],
      },
      {
        why: 'labels that share a body are one decision',
        files: typescript(
          `export function go(x: number) {\n  switch (x) {\n${many(60, (at) => `    case ${at}:`)}\n      a()\n      b()\n  }\n${many(100, (at) => `  y(${at})`)}\n}\n`,
        ),
      },
      {
        why: 'the compiler knows that the switch is complete',
        files: typescript(
          `export function go(x: X) {\n  switch (x) {\n${many(40, (at) => `    case ${at}:\n      a(${at})\n      b()\n      break`)}\n    default:\n      x satisfies never\n  }\n}\n`,
        ),
      },
      {
        why: 'every arm is one return',
        files: typescript(
          `export function go(x: X) {\n  switch (x) {\n${many(60, (at) => `    case ${at}:\n      return a(${at})`)}\n  }\n}\n`,
        ),
      },
      {
        why: 'every arm is one return, in Python',
        files: python(
          `def go(x):\n    match x:\n${many(60, (at) => `        case ${at}:\n            return a(${at})`)}\n`,
        ),
      },
      {
        why: 'every arm is one expression, in Elixir',
        files: elixir(
          `defmodule A do\n  def go(x) do\n    case x do\n${many(60, (at) => `      ${at} ->\n        y(${at})`)}\n    end\n  end\nend\n`,
        ),
      },
      {
        why: 'the text of a template',
        files: typescript(
          `export const style = (p: P) => css\`\n${many(300, (at) => `  a${at}: \${p ? 1 : 2};`)}\n\`\n`,
        ),
      },
      {why: 'long, but straight', files: typescript(`export function go() {\n${many(200, (at) => `  y(${at})`)}\n}\n`)},
      {
        why: 'a table of functions',
        files: typescript(`export const t = {\n${many(200, (at) => `  f${at}: (x: number) => (x ? ${at} : 0),`)}\n}\n`),
      },
    ],
  },
  'god-module': {
    hits: [
      {
        files: python(many(60, (at) => `def f${at}(x):\n${many(15, (line) => `    y${line}(x)`)}\n`)),
        at: 'def f0(x):',
        severity: 'low',
        says: /^cart\.py has 960 lines and 60 functions: This file has 960 lines of code and 60 functions/,
      },
      {
        files: python(
          many(60, (at) => `def f${at}(x):  # why\n${many(14, (line) => `    y${line}(x)  # why`)}\n    # why\n`),
        ),
        at: 'def f0(x):',
        says: /has 900 lines/,
      },
      {
        files: typescript(
          many(50, (at) => `function f${at}() { // why\n${many(15, () => '  /* why */ y() /* what\n  how */')}\n}`),
        ),
        at: 'function f0()',
        says: /^cart\.ts has 850 lines/,
      },
      {
        files: typescript(
          `class Cart {\n${many(50, (at) => `#f${at}() {\n${many(15, () => '  y()\n  * 2')}\n}`)}\n}\n`,
        ),
        at: 'class Cart',
        says: /has 1602 lines and 50 functions/,
      },
      {
        files: elixir(
          `defmodule Small do\n${functions(20, 5)}\nend\n\ndefmodule Big do\n  defmodule Inner do\n${functions(30, 20)}\n  end\n\n${functions(41, 20)}\nend\n`,
        ),
        at: 'defmodule Big do',
        says: /^Big has 904 lines and 41 functions: This module has 904 lines of code and 41 functions.* to a module of its own/,
        places: 1,
      },
      {
        files: elixir(
          `defmodule Big do\n  @moduledoc """\n  Big.\n\n  Very.\n  """\n\n${many(41, (at) => `  # why\n  @doc "Goes."\n  @spec f${at}(term) :: term\n  def f${at}(x, y \\\\ 1)\n${functions(1, 20, at)}\n  def f${at}(x), do: x`)}\nend\n`,
        ),
        at: 'defmodule Big do',
        says: /^Big has 986 lines and 82 functions/,
      },
    ],
    silent: [
      {why: 'data', files: typescript(`export const t = [\n${many(1000, (at) => `  ${at},`)}\n]\n`)},
      {
        why: 'mostly documentation',
        files: typescript(
          many(50, (at) => `/**\n${many(20, () => ' * Explains.')}\n */\nexport function f${at}() {}\n`),
        ),
      },
      {
        why: 'mostly documentation, in Python',
        files: python(
          many(50, (at) => `def f${at}(x):\n    """Explains.\n${many(20, () => '    More.')}\n    """\n    y(x)\n`),
        ),
      },
      {
        why: 'many clauses of few functions',
        files: elixir(
          `defmodule A do\n${many(60, (at) => `  def go(${at}) do\n${many(18, (line) => `    y${line}()`)}\n  end`)}\nend\n`,
        ),
      },
      {
        why: 'each module of the file is small',
        files: elixir(many(4, (at) => `defmodule A${at} do\n${functions(30, 20)}\nend\n`)),
      },
      {
        why: 'its nested modules are the big part',
        files: elixir(
          `defmodule A do\n${many(3, (at) => `  defmodule B${at} do\n${functions(35, 20)}\n  end`)}\n${functions(35, 5)}\nend\n`,
        ),
      },
      {
        why: 'what a macro quotes stands in other modules',
        files: elixir(
          `defmodule A do\n  defmacro __using__(_) do\n    quote do\n${functions(60, 20)}\n    end\n  end\nend\n`,
        ),
      },
    ],
  },
}
