; What the outline shows.

(transform_item "transform" @context name: (name) @name) @item
(function_item "fn" @context name: (name) @name) @item
(schema_item "schema" @context name: (name) @name) @item
(type_item "type" @context name: (name) @name) @item
(enum_item "enum" @context name: (name) @name) @item
(param_item "param" @context name: (name) @name) @item
(source_item "source" @context name: (path) @name) @item
(class_item "class" @context name: (path) @name) @item
(access_item "access" @context name: (path) @name) @item
(monitor_item "monitor" @context name: (path) @name) @item
(plain_item _ @context . name: (path) @name) @item
(test_item "test" @context title: (text) @name) @item
