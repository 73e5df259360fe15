// The TextMate grammar, asked through the library that VS Code itself asks.
//
// PIPE_CAPTURES names a file with what the tree-sitter grammar says of every `.pipe` of the project, a JSON object a
// line: a keyword, unit, label or text there must be one here. PIPE_WORDS names one with the words of the language.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const require = createRequire(import.meta.url)
const oniguruma = require('vscode-oniguruma')
const textmate = require('vscode-textmate')
const home = dirname(import.meta.dirname)

const wasm = readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm'))
const onigLib = oniguruma.loadWASM(wasm).then(() => ({
  createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
  createOnigString: (text) => new oniguruma.OnigString(text),
}))
const contributed = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')).contributes.grammars
const registry = new textmate.Registry({
  onigLib,
  loadGrammar: async (scope) => {
    const found = contributed.find((grammar) => grammar.scopeName === scope)
    if (!found) return null
    const path = join(home, found.path)
    return textmate.parseRawGrammar(readFileSync(path, 'utf8'), path)
  },
})
const grammar = await registry.loadGrammar('source.pipe')

/** Of each line its tokens, each with its scopes. */
function tokens(text) {
  let state = textmate.INITIAL
  return text.split(/\r?\n/).map((line) => {
    const found = grammar.tokenizeLine(line, state)
    state = found.ruleStack
    return found.tokens.map((token) => ({ ...token, text: line.slice(token.startIndex, token.endIndex) }))
  })
}

/** The scopes at a place, the innermost last. */
const at = (lines, line, column) =>
  lines[line]?.find((token) => token.startIndex <= column && column < token.endIndex)?.scopes ?? []

/** Checks a snippet: `scopes` says of texts in it, in order, which scope each has. */
function scoped(text, ...scopes) {
  const flat = tokens(text).flat()
  let from = 0
  for (const [word, scope] of scopes) {
    const index = flat.findIndex((token, at) => at >= from && token.text.trim() === word)
    assert.notEqual(index, -1, `${word} is no token of its own in ${text}: ${flat.map((t) => t.text).join('|')}`)
    const found = flat[index].scopes
    if (scope === '') assert.deepEqual(found.filter((s) => /^(keyword|variable|entity|constant)/.test(s)), [], word)
    else assert.ok(found.some((name) => name.startsWith(scope)), `${word} has ${found.join(' ')}, not ${scope}`)
    from = index + 1
  }
}

const KEYWORD = 'keyword.'
const UNIT = 'keyword.other.unit'

test('items, names, settings, units', () => {
  scoped(
    'source clicks : stream of Click {\n  volume = 500 per second of 600 B\n}',
    ['source', 'keyword.declaration'],
    ['clicks', 'entity.name.type'],
    ['stream', 'support.type'],
    ['of', KEYWORD],
    ['volume', 'variable.other.property'],
    ['=', 'keyword.operator'],
    ['500', 'constant.numeric'],
    ['per', KEYWORD],
    ['second', UNIT],
    ['of', KEYWORD],
    ['600', 'constant.numeric'],
    ['B', UNIT],
  )
})

test('a word is a keyword only where it is one', () => {
  scoped('  filter late is not true', ['filter', 'keyword.control.step'], ['late', ''], ['is', KEYWORD], ['not', KEYWORD])
  scoped('  select left, order, rows, station', ['select', KEYWORD], ['left', ''], ['order', ''], ['rows', ''], ['station', ''])
  scoped('  x = filter(xs, y => y > 1)', ['filter', 'entity.name.function.call'], ['y', 'variable.parameter'])
  scoped('  every = 1 day', ['every', 'variable.other.property'], ['day', UNIT])
  scoped('  join left clicks as c on a == c.a', ['join', KEYWORD], ['left', KEYWORD], ['as', KEYWORD], ['on', KEYWORD])
})

