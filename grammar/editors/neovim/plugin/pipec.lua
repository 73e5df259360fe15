-- `:PipePreview terraform`, in buffers of .pipe.

vim.api.nvim_create_user_command('PipePreview', function(given)
  require('pipec').preview(given.args)
end, {
  nargs = 1,
  complete = function()
    return { 'terraform', 'rust', 'pyspark' }
  end,
  desc = 'Show what the compiler makes of the item under the cursor',
})
