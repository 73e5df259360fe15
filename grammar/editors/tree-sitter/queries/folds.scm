; What can be folded.

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
  (arguments)
  (text)
] @fold
