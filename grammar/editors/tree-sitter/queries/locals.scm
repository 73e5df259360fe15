; Where names that are known in a part of a file only are made, and used.

(function_item) @local.scope
(lambda) @local.scope
(transform_block) @local.scope
(schema_item) @local.scope

(function_parameter name: (name) @local.definition.parameter)
(lambda parameters: (name) @local.definition.parameter)
(parameters (name) @local.definition.parameter)
(binding name: (name) @local.definition.var)
(pivoted name: (name) @local.definition.var)
(alias name: (name) @local.definition.var)
(explode name: (name) @local.definition.var)
(session name: (name) @local.definition.var)
(renamed to: (name) @local.definition.var)
(field name: (name) @local.definition.field)

(variable) @local.reference
(renamed from: (name) @local.reference)
(drop (name) @local.reference)