test('a text holds expressions, which hold texts', () => {
  scoped(
    '  derive a = "x ${upper("y")} \\n \\q" + b',
    ['upper', 'entity.name.function.call'],
    ['y', 'string.quoted.double'],
    ['}', 'punctuation.section.embedded.end'],
    ['\\n', 'constant.character.escape'],
    ['\\q', 'invalid.illegal.escape'],
    ['+', 'keyword.operator'],
  )
  const lines = tokens('  a = "never closed\n  b = 1')
  assert.ok(!at(lines, 1, 2).some((scope) => scope.startsWith('string')), 'an open text ends with its line')
  const long = tokens('  a = """\n  b = "c" // no comment\n  """\n  d = 1')
  assert.ok(at(long, 1, 14).includes('string.quoted.triple.pipe'))
  assert.ok(at(long, 3, 2).includes('variable.other.property.pipe'))
})

test('comments and documentation', () => {
  scoped('/// said', ['said', 'comment.line.documentation'])
  scoped('a = 1 // said', ['said', 'comment.line.double-slash'])
})

test('a block of Markdown is coloured', async () => {
  const injected = await registry.loadGrammar('markdown.pipe.codeblock')
  assert.ok(injected, 'the injection cannot be loaded')
})

const classes = [
  { captures: /^keyword/, scope: /^(keyword|storage)/ },
  { captures: /^constant\.builtin$/, scope: /^(keyword\.other\.unit|constant\.language)/ },
  { captures: /^boolean$/, scope: /^constant\.language/ },
  { captures: /^attribute$/, scope: /label/ },
  { captures: /^number$/, scope: /^constant\.numeric/ },
  { captures: /^string\.escape$/, scope: /^constant\.character\.escape/ },
  { captures: /^string$/, scope: /^string/ },
  { captures: /^comment/, scope: /^comment/ },
  { captures: /^property$/, scope: /^variable\.other\.property/ },
]

test('every part of every file has the scope that its tree gives it', () => {
  const files = new Map()
  for (const line of readFileSync(process.env.PIPE_CAPTURES, 'utf8').split('\n').filter(Boolean)) {
    const capture = JSON.parse(line)
    if (!files.has(capture.file)) files.set(capture.file, [])
    files.get(capture.file).push(capture)
  }
  assert.ok(files.size > 50, `${files.size} files`)
  const wrong = []
  let compared = 0
  for (const [file, captures] of files) {
    const lines = tokens(readFileSync(file, 'utf8'))
    const keywords = new Set()
    for (const { line, column, text, capture } of captures) {
      const expected = classes.find((known) => known.captures.test(capture))
      if (capture.startsWith('keyword')) keywords.add(`${line}:${column}`)
      if (!expected || text === '') continue
      compared += 1
      const scopes = at(lines, line, column)
      if (!scopes.some((scope) => expected.scope.test(scope))) {
        wrong.push(`${file}:${line + 1}:${column + 1} ${text}: ${capture}, but ${scopes.slice(1).join(' ') || 'nothing'}`)
      }
    }
    lines.forEach((tokensOfLine, line) => {
      for (const token of tokensOfLine.filter((token) => token.scopes.some((s) => /^keyword\.(control|declaration|operator\.word)/.test(s)))) {
        if (!keywords.has(`${line}:${token.startIndex}`)) {
          wrong.push(`${file}:${line + 1}:${token.startIndex + 1} ${token.text} is no keyword`)
        }
      }
    })
  }
  console.log(`${files.size} files, ${compared} parts`)
  assert.deepEqual(wrong.slice(0, 40), [], `${wrong.length} of ${compared}`)
})

test('every word of the language is known', () => {
  const words = JSON.parse(readFileSync(process.env.PIPE_WORDS, 'utf8'))
  const source = readFileSync(join(home, 'syntaxes/pipe.tmLanguage.json'), 'utf8')
  const known = new Set(source.match(/[A-Za-z_]+/g))
  assert.deepEqual(words.keywords.filter((word) => !known.has(word)), [])
  for (const unit of words.units) scoped(`  a = 5 ${unit}`, [unit, UNIT])
  for (const word of words.items) scoped(`${word} x {`, [word, 'keyword.declaration'])
})
