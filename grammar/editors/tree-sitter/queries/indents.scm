; What stands further right than the line that it starts in. Neovim asks for the names with a dot, Helix and Zed for
; the others; each leaves the rest alone.

[
  (settings)
  (transform_block)
  (access_block)
  (monitor_block)
  (test_block)
  (declare_block)
  (variants)
  (fields)
  (bindings)
  (pivoted_columns)
  (route)
  (record)
  (arms)
  (list)
  (column_names)
  (arguments)
  (function_parameters)
  (group)
] @indent @indent.begin

["}" "]" ")"] @outdent @end
["}" "]" ")"] @indent.end @indent.branch
