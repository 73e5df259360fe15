; What an outline shows, and what is asked for by name.

(transform_item name: (name) @name) @definition.function
(function_item name: (name) @name) @definition.function
(schema_item name: (name) @name) @definition.type
(type_item name: (name) @name) @definition.type
(enum_item name: (name) @name) @definition.type
(param_item name: (name) @name) @definition.constant
(source_item name: (path) @name) @definition.class
(plain_item name: (path) @name) @definition.class
(class_item name: (path) @name) @definition.class
(test_item title: (text) @name) @definition.method

(call_expression function: (variable) @name) @reference.call
(paths (path) @name) @reference.class
