/**
 * The grammar of `.pipe` for editors, by the rules of `../../*.pest`.
 *
 * It is as strict as they are about what is right, and reads nothing that they only read to say what is wrong with it
 * (`&&`, `x : 1` for a setting, words in capitals): those are errors here. Names of rules are the pest grammar's
 * where both have one. `src/scanner.c` says which line breaks end an entry, and where an item may start.
 *
 * `make grammars` writes everything below `src/` but the scanner from this file.
 */

/// <reference types="tree-sitter-cli/dsl" />

// How tightly operators bind, the loosest first.
const BINDS = { greedy: -1, coalesce: 1, or: 2, and: 3, not: 4, compare: 5, add: 6, multiply: 7, negate: 8 }

/** One or more, with a separator between. */
const separated = (rule, separator) => seq(rule, repeat(seq(separator, rule)))
/** One or more on one line or behind commas. */
const commas = (rule) => separated(rule, ',')
/** Entries in brackets: a comma or a line break separates them, and may end them. */
const entries = ($, rule) => optional(some($, rule))
/** The same, but one at least. */
const some = ($, rule) => seq(separated(rule, $._separator), optional($._separator))
/** What may have documentation above it. */
const documented = ($, rule) => seq(repeat($.doc_comment), rule)
/** A block whose settings stand before its clauses; clauses on one line are separated by `;`. */
const block = ($, clause) =>
  seq(
    '{',
    optional(
      choice(
        seq(
          separated($._setting_entry, $._separator),
          optional(choice($._separator, seq($._clause_separator, clauses($, clause), optional($._clause_separator)))),
        ),
        seq(clauses($, clause), optional($._clause_separator)),
      ),
    ),
    '}',
  )
const clauses = ($, clause) => separated(documented($, clause), $._clause_separator)
/** An item: documentation, its word in column 0, what it declares. */
const item = ($, ...parts) => seq($._item_start, repeat(seq($.doc_comment, $._item_start)), ...parts)
/** A comparison; it goes on as far as it can behind `else`. */
const compare = (...parts) => prec.right(BINDS.compare, seq(...parts))
/** Operators of one level that group to the left. */
const binary = ($, level, operators, operand) =>
  prec.left(level, seq(field('left', operand), field('operator', operators), field('right', operand)))

