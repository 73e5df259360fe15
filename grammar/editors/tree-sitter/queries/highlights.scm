; What a text's parts are, for colours. No part is captured twice, so it is the same whether an editor takes the first
; pattern or the last. Columns, which are most words of a step, stay in the colour of plain text.

(comment) @comment
(doc_comment) @comment.documentation

; Items

["use" "param" "enum" "type" "schema" "fn" "test" "transform" "source" "class" "access" "monitor" "item" "variant"
 "override" "pipeline" "env" "zone" "retention" "sink" "serve" "schedule" "delivery" "account"] @keyword

(param_item name: (name) @constant)
(enum_item name: (name) @type)
(variants (name) @constant)
(type_item name: (name) @type)
(schema_item name: (name) @type)
(function_item name: (name) @function)
(function_parameter name: (name) @variable.parameter)
(transform_item name: (name) @function)
(test_item transform: (name) @function)
(source_item name: (path (name) @type))
(class_item name: (path (name) @type))
(access_item name: (path (name) @type))
(monitor_item name: (path (name) @type))
(declared_item name: (path (name) @type))
(override_item name: (path (name) @type))
(plain_item name: (path (name) @type))

; Steps and clauses

["filter" "derive" "select" "drop" "rename" "explode" "dedupe" "join" "union" "group" "window" "session" "pivot"
 "unpivot" "sort" "take" "expect" "route" "run" "allow" "clear" "alarm" "given"] @keyword

["append" "overwrite" "merge" "history" "below" "by" "on" "as" "outer" "keep" "within" "every" "over" "late" "rows"
 "gap" "order" "asc" "desc" "left" "inner" "full" "semi" "anti" "returns" "columns" "where" "from" "rejected" "for"
 "of" "to" "per" "check" "example" "reject" "struct" "object"] @keyword

["if" "then" "else" "match" "when"] @keyword.conditional

["and" "or" "not" "is" "between" "matches"] @keyword.operator
(in_expression "in" @keyword.operator)
(declared_setting "in" @keyword)
(comparison "like" @keyword.operator)
(like "like" @keyword)

; Names

(setting name: (path (name) @property))
(declared_setting name: (name) @property)
(field name: (name) @property)
(binding name: (name) @property)
(pivoted name: (name) @property)
(alias name: (name) @property)
(renamed to: (name) @property)
(pair name: (name) @property)
(argument name: (name) @variable.parameter)
(lambda parameters: (name) @variable.parameter)
(parameters (name) @variable.parameter)
(call_expression function: (variable) @function.call)
(variant name: (variable) @constructor)
(label "@" @attribute (name) @attribute)

; Types

(source_type shape: (name) @type.builtin)
((named_type name: (path . (name) @type.builtin .))
 (#match? @type.builtin "^(bool|int|float|decimal|string|bytes|date|timestamp|duration|json|uuid|list|map|money)$"))
((named_type name: (path . (name) @type .))
 (#not-match? @type "^(bool|int|float|decimal|string|bytes|date|timestamp|duration|json|uuid|list|map|money)$"))

; Values

(number) @number
(unit) @constant.builtin
(boolean) @boolean
(null) @constant.builtin
["\"" "\"\"\""] @string
(text_content) @string
(escape) @string.escape
(interpolation ["${" "}"] @punctuation.special)

; Marks

["=" "==" "!=" "<=" ">=" "??" ".." "+" "-" "/" "%" "->" "=>" "|"] @operator
(comparison ["<" ">"] @operator)
(product "*" @operator)
(optional_type "?" @operator)
(declared_setting "?" @operator)
(paths "*" @keyword)
(path "*" @keyword)
(star_expression "*" @keyword)
(named_type ["(" ")" "<" ">"] @punctuation.bracket)
(arguments ["(" ")"] @punctuation.bracket)
(parameters ["(" ")"] @punctuation.bracket)
(type_parameters ["(" ")"] @punctuation.bracket)
(function_parameters ["(" ")"] @punctuation.bracket)
(group ["(" ")"] @punctuation.bracket)
["[" "]"] @punctuation.bracket
(settings ["{" "}"] @punctuation.bracket)
(transform_block ["{" "}"] @punctuation.bracket)
(access_block ["{" "}"] @punctuation.bracket)
(monitor_block ["{" "}"] @punctuation.bracket)
(test_block ["{" "}"] @punctuation.bracket)
(declare_block ["{" "}"] @punctuation.bracket)
(variants ["{" "}"] @punctuation.bracket)
(fields ["{" "}"] @punctuation.bracket)
(bindings ["{" "}"] @punctuation.bracket)
(pivoted_columns ["{" "}"] @punctuation.bracket)
(route ["{" "}"] @punctuation.bracket)
(record ["{" "}"] @punctuation.bracket)
(arms ["{" "}"] @punctuation.bracket)
["," ":" "."] @punctuation.delimiter