module.exports = grammar({
  name: 'pipe',

  externals: ($) => [
    $._newline, // ends an entry
    $._column_newline, // ends a column of `select`, and another follows
    $._binding_newline, // ends a binding of `derive`, and another follows
    $._semicolon, // `;` that is not the last of its line
    $._item_start, // nothing, in column 0
    $._in_text, // never there: the scanner is asked for it in texts only, and leaves these alone
    $._nothing, // never there: as it could stand anywhere, the scanner is asked everywhere
    $._recovering, // never there: the parser asks for it only while it recovers from a mistake
  ],

  extras: ($) => [/\s/, $.comment, $._nothing],

  word: ($) => $.identifier,

  supertypes: ($) => [$.item, $.step, $.expression, $.type],

  inline: ($) => [$._setting_entry, $._separator, $._clause_separator, $._any_separator],

  conflicts: ($) => [
    // `(a` may go on as `(a) => …` or as `(a + b)`.
    [$.variable, $.name],
  ],

  rules: {
    source_file: ($) => repeat($.item),

    // Items

    item: ($) =>
      choice(
        $.use_item,
        $.param_item,
        $.enum_item,
        $.type_item,
        $.schema_item,
        $.function_item,
        $.test_item,
        $.transform_item,
        $.source_item,
        $.class_item,
        $.access_item,
        $.monitor_item,
        $.declared_item,
        $.override_item,
        $.plain_item,
      ),

    use_item: ($) => item($, 'use', field('path', alias($.plain_text, $.text))),
    param_item: ($) =>
      item($, 'param', field('name', $.name), ':', field('type', $.type), optional(seq('=', field('default', $._value)))),
    enum_item: ($) => item($, 'enum', field('name', $.name), field('body', $.variants)),
    variants: ($) => seq('{', entries($, documented($, $.name)), '}'),
    type_item: ($) => item($, 'type', field('name', $.name), '=', field('type', $.type)),
    schema_item: ($) => item($, 'schema', field('name', $.name), field('body', $.fields)),
    function_item: ($) =>
      item(
        $,
        'fn',
        field('name', $.name),
        field('parameters', $.function_parameters),
        '->',
        field('type', $.type),
        optional(seq('=', field('value', $.expression))),
        optional(field('body', $.settings)),
      ),
    function_parameters: ($) => seq('(', optional(seq(commas($.function_parameter), optional(','))), ')'),
    function_parameter: ($) =>
      seq(field('name', $.name), ':', field('type', $.type), optional(seq('=', field('default', $._value)))),
    test_item: ($) =>
      item(
        $,
        'test',
        field('title', alias($.plain_text, $.text)),
        'for',
        field('transform', $.name),
        field('body', $.test_block),
      ),
    transform_item: ($) =>
      item(
        $,
        'transform',
        field('name', $.name),
        ':',
        field('inputs', $.paths),
        optional(seq('->', field('target', $.target))),
        optional(field('body', $.transform_block)),
      ),
    target: ($) => seq(field('dataset', $.path), optional(seq(':', field('contract', $.name))), optional($.mode)),
    mode: ($) =>
      seq(choice('append', 'overwrite', 'merge', 'history'), optional(seq('by', field('keys', commas($.name))))),
    source_item: ($) =>
      item(
        $,
        'source',
        field('name', $.path),
        optional(seq(':', field('type', $.source_type))),
        optional($.like),
        optional(field('body', $.settings)),
      ),
    source_type: ($) => seq(field('shape', $.name), 'of', field('schema', $.type)),
    class_item: ($) =>
      item(
        $,
        'class',
        field('name', $.path),
        optional(seq('below', field('parent', $.path))),
        optional($.like),
        optional(field('body', $.settings)),
      ),
    access_item: ($) =>
      item($, 'access', field('name', $.path), optional($.like), optional(field('body', $.access_block))),
    monitor_item: ($) =>
      item($, 'monitor', field('name', $.path), optional($.like), optional(field('body', $.monitor_block))),
    declared_item: ($) =>
      item(
        $,
        choice('item', 'variant'),
        field('name', $.path),
        optional(seq('of', field('parent', $.path))),
        optional(field('body', $.declare_block)),
      ),
    override_item: ($) => item($, 'override', field('name', $.path), optional(field('body', $.settings))),
    plain_item: ($) =>
      item(
        $,
        choice('pipeline', 'env', 'zone', 'retention', 'sink', 'serve', 'schedule', 'delivery', 'account'),
        field('name', $.path),
        optional($.like),
        optional(field('body', $.settings)),
      ),
    like: ($) => seq('like', field('template', $.path)),

    // Entries of blocks

    settings: ($) => seq('{', entries($, $._setting_entry), '}'),
    transform_block: ($) => block($, $.step),
    access_block: ($) => block($, choice($.allow, $.clear)),
    monitor_block: ($) => block($, $.alarm),
    test_block: ($) => block($, choice($.given, $.expect_rows, $.expect_rejected)),
    declare_block: ($) =>
      seq('{', entries($, documented($, choice($.declared_setting, $.setting))), '}'),

    _setting_entry: ($) => documented($, $.setting),
    setting: ($) => seq(field('name', $.path), '=', field('value', $._value)),

    allow: ($) =>
      seq(
        'allow',
        field('group', $.name),
        'on',
        field('datasets', $.paths),
        optional(seq('columns', field('columns', $.column_names))),
        optional(seq('where', field('condition', $.expression))),
      ),
    column_names: ($) => seq('[', entries($, $.name), ']'),
    clear: ($) => seq('clear', commas($.label)),
    alarm: ($) =>
      seq(
        'alarm',
        field('kind', $.name),
        optional(seq('of', field('of', $.path))),
        optional(seq('over', field('over', $._value))),
      ),
    given: ($) =>
      seq(
        'given',
        field('dataset', $.path),
        choice(seq('=', field('rows', $.list)), seq('from', field('file', alias($.plain_text, $.text)))),
      ),
    expect_rows: ($) => seq('expect', field('rows', $.list)),
    expect_rejected: ($) => seq('expect', 'rejected', field('count', $.measure)),

    declared_setting: ($) =>
      seq(
        field('name', $.name),
        ':',
        field('type', separated($.setting_type, '|')),
        optional('?'),
        optional(seq('=', field('default', $._default))),
        optional(seq('in', field('bounds', $._chain))),
        optional(seq('example', field('example', $._value))),
      ),
    // `duration`, `list of dataset`, `variant pipeline.cloud`
    setting_type: ($) => seq($.path, optional(seq(optional('of'), $.path))),
    _default: ($) =>
      seq(choice($._unary, alias($.plain_range, $.range_expression)), optional(field('settings', $.settings))),
    plain_range: ($) => seq(field('low', $._unary), '..', field('high', $._unary)),

    // Steps

    step: ($) =>
      choice(
        $.filter,
        $.derive,
        $.select,
        $.drop,
        $.rename,
        $.explode,
        $.dedupe,
        $.join,
        $.union,
        $.group_by,
        $.window,
        $.session,
        $.pivot,
        $.unpivot,
        $.sort,
        $.take,
        $.expect,
        $.route,
        $.run,
      ),

    filter: ($) => seq('filter', field('condition', $.expression)),
    derive: ($) => seq('derive', separated($._binding_entry, choice(',', $._binding_newline))),
    select: ($) => seq('select', separated($._column_entry, choice(',', $._column_newline))),
    drop: ($) => seq('drop', commas($.name)),
    rename: ($) => seq('rename', commas($.renamed)),
    renamed: ($) => seq(field('from', $.name), 'as', field('to', $.name)),
    explode: ($) => seq('explode', optional('outer'), field('list', $.expression), 'as', field('name', $.name)),
    dedupe: ($) => seq('dedupe', 'by', field('keys', commas($.name)), optional($.keep), optional($.within)),
    keep: ($) => seq('keep', field('which', $.name), 'by', field('column', $.name)),
    within: ($) => seq('within', field('time', $.expression)),
    join: ($) =>
      seq(
        'join',
        optional(field('kind', choice('left', 'inner', 'full', 'semi', 'anti'))),
        field('dataset', $.path),
        optional($.alias),
        'on',
        field('condition', $.expression),
        optional($.within),
      ),
    alias: ($) => seq('as', field('name', $.name)),
    union: ($) => seq('union', field('dataset', $.path)),
    group_by: ($) =>
      seq(
        'group',
        'by',
        field('keys', commas($._column_entry)),
        repeat(choice($.every, $.over, $.late)),
        field('body', $.bindings),
      ),
    every: ($) => seq('every', $.expression),
    over: ($) => seq('over', $.expression),
    late: ($) => seq('late', $.expression),
    window: ($) =>
      seq(
        'window',
        'by',
        field('keys', commas($.name)),
        field('order', $.order_by),
        optional(field('rows', $.rows)),
        field('body', $.bindings),
      ),
    // Both ends are in; `..0` starts with the first row, `0..` ends with the last.
    rows: ($) => seq('rows', optional(field('from', $._rows_end)), '..', optional(field('to', $._rows_end))),
    _rows_end: ($) => choice($.measure, $.variable, alias($.rows_call, $.call_expression), alias($.rows_negated, $.unary_expression)),
    rows_call: ($) => seq(field('function', $.variable), field('arguments', $.arguments)),
    rows_negated: ($) => seq(field('operator', '-'), field('operand', choice($.measure, $.variable))),
    session: ($) =>
      seq('session', 'by', field('keys', commas($.name)), 'gap', field('gap', $.expression), 'as', field('name', $.name)),
    pivot: ($) =>
      seq('pivot', 'by', field('keys', commas($.name)), 'on', field('on', $.expression), field('body', $.pivoted_columns)),
    pivoted_columns: ($) => seq('{', entries($, documented($, $.pivoted)), '}'),
    pivoted: ($) => seq(field('name', $.name), '=', field('value', $.expression), 'for', field('for', $.expression)),
    unpivot: ($) =>
      seq('unpivot', field('columns', commas($.name)), 'as', field('key', $.name), ',', field('value', $.name)),
    sort: ($) => seq('sort', 'by', commas($.order)),
    take: ($) => seq('take', field('count', $.expression)),
    expect: ($) =>
      seq('expect', field('name', $.name), ':', field('condition', $.expression), 'else', field('otherwise', $.name)),
    route: ($) =>
      seq('route', '{', optional(seq(separated($.branch, $._any_separator), optional($._any_separator))), '}'),
    branch: ($) => seq(choice(seq('when', field('condition', $.expression)), 'else'), '->', field('target', $.path)),
    run: ($) =>
      seq(
        'run',
        field('engine', $.name),
        optional(field('script', alias($.plain_text, $.text))),
        repeat(choice($.returns, $.settings)),
      ),
    returns: ($) => prec.right(seq('returns', field('type', $.type))),

    bindings: ($) => seq('{', entries($, $._binding_entry), '}'),
    _binding_entry: ($) => documented($, $.binding),
    binding: ($) => seq(field('name', $.name), '=', field('value', $.expression)),
    _column_entry: ($) => documented($, $.column),
    column: ($) => seq(field('value', $.expression), optional($.alias)),
    order_by: ($) => seq('order', 'by', commas($.order)),
    order: ($) => seq(field('value', $.expression), optional(field('direction', choice('asc', 'desc')))),

    // Types and fields

    type: ($) => choice($.function_type, $.optional_type, $._type_core),
    function_type: ($) =>
      prec.right(seq(field('parameter', choice($.type_parameters, $.optional_type, $._type_core)), '=>', $.type)),
    type_parameters: ($) => seq('(', commas($.type), ')'),
    optional_type: ($) => seq($._type_core, '?'),
    _type_core: ($) => choice($.struct_type, $.object_type, $.named_type),
    struct_type: ($) => seq('struct', $.fields),
    object_type: ($) => prec.right(seq('object', optional($.settings))),
    named_type: ($) =>
      prec.right(
        seq(
          field('name', $.path),
          optional(seq(token.immediate('('), commas($.expression), ')')),
          optional(seq(token.immediate('<'), commas($.type), '>')),
        ),
      ),

    fields: ($) => seq('{', entries($, documented($, $.field)), '}'),
    field: ($) =>
      seq(
        field('name', $.name),
        ':',
        field('type', $.type),
        repeat(choice($.label, seq('=', field('default', $._value)), $.check)),
      ),
    label: ($) => seq('@', alias(token.immediate(/[A-Za-z_][A-Za-z0-9_]*/), $.name)),
    check: ($) => seq('check', field('condition', $.expression)),

    // Values: an expression, or a variant with settings of its own

    _value: ($) => choice($.expression, $.variant, $.to_value, $.of_value),
    variant: ($) => seq(field('name', choice($.expression, $.to_value, $.of_value)), field('settings', $.settings)),
    to_value: ($) => seq(field('from', $.expression), 'to', field('to', $.path)),
    of_value: ($) => seq(field('value', $.expression), 'of', field('of', choice($.amount, $.path))),

    // Expressions

    expression: ($) => choice($.lambda, $._chain),
    lambda: ($) => seq(field('parameters', choice($.name, $.parameters)), '=>', field('body', $.expression)),
    parameters: ($) => seq('(', commas($.name), ')'),

    _chain: ($) => choice($.coalesce_expression, $.or_expression, $.and_expression, $.not_expression, $._comparison),
    coalesce_expression: ($) => binary($, BINDS.coalesce, '??', $._chain),
    or_expression: ($) => binary($, BINDS.or, 'or', $._chain),
    and_expression: ($) => binary($, BINDS.and, 'and', $._chain),
    not_expression: ($) => prec(BINDS.not, seq('not', field('operand', $._chain))),

    // Comparisons do not chain, so their sides are sums.
    _comparison: ($) =>
      choice($.comparison, $.is_expression, $.in_expression, $.between_expression, $.range_expression, $._sum),
    comparison: ($) =>
      compare(
        field('left', $._sum),
        field('operator', choice('==', '!=', '<=', '>=', '<', '>', seq(optional('not'), choice('like', 'matches')))),
        field('right', $._sum),
      ),
    is_expression: ($) => compare(field('value', $._sum), 'is', optional('not'), field('other', $._sum)),
    in_expression: ($) =>
      compare(field('value', $._sum), optional('not'), 'in', field('set', choice($._sum, $.range_expression))),
    between_expression: ($) =>
      compare(field('value', $._sum), optional('not'), 'between', field('low', $._sum), 'and', field('high', $._sum)),
    range_expression: ($) => compare(field('low', $._sum), '..', field('high', $._sum)),

    _sum: ($) => choice($.sum, $.product, $._unary),
    sum: ($) => binary($, BINDS.add, choice('+', '-'), $._sum),
    product: ($) => binary($, BINDS.multiply, choice('*', '/', '%'), $._sum),
    _unary: ($) => choice($.unary_expression, $._operand),
    unary_expression: ($) => prec(BINDS.negate, seq(field('operator', '-'), field('operand', $._unary))),

    // What goes on as far as it can takes nothing behind it.
    _operand: ($) => choice($.if_expression, $.reject, $._whole),
    _whole: ($) =>
      choice(
        $.variable,
        $.measure,
        $.text,
        $.null,
        $.boolean,
        $.list,
        $.record,
        $.group,
        $.label,
        $.match_expression,
        $.member_expression,
        $.star_expression,
        $.index_expression,
        $.call_expression,
      ),

    variable: ($) => $.identifier,
    null: () => 'null',
    boolean: () => choice('true', 'false'),
    group: ($) => seq('(', $.expression, ')'),
    list: ($) => seq('[', entries($, $._value), ']'),
    // One mark behind all of its names.
    record: ($) =>
      seq(
        '{',
        optional(
          choice(some($, documented($, $.pair)), some($, documented($, alias($.equal_pair, $.pair)))),
        ),
        '}',
      ),
    pair: ($) => seq(field('name', $.name), ':', field('value', $._value)),
    equal_pair: ($) => seq(field('name', $.name), '=', field('value', $._value)),
    if_expression: ($) =>
      prec.right(
        BINDS.greedy,
        seq(
          'if',
          field('condition', $.expression),
          'then',
          field('then', $.expression),
          'else',
          field('else', $.expression),
        ),
      ),
    match_expression: ($) => seq('match', field('value', $.expression), field('body', $.arms)),
    arms: ($) => seq('{', entries($, $.arm), '}'),
    arm: ($) => seq(field('pattern', $._chain), '=>', field('value', $.expression)),
    reject: ($) => seq('reject', field('reason', $.text)),

    member_expression: ($) => seq(field('of', $._whole), token.immediate('.'), field('name', $.name)),
    star_expression: ($) => seq(field('of', $._whole), token.immediate('.'), token.immediate('*')),
    index_expression: ($) => seq(field('of', $._whole), token.immediate('['), field('index', $.expression), ']'),
    call_expression: ($) => seq(field('function', $._whole), field('arguments', $.arguments)),
    arguments: ($) =>
      seq(token.immediate('('), optional(seq(commas($.argument), optional(','))), optional($.order_by), ')'),
    argument: ($) => seq(optional(seq(field('name', $.name), ':')), field('value', $._value)),

    // `500 per second of 600 B`, `5_000 per second for 10 min`, `600 USD per month`, `80 percent of budget`
    measure: ($) => prec.right(seq($.amount, repeat(choice($._for_part, $._of_part)))),
    amount: ($) => prec.right(seq($._quantity, optional(seq('per', optional($.number), $.unit)))),
    _quantity: ($) => prec.right(seq($.number, optional($.unit))),
    _for_part: ($) => seq('for', $.amount),
    _of_part: ($) => prec(1, seq('of', choice($.amount, $.path))),
    unit: ($) => $.identifier,

    // Words, numbers, texts

    // What separates entries of a block of settings, or of a list.
    _separator: ($) => choice(',', $._newline),
    _clause_separator: ($) => choice($._semicolon, $._newline),
    _any_separator: ($) => choice(',', $._semicolon, $._newline),

    name: ($) => $.identifier,
    path: ($) => prec.right(seq($.name, repeat(seq(token.immediate('.'), $.name)))),
    paths: ($) => commas(choice(alias($.path_or_all, $.path), '*')),
    // `curated.*`: everything in it
    path_or_all: ($) =>
      seq($.name, repeat(seq(token.immediate('.'), $.name)), optional(seq(token.immediate('.'), token.immediate('*')))),
    identifier: () => /[A-Za-z_][A-Za-z0-9_]*/,
    number: () => /[0-9]+(_[0-9]+)*(\.[0-9]+(_[0-9]+)*)?/,

    text: ($) => choice($._short_text, $._long_text),
    _short_text: ($) =>
      seq('"', repeat(choice($.interpolation, $.escape, alias($.short_plain, $.text_content), $._in_text)), token.immediate('"')),
    _long_text: ($) =>
      seq('"""', repeat(choice($.interpolation, $.escape, alias($.long_plain, $.text_content), $._in_text)), token.immediate('"""')),
    // A text whose place takes no expressions.
    plain_text: ($) => seq('"', repeat(choice($.escape, alias($.short_plain, $.text_content), $._in_text)), token.immediate('"')),
    short_plain: () => token.immediate(prec(1, /([^"\\$\n]|\$+[^"\\${\n])+|\$/)),
    long_plain: () => choice(token.immediate(prec(1, /[^"\\$]+/)), token.immediate('$'), token.immediate('"')),
    escape: () => token.immediate(choice(/\\u\{[0-9a-fA-F]+\}/, /\\[nrt"\\$]/)),
    interpolation: ($) => seq(token.immediate('${'), $.expression, '}'),

    doc_comment: () => token(/\/\/\/[^\n]*/),
    comment: () => token(/\/\/([^\/\n][^\n]*)?/),
  },
})
